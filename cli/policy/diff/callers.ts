/** The callers that a policy lets in with a request: the rules of all routes that it falls under, as one. */
import type { Reason } from '../../../src/decision.ts';
import { forPlace, valuesOf, withoutImplied } from '../../../src/policy/demands.ts';
import type { Match, NoMatch } from '../../../src/policy/match.ts';
import type { Place } from '../../../src/policy/params.ts';
import type { Demand, Issuer, Policy, Route, Rules, Settings } from '../../../src/policy/policy.ts';
import { isOnTrial } from '../../../src/policy/trial.ts';
import { type AnyOf, choose, ofClients } from '../what-if/choose.ts';

export type Callers =
  | { readonly kind: 'nobody'; readonly reason: Reason | undefined }
  /** Bad tokens pass too. `verified`: those whose claims the origin gets, if any are looked at. */
  | { readonly kind: 'anyone'; readonly verified: Tokens | undefined }
  | { readonly kind: 'checked'; readonly withoutToken: boolean; readonly tokens: Tokens };

/** Good tokens of these issuers and clients that meet every demand. */
export interface Tokens {
  readonly issuers: ReadonlyMap<string, Issuer>;
  /** `undefined`: any, or none. */
  readonly clients: ReadonlySet<string> | undefined;
  readonly demands: readonly BoundDemand[];
}

/** One policy's view of a request. */
export interface Side {
  readonly policy: Policy;
  readonly found: Match | NoMatch;
  readonly callers: Callers;
}

/** A demand for one path. */
export interface BoundDemand extends AnyOf {
  /** The parameter of the path that a claim must equal, as the rule says it. */
  readonly param?: string;
}

/** @param place what parameters are read from */
export function callersOf(found: Match | NoMatch, settings: Settings, place: Place): Callers {
  if (found.kind === 'no_match') return { kind: 'nobody', reason: found.reason };
  // The table refuses it, and only a trial lets it pass: nobody looks at its token.
  if (found.refusal !== undefined && found.route.reportOnly) return { kind: 'anyone', verified: undefined };
  const asked = [found.route, ...found.nearMisses].filter(({ auth }) => auth !== 'none');
  if (asked.length === 0) return { kind: 'anyone', verified: undefined };
  const enforced = asked.filter(({ reportOnly }) => !reportOnly);
  // The rules of a route that is only tried decide nothing about the claims that are sent on, unless its API is.
  const demanded = enforced.length > 0 || isOnTrial(found.route);
  const tokens = tokensOf(enforced.length === 0 ? asked : enforced, demanded ? place : undefined);
  if (enforced.length === 0)
    return { kind: 'anyone', verified: canExist(tokens, settings) ? tokens : undefined };
  const withoutToken = enforced.every(({ auth }) => auth !== 'required');
  if (!withoutToken && !canExist(tokens, settings)) return { kind: 'nobody', reason: undefined };
  return { kind: 'checked', withoutToken, tokens };
}

/** @param place `undefined` where no rules count */
function tokensOf(routes: readonly Route[], place: Place | undefined): Tokens {
  const [first, ...others] = routes;
  const issuers = new Map(
    [...(first?.issuers ?? [])].filter(([iss]) => others.every((route) => route.issuers.has(iss))),
  );
  const [some, ...more] = place === undefined ? [] : routes.flatMap(clientListsOf);
  const clients = some && new Set([...some].filter((client) => more.every((list) => list.has(client))));
  const demands = routes.flatMap((route) => [
    ...audienceOf(route),
    ...(place === undefined ? [] : demandsOf(route, place)),
  ]);
  return { issuers, clients, demands: withoutImplied(demands) };
}

const audienceOf = ({ audiences }: Rules): BoundDemand[] => [
  { anyOf: audiences.map((value) => ({ of: 'audience', value })) },
];

/** A token has one client: lists of them are compared apart. */
const isAboutClients = ({ anyOf }: Demand) => anyOf.every(({ of }) => of === 'client');

const demandsOf = ({ demands }: Route, place: Place): BoundDemand[] =>
  demands.filter((demand) => !isAboutClients(demand)).map((demand) => bind(demand, place));

function bind(demand: Demand, place: Place): BoundDemand {
  const { anyOf } = forPlace(demand, place);
  const [first] = demand.anyOf;
  return { anyOf, ...(first?.of === 'param' && { param: `:${first.param.name}` }) };
}

const clientListsOf = ({ demands }: Route): ReadonlySet<string>[] =>
  demands.filter(isAboutClients).map((demand) => new Set(valuesOf([demand], 'client')));

const canExist = (tokens: Tokens, settings: Settings): boolean =>
  [...tokens.issuers.values()].some((issuer) => choose(demandsOn(tokens, issuer, settings)) !== undefined);

/** All that a token of this issuer must meet. No client that is blocked helps it. */
export function demandsOn(
  { demands, clients }: Pick<Tokens, 'demands' | 'clients'>,
  { requiredClaims }: Issuer,
  { blockedClients }: Settings,
): AnyOf[] {
  const all = [...demands, ...requiredClaims, ...(clients === undefined ? [] : [ofClients(clients)])];
  return withoutBlocked(all, blockedClients);
}

/** A client that is blocked meets no demand. */
export const withoutBlocked = (demands: readonly AnyOf[], blocked: ReadonlySet<string>): AnyOf[] =>
  demands.map(({ anyOf }) => ({
    anyOf: anyOf.filter((one) => one.of !== 'client' || !blocked.has(one.value)),
  }));
