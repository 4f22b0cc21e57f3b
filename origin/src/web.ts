/** For servers whose handlers take a `Request`: Hono, and plain `fetch` handlers of Workers, Deno and Bun. */
import type { MiddlewareHandler } from 'hono';
import { bodyOf, guard, type WebOptions } from './guard.ts';
import { OriginRefusal, PROBLEM_TYPE, problemOf } from './refusal.ts';
import { type OriginRequest, targetOf } from './request.ts';
import type { OriginVerifier, VerifiedRequest } from './verifier.ts';

type WaitUntil = NonNullable<OriginRequest['waitUntil']>;

const check = (
  verifier: OriginVerifier,
  request: Request,
  options: WebOptions,
  waitUntil: WaitUntil | undefined,
): Promise<VerifiedRequest | OriginRefusal> => {
  const { method, url, headers } = request;
  const body = bodyOf(request, options);
  return guard(
    verifier,
    { method, target: targetOf(url), headers, body, ...(waitUntil && { waitUntil }) },
    request,
    options,
  );
};

function answer(refusal: OriginRefusal): Response {
  const { status, body } = problemOf(refusal);
  return new Response(body, { status, headers: { 'content-type': PROBLEM_TYPE } });
}

/** Lets through what the verifier accepts, with `c.var.verified`. */
export const honoGuard =
  (
    verifier: OriginVerifier,
    options: WebOptions = {},
  ): MiddlewareHandler<{ Variables: { verified: VerifiedRequest } }> =>
  async (c, next) => {
    let waitUntil: WaitUntil | undefined;
    try {
      const { executionCtx } = c;
      waitUntil = (work) => executionCtx.waitUntil(work);
    } catch {
      // Outside of Workers there is none.
    }
    const verified = await check(verifier, c.req.raw, options, waitUntil);
    if (verified instanceof OriginRefusal) return answer(verified);
    c.set('verified', verified);
    await next();
    return undefined;
  };

/** A `fetch` handler that calls `handler` with what the verifier accepts, and with its own further arguments. */
export const fetchGuard =
  <Rest extends readonly unknown[]>(
    verifier: OriginVerifier,
    handler: (request: Request, verified: VerifiedRequest, ...rest: Rest) => Response | Promise<Response>,
    options: WebOptions = {},
  ) =>
  async (request: Request, ...rest: Rest): Promise<Response> => {
    const context = rest.find(hasWaitUntil);
    const waitUntil = context && ((work: Promise<unknown>) => context.waitUntil(work));
    const verified = await check(verifier, request, options, waitUntil);
    return verified instanceof OriginRefusal ? answer(verified) : handler(request, verified, ...rest);
  };

const hasWaitUntil = (value: unknown): value is { waitUntil: WaitUntil } =>
  typeof (value as { waitUntil?: unknown } | null | undefined)?.waitUntil === 'function';
