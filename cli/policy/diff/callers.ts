/** Whom a policy lets in with a request: the rules of all routes that it falls under, as one. */
import type { Reason } from '../../../src/decision.ts';
import type { Match, NoMatch } from '../../../src/policy/match.ts';
import type { ClaimRule, ClaimValue, Issuer, Route, Rules, Settings } from '../../../src/policy/policy.ts';
import { paramName } from '../words.ts';

export type Callers =
  | { readonly kind: 'nobody'; readonly reason: Reason | undefined }
  /** With a bad token too. `verified`: those whose claims the origin gets, if any are looked at. */
  | { readonly kind: 'anyone'; readonly verified: Tokens | undefined }
  | { readonly kind: 'checked'; readonly withoutToken: boolean; readonly tokens: Tokens };

/** Good tokens of these issuers and clients that meet every demand. */
export interface Tokens {
  readonly issuers: ReadonlyMap<string, Issuer>;
  /** `undefined`: any, or none. */
  readonly clients: ReadonlySet<string> | undefined;
  readonly demands: readonly Demand[];
}

/**
 * Something of which a token must have one. A token can have any of these and lack any others: whether one list of
 * demands implies another is decided by comparing them one by one.
 */
export interface Demand {
  readonly anyOf: readonly Property[];
  /** The parameter of the path that a claim must equal, as the rule says it. */
  readonly param?: string;
}

export type Property =
  | { readonly of: 'audience' | 'scope'; readonly value: string }
  /** A claim's value, or a member of it. @property path where the claim is */
  | {
      readonly of: 'claim';
      readonly text: string;
      readonly path: readonly string[];
      readonly value: ClaimValue;
    };

/** @param segments the request's path, decoded */
export function callersOf(found: Match | NoMatch, settings: Settings, segments: readonly string[]): Callers {
  if (found.kind === 'no_match') return { kind: 'nobody', reason: found.reason };
  const asked = [found.route, ...found.nearMisses].filter(({ auth }) => auth !== 'none');
  if (asked.length === 0) return { kind: 'anyone', verified: undefined };
  if (asked.every(({ reportOnly }) => reportOnly)) {
    // The rules of a route that is only tried refuse nobody, and decide nothing about the claims that are sent on.
    const tokens = tokensOf(asked, audienceOf, true);
    return { kind: 'anyone', verified: canExist(tokens, settings) ? tokens : undefined };
  }
  const tokens = tokensOf(asked, (route) => [...audienceOf(route), ...demandsOf(route, segments)], false);
  const withoutToken = asked.every(({ auth }) => auth !== 'required');
  if (!withoutToken && !canExist(tokens, settings)) return { kind: 'nobody', reason: undefined };
  return { kind: 'checked', withoutToken, tokens };
}

function tokensOf(routes: readonly Route[], demands: (route: Route) => Demand[], isTried: boolean): Tokens {
  const [first, ...others] = routes;
  const issuers = new Map(
    [...(first?.issuers ?? [])].filter(([iss]) => others.every((route) => route.issuers.has(iss))),
  );
  // The rules of a route that is only tried say nothing about whose claims are sent on.
  const lists = isTried ? [] : routes.flatMap((route) => route.clients ?? []);
  const [some, ...more] = lists;
  const clients = some && new Set([...some].filter((client) => more.every((list) => list.has(client))));
  return { issuers, clients, demands: withoutImplied(routes.flatMap(demands)) };
}

const audienceOf = ({ audiences }: Rules): Demand[] => [
  { anyOf: audiences.map((value) => ({ of: 'audience', value })) },
];

function demandsOf(route: Route, segments: readonly string[]): Demand[] {
  const scope = (value: string): Property => ({ of: 'scope', value });
  return [
    ...route.scopesAll.map((name) => ({ anyOf: [scope(name)] })),
    ...(route.scopesAny.length === 0 ? [] : [{ anyOf: route.scopesAny.map(scope) }]),
    ...route.claims.map((rule) => demandOf(rule, segments, route)),
  ];
}

/** What a rule about a claim demands for one path. */
export function demandOf(rule: ClaimRule, segments: readonly string[], route?: Route): Demand {
  const { text, path } = rule.claim;
  const holds = (value: ClaimValue): Property => ({ of: 'claim', text, path, value });
  if ('anyOf' in rule) return { anyOf: rule.anyOf.map(holds) };
  const segment = segments[rule.segment] ?? '';
  const number = Number(segment);
  // A claim that is a number equals its decimal form in a path.
  const values: ClaimValue[] =
    Number.isSafeInteger(number) && String(number) === segment ? [segment, number] : [segment];
  const param = route && `:${paramName(route, rule.segment)}`;
  return { anyOf: segment === '' ? [] : values.map(holds), ...(param !== undefined && { param }) };
}

/** One text for one property: two spellings of a claim's place are the same. */
export const propertyKey = (property: Property): string =>
  property.of === 'claim'
    ? JSON.stringify([property.path, property.value])
    : `${property.of} ${property.value}`;

/** Whether whatever meets the one meets the other as well. */
export function implies(one: Demand, other: Demand): boolean {
  const keys = new Set(other.anyOf.map(propertyKey));
  return one.anyOf.every((property) => keys.has(propertyKey(property)));
}

/** The demands that say something which no other says already. */
export function withoutImplied(demands: readonly Demand[]): Demand[] {
  return demands.filter(
    (demand, index) =>
      !demands.some(
        (other, at) => at !== index && implies(other, demand) && (at < index || !implies(demand, other)),
      ),
  );
}

function canExist({ issuers, clients, demands }: Tokens, { blockedClients }: Settings): boolean {
  if (issuers.size === 0 || demands.some(({ anyOf }) => anyOf.length === 0)) return false;
  return clients === undefined || [...clients].some((client) => !blockedClients.has(client));
}
