/** The street: request → decision → headers → origin. Every exit is rendered once and logged once. */
import { dataPoint } from './analytics.ts';
import { type Decision, decide } from './decide.ts';
import type { Reason } from './decision.ts';
import type { Environment, WaitUntil } from './environment.ts';
import { errorLine } from './error-line.ts';
import { isHealthRequest, renderHealth } from './http/health.ts';
import { readRequestId } from './http/request-id.ts';
import { readTraceId } from './http/trace.ts';
import { createKeySource } from './keys/source.ts';
import { type EventLine, loggedSubject, requestLine } from './log.ts';
import { forward } from './origin/forward.ts';
import { limitKey } from './origin/rate-limit.ts';
import { untilExpiry } from './origin/websocket.ts';
import { type Allowed, createOutbound, isLoop } from './outbound.ts';
import type { Policy } from './policy/policy.ts';
import { createReplies } from './reply.ts';
import { createTokenCache } from './token/cache.ts';
import { verifyToken } from './token/verify.ts';

export type Handler = (request: Request, waitUntil: WaitUntil) => Promise<Response>;

/** Answers requests by a policy. Keys and verified tokens are remembered here, for the life of the isolate. */
export function serve(environment: Environment, policy: Policy): Handler {
  const replies = createReplies(policy);
  const keys = createKeySource();
  const cache = createTokenCache();
  const warn = onceForEach(environment.log);
  const prepare = createOutbound(policy, {
    originHeaders: environment.originHeaders,
    skipped: (api, { claim, as }) => warn({ event: 'claim_skipped', api: api.name, claim: claim.text, as }),
  });
  const { settings } = policy;

  return async (request, waitUntil) => {
    if (isHealthRequest(request, settings.healthPath)) return tellHealth(waitUntil);
    const own = replies.own(request);
    if (own !== undefined) return own;

    const requestId = readRequestId(request.headers);
    const timer = createTimer(environment.now);
    let decision: Decision = { kind: 'deny', reason: { code: 'internal_error' } };
    let answer: Response | Reason;
    try {
      const authorization = request.headers.get('authorization');
      const io = environment.keyIo(waitUntil);
      const { url, method } = request;
      decision = await decide({ url, method, authorization }, policy, (token, routes) =>
        verifyToken(token, routes, { settings, keys, cache, io }),
      );
      timer.decided();
      answer = decision.kind === 'deny' ? decision.reason : await send(request, decision, requestId);
    } catch (error) {
      environment.log(errorLine(error));
      answer = { code: 'internal_error' };
    }
    const reason = answer instanceof Response ? undefined : answer;
    const response = replies.finish(request, answer, decision, requestId);
    const isLogged =
      reason !== undefined ||
      (decision.kind === 'allow' && decision.wouldDeny !== undefined) ||
      isSampled(settings.logSample);
    if (isLogged || environment.analytics !== undefined) {
      try {
        const answered = { ...timer.read(), requestId, reason, status: response.status };
        await record(request, decision, answered, isLogged);
      } catch (error) {
        environment.log(errorLine(error)); // what was decided stands
      }
    }
    return response;
  };

  async function tellHealth(waitUntil: WaitUntil): Promise<Response> {
    const io = environment.keyIo(waitUntil);
    const states = policy.issuers.map(
      async (issuer) => [issuer.name, await keys.stateOf(issuer, io)] as const,
    );
    return renderHealth(await Promise.all(states), environment.now());
  }

  async function send(request: Request, decision: Allowed, requestId: string): Promise<Response | Reason> {
    const { route, nearMisses, principal } = decision;
    const { api } = route;
    if (isLoop(api, request.headers)) return { code: 'loop' };
    const fetchOrigin = environment.originFetch(api);
    if (typeof fetchOrigin !== 'function') return fetchOrigin;
    if (route.rateLimit !== undefined || nearMisses.length > 0) {
      const overLimit = await countRequest(decision, request.headers.get('cf-connecting-ip'));
      if (overLimit !== undefined) return overLimit;
    }
    const outbound = prepare(request.headers, decision, requestId);
    if ('code' in outbound) return outbound;
    const response = await forward(request, api, outbound.url, outbound.headers, fetchOrigin);
    if (principal === undefined || !(response instanceof Response) || response.status !== 101)
      return response;
    return untilExpiry(response, principal, environment.now());
  }

  /** Another spelling counts for all routes that it could be read as: the limits of one can't be walked around. */
  async function countRequest(decision: Allowed, address: string | null): Promise<Reason | undefined> {
    const { route, nearMisses, principal } = decision;
    const limits = new Map([route, ...nearMisses].map(({ rateLimit }) => [rateLimit?.scope, rateLimit]));
    for (const limit of limits.values()) {
      if (limit === undefined) continue;
      const within = await environment.countRequest(limit.binding, limitKey(limit, principal, address));
      if (within !== true) return within === false ? { code: 'rate_limited' } : within;
    }
    return undefined;
  }

  async function record(
    request: Request,
    decision: Decision,
    answered: {
      time: number;
      keyWaitMs: number;
      originMs: number;
      requestId: string;
      reason: Reason | undefined;
      status: number;
    },
    isLogged: boolean,
  ): Promise<void> {
    const { method, headers } = request;
    const subject = await loggedSubject(decision.principal, settings, environment.logHmac);
    const ray = headers.get('cf-ray');
    const line = requestLine(decision, { ...answered, ray, method, subject, traceId: readTraceId(headers) });
    if (isLogged) environment.log(line);
    environment.analytics?.writeDataPoint(dataPoint(line));
  }
}

const isSampled = (share: number) => share >= 1 || Math.random() < share;

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
