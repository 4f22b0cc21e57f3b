/** The CORS protocol (Fetch standard), for APIs that have `cors`: the gateway alone speaks it, the origin is not asked. */
import { allowsOrigin, type Cors } from '../policy/cors.ts';
import type { Inbound, Preflight } from './preflight.ts';

/** The log's line about a preflight that keeps a browser from sending the request. */
export interface PreflightRefused {
  readonly event: 'preflight_refused';
  readonly api: string;
  readonly cause: 'origin' | 'headers';
  readonly origin: string;
  readonly method: string;
  readonly request_id: string;
  /** The headers that the policy does not allow. */
  readonly missing?: readonly string[] | undefined;
  /** What of `cors` would allow it. Absent where no entry can: no browser sends such an origin or header. */
  readonly add?: string | undefined;
}

const MAX_LOGGED_LENGTH = 128;
const MAX_NAME_LENGTH = 64;
const MAX_NAMES = 16;

/** Answers a preflight. Whether the caller may do it, the request itself will tell. */
export function renderPreflight(cors: Cors, { origin, method }: Preflight): Response {
  const headers = new Headers({ vary: 'Origin', 'cache-control': 'no-store' });
  if (allows(cors, origin)) {
    setAllowOrigin(headers, cors, origin);
    headers.set('access-control-allow-methods', method);
    headers.set('access-control-allow-headers', cors.headers.join(', '));
    headers.set('access-control-max-age', String(cors.maxAgeSeconds));
  }
  return new Response(null, { status: 204, headers });
}

/**
 * The log's line about a preflight that the policy does not allow: the browser then keeps the request to itself. All of
 * it is a stranger's text, and cut.
 */
export function refusalOf(
  cors: Cors,
  { origin, method, headers }: Preflight,
): Omit<PreflightRefused, 'api' | 'request_id'> | undefined {
  const line = {
    event: 'preflight_refused',
    origin: origin.slice(0, MAX_LOGGED_LENGTH),
    method: method.slice(0, MAX_LOGGED_LENGTH),
  } as const;
  if (!allows(cors, origin))
    return {
      ...line,
      cause: 'origin',
      add: IS_ORIGIN.test(origin) ? writeEntry('origins', [origin]) : undefined,
    };
  const allowed = new Set(cors.headers.map((name) => name.toLowerCase()));
  const missing = [...new Set(headers)].filter((name) => !allowed.has(name));
  if (missing.length === 0) return undefined;
  const named = missing.slice(0, MAX_NAMES).map((name) => name.slice(0, MAX_NAME_LENGTH));
  const names = named.filter((name) => IS_NAME.test(name));
  return {
    ...line,
    cause: 'headers',
    missing: named,
    add: names.length === 0 ? undefined : writeEntry('headers', names),
  };
}

const writeEntry = (field: string, values: readonly string[]) =>
  `${field} = [${values.map((value) => JSON.stringify(value)).join(', ')}]`;

/** As browsers write one: nothing that has to be escaped, and no longer than a line. */
const IS_ORIGIN = /^(null|[a-z][a-z0-9+.-]{0,30}:\/\/[A-Za-z0-9._~:[\]-]{1,90})$/;
const IS_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/** For a document that anyone may read: clients in browsers send headers of their own along. */
export function renderPublicPreflight(request: Inbound): Response {
  const headers = {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET',
    'access-control-allow-headers': request.headers.get('access-control-request-headers') ?? '',
  };
  return new Response(null, { status: 204, headers });
}

/** The same answer, with what a page of that origin may know of it. What the origin server says of CORS is dropped. */
export function withCors(response: Response, cors: Cors, origin: string | null): Response {
  if (response.status === 101) return response; // CORS is none of WebSocket's
  const answer = new Response(response.body, response);
  const { headers } = answer;
  for (const name of [...headers.keys()]) if (name.startsWith('access-control-')) headers.delete(name);
  headers.append('vary', 'Origin');
  if (origin !== null && allows(cors, origin)) {
    setAllowOrigin(headers, cors, origin);
    headers.set('access-control-expose-headers', cors.expose.join(', '));
  }
  return answer;
}

const allows = ({ origins }: Cors, origin: string) => origins === undefined || allowsOrigin(origins, origin);

function setAllowOrigin(headers: Headers, cors: Cors, origin: string): void {
  headers.set('access-control-allow-origin', cors.origins === undefined ? '*' : origin);
  if (cors.credentials) headers.set('access-control-allow-credentials', 'true');
}
