/** Rules in words: "tokens of auth0 for https://api.example.com/timesheets with batch:upload". */

import { parseRouteKey, type RouteKey } from '../../src/policy/compile/route-key.ts';
import type { Issuer, Origin, Route } from '../../src/policy/policy.ts';
import { listed } from '../text/words.ts';
import { demandWords } from './rule-words.ts';

/** A route's key taken apart. It compiled, so that it has no faults. */
export function keyOf({ key }: Pick<Route, 'key'>): RouteKey {
  const parsed = parseRouteKey(key);
  if (parsed === undefined) throw new Error(`no route key: ${key}`);
  return parsed;
}

export const issuerWords = (issuers: Iterable<Issuer>): string =>
  listed(
    [...issuers].map(({ name }) => name),
    'or',
  );

/** Who gets in, in one sentence without its full stop. */
export function whoGetsIn(route: Route): string {
  const tokens = `tokens of ${issuerWords(route.issuers.values())} for ${listed(route.audiences, 'or')}`;
  const rules = [tokens, demandWords(route.demands)].filter(Boolean).join(' ');
  return openWords(route, rules) + reportWords(route);
}

/** The same, where issuers and audiences of the API were told before. */
export function whoGetsInHere(route: Route): string {
  const narrowed = narrowedWords(route);
  const rules = [`tokens${narrowed}`, demandWords(route.demands)].filter(Boolean).join(' ');
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
  return `; tried: tokens${who}${forWhom} ${demandWords(report.demands)}`.trimEnd();
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
