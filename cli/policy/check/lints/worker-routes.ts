/** Which requests the Worker's own routes lead to it. */
import { coversHost } from '../../../../src/policy/compile/origins.ts';
import type { Section } from '../../file/config.ts';

export interface WorkerRoute {
  /** `*` at the start stands for any text. */
  readonly host: string;
  /** With its slash; `*` at the end stands for any text. */
  readonly path: string;
  /** `http` or `https` where the route is for one of them only. */
  readonly scheme: string | undefined;
}

export function workerRoutesOf({ route, routes }: Section): WorkerRoute[] {
  const all = [...(Array.isArray(routes) ? routes : []), ...(route === undefined ? [] : [route])];
  return all.flatMap((one: unknown): WorkerRoute[] => {
    const { pattern, custom_domain: custom } = (typeof one === 'string' ? { pattern: one } : (one ?? {})) as {
      pattern?: unknown;
      custom_domain?: unknown;
    };
    if (typeof pattern !== 'string') return [];
    const [, scheme, host = '', path = ''] = /^(?:(https?):\/\/)?([^/]*)(.*)$/.exec(pattern) ?? [];
    return [{ host: host.toLowerCase(), path: custom === true ? '/*' : path || '/', scheme }];
  });
}

/** Whether some path of a host is led here. */
export const leadsHost = (route: WorkerRoute, host: string): boolean => coversHost(`${route.host}/*`, host);

/** Whether some path that begins so may be led here. @param whole it is a path, not only its beginning */
export function mayCoverPath({ path }: WorkerRoute, beginning: string, whole: boolean): boolean {
  if (!path.endsWith('*')) return whole ? beginning === path : path.startsWith(beginning);
  const prefix = path.slice(0, -1);
  return beginning.startsWith(prefix) || (!whole && prefix.startsWith(beginning));
}

/** wrangler's own default: on, unless there are routes. */
export const isOnWorkersDev = (section: Section): boolean =>
  section.workers_dev ?? workerRoutesOf(section).length === 0;
