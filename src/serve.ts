/** The pipeline: request → decision → headers → origin. Every exit is rendered once and logged once. */
import { dataPoint } from './analytics.ts';
import { type Decision, decide } from './decide.ts';
import type { Reason } from './decision.ts';
import type { Environment, WaitUntil } from './environment.ts';
import { errorLine } from './error-line.ts';
import { requestFacts } from './http/facts.ts';
import { isHealthRequest, renderHealth } from './http/health.ts';
import { readRequestId } from './http/request-id.ts';
import type { KeyIo } from './keys/io.ts';
import { createKeySource, type KeySource } from './keys/source.ts';
import { type Answered, describeRequest, type EventLine, loggedSubject, requestLine } from './log.ts';
import { forward } from './origin/forward.ts';
import { limitKey } from './origin/rate-limit.ts';
import { untilExpiry } from './origin/websocket.ts';
import { type Allowed, createOutbound, isLoop, type Prepare } from './outbound.ts';
import type { Policy, Settings } from './policy/policy.ts';
import { createReplies } from './reply.ts';
import { bearer } from './token/bearer.ts';
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
  const send = createSend(environment, prepare);
  const { settings } = policy;

  return async (request, waitUntil) => {
    const { url, method, headers } = request;
    const io = environment.keyIo(waitUntil);
    if (isHealthRequest(request, settings.healthPath)) return healthOf(policy, keys, io);
    const own = replies.own(request, (line) => environment.log(line, request));
    if (own !== undefined) return own;

    const requestId = readRequestId(headers);
    // A Worker's clock stands still between I/O: what moves it before the decision is the wait for keys.
    const start = io.now();
    let decidedAt = start;
    let askedAt: number | undefined;
    let decision: Decision = { kind: 'deny', reason: { code: 'internal_error' } };
    let answer: Response | Reason;
    try {
      const credentials = bearer(headers.get('authorization'));
      decision = await decide({ url, method, credentials }, policy, (token, routes) =>
        verifyToken(token, routes, { settings, keys, cache, io }),
      );
      decidedAt = io.now();
      answer =
        decision.kind === 'deny'
          ? decision.reason
          : await send(request, decision, requestId, () => {
              askedAt = io.now();
            });
    } catch (error) {
      environment.log(errorLine(error));
      answer = { code: 'internal_error' };
    }
    const response = replies.finish(request, answer, decision, requestId);
    const reason = answer instanceof Response ? undefined : answer;
    const wouldDeny = decision.kind === 'allow' ? decision.wouldDeny : undefined;
    const isLogged = (reason ?? wouldDeny) !== undefined || isSampled(settings.logSample);
    // Most requests need no line: they don't wait for one.
    if (isLogged || environment.analytics !== undefined) {
      const time = io.now();
      await record(environment, settings, request, decision, isLogged, {
        time,
        keyWaitMs: decidedAt - start,
        originMs: askedAt === undefined ? undefined : time - askedAt,
        requestId,
        reason,
        status: response.status,
      });
    }
    return response;
  };
}

/** Asks the origin. */
function createSend(environment: Environment, prepare: Prepare) {
  /** @param onAsk is called when the origin is asked */
  return async function send(
    request: Request,
    decision: Allowed,
    requestId: string,
    onAsk: () => void,
  ): Promise<Response | Reason> {
    const { principal, route, nearMisses } = decision;
    if (isLoop(route.api, request.headers)) return { code: 'loop' };
    const fetchOrigin = environment.originFetch(route.api);
    if (typeof fetchOrigin !== 'function') return fetchOrigin;
    if (route.rateLimit !== undefined || nearMisses.length > 0) {
      const overLimit = await countRequest(decision, request.headers.get('cf-connecting-ip'), environment);
      if (overLimit !== undefined) return overLimit;
    }
    const outbound = prepare(request.headers, decision, requestId);
    if ('code' in outbound) return outbound;
    onAsk();
    const response = await forward(request, route.api, outbound.url, outbound.headers, fetchOrigin);
    if (principal === undefined || !(response instanceof Response) || response.status !== 101)
      return response;
    return untilExpiry(response, principal, environment.now());
  };
}

async function healthOf({ issuers }: Policy, keys: KeySource, io: KeyIo): Promise<Response> {
  const states = issuers.map(async (issuer) => [issuer.name, await keys.stateOf(issuer, io)] as const);
  return renderHealth(await Promise.all(states), io.now());
}

/** Another spelling counts for all routes that it could be read as: the limits of one can't be walked around. */
async function countRequest(
  { route, nearMisses, principal }: Allowed,
  address: string | null,
  environment: Environment,
): Promise<Reason | undefined> {
  const counted = new Set<string>();
  for (const { rateLimit } of [route, ...nearMisses]) {
    if (rateLimit === undefined || counted.has(rateLimit.scope)) continue;
    counted.add(rateLimit.scope);
    const within = await environment.countRequest(rateLimit.binding, limitKey(rateLimit, principal, address));
    if (within !== true) return within === false ? { code: 'rate_limited' } : within;
  }
  return undefined;
}

/** Logs a request and makes its data point. A failure to do so changes nothing of the answer. */
async function record(
  { log, analytics, logHmac, versions }: Environment,
  settings: Settings,
  request: Request,
  decision: Decision,
  isLogged: boolean,
  answered: Pick<Answered, 'time' | 'keyWaitMs' | 'originMs' | 'requestId' | 'reason' | 'status'>,
): Promise<void> {
  const wouldDeny = decision.kind === 'allow' && decision.wouldDeny !== undefined;
  const isRefusal = answered.reason !== undefined || wouldDeny;
  try {
    const subject = await loggedSubject(decision.principal, settings, logHmac);
    const isTraced = settings.logRequests === 'all' || (settings.logRequests === 'denied' && isRefusal);
    const facts = isTraced ? { ...versions, ...requestFacts(request) } : undefined;
    const line = requestLine(decision, { ...answered, ...describeRequest(request), subject, facts });
    if (isLogged) log(line, request);
    analytics?.writeDataPoint(dataPoint(line));
  } catch (error) {
    log(errorLine(error));
  }
}

const isSampled = (share: number) => share >= 1 || Math.random() < share;

function onceForEach(log: (line: EventLine) => void) {
  const told = new Set<string>();
  return (line: EventLine) => {
    const text = JSON.stringify(line);
    if (told.has(text)) return;
    told.add(text);
    log(line);
  };
}
