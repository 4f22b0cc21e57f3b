import { Hono } from 'hono/tiny';
import type { GatewayOptions } from './environment.ts';
import { createHandler, readWaitUntil } from './handler.ts';
import type { Next } from './origin/next.ts';
import { changeable } from './origin/websocket.ts';

export type { ReasonCode } from './decision.ts';
export type { GatewayOptions } from './environment.ts';
export { createKeyRefresh } from './handler.ts';
export type { LogLine } from './log.ts';
export type { Caller, Next } from './origin/next.ts';
export { definePolicy, type PolicyTables } from './policy/compile/define.ts';

/**
 * The gateway as a Hono app: it answers every path, so that middleware of your own goes before it. The policy is
 * compiled here, once. One that has errors answers every request with 503; nothing is ever let through by default.
 */
export function createGateway(options: GatewayOptions): Hono {
  const { next } = options;
  const { handle, fail } = createHandler(options, next !== undefined);
  const ask: Next | undefined = next && (async (request, caller) => changeable(await next(request, caller)));
  const app = new Hono();
  app.all('*', (c) => handle(c.req.raw, readWaitUntil(c), ask));
  app.onError((error) => fail(error));
  return app;
}
