/** Simulates the gateway with a request: its own functions on the same policy, up to where it would ask an origin. */
import { type Decision, type DecisionStep, decide, type Verify } from '../../../src/decide.ts';
import type { Reason } from '../../../src/decision.ts';
import type { PreflightRefused } from '../../../src/http/cors.ts';
import { renderKeySet } from '../../../src/http/key-set.ts';
import { asksFor } from '../../../src/http/own-path.ts';
import { readPreflight } from '../../../src/http/preflight.ts';
import { asFetched, demandedScopes } from '../../../src/origin/assertion.ts';
import { type Allowed, createOutbound, isLoop, mayBeShared, type Outbound } from '../../../src/outbound.ts';
import { ASSERTION_HEADER, KEY_SET_PATH } from '../../../src/policy/assertion.ts';
import type { Api, ForwardedClaim, Policy } from '../../../src/policy/policy.ts';
import { createReplies, withId } from '../../../src/reply.ts';
import type { Standing } from '../../../src/revocation/standing.ts';
import { accepted, empty } from '../../../src/signals/answer.ts';
import { findTransmitters } from '../../../src/signals/find.ts';
import { credentialsOf } from '../../../src/token/places.ts';

/** A request as it comes to the gateway. */
export interface IncomingRequest {
  /** As it is sent: not folded by a URL parser. */
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  /** What is revoked and switched then. `undefined`: nothing is known of it. */
  readonly standing?: Standing | undefined;
}

export interface Simulated {
  /** `self`: a document or a preflight, which the gateway answers without a decision. */
  readonly kind: 'self' | 'allow' | 'deny';
  readonly decision: Decision | undefined;
  /** Why not. */
  readonly reason: Reason | undefined;
  /** The client gets this; where the request is allowed, it is what the gateway adds to the origin's answer. */
  readonly answer: Response;
  /** The request to the origin, if there is one. */
  readonly outbound: Outbound | undefined;
  /** Why a browser would keep the request to itself. */
  readonly preflightRefused?: PreflightRefused | undefined;
  /** Claims that can't be sent in the form that the policy asks for. */
  readonly skipped: readonly ForwardedClaim[];
}

export type Simulate = (
  request: IncomingRequest,
  verify: Verify,
  observe?: (step: DecisionStep) => void,
) => Promise<Simulated>;

/** The gateway makes a new one for each request. */
const requestId = '(a new id)';

/** Secrets are not in the policy's file, and are not for anyone's eyes. */
export const secretWords = (name: string): string => `(from secret ${name})`;

/** For requests to one policy, as many as there are. Counts against no rate limit, and takes every binding for given. */
export function createSimulator(policy: Policy): Simulate {
  const replies = createReplies(policy);
  const transmitterAt = findTransmitters(policy);
  const skipped: ForwardedClaim[] = [];
  const prepare = createOutbound(policy, {
    originHeaders: (api: Api) => api.originHeaders.map(({ header, secret }) => [header, secretWords(secret)]),
    skipped: (_, claim) => skipped.push(claim),
  });
  return async (request, verify, observe) => {
    let refused: PreflightRefused | undefined;
    const transmitter = transmitterAt?.(request.url);
    const self = transmitter
      ? request.method === 'POST'
        ? accepted()
        : empty(405, { allow: 'POST' })
      : asksFor(request, policy.settings.healthPath)
        ? new Response(null, { headers: { 'content-type': 'application/json', 'cache-control': 'no-store' } })
        : policy.settings.assertion && asksFor(request, KEY_SET_PATH)
          ? renderKeySet({ keys: [] })
          : replies.own(request, requestId, (line) => (refused = line));
    const nothing = { decision: undefined, reason: undefined, outbound: undefined, skipped: [] };
    if (self !== undefined)
      return { kind: 'self', ...nothing, answer: withId(self, requestId), preflightRefused: refused };

    const { url, method, headers, standing } = request;
    const preflight = readPreflight(request)?.method;
    const decision = await decide(
      { url, method, headers, credentials: credentialsOf(request), preflight, standing },
      policy,
      verify,
      observe,
    );
    skipped.length = 0;
    const outbound =
      decision.kind === 'deny'
        ? decision.reason
        : isLoop(decision.route.api, headers)
          ? ({ code: 'loop' } as const)
          : prepare(headers, decision, requestId);
    if ('code' in outbound) {
      const answer = replies.finish(request, outbound, decision, requestId);
      return { ...nothing, kind: 'deny', decision, reason: outbound, answer };
    }
    seal(outbound, decision as Allowed, method);
    const answer = replies.finish(request, new Response(), decision, requestId);
    const wouldDeny = (decision.kind === 'allow' && decision.wouldDeny) || outbound.wouldDeny;
    return {
      kind: 'allow',
      decision: { ...decision, wouldDeny },
      reason: undefined,
      answer,
      outbound,
      skipped: [...skipped],
    };
  };
}

/** What the assertion says, in words: this machine has no key for it. */
function seal({ url, headers }: Outbound, { route, principal }: Allowed, method: string): void {
  const { assertion } = route.api;
  if (assertion === undefined) return;
  const { target } = asFetched(url);
  const scope = demandedScopes(route, principal);
  const bound = {
    none: 'any request',
    request: `${method} ${target}`,
    body: `${method} ${target} and its body`,
  };
  const words = [
    `signed for ${assertion.audience}: ${bound[assertion.bind]}`,
    principal === undefined ? 'no caller' : scope === '' ? 'no scope' : `scope ${scope}`,
  ];
  headers.set(ASSERTION_HEADER, `(${words.join(', ')})`);
}

/** Adds what the platform adds where no shared cache may answer. `undefined`: nothing is sent on. */
export function asSent({ decision, outbound }: Simulated): Headers | undefined {
  if (outbound === undefined || decision?.kind !== 'allow') return undefined;
  const sent = new Headers(outbound.headers);
  if (mayBeShared(decision)) return sent;
  for (const name of ['cache-control', 'pragma']) if (!sent.has(name)) sent.set(name, 'no-cache');
  return sent;
}
