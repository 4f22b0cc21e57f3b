/** Tokens that nobody has signed, for "what if": claims as a person writes them, and what goes without saying. */

import { parseTarget } from '../../../src/http/target.ts';
import { parseSelector, readClaim } from '../../../src/policy/claims.ts';
import { match } from '../../../src/policy/match.ts';
import type { ClaimSelector, Issuer, Policy, Route } from '../../../src/policy/policy.ts';

export type Claims = Readonly<Record<string, unknown>>;

const AUDIENCE_CLAIM = parseSelector('aud');
const LIFETIME_SECONDS = 3_600;

/** The route that the claims are for: what it wants is filled in. `undefined` where no route serves the request. */
export function routeOf(policy: Policy, method: string, url: string): Route | undefined {
  const target = parseTarget(url);
  if (target.kind === 'fault') return undefined;
  const found = match(policy, target.host, method, target.path);
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
  const fill = (selector: ClaimSelector, value: unknown) => {
    if (value === undefined || without.includes(selector.text)) return;
    if (readClaim(completed, selector) === undefined) setClaim(completed, selector, value);
  };
  const nowSeconds = Math.floor(nowMs / 1000);
  fill(parseSelector('iss'), issuer?.issuer);
  fill(issuer?.audienceClaim ?? AUDIENCE_CLAIM, (route ?? policy.apis[0]?.routes[0])?.audiences[0]);
  for (const rule of issuer?.requiredClaims ?? []) if ('anyOf' in rule) fill(rule.claim, rule.anyOf[0]);
  fill(parseSelector('iat'), nowSeconds);
  fill(parseSelector('exp'), nowSeconds + LIFETIME_SECONDS);
  return completed;
}

function issuerOf(policy: Policy, route: Route | undefined, claims: Claims): Issuer | undefined {
  const named = policy.issuers.find(({ issuer }) => issuer === claims['iss']);
  const [first] = route?.issuers.values() ?? [];
  return named ?? first ?? policy.issuers[0];
}

/** A claim that stands inside another one makes that too. What is there and no table is left alone. */
export function setClaim(claims: Record<string, unknown>, { path }: ClaimSelector, value: unknown): void {
  let table = claims;
  for (const name of path.slice(0, -1)) {
    if (!Object.hasOwn(table, name)) table[name] = {};
    const inner = table[name];
    if (typeof inner !== 'object' || inner === null) return;
    table = inner as Record<string, unknown>;
  }
  const last = path.at(-1);
  if (last !== undefined) table[last] = value;
}

/** A JWT with these claims, and a header that its issuer may send. What stands for its signature is none. */
export function unsignedToken(policy: Policy, route: Route | undefined, claims: Claims): string {
  const issuer = issuerOf(policy, route, claims);
  const [alg = 'ES256'] = issuer?.algorithms ?? [];
  const types = [...(issuer?.tokenTypes ?? [])];
  const typ = types.includes('at+jwt') ? 'at+jwt' : (types[0] ?? 'at+jwt');
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ alg, typ })}.${encode(claims)}.unsigned`;
}
