import { type Context, Hono } from 'hono';
import { type Decision, decide } from './decide.ts';
import type { Reason } from './decision.ts';
import { type Environment, type GatewayOptions, readEnvironment, type WaitUntil } from './environment.ts';
import { errorLine } from './error-line.ts';
import { renderDenial } from './http/answer.ts';
import { indexMetadata, renderMetadata } from './http/metadata.ts';
import { writeTarget } from './http/target.ts';
import { createKeySource, refresh } from './keys/source.ts';
import { type EventLine, loggedSubject, requestLine } from './log.ts';
import { setClaimHeaders } from './origin/claim-headers.ts';
import { forward } from './origin/forward.ts';
import { createStripper } from './origin/strip.ts';
import { type Fault, formatFault } from './policy/fault.ts';
import type { ForwardedClaim, Policy } from './policy/policy.ts';
import { isLoopbackHost, normaliseHost } from './policy/uri.ts';
import { createTokenCache } from './token/cache.ts';

export type { GatewayOptions } from './environment.ts';
export type { LogLine } from './log.ts';

/**
 * The gateway as a Hono app: it answers every path, so that middleware of your own goes before it. The policy is
 * compiled here, once. One that has errors answers every request with 503; nothing is ever let through by default.
 */
export function createGateway(options: GatewayOptions): Hono {
  const environment = readEnvironment(options);
  const { compiled } = environment;
  const handle = compiled.ok ? serve(environment, compiled.policy) : refuseAll(environment, compiled.faults);
  const app = new Hono();
  app.all('*', (c) => handle(c.req.raw, readWaitUntil(c)));
  app.onError((error, c) => {
    environment.log(errorLine(error));
    return renderDenial({ code: 'internal_error' }, { requestId: readRequestId(c.req.raw.headers) });
  });
  return app;
}

/** The cron's part: fetches the keys of every issuer into KV, so that no request has to wait for them. */
export function createKeyRefresh(options: GatewayOptions): () => Promise<void> {
  const { compiled, log, keyIo } = readEnvironment(options);
  return async () => {
    if (!compiled.ok) return log({ event: 'policy_invalid', faults: compiled.faults });
    const io = keyIo(() => {});
    await Promise.all(compiled.policy.issuers.map((issuer) => refresh(issuer, io)));
  };
}

type Handler = (request: Request, waitUntil: WaitUntil) => Promise<Response>;

/** The street: request → decision → headers → origin. Every exit is rendered once and logged once. */
function serve(environment: Environment, policy: Policy): Handler {
  const metadata = indexMetadata(policy);
  const keys = createKeySource();
  const cache = createTokenCache();
  const strip = createStripper(policy.claimHeaders);
  const warn = onceForEach(environment.log);
  const { settings } = policy;

  return async (request, waitUntil) => {
    const document = isRead(request.method) ? metadata.find(request.url) : undefined;
    if (document !== undefined) return renderMetadata(document);

    const requestId = readRequestId(request.headers);
    const timer = createTimer(environment.now);
    let decision: Decision = { kind: 'deny', reason: { code: 'internal_error' } };
    let answer: Response | Reason;
    try {
      const authorization = request.headers.get('authorization');
      const io = environment.keyIo(waitUntil);
      decision = await decide({ url: request.url, method: request.method, authorization }, policy, {
        settings,
        keys,
        cache,
        io,
      });
      timer.decided();
      answer = decision.kind === 'deny' ? decision.reason : await send(request, decision, requestId);
    } catch (error) {
      environment.log(errorLine(error));
      answer = { code: 'internal_error' };
    }
    const reason = answer instanceof Response ? undefined : answer;
    const resourceMetadata = decision.route && metadata.urlFor(decision.route.api);
    const response =
      answer instanceof Response ? answer : renderDenial(answer, { requestId, resourceMetadata });

    if (reason !== undefined || isSampled(settings.logSample)) {
      const subject = await loggedSubject(decision.principal, settings, environment.logHmac);
      const { method, headers } = request;
      const ray = headers.get('cf-ray');
      environment.log(
        requestLine(decision, {
          ...timer.read(),
          requestId,
          ray,
          method,
          reason,
          status: response.status,
          subject,
        }),
      );
    }
    return response;
  };

  async function send(
    request: Request,
    decision: Extract<Decision, { kind: 'allow' }>,
    requestId: string,
  ): Promise<Response | Reason> {
    const { route, target, principal, forwardAuthorization } = decision;
    const { api } = route;
    const fetchOrigin = environment.originFetch(api);
    if (typeof fetchOrigin !== 'function') return fetchOrigin;
    const headers = strip(request.headers, forwardAuthorization);
    if (principal !== undefined) {
      const skipped = ({ claim, as }: ForwardedClaim) =>
        warn({ event: 'claim_skipped', api: api.name, claim: claim.text, as });
      const tooLarge = setClaimHeaders(headers, principal, api.forward, skipped);
      if (tooLarge !== undefined) return tooLarge;
    }
    const address = request.headers.get('cf-connecting-ip');
    if (address !== null) headers.set('x-forwarded-for', address);
    headers.set('x-forwarded-host', target.authority);
    headers.set('x-forwarded-proto', target.scheme);
    headers.set('x-request-id', requestId);
    const publicBase = `${target.scheme}://${target.authority}`;
    return forward(request, api, publicBase, writeTarget(target), headers, fetchOrigin);
  }
}

/** Answers everything with 503. The faults are in the log, and in the answer for whoever sits at the machine. */
function refuseAll({ log }: Environment, faults: readonly Fault[]): Handler {
  return async (request) => {
    log({ event: 'policy_invalid', faults });
    const authority = /^[a-z]+:\/\/([^/]*)/.exec(request.url)?.[1] ?? '';
    const shown = isLoopbackHost(normaliseHost(authority)) ? faults.map(formatFault) : undefined;
    const requestId = readRequestId(request.headers);
    return renderDenial({ code: 'policy_invalid' }, { requestId, faults: shown });
  };
}

const isRead = (method: string) => method === 'GET' || method === 'HEAD';

const isSampled = (share: number) => share >= 1 || Math.random() < share;

/** Without an execution context, as in tests, work behind the answer just runs. */
function readWaitUntil(c: Context): WaitUntil {
  try {
    const context = c.executionCtx;
    return (promise) => context.waitUntil(promise);
  } catch {
    return () => {};
  }
}

/** The client's id if it can do no harm in a log or a header, else a new one. */
function readRequestId(headers: Headers): string {
  const given = headers.get('x-request-id');
  return given !== null && /^[A-Za-z0-9._-]{8,64}$/.test(given) ? given : crypto.randomUUID();
}

/** A Worker's clock stands still between I/O: what moves it before the decision is the wait for keys. */
function createTimer(now: () => number) {
  const start = now();
  let decidedAt = start;
  return {
    decided: () => {
      decidedAt = now();
    },
    read: () => {
      const time = now();
      return { time, keyWaitMs: decidedAt - start, originMs: time - decidedAt };
    },
  };
}

function onceForEach(log: (line: EventLine) => void) {
  const told = new Set<string>();
  return (line: EventLine) => {
    const text = JSON.stringify(line);
    if (told.has(text)) return;
    told.add(text);
    log(line);
  };
}
