/** The gateway without a framework around it: what answers requests, and what the cron runs. */
import type { Context } from 'hono';
import { type Environment, type GatewayOptions, readEnvironment, type WaitUntil } from './environment.ts';
import { errorLine } from './error-line.ts';
import { renderDenial } from './http/answer.ts';
import { requestFacts } from './http/facts.ts';
import { newRequestId } from './http/request-id.ts';
import { refresh } from './keys/refresh.ts';
import { createKeySource } from './keys/source.ts';
import { describeRequest, type LogLine, requestLine } from './log.ts';
import { type Fault, formatFault } from './policy/compile/fault.ts';
import type { Issuer } from './policy/policy.ts';
import { signersOf } from './policy/signals.ts';
import { isLoopbackHost, normaliseHost } from './policy/uri.ts';
import { createRevocationSource, type RevocationIo } from './revocation/source.ts';
import { type Handler, type Shared, serve } from './serve.ts';
import { pollEvents } from './signals/poll.ts';

interface Gateway {
  readonly handle: Handler;
  /** What is wrong with the policy. */
  readonly faults: readonly Fault[];
  /** Answers where the gateway itself failed. */
  fail(error: unknown): Response;
}

/**
 * Compiles the policy, once. One that has errors answers every request with 503.
 *
 * @param hasNext whether there are handlers for `origin = "next"`
 * @param shared with other gateways
 */
export function createHandler(options: GatewayOptions, hasNext: boolean, shared?: Shared): Gateway {
  const environment = readEnvironment(options, hasNext);
  const { compiled } = environment;
  const problemBase = compiled.ok ? compiled.policy.settings.problemBase : undefined;
  return {
    faults: compiled.ok ? [] : compiled.faults,
    handle: compiled.ok
      ? serve(environment, compiled.policy, shared)
      : refuseAll(environment, compiled.faults),
    fail(error) {
      environment.log(errorLine(error));
      return renderDenial({ code: 'internal_error' }, { requestId: newRequestId(), problemBase });
    },
  };
}

/** What the package's own Worker has for its `fetch`: the gateway alone, without a router around it. */
export function createFetch(options: GatewayOptions): ExportedHandlerFetchHandler {
  const { handle, fail } = createHandler(options, false);
  return async (request, _env, context) => {
    try {
      return await handle(request, (promise) => context.waitUntil(promise));
    } catch (error) {
      return fail(error);
    }
  };
}

/**
 * The cron's part: fetches the keys of every issuer into KV, so that no request has to wait for them, and asks for
 * security events where the policy says so.
 *
 * @param options those of `createGateway`: with other ones, the keys of other issuers would be fetched
 * @returns throws where the policy has errors, so that the platform shows a run that failed
 */
export function createKeyRefresh(options: GatewayOptions): () => Promise<void> {
  // Most isolates only answer requests: they don't compile the policy a second time for a cron that runs elsewhere.
  let known: Environment | undefined;
  return async () => {
    known ??= readEnvironment(options);
    const environment = known;
    const { compiled, log, keyIo, revocationObject, logHmac: hmac } = environment;
    if (!compiled.ok) {
      log(policyInvalid(compiled.faults));
      throw new Error('the policy has errors: no keys were fetched. The event policy_invalid lists them.');
    }
    const { policy } = compiled;
    const io = keyIo(() => {});
    const writer = revocationObject();
    const refreshed = signersOf<Issuer>(policy).map((issuer) => refresh(issuer, io));
    await Promise.all([...refreshed, writer?.beat()]);
    if (writer === undefined || policy.transmitters.every(({ poll }) => poll === undefined)) return;
    const revocations = environment.revocationIo(() => {}) as RevocationIo;
    const { settings } = await createRevocationSource(policy.settings).get(revocations);
    // With keys of its own: those that were just fetched are in KV.
    const poller = { ...environment, writer, hmac, io, keys: createKeySource(), settings };
    await Promise.all(policy.transmitters.map((transmitter) => pollEvents(transmitter, poller)));
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
    const requestId = newRequestId();
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
export function readWaitUntil(c: Context): WaitUntil {
  try {
    const context = c.executionCtx;
    return (promise) => context.waitUntil(promise);
  } catch {
    return () => {};
  }
}
