import type { Reason } from '../decision.ts';
import { satisfies } from './claims.ts';
import type { Principal, Rules } from './policy.ts';

/**
 * Whether a token is meant for this route: issued by an issuer that the route accepts, for its audience.
 * These are properties of the token (RFC 7519 §4.1.3, RFC 9068 §4): a refusal is 401 `invalid_token`.
 */
export function checkAudience(route: Rules, principal: Principal): Reason | undefined {
  if (route.issuers.get(principal.issuer.issuer) !== principal.issuer) {
    return { code: 'issuer_not_allowed', iss: principal.issuer.issuer };
  }
  if (!route.audiences.some((audience) => principal.audiences.includes(audience))) {
    return { code: 'audience_mismatch' };
  }
  return undefined;
}

/**
 * Whether a verified caller may use a route. All rules that the route has must hold.
 *
 * @param segments the request's path, decoded
 */
export function authorize(
  route: Rules,
  principal: Principal,
  segments: readonly string[],
): Reason | undefined {
  const { scopesAll, scopesAny, clients, claims } = route;
  const { scopes } = principal;
  if (
    !scopesAll.every((scope) => scopes.has(scope)) ||
    (scopesAny.length > 0 && !scopesAny.some((scope) => scopes.has(scope)))
  ) {
    return { code: 'scopes_missing', needed: neededScopes(route) };
  }
  if (clients !== undefined && (principal.client === undefined || !clients.has(principal.client))) {
    return { code: 'client_not_allowed' };
  }
  for (const rule of claims) {
    if (!satisfies(rule, principal.claims, segments))
      return { code: 'claim_mismatch', claim: rule.claim.text };
  }
  return undefined;
}

/** The scopes to ask for (RFC 6750 §3 `scope`): a token with all of them satisfies the route. */
function neededScopes(route: Rules): string[] {
  return [...new Set([...route.scopesAll, ...route.scopesAny])];
}
