import type { Reason } from '../decision.ts';
import { isMet } from './demands.ts';
import type { Principal, Rules } from './policy.ts';

/**
 * Whether a token is meant for this route: issued by an issuer that the route accepts, for its audience.
 * These are properties of the token (RFC 7519 §4.1.3, RFC 9068 §4): a refusal is 401 `invalid_token`.
 */
export function checkAudience({ issuers, audiences }: Rules, principal: Principal): Reason | undefined {
  if (issuers.get(principal.issuer.issuer) !== principal.issuer) {
    return { code: 'issuer_not_allowed', iss: principal.issuer.issuer };
  }
  if (!audiences.some((audience) => principal.audiences.includes(audience))) {
    return { code: 'audience_mismatch' };
  }
  return undefined;
}

/**
 * Whether a verified caller may use a route: all demands of its rules must be met. The first that isn't is the reason.
 *
 * @param segments the request's path, decoded
 */
export function authorize(
  { demands }: Rules,
  principal: Principal,
  segments: readonly string[],
): Reason | undefined {
  for (const demand of demands) if (!isMet(demand, principal, segments)) return demand.refusal;
  return undefined;
}
