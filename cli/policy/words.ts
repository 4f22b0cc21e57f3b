/** Rules in words: "tokens of auth0 for https://api.example.com/timesheets with batch:upload". */

import { parseRouteKey, type RouteKey } from '../../src/policy/compile/route-key.ts';
import { allowsOrigin, type WebOrigins } from '../../src/policy/cors.ts';
import type { ForwardedClaim, Issuer, Origin, Route, RouteLimit, Rules } from '../../src/policy/policy.ts';
import { listed } from '../text/words.ts';
import { demandWords } from './rule-words.ts';

/** A route's key taken apart. It compiled, so that it has no faults. */
export function keyOf({ key }: Pick<Route, 'key'>): RouteKey {
  const parsed = parseRouteKey(key);
  if (parsed === undefined) throw new Error(`no route key: ${key}`);
  return parsed;
}

/** The key with its blanks as people write them. */
export const writtenKey = (key: string): string => key.trim().replace(/\s+/g, ' ');

/** API and key: what people call a route. */
export const routeName = (route: Route): string =>
  route === route.api.trial?.anything ? route.api.name : `${route.api.name} ${writtenKey(route.key)}`;

/** The path of a route's key: `/orders/:id` of `GET /orders/:id`. */
export const patternOf = ({ key }: Route): string => key.trim().split(/\s+/)[1] ?? '';

/** "by subject", or what the policy says instead. */
export const countedBy = ({ by = 'subject' }: RouteLimit): string =>
  `by ${typeof by === 'object' ? `the claim ${by.text}` : by}`;

export const issuerWords = (issuers: Iterable<Issuer>): string =>
  listed(
    [...issuers].map(({ name }) => name),
    'or',
  );

/** Describes who gets in, in one sentence without its full stop. */
export function whoGetsIn(route: Route): string {
  const tokens = `tokens of ${issuerWords(route.issuers.values())} for ${listed(route.audiences, 'or')}`;
  const rules = [tokens, demandWords(route.demands)].filter(Boolean).join(' ');
  return openWords(route, rules) + reportWords(route) + strictWords(route);
}

/** The same, where issuers and audiences of the API were told before. */
export function whoGetsInHere(route: Route): string {
  const narrowed = narrowerWords(route, route.api.issuers.length, audiencesOf(route.api.routes).length);
  const rules = [`tokens${narrowed}`, demandWords(route.demands)].filter(Boolean).join(' ');
  return (
    openWords(route, rules === 'tokens' ? 'any such token' : rules) + reportWords(route) + strictWords(route)
  );
}

const strictWords = ({ isStrict }: Route) => (isStrict ? '; asks each time what is revoked' : '');

function openWords({ auth, reportOnly }: Route, rules: string): string {
  if (auth === 'none') return 'anyone; no token is read';
  if (auth === 'optional') return `anyone without a token, and ${rules}`;
  return reportOnly ? `anyone (only tried: ${rules})` : rules;
}

/** Issuers and audiences, each where they are fewer than all. */
function narrowerWords({ issuers, audiences }: Rules, allIssuers: number, allAudiences: number): string {
  const of = issuers.size < allIssuers ? ` of ${issuerWords(issuers.values())}` : '';
  return `${of}${audiences.length < allAudiences ? ` for ${listed(audiences, 'or')}` : ''}`;
}

/** The API's own audiences are those of its route with the most: a route can only narrow. */
export function audiencesOf(routes: readonly Pick<Route, 'audiences'>[]): readonly string[] {
  return [...new Set(routes.flatMap(({ audiences }) => audiences))];
}

function reportWords({ report, issuers, audiences }: Route): string {
  if (report === undefined) return '';
  const narrower = narrowerWords(report, issuers.size, audiences.length);
  return `; tried: tokens${narrower} ${demandWords(report.demands)}`.trimEnd();
}

export function originWords(origin: Origin): string {
  switch (origin.kind) {
    case 'url':
      return origin.base;
    case 'service':
      return `service:${origin.binding}`;
    case 'zone':
    case 'next':
      return origin.kind;
  }
}

/** Who is asked, behind "to". */
export const askedWords = (origin: Origin): string =>
  origin.kind === 'next' ? 'the next handler' : originWords(origin);

/** Which values of a list are sent on. */
export const onlyWords = ({ values, prefixes }: NonNullable<ForwardedClaim['only']>): string =>
  `only ${listed([...values, ...prefixes.map((prefix) => `${prefix}…`)])}`;

/** As the policy writes them; what a pattern has already is left out. */
export function originsOf({ exact, patterns }: WebOrigins): string[] {
  const rest = [...exact].filter((origin) => !allowsOrigin({ exact: new Set(), patterns }, origin));
  return [
    ...rest,
    ...patterns.map(({ star, before, after }) => `${before}${star === 'port' ? ':' : ''}*${after}`),
  ];
}
