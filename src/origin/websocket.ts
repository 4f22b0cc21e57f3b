import type { Principal } from '../policy/policy.ts';
import { LOOP_HEADER } from './forward.ts';

/** RFC 6455 §7.4.1: the policy of the endpoint is violated: the token has expired. */
const EXPIRED = 1008;
/** The same section: what each end is told where the other one vanished without a word. */
const CLIENT_LOST = 1001;
const ORIGIN_LOST = 1011;
/** A timer holds no more (2^31 − 1 ms). */
const MAX_TIMER_MS = 2_147_483_647;

/** What `fetch` returns has headers that can't be changed, and middleware around the gateway may want to. */
export function changeable(response: Response): Response {
  if (response.status !== 101) return new Response(response.body, response);
  const { status, headers, webSocket } = response;
  return new Response(null, { status, headers, webSocket });
}

/** Whether it can be changed as it is. A handler of the same Worker may return what `fetch` gave it. */
export function isChangeable({ headers }: Response): boolean {
  try {
    headers.delete(LOOP_HEADER);
    return true;
  } catch {
    return false;
  }
}

/**
 * The answer to an upgrade that offered `bearer`. A browser closes a connection for which none of the protocols that
 * it offered was selected (WebSockets standard), so where the origin selects none, `bearer` is.
 */
export function withProtocol(response: Response, request: Headers): Response {
  const offered = (request.get('sec-websocket-protocol') ?? '').split(',').map((one) => one.trim());
  if (!offered.includes('bearer') || response.headers.has('sec-websocket-protocol')) return response;
  const headers = new Headers(response.headers);
  headers.set('sec-websocket-protocol', 'bearer');
  return new Response(null, { status: 101, headers, webSocket: response.webSocket });
}

/**
 * The answer to an upgrade, with both ends held here: the connection ends when the token does, since nobody asks for
 * it again on an open connection.
 */
export function untilExpiry(response: Response, principal: Principal, nowMs: number): Response {
  const origin = response.webSocket;
  if (origin === null) return response;
  const { 0: client, 1: gateway } = new WebSocketPair();
  const { headers } = response;
  // The platform's default is Blob, which can't be sent on in order.
  for (const end of [origin, gateway]) end.binaryType = 'arraybuffer';
  relay(origin, gateway, ORIGIN_LOST);
  relay(gateway, origin, CLIENT_LOST);
  const timer = setTimeout(
    () => {
      close(origin, EXPIRED, 'token expired');
      close(gateway, EXPIRED, 'token expired');
    },
    Math.min(endSeconds(principal) * 1000 - nowMs, MAX_TIMER_MS),
  );
  // Until both have closed, an end may still be open.
  let open = 2;
  for (const end of [origin, gateway]) {
    end.addEventListener('close', () => {
      if (--open === 0) clearTimeout(timer);
    });
  }
  origin.accept();
  gateway.accept();
  return new Response(null, { status: 101, headers, webSocket: client });
}

/** The instant from which a request with the token would be refused: that of `checkTimes`. */
function endSeconds({ exp, iat, issuer }: Principal): number {
  const { clockToleranceSeconds, maxTokenAgeSeconds } = issuer;
  const isAged = maxTokenAgeSeconds !== undefined && iat !== undefined;
  return (isAged ? Math.min(exp, iat + maxTokenAgeSeconds) : exp) + clockToleranceSeconds;
}

/**
 * Hands on messages, and the end.
 *
 * @param lost what `to` is told where `from` vanishes
 */
function relay(from: WebSocket, to: WebSocket, lost: number): void {
  from.addEventListener('message', ({ data }) => {
    try {
      to.send(data);
    } catch {
      close(from, 1011, ''); // the other end is gone
    }
  });
  from.addEventListener('close', ({ code, reason }) => {
    if (code === 1005 || maySend(code)) close(to, code, reason);
    else close(to, lost, '');
  });
  from.addEventListener('error', () => close(to, lost, ''));
}

/** RFC 6455 §7.4: codes that an end may send; others only tell what happened, or are nobody's. */
function maySend(code: number): boolean {
  return code >= 1000 && code <= 4999 && ![1004, 1005, 1006, 1015].includes(code);
}

/** 1005 says that there was no code: it can't be sent. */
function close(socket: WebSocket, code: number, reason: string): void {
  try {
    if (code === 1005) socket.close();
    else socket.close(code, reason);
  } catch {
    // it has been closed before
  }
}
