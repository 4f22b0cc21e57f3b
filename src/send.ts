/** What is done once a request is allowed: it is counted, made the origin's, and sent. */
import type { Reason } from './decision.ts';
import type { Environment } from './environment.ts';
import { errorLine } from './error-line.ts';
import { type Assert, type Asserted, asFetched, createAsserter, digestOf } from './origin/assertion.ts';
import { forward, timeLimit } from './origin/forward.ts';
import { rewriteLocation } from './origin/location.ts';
import { callerOf, type Next, requestFor } from './origin/next.ts';
import { limitKey } from './origin/rate-limit.ts';
import { changeable, isChangeable, untilExpiry, withProtocol } from './origin/websocket.ts';
import { type Allowed, isLoop, mayBeShared, type Outbound, type Prepare } from './outbound.ts';
import { ASSERTION_HEADER, type Assertion } from './policy/assertion.ts';
import type { Policy } from './policy/policy.ts';
import { isOnTrial } from './policy/trial.ts';

export interface Sent {
  readonly answer: Response | Reason;
  /** Why it would not have been, if all was enforced that is on trial. */
  readonly wouldDeny?: Reason | undefined;
  /** What the origin got to check the request by. */
  readonly asserted?: Asserted | undefined;
}

/** Asks the origin. */
export function createSend(environment: Environment, { settings }: Policy, prepare: Prepare) {
  const assert =
    settings.assertion && createAsserter(settings.assertion, environment.assertionKeys, environment.now);
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
    const { headers } = outbound;
    const sealed =
      assert && api.assertion ? await seal(request, decision, outbound, requestId, assert) : outbound;
    if ('code' in sealed) return { answer: sealed };
    const { url } = sealed;
    const asserted = 'asserted' in sealed ? sealed.asserted : undefined;
    const isTried = isOnTrial(route);
    const limitMs = timeLimit(request, api);
    const isNext = api.origin.kind === 'next';
    const askedAt = onAsk();
    const given = isNext
      ? await next(requestFor(request, url, headers), callerOf(principal))
      : await forward(
          request,
          api,
          url,
          headers,
          fetchOrigin,
          isTried ? undefined : limitMs,
          mayBeShared(decision),
        );
    const isReady = !(given instanceof Response) || (isNext && isChangeable(given));
    const answer = isReady ? given : changeable(given);
    if (api.rewritesLocation && !isTried && answer instanceof Response)
      rewriteLocation(answer.headers, api, decision.target);
    const isLate = isTried && !isNext && environment.now() - askedAt > limitMs;
    const wouldDeny = overLimit ?? outbound.wouldDeny ?? (isLate ? { code: 'origin_timeout' } : undefined);
    const isOpen = answer instanceof Response && answer.status === 101;
    if (!isOpen || isTried) return { answer, wouldDeny, asserted };
    const opened = api.tokenFrom.kind === 'websocket' ? withProtocol(answer, request.headers) : answer;
    if (principal === undefined) return { answer: opened, wouldDeny, asserted };
    return { answer: untilExpiry(opened, principal, environment.now()), wouldDeny, asserted };
  };
}

interface Sealed {
  readonly url: string;
  readonly asserted?: Asserted;
}

/** Puts the assertion into the headers. Without it, nothing is sent to an API that asks for it. */
async function seal(
  request: Request,
  { route, principal }: Allowed,
  outbound: Outbound,
  requestId: string,
  assert: Assert,
): Promise<Sealed | Reason> {
  const assertion = route.api.assertion as Assertion;
  const digest = assertion.bind === 'body' ? await digestOf(request, assertion.maxBodyBytes) : undefined;
  if (typeof digest === 'object') return digest;
  const { method } = request;
  // What is bound to no request needs no target.
  const { url, target } =
    assertion.bind === 'none' ? { url: outbound.url, target: '' } : asFetched(outbound.url);
  const about = { route, principal, requestId, method, target, digest };
  const asserted = await assert(about, assertion);
  if ('code' in asserted) return asserted;
  outbound.headers.set(ASSERTION_HEADER, asserted.token);
  return { url, asserted };
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
