/** Whom a browser's question is for: CORS is spoken by APIs, and some paths are of none. */
import { tableOf } from '../policy/hosts.ts';
import { match } from '../policy/match.ts';
import type { Api, Policy, Route } from '../policy/policy.ts';
import type { Target } from './target.ts';

/** A browser's question before it sends a request that a page may not send by itself. */
export interface Preflight {
  readonly origin: string;
  readonly method: string;
  /** Names of headers, in lower case. */
  readonly headers: readonly string[];
}

/** The parts of a request that are looked at. */
export type Inbound = Pick<Request, 'url' | 'method' | 'headers'>;

/** Fetch standard, CORS-preflight request. */
export function readPreflight(request: Pick<Inbound, 'method' | 'headers'>): Preflight | undefined {
  if (request.method !== 'OPTIONS') return undefined;
  const origin = request.headers.get('origin');
  const method = request.headers.get('access-control-request-method');
  const headers = (request.headers.get('access-control-request-headers') ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return origin === null || method === null ? undefined : { origin, method, headers };
}

/**
 * The API whose preflight it is: the one that has the path, also where it lacks the method, since a page can read the
 * 405 then. `undefined` where no API has the path, or several have it.
 */
export function apiOfPreflight(
  policy: Policy,
  { host, path, query }: Pick<Target, 'host' | 'path' | 'query'>,
  method: string,
): Api | undefined {
  const found = match(policy, host, method, path, query);
  return found.kind === 'match' ? found.route.api : found.api;
}

/** The API that speaks for a host alone, also for paths that it does not have. */
export const onlyApiOn = (policy: Policy, host: string | undefined): Api | undefined =>
  host === undefined ? undefined : tableOf(policy, host)?.onlyApi;

/** Whether a route is the one that sends preflights on. */
export const isForPreflights = (route: Route): boolean => route.api.preflights === route;
