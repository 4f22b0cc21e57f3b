/** Tokens that nobody has signed, for "what if": claims as a person writes them, and what goes without saying. */

import { parseTarget } from '../../../src/http/target.ts';
import { parseSelector, readClaim } from '../../../src/policy/claims.ts';
import { match } from '../../../src/policy/match.ts';
import type {
  BoundProperty,
  ClaimSelector,
  ClaimValue,
  Demand,
  Issuer,
  Policy,
  Route,
} from '../../../src/policy/policy.ts';
import { choose } from './choose.ts';
import { put, putClaims } from './put-claims.ts';
import { audiencePlace, type Claims, encodeUnsigned, headerFor, statusFor } from './token.ts';

const LIFETIME_SECONDS = 3_600;

/** The route that the claims are for: what it wants is filled in. `undefined` where no route serves the request. */
export function routeOf(policy: Policy, method: string, url: string): Route | undefined {
  const target = parseTarget(url);
  if (target.kind === 'fault') return undefined;
  const found = match(policy, target.host, method, target.path, target.query);
  return found.kind === 'match' ? found.route : found.nearMiss;
}

/**
 * Claims that are left out get what the route accepts: `iss` its first issuer, the audience its first audience, and
 * what the issuer demands of every token; `iat` is now, `exp` an hour later.
 *
 * @param without claims that shall stay out
 */
export function completeClaims(
  policy: Policy,
  route: Route | undefined,
  claims: Claims,
  nowMs: number,
  without: readonly string[] = [],
): Claims {
  const issuer = issuerOf(policy, route, claims);
  const completed = structuredClone(claims) as Record<string, unknown>;
  const fill = (selector: ClaimSelector, value: ClaimValue | undefined) => {
    if (value === undefined || without.includes(selector.text)) return;
    if (readClaim(completed, selector) === undefined) put(completed, selector.path, [value]);
  };
  const nowSeconds = Math.floor(nowMs / 1000);
  fill(parseSelector('iss'), issuer?.issuer);
  fill(
    issuer === undefined ? parseSelector('aud') : audiencePlace(issuer),
    (route ?? policy.apis[0]?.routes[0])?.audiences[0],
  );
  for (const [claim, demands] of Map.groupBy(issuer?.requiredClaims ?? [], ({ label }) => label))
    fillRequired(completed, demands, without.includes(claim.slice('claims.'.length)));
  const status = issuer && !without.includes('status') ? statusFor(issuer) : undefined;
  if (status !== undefined && completed['status'] === undefined)
    completed['status'] = { status_list: status };
  fill(parseSelector('iat'), nowSeconds);
  fill(parseSelector('exp'), nowSeconds + LIFETIME_SECONDS);
  return completed;
}

/** What is there is left alone: it may be what a person tries. */
function fillRequired(
  claims: Record<string, unknown>,
  demands: readonly Demand<BoundProperty>[],
  staysOut: boolean,
): void {
  const [first] = demands[0]?.anyOf ?? [];
  if (staysOut || first === undefined || !('claim' in first) || readClaim(claims, first.claim) !== undefined)
    return;
  putClaims(claims, choose(demands) ?? []);
}

function issuerOf(policy: Policy, route: Route | undefined, claims: Claims): Issuer | undefined {
  const named = policy.issuers.find(({ issuer }) => issuer === claims['iss']);
  const [first] = route?.issuers.values() ?? [];
  return named ?? first ?? policy.issuers[0];
}

/** A JWT with these claims, and a header that its issuer may send. */
export const unsignedToken = (policy: Policy, route: Route | undefined, claims: Claims): string =>
  encodeUnsigned({ header: headerFor(issuerOf(policy, route, claims)), claims });
