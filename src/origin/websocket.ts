/** RFC 6455 §7.4.1: the policy of the endpoint is violated: the token has expired. */
const EXPIRED = 1008;
/** A timer holds no more (2^31 − 1 ms). */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * The answer to an upgrade, with both ends held here: the connection ends when the token does, since nobody asks for
 * it again on an open connection.
 *
 * @param lifetimeMs time until the token expires
 */
export function untilExpiry(response: Response, lifetimeMs: number): Response {
  const origin = response.webSocket;
  if (origin === null) return response;
  const { 0: client, 1: gateway } = new WebSocketPair();
  const { headers } = response;
  relay(origin, gateway);
  relay(gateway, origin);
  const timer = setTimeout(
    () => {
      close(origin, EXPIRED, 'token expired');
      close(gateway, EXPIRED, 'token expired');
    },
    Math.min(lifetimeMs, MAX_TIMER_MS),
  );
  for (const end of [origin, gateway]) end.addEventListener('close', () => clearTimeout(timer));
  origin.accept();
  gateway.accept();
  return new Response(null, { status: 101, headers, webSocket: client });
}

/** Hands on messages, and the end. */
function relay(from: WebSocket, to: WebSocket): void {
  from.addEventListener('message', ({ data }) => {
    try {
      to.send(data);
    } catch {
      close(from, 1011, ''); // the other end is gone
    }
  });
  from.addEventListener('close', ({ code, reason }) => close(to, code, reason));
  from.addEventListener('error', () => close(to, 1011, ''));
}

/** Codes such as 1005 and 1006 say that there was none: they can't be sent (RFC 6455 §7.4.1). */
function close(socket: WebSocket, code: number, reason: string): void {
  try {
    if (code === 1005 || code === 1006 || code === 1015) socket.close();
    else socket.close(code, reason);
  } catch {
    // it is closed
  }
}
