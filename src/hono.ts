/** The gateway as middleware of a Hono app: `origin = "next"` is the app's own handlers. */
import type { Context, MiddlewareHandler } from 'hono';
import type { GatewayOptions } from './environment.ts';
import { createHandler, readWaitUntil } from './handler.ts';
import type { Caller } from './origin/next.ts';
import { type ProtectOptions, protectHandler } from './protect.ts';
import type { Handler } from './serve.ts';

export type { GatewayOptions } from './environment.ts';
export type { Caller } from './origin/next.ts';
export type { ProtectOptions } from './protect.ts';

declare module 'hono' {
  interface ContextVariableMap {
    /** Who calls; behind `claimgate()` and `protect()` it is always there. */
    caller: Caller;
  }
}

type CallerMiddleware = MiddlewareHandler<{ Variables: { caller: Caller } }>;

/** The options of `createGateway`, without `next`: the app is it. */
export type ClaimgateOptions = Omit<GatewayOptions, 'next'>;

/**
 * The policy's routes in front of this app. What the policy refuses, the gateway answers; what it lets in goes to the
 * app's handlers (`origin = "next"`), with `c.var.caller`, or to another origin. What no API has is refused, too.
 * The policy is compiled here, once. One that has errors answers every request with 503.
 */
export function claimgate(options: ClaimgateOptions): CallerMiddleware {
  const { handle } = createHandler(options, true);
  return (c, next) => run(handle, c, next);
}

/**
 * Rules for the routes that it stands in front of, without tables: `app.get('/orders', protect({ … }), handler)`. It
 * decides and answers as the gateway does. Throws where the options have faults.
 */
export function protect(options: ProtectOptions): CallerMiddleware {
  const handle = protectHandler(options);
  return (c, next) => run(handle, c, next);
}

async function run(handle: Handler, c: Context, next: () => Promise<void>): Promise<Response | undefined> {
  const response = await handle(c.req.raw, readWaitUntil(c), async (request, caller) => {
    c.set('caller', caller);
    // What was read of the body stays with `c.req`.
    c.req.raw = request;
    await next();
    return c.res;
  });
  if (!c.finalized) return response;
  // The setter would add the headers of the old answer, CORS of its own among them.
  if (response !== c.res) {
    c.res = undefined;
    c.res = response;
  }
  return undefined;
}
