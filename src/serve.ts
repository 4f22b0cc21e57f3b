/** The street: request → decision → headers → origin. Every exit is rendered once and logged once. */
import { dataPoint } from './analytics.ts';
import { type Decision, decide } from './decide.ts';
import type { Reason } from './decision.ts';
import type { Environment, WaitUntil } from './environment.ts';
import { errorLine } from './error-line.ts';
import { renderDenial } from './http/answer.ts';
import { readPreflight, renderPreflight, renderPublicPreflight, withCors } from './http/cors.ts';
import { isHealthRequest, renderHealth } from './http/health.ts';
import { indexMetadata, renderMetadata } from './http/metadata.ts';
import { readRequestId } from './http/request-id.ts';
import { parseTarget, type Target, writeTarget } from './http/target.ts';
import { readTraceId } from './http/trace.ts';
import { createKeySource } from './keys/source.ts';
import { type EventLine, loggedSubject, requestLine } from './log.ts';
import { setClaimHeaders } from './origin/claim-headers.ts';
import { forward, LOOP_HEADER } from './origin/forward.ts';
import { limitKey } from './origin/rate-limit.ts';
import { createStripper } from './origin/strip.ts';
import { untilExpiry } from './origin/websocket.ts';
import { match } from './policy/match.ts';
import type { ForwardedClaim, Policy } from './policy/policy.ts';
import { isLoopbackHost } from './policy/uri.ts';
import { createTokenCache } from './token/cache.ts';

export type Handler = (request: Request, waitUntil: WaitUntil) => Promise<Response>;

type Allowed = Extract<Decision, { kind: 'allow' }>;

/** Answers requests by a policy. Keys and verified tokens are remembered here, for the life of the isolate. */
export function serve(environment: Environment, policy: Policy): Handler {
  const metadata = indexMetadata(policy);
  const keys = createKeySource();
  const cache = createTokenCache();
  const strip = createStripper(policy.ownHeaders);
  const warn = onceForEach(environment.log);
  const originHeaders = new Map(policy.apis.map((api) => [api, environment.originHeaders(api)]));
  const { settings } = policy;

  return async (request, waitUntil) => {
    if (isHealthRequest(request, settings.healthPath)) return tellHealth(waitUntil);
    const own = answerItself(request);
    if (own !== undefined) return own;

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
    const api = decision.route?.api ?? decision.api;
    const resourceMetadata = api && metadata.urlFor(api);
    let response =
      answer instanceof Response ? answer : renderDenial(answer, { requestId, resourceMetadata });
    if (api?.cors !== undefined) response = withCors(response, api.cors, request.headers.get('origin'));
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

  /** What the gateway answers without a decision: public documents, and preflights. */
  function answerItself(request: Request): Response | undefined {
    const preflight = readPreflight(request);
    const document = isRead(request.method) || preflight ? metadata.find(request.url) : undefined;
    if (document !== undefined) return preflight ? renderPublicPreflight(request) : renderMetadata(document);
    if (preflight === undefined) return undefined;
    const target = parseTarget(request.url);
    if (target.kind === 'fault') return undefined;
    const found = match(policy, target.host, preflight.method, target.path);
    // Also for a method that the path lacks: the page can read the 405 then.
    const api = found.kind === 'match' ? found.route.api : found.api;
    return api?.cors && renderPreflight(api.cors, preflight);
  }

  async function tellHealth(waitUntil: WaitUntil): Promise<Response> {
    const io = environment.keyIo(waitUntil);
    const states = policy.issuers.map(
      async (issuer) => [issuer.name, await keys.stateOf(issuer, io)] as const,
    );
    return renderHealth(await Promise.all(states), environment.now());
  }

  async function send(request: Request, decision: Allowed, requestId: string): Promise<Response | Reason> {
    const { route, nearMisses, target, principal, forwardAuthorization } = decision;
    const { api } = route;
    if (api.origin.kind === 'zone' && request.headers.has(LOOP_HEADER)) return { code: 'loop' };
    const address = request.headers.get('cf-connecting-ip');
    const fetchOrigin = environment.originFetch(api);
    if (typeof fetchOrigin !== 'function') return fetchOrigin;
    if (route.rateLimit !== undefined || nearMisses.length > 0) {
      const overLimit = await countRequest(decision, address);
      if (overLimit !== undefined) return overLimit;
    }
    const headers = strip(request.headers, forwardAuthorization);
    if (principal !== undefined) {
      const skipped = ({ claim, as }: ForwardedClaim) =>
        warn({ event: 'claim_skipped', api: api.name, claim: claim.text, as });
      const tooLarge = setClaimHeaders(headers, principal, api.forward, skipped);
      if (tooLarge !== undefined) return tooLarge;
    }
    for (const [name, value] of originHeaders.get(api) ?? []) headers.set(name, value);
    if (address !== null) headers.set('x-forwarded-for', address);
    headers.set('x-forwarded-host', target.authority);
    headers.set('x-forwarded-proto', target.scheme);
    headers.set('x-request-id', requestId);
    const path = writeTarget(target, api.stripSegments);
    const base = api.origin.kind === 'zone' ? zoneBase(target) : `${target.scheme}://${target.authority}`;
    const response = await forward(request, api, base, path, headers, fetchOrigin);
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

/**
 * The zone's origin is asked over TLS and on its usual port, whatever the client chose: secrets and claims travel
 * there. A host of this machine is what it is.
 */
function zoneBase({ scheme, authority, host }: Target): string {
  return isLoopbackHost(host) ? `${scheme}://${authority}` : `https://${host}`;
}

const isRead = (method: string) => method === 'GET' || method === 'HEAD';

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
