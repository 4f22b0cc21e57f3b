/** Rules in words: "tokens of auth0 for https://api.example.com/timesheets with batch:upload". */

import { parseRouteKey, type RouteKey } from '../../src/policy/compile/route-key.ts';
import type { ClaimRule, Issuer, Origin, Route, Rules } from '../../src/policy/policy.ts';

/** A route's key taken apart. It compiled, so that it has no faults. */
export function keyOf({ key }: Pick<Route, 'key'>): RouteKey {
  const parsed = parseRouteKey(key, []);
  if (Array.isArray(parsed)) throw new Error(`no route key: ${key}`);
  return parsed;
}

/** "a", "a and b", "a, b and c". */
export function listed(names: readonly string[], join = 'and'): string {
  return names.length < 2
    ? (names[0] ?? '')
    : `${names.slice(0, -1).join(', ')} ${join} ${names.at(-1) ?? ''}`;
}

const oneOf = (names: readonly string[]) => (names.length < 2 ? listed(names) : `one of ${names.join(', ')}`);

export const issuerWords = (issuers: Iterable<Issuer>): string =>
  listed(
    [...issuers].map(({ name }) => name),
    'or',
  );

/** Who gets in, in one sentence without its full stop. */
export function whoGetsIn(route: Route): string {
  const tokens = `tokens of ${issuerWords(route.issuers.values())} for ${listed(route.audiences, 'or')}`;
  const rules = [tokens, demands(route, route)].filter(Boolean).join(' ');
  return openWords(route, rules) + reportWords(route);
}

/** The same, where issuers and audiences of the API were told before. */
export function whoGetsInHere(route: Route): string {
  const narrowed = narrowedWords(route);
  const rules = [`tokens${narrowed}`, demands(route, route)].filter(Boolean).join(' ');
  return openWords(route, rules === 'tokens' ? 'any such token' : rules) + reportWords(route);
}

function openWords({ auth, reportOnly }: Route, rules: string): string {
  if (auth === 'none') return 'anyone; no token is read';
  if (auth === 'optional') return `anyone without a token, and ${rules}`;
  return reportOnly ? `anyone (only tried: ${rules})` : rules;
}

function narrowedWords({ api, issuers, audiences }: Route): string {
  const of = issuers.size < api.issuers.length ? ` of ${issuerWords(issuers.values())}` : '';
  return `${of}${narrowsAudience(api.routes, audiences) ? ` for ${listed(audiences, 'or')}` : ''}`;
}

/** The API's own audiences are those of its route with the most: a route can only narrow. */
export function audiencesOf(routes: readonly Pick<Route, 'audiences'>[]): readonly string[] {
  return [...new Set(routes.flatMap(({ audiences }) => audiences))];
}

const narrowsAudience = (routes: readonly Route[], audiences: readonly string[]) =>
  audiences.length < audiencesOf(routes).length;

function reportWords(route: Route): string {
  const { report } = route;
  if (report === undefined) return '';
  const who = report.issuers.size < route.issuers.size ? ` of ${issuerWords(report.issuers.values())}` : '';
  const forWhom =
    report.audiences.length < route.audiences.length ? ` for ${listed(report.audiences, 'or')}` : '';
  return `; tried: tokens${who}${forWhom} ${demands(route, report)}`.trimEnd();
}

/** "with a and b, of client x, where org_id is :org". Empty where any token will do. */
export function demands(route: Pick<Route, 'key'>, rules: Rules): string {
  const { scopesAll, scopesAny, clients, claims } = rules;
  const scopes = [scopesAll.length > 0 && listed(scopesAll), scopesAny.length > 0 && oneOf(scopesAny)];
  const scopeWords = scopes.filter((one) => one !== false).join(' and ');
  return [
    scopeWords && `with ${scopeWords}`,
    clients && `of client ${listed([...clients], 'or')}`,
    claims.length > 0 && `where ${listed(claims.map((rule) => claimWords(route, rule)))}`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** "org_id is :org", `tier is "gold" or "silver"`. */
export function claimWords(route: Pick<Route, 'key'>, rule: ClaimRule): string {
  if ('anyOf' in rule)
    return `${rule.claim.text} is ${listed(
      rule.anyOf.map((value) => JSON.stringify(value)),
      'or',
    )}`;
  return `${rule.claim.text} is :${paramName(route, rule.segment)}`;
}

/** The name of a path parameter by its place. */
export function paramName(route: Pick<Route, 'key'>, segment: number): string {
  const found = keyOf(route).segments[segment];
  return found?.kind === 'param' ? found.name : String(segment);
}

export function originWords(origin: Origin): string {
  switch (origin.kind) {
    case 'url':
      return origin.base;
    case 'service':
      return `service:${origin.binding}`;
    case 'zone':
      return 'zone';
  }
}
