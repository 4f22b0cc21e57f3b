/** Which part of a log is looked at. */
import type { GoodEntry } from '../read/formats.ts';
import type { LoggedRequest } from '../read/line.ts';

export interface Filter {
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly reason?: string | undefined;
  readonly client?: string | undefined;
  readonly route?: string | undefined;
  readonly path?: string | undefined;
}

type Field = 'reason' | 'client' | 'route' | 'path';

/** How requests are chosen by each of them. */
const MATCHES: Readonly<Record<Field, (wanted: string, request: LoggedRequest) => boolean>> = {
  reason: (wanted, { reason, wouldDeny }) => wanted === reason || wanted === wouldDeny,
  client: (wanted, { client, unverified, caller }) =>
    wanted === client || wanted === unverified.client || wanted === caller,
  route: (wanted, { route }) => sameRoute(wanted, route ?? '(no route)'),
  path: (wanted, { path }) => path !== undefined && isBelow(path, wanted),
};

const FIELDS = Object.keys(MATCHES) as Field[];

/** The policy's blanks don't matter, nor need the API be named. */
function sameRoute(wanted: string, route: string): boolean {
  const [want, have] = [wanted, route].map((one) => one.trim().split(/\s+/).join(' '));
  return have === want || (have ?? '').endsWith(` ${want}`);
}

/** A path, or all below it. */
const isBelow = (path: string, wanted: string) =>
  path === wanted || path.startsWith(wanted.endsWith('/') ? wanted : `${wanted}/`);

/** `client shop, route GET /orders`; empty where it takes all. */
export const describeFilter = (filter: Filter): string =>
  FIELDS.flatMap((field) => (filter[field] === undefined ? [] : [`${field} ${filter[field]}`])).join(', ');

function isWithin({ sinceMs, untilMs }: Filter, atMs: number | undefined): boolean {
  if (atMs === undefined) return true;
  return (sinceMs === undefined || atMs >= sinceMs) && (untilMs === undefined || atMs < untilMs);
}

/** Events have no client and no route: they are chosen by their time only. */
export function isWanted(filter: Filter, entry: GoodEntry): boolean {
  if ('atMs' in entry && !isWithin(filter, entry.atMs)) return false;
  if (entry.kind !== 'request') return true;
  return FIELDS.every((field) => {
    const wanted = filter[field];
    return wanted === undefined || MATCHES[field](wanted, entry.request);
  });
}
