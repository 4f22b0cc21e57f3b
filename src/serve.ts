/** The pipeline: request → decision → headers → origin. Every exit is rendered once and logged once. */
import { dataPoint } from './analytics.ts';
import { type Decision, decide, type Verify } from './decide.ts';
import type { FormFault, Reason } from './decision.ts';
import type { Environment, WaitUntil } from './environment.ts';
import { errorLine } from './error-line.ts';
import { requestFacts } from './http/facts.ts';
import { type Form, isForm, readForm } from './http/form-method.ts';
import { isHealthRequest, renderHealth } from './http/health.ts';
import { readPreflight } from './http/preflight.ts';
import { newRequestId } from './http/request-id.ts';
import type { KeyIo } from './keys/io.ts';
import { createKeySource, type KeySource } from './keys/source.ts';
import { type Answered, describeRequest, type EventLine, loggedSubject, requestLine } from './log.ts';
import { forward, isBodyTaken, timeLimit } from './origin/forward.ts';
import { rewriteLocation } from './origin/location.ts';
import { callerOf, type Next, requestFor, withoutBody } from './origin/next.ts';
import { limitKey } from './origin/rate-limit.ts';
import { changeable, isChangeable, untilExpiry, withProtocol } from './origin/websocket.ts';
import { type Allowed, createOutbound, isLoop, type Prepare } from './outbound.ts';
import type { Policy, Settings } from './policy/policy.ts';
import { isOnTrial } from './policy/trial.ts';
import { createReplies, withId } from './reply.ts';
import { createTokenCache } from './token/cache.ts';
import { credentialsOf } from './token/places.ts';
import { verifyToken } from './token/verify.ts';

/** @param next answers where an API has `origin = "next"` */
export type Handler = (request: Request, waitUntil: WaitUntil, next?: Next) => Promise<Response>;

/** Answers requests by a policy. Keys and verified tokens are remembered here, for the life of the isolate. */
export function serve(environment: Environment, policy: Policy, keys = createKeySource()): Handler {
  const replies = createReplies(policy);
  const cache = createTokenCache();
  const warn = onceForEach(environment.log);
  const prepare = createOutbound(policy, {
    originHeaders: environment.originHeaders,
    skipped: (api, { claim, as }) => warn({ event: 'claim_skipped', api: api.name, claim: claim.text, as }),
  });
  const send = createSend(environment, prepare);
  const { settings } = policy;

  return async (request, waitUntil, next = noNext) => {
    const { url, method, headers } = request;
    const io = environment.keyIo(waitUntil);
    const requestId = newRequestId();
    if (isHealthRequest(request, settings.healthPath))
      return withId(await healthOf(policy, keys, io), requestId);
    const own = replies.own(request, requestId, (line) => environment.log(line, request));
    if (own !== undefined) return own;

    // A Worker's clock stands still between I/O: what moves it before the decision is the wait for keys.
    const start = io.now();
    let decidedAt = start;
    let askedAt: number | undefined;
    let decision: Decision = { kind: 'deny', reason: { code: 'internal_error' } };
    let answer: Response | Reason;
    try {
      const preflight = readPreflight(request)?.method;
      const asked = { url, method, headers, credentials: credentialsOf(request), preflight };
      const verify: Verify = (token, routes) => verifyToken(token, routes, { settings, keys, cache, io });
      decision = await decide(asked, policy, verify);
      const form = mayNeedForm(decision) ? await formOf(request) : undefined;
      if (form?.methods?.length)
        decision = await decide({ ...asked, formMethods: form.methods }, policy, verify);
      decidedAt = io.now();
      if (decision.kind === 'deny') answer = decision.reason;
      else if (form?.fault !== undefined) answer = { code: 'form_unread', fault: form.fault };
      else {
        const body = decision.preflight === undefined ? (form?.request ?? request) : withoutBody(request);
        const sent = await send(body, decision, requestId, next, () => (askedAt = io.now()));
        answer = form?.isLate?.() ? { code: 'form_unread', fault: 'late' } : sent.answer;
        decision = { ...decision, wouldDeny: decision.wouldDeny ?? sent.wouldDeny };
      }
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

/** Whether the origin may take its method from a form: asked only once the caller is known. */
const mayNeedForm = (decision: Decision): boolean =>
  decision.kind === 'allow' && decision.route.api.readsForms && !isOnTrial(decision.route);

/** The form of a request, where it has one that nobody has read. */
async function formOf(
  request: Request,
): Promise<(Partial<Form> & { readonly fault?: FormFault }) | undefined> {
  if (!isForm(request) || isBodyTaken(request)) return undefined;
  const form = await readForm(request);
  return typeof form === 'string' ? { fault: form } : form;
}

interface Sent {
  readonly answer: Response | Reason;
  /** Why it would not have been, if all was enforced that is on trial. */
  readonly wouldDeny?: Reason | undefined;
}

/** Asks the origin. */
function createSend(environment: Environment, prepare: Prepare) {
  /**
   * @param next is asked instead of an origin where there is none
   * @param onAsk is called when the origin is asked, and tells the time
   * @returns also why an API on trial would have been spared the request, or its answer
   */
  return async function send(
    request: Request,
    decision: Allowed,
    requestId: string,
    next: Next,
    onAsk: () => number,
  ): Promise<Sent> {
    const { principal, route, nearMisses } = decision;
    const { api } = route;
    if (isLoop(api, request.headers)) return { answer: { code: 'loop' } };
    const fetchOrigin = environment.originFetch(api);
    if (typeof fetchOrigin !== 'function') return { answer: fetchOrigin };
    let overLimit: Reason | undefined;
    if (route.rateLimit !== undefined || nearMisses.length > 0) {
      const limited = await countRequest(decision, request.headers.get('cf-connecting-ip'), environment);
      if (limited?.isEnforced) return { answer: limited.reason };
      overLimit = limited?.reason;
    }
    const outbound = prepare(request.headers, decision, requestId);
    if ('code' in outbound) return { answer: outbound };
    const { url, headers } = outbound;
    const isTried = isOnTrial(route);
    const limitMs = timeLimit(request, api);
    const isNext = api.origin.kind === 'next';
    const askedAt = onAsk();
    // With claims, an answer is for one caller.
    const isShared = isTried && principal === undefined;
    const given = isNext
      ? await next(requestFor(request, url, headers), callerOf(principal))
      : await forward(request, api, url, headers, fetchOrigin, isTried ? undefined : limitMs, isShared);
    const isReady = !(given instanceof Response) || (isNext && isChangeable(given));
    const answer = isReady ? given : changeable(given);
    if (api.rewritesLocation && !isTried && answer instanceof Response)
      rewriteLocation(answer.headers, api, decision.target);
    const isLate = isTried && !isNext && environment.now() - askedAt > limitMs;
    const wouldDeny = overLimit ?? outbound.wouldDeny ?? (isLate ? { code: 'origin_timeout' } : undefined);
    const isOpen = answer instanceof Response && answer.status === 101;
    if (!isOpen || isTried) return { answer, wouldDeny };
    const opened = api.tokenFrom.kind === 'websocket' ? withProtocol(answer, request.headers) : answer;
    if (principal === undefined) return { answer: opened, wouldDeny };
    return { answer: untilExpiry(opened, principal, environment.now()), wouldDeny };
  };
}

/** The policy has no such API then: without handlers it would be faulty. */
const noNext: Next = () => {
  throw new Error('origin = "next" without handlers');
};

async function healthOf({ issuers }: Policy, keys: KeySource, io: KeyIo): Promise<Response> {
  const states = issuers.map(async (issuer) => [issuer.name, await keys.stateOf(issuer, io)] as const);
  return renderHealth(await Promise.all(states), io.now());
}

/**
 * Another spelling counts for all routes that it could be read as: the limits of one can't be walked around.
 *
 * @returns the reason of a limit that was reached: of one that is enforced, if there is one
 */
async function countRequest(
  { route, nearMisses, principal }: Allowed,
  address: string | null,
  environment: Environment,
): Promise<{ readonly reason: Reason; readonly isEnforced: boolean } | undefined> {
  const counted = new Set<string>();
  let tried: Reason | undefined;
  for (const one of [route, ...nearMisses]) {
    const { rateLimit } = one;
    if (rateLimit === undefined || counted.has(rateLimit.scope)) continue;
    counted.add(rateLimit.scope);
    const within = await environment
      .countRequest(rateLimit.binding, limitKey(rateLimit, principal, address))
      .catch((error): Reason => {
        environment.log(errorLine(error));
        return { code: 'internal_error' };
      });
    if (within === true) continue;
    const reason: Reason = within === false ? { code: 'rate_limited' } : within;
    if (!isOnTrial(one)) return { reason, isEnforced: true };
    tried ??= reason;
  }
  return tried && { reason: tried, isEnforced: false };
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
