import type { Reason } from '../decision.ts';
import type { Api } from '../policy/policy.ts';

/** How an origin is asked: the network, or a service binding. */
export type OriginFetch = (input: string | Request, init: RequestInit) => Promise<Response>;

/**
 * Marks requests to the zone's origin. One that comes in with it went in a circle: such a fetch reaches the Worker
 * again on a custom domain. Named x-claim-… so that it is stripped from every inbound request.
 */
export const LOOP_HEADER = 'x-claim-loop';

/** Answers of Cloudflare's own about an origin that it can't reach, and about one that is too slow. */
const CLOUDFLARE_UNREACHABLE: ReadonlySet<number> = new Set([520, 521, 523, 525, 526, 527, 530]);
const CLOUDFLARE_TIMEOUT: ReadonlySet<number> = new Set([522, 524]);
/** HTTP has no more (RFC 9110 §15), and no `Response` can be made with it. */
const MAX_STATUS = 599;

/**
 * Sends a request on. Method, body and query go as they came; redirects are the client's to follow; nothing is
 * answered from a shared cache, since claims are in no cache key. The time limit ends when the head of the answer has
 * arrived: bodies stream as long as they like. A client that leaves ends the call: the
 * runtime cancels what a request has started.
 *
 * @param url where the origin is asked
 * @param limitMs `undefined`: on trial, an origin may take as long as it likes, and its answers are its own
 * @param isShared whether the answer may come from a shared cache, as it did before there was a gateway
 */
export async function forward(
  inbound: Request,
  api: Api,
  url: string,
  headers: Headers,
  fetch: OriginFetch,
  limitMs: number | undefined,
  isShared = false,
): Promise<Response | Reason> {
  const { method, body } = inbound;
  // Middleware that reads a body before the gateway leaves nothing to send.
  if (body !== null && isBodyTaken(inbound)) return { code: 'body_taken' };
  try {
    const init: RequestInit = { headers, redirect: 'manual' };
    if (!isShared) init.cache = 'no-store';
    // A Worker reads there where the client is. To the network, the same members would be instructions.
    if (api.origin.kind === 'service') setCf(init, inbound);
    // `fetch(url, { body })` refuses a body on GET and HEAD, which some APIs want; one carried by a Request passes.
    const isCarried = body !== null && (method === 'GET' || method === 'HEAD');
    if (!isCarried) {
      init.method = method;
      init.body = body;
    }
    const call = fetch(isCarried ? new Request(url, inbound) : url, init);
    const response = limitMs === undefined ? await call : await within(limitMs, call);
    if (response === undefined) return { code: 'origin_timeout' };
    const reason = judgeStatus(api, response.status, limitMs === undefined);
    if (reason === undefined) return response;
    discard(response);
    return reason;
  } catch {
    return { code: 'origin_unreachable' };
  }
}

/** Only where it is wanted: each request's `cf` is a text that the runtime has to parse. */
function setCf(init: RequestInit, inbound: Request): void {
  const { cf } = inbound as unknown as { cf?: Record<string, never> };
  if (cf) Object.assign(init, { cf });
}

/** How long the head of the answer may take. */
export function timeLimit(request: Request, { timeoutMs, uploadTimeoutMs }: Api): number {
  // `Content-Length: 0`, as of a POST without content, makes a body too, and there is nothing to wait for.
  const isUpload = request.body !== null && request.headers.get('content-length') !== '0';
  return isUpload ? uploadTimeoutMs : timeoutMs;
}

/**
 * The answer, or `undefined` where its head takes too long. The runtime ends the call together with the request that
 * made it; an abort signal would do no more, at a price on every request.
 */
function within(limitMs: number, call: Promise<Response>): Promise<Response | undefined> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      resolve(undefined);
    }, limitMs);
    call.then(
      (response) => {
        clearTimeout(timer);
        if (isLate) discard(response);
        else resolve(response);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

/** A connection whose answer nobody reads would stay in use. That it can't be ended is no failure of the request. */
function discard(response: Response): void {
  response.body?.cancel().catch(() => {});
}

/** Whether someone has read the body, or holds a reader of it: it can't be sent on. */
export const isBodyTaken = ({ body, bodyUsed }: Request): boolean => bodyUsed || body?.locked === true;

/** Answers that are not the origin's own. */
function judgeStatus({ origin }: Api, status: number, isTried: boolean): Reason | undefined {
  if (status > MAX_STATUS) return { code: 'origin_unreachable' };
  if (isTried || origin.kind === 'service') return undefined;
  if (CLOUDFLARE_UNREACHABLE.has(status)) return { code: 'origin_unreachable' };
  return CLOUDFLARE_TIMEOUT.has(status) ? { code: 'origin_timeout' } : undefined;
}
