/** Explains one request by a policy: what `claimgate explain` does, apart from reading flags. */
import type { Policy } from '../../../src/policy/policy.ts';
import type { Content } from '../../../src/revocation/content.ts';
import { createStanding, indexRevocations } from '../../../src/revocation/standing.ts';
import { carryToken } from '../what-if/place.ts';
import type { IncomingRequest } from '../what-if/simulate.ts';
import type { Claims } from '../what-if/token.ts';
import { completeClaims, routeOf, unsignedToken } from '../what-if/unsigned.ts';
import { withIssuerKeys } from '../what-if/verifiers.ts';
import { withoutSignature } from '../what-if/without-signature.ts';
import { type Explanation, explanationOf } from './explanation.ts';
import type { Signature } from './token-steps.ts';
import { type Trace, trace } from './trace.ts';

export interface ExplainOptions {
  readonly policy: Policy;
  /** Says which signatures count: with `verified`, the issuers are asked for their keys. */
  readonly signature: Signature;
  readonly nowMs: number;
  /** Stand for a token that nobody has signed. */
  readonly claims?: Claims | undefined;
  /** What is revoked and switched. `undefined`: nobody was asked. */
  readonly revocations?: Content | undefined;
  /** Where the token's issuer answers, if that is elsewhere than its name says. */
  readonly at?: string | undefined;
}

export async function explain(request: IncomingRequest, options: ExplainOptions): Promise<Explanation> {
  const { signature, nowMs } = options;
  return explanationOf(request, await traceOf(request, options), signature, nowMs);
}

/** The same, for who compares it with the gateway: nothing is covered. */
export async function traceOf(request: IncomingRequest, options: ExplainOptions): Promise<Trace> {
  const { policy, signature, claims, nowMs, revocations: content, at } = options;
  const headers = new Headers(request.headers);
  if (claims !== undefined) {
    const route = routeOf(policy, request.method, request.url);
    const completed = completeClaims(policy, route, claims, nowMs);
    carryToken(headers, route?.api, unsignedToken(policy, route, completed));
  }
  const withKeys: typeof withIssuerKeys = (...given) => withIssuerKeys(given[0], given[1], given[2], at);
  const verifier = signature === 'verified' ? withKeys : withoutSignature;
  const snapshot = content && {
    content,
    standing: createStanding(content, indexRevocations(content.groups), policy.settings, nowMs / 1000),
  };
  return trace({ ...request, headers }, { policy, signature, nowMs, verifier, snapshot });
}
