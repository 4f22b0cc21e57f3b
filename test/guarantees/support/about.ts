/** Whether a finding of `diff` is about a request that only one of two policies lets in. */
import type { Difference as Finding } from '../../../cli/policy/diff/difference.ts';
import type { Answer } from './ask.ts';

export interface Difference {
  readonly asked: { readonly method: string; readonly host: string; readonly path: string };
  readonly old: Answer;
  readonly now: Answer;
}

/** A pattern without the names of its parameters. */
const shape = (pattern: string) => pattern.replace(/(?<!\w):\w+/g, ':');

/** Whether a finding is about the route of such a request, in one of the policies. */
export function isAbout({ routes, place }: Finding, { asked, old, now }: Difference): boolean {
  // No policy has a word on these paths, but for a trial.
  if ([old, now].some((one) => one.kind === 'deny' && one.reason.code === 'path_ambiguous'))
    return place?.startsWith('paths that can be read in two ways') === true;
  const concerned = new Set(
    [old, now].flatMap(({ route, nearMisses = [] }) =>
      (route === undefined ? nearMisses : [route, ...nearMisses]).map(({ key }) =>
        shape(key.slice(key.indexOf('/'))),
      ),
    ),
  );
  return routes.some(
    ({ pattern, methods, hosts }) =>
      concerned.has(shape(pattern)) &&
      (methods.includes(asked.method) || methods.includes('*')) &&
      (hosts.includes(asked.host) ||
        hosts.includes(asked.host.replace(/^[^.]*/, '*')) ||
        hosts.includes('') ||
        hosts.length === 0),
  );
}
