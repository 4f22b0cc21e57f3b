import type { Context } from 'hono';
import { Hono } from 'hono/tiny';
import { type Environment, type GatewayOptions, readEnvironment, type WaitUntil } from './environment.ts';
import { errorLine } from './error-line.ts';
import { renderDenial } from './http/answer.ts';
import { requestFacts } from './http/facts.ts';
import { readRequestId } from './http/request-id.ts';
import { refresh } from './keys/refresh.ts';
import { type Fault, formatFault } from './policy/compile/fault.ts';
import { isLoopbackHost, normaliseHost } from './policy/uri.ts';
import { type Handler, serve } from './serve.ts';

export type { ReasonCode } from './decision.ts';
export type { GatewayOptions } from './environment.ts';

import { describeRequest, type LogLine, requestLine } from './log.ts';

export type { LogLine } from './log.ts';

/**
 * The gateway as a Hono app: it answers every path, so that middleware of your own goes before it. The policy is
 * compiled here, once. One that has errors answers every request with 503; nothing is ever let through by default.
 */
export function createGateway(options: GatewayOptions): Hono {
  const environment = readEnvironment(options);
  const { compiled } = environment;
  const handle = compiled.ok ? serve(environment, compiled.policy) : refuseAll(environment, compiled.faults);
  const problemBase = compiled.ok ? compiled.policy.settings.problemBase : undefined;
  const app = new Hono();
  app.all('*', (c) => handle(c.req.raw, readWaitUntil(c)));
  app.onError((error, c) => {
    environment.log(errorLine(error));
    const requestId = readRequestId(c.req.raw.headers);
    return renderDenial({ code: 'internal_error' }, { requestId, problemBase });
  });
  return app;
}

/** The cron's part: fetches the keys of every issuer into KV, so that no request has to wait for them. */
export function createKeyRefresh(options: GatewayOptions): () => Promise<void> {
  const { compiled, log, keyIo } = readEnvironment(options);
  return async () => {
    if (!compiled.ok) return log(policyInvalid(compiled.faults));
    const io = keyIo(() => {});
    await Promise.all(compiled.policy.issuers.map((issuer) => refresh(issuer, io)));
  };
}

/**
 * Answers everything with 503. The faults are in the log once, and in the answer for whoever sits at the machine; each
 * request has its line, like any other refusal.
 */
function refuseAll({ log, now, versions }: Environment, faults: readonly Fault[]): Handler {
  const reason = { code: 'policy_invalid' } as const;
  let isTold = false;
  return async (request) => {
    if (!isTold) log(policyInvalid(faults));
    isTold = true;
    const authority = /^[a-z]+:\/\/([^/]*)/.exec(request.url)?.[1] ?? '';
    const shown = isLoopbackHost(normaliseHost(authority)) ? faults.map(formatFault) : undefined;
    const requestId = readRequestId(request.headers);
    const response = renderDenial(reason, { requestId, faults: shown });
    const answered = { time: now(), requestId, status: response.status, ...describeRequest(request) };
    const facts = { ...versions, ...requestFacts(request) };
    log(
      requestLine({ kind: 'deny', reason }, { ...answered, keyWaitMs: 0, originMs: undefined, facts }),
      request,
    );
    return response;
  };
}

const policyInvalid = (faults: readonly Fault[]): LogLine => ({
  event: 'policy_invalid',
  faults: faults.map(({ at, problem, remedy }) => ({ at, problem, remedy })),
});

/** Without an execution context, as in tests, work behind the answer just runs. */
function readWaitUntil(c: Context): WaitUntil {
  try {
    const context = c.executionCtx;
    return (promise) => context.waitUntil(promise);
  } catch {
    return () => {};
  }
}
