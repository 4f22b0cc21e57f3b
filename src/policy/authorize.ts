import type { Reason } from '../decision.ts';
import { isMet } from './demands.ts';
import type { Place } from './params.ts';
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
 * @param place what parameters are read from
 */
export function authorize({ demands }: Rules, principal: Principal, place: Place): Reason | undefined {
  for (const demand of demands) if (!isMet(demand, principal, place)) return demand.refusal;
  return undefined;
}
