/** The CORS protocol (Fetch standard), for APIs that have `cors`: the gateway alone speaks it, the origin is not asked. */
import type { Cors } from '../policy/policy.ts';

/** A browser's question before it sends a request that a page may not send by itself. */
export interface Preflight {
  readonly origin: string;
  readonly method: string;
  /** Names of headers, in lower case. */
  readonly headers: readonly string[];
}

/** The log's line about a preflight that keeps a browser from sending the request. */
export interface PreflightRefused {
  readonly event: 'preflight_refused';
  readonly api: string;
  readonly cause: 'origin' | 'headers';
  readonly origin: string;
  readonly method: string;
}

/** The parts of a request that are looked at. */
export type Inbound = Pick<Request, 'url' | 'method' | 'headers'>;

export function readPreflight(request: Inbound): Preflight | undefined {
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

/** What of a preflight the policy does not allow: the browser then keeps the request to itself. */
export function refusalOf(cors: Cors, { origin, headers }: Preflight): PreflightRefused['cause'] | undefined {
  if (!allows(cors, origin)) return 'origin';
  const allowed = cors.headers.map((name) => name.toLowerCase());
  return headers.every((name) => allowed.includes(name)) ? undefined : 'headers';
}

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

const allows = ({ origins }: Cors, origin: string) => origins === undefined || origins.has(origin);

function setAllowOrigin(headers: Headers, cors: Cors, origin: string): void {
  headers.set('access-control-allow-origin', cors.origins === undefined ? '*' : origin);
  if (cors.credentials) headers.set('access-control-allow-credentials', 'true');
}
