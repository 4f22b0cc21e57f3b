import type { Reason } from '../decision.ts';
import type { Api } from '../policy/policy.ts';

/** How an origin is asked: the network, or a service binding. */
export type OriginFetch = (input: string | Request, init: RequestInit) => Promise<Response>;

/**
 * Marks requests to the zone's origin. One that comes in with it went in a circle: such a fetch reaches the Worker
 * again on a custom domain. Of the family that is dropped from every request that is sent on.
 */
export const LOOP_HEADER = 'x-claim-loop';

/** Answers of Cloudflare's own about an origin that it can't reach, and about one that is too slow. */
const CLOUDFLARE_UNREACHABLE: ReadonlySet<number> = new Set([520, 521, 523, 525, 526, 527, 530]);
const CLOUDFLARE_TIMEOUT: ReadonlySet<number> = new Set([522, 524]);

/**
 * Sends a request on. Method, body and query go as they came; redirects are the client's to follow; nothing is
 * answered from a shared cache, since claims are in no cache key. The time limit ends when the head of the answer has
 * arrived: bodies stream as long as they like. A client that leaves ends the call: the
 * runtime cancels what a request has started.
 *
 * @param publicBase scheme and authority that the client asked: where the zone's origin is, and what a service
 *   binding's Worker sees as its own URL
 * @param target path and query, from `writeTarget`
 */
export async function forward(
  inbound: Request,
  api: Api,
  publicBase: string,
  target: string,
  headers: Headers,
  fetch: OriginFetch,
): Promise<Response | Reason> {
  const base = api.origin.kind === 'url' ? api.origin.base : publicBase;
  if (api.origin.kind === 'zone') headers.set(LOOP_HEADER, '1');
  const timeoutMs = inbound.body === null ? api.timeoutMs : api.uploadTimeoutMs;
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), timeoutMs);
  try {
    const { method, body } = inbound;
    const init = { headers, redirect: 'manual', cache: 'no-store', signal: timeout.signal } as const;
    // `fetch(url, { body })` refuses a body on GET and HEAD, which some APIs want; one carried by a Request passes.
    const response =
      body !== null && (method === 'GET' || method === 'HEAD')
        ? await fetch(new Request(base + target, inbound), init)
        : await fetch(base + target, { ...init, method, body });
    if (api.origin.kind !== 'service') {
      if (CLOUDFLARE_UNREACHABLE.has(response.status)) return { code: 'origin_unreachable' };
      if (CLOUDFLARE_TIMEOUT.has(response.status)) return { code: 'origin_timeout' };
    }
    return response;
  } catch {
    return timeout.signal.aborted ? { code: 'origin_timeout' } : { code: 'origin_unreachable' };
  } finally {
    clearTimeout(timer);
  }
}
