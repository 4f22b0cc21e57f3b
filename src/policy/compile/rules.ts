import { parseSelector } from '../claims.ts';
import type { ClaimRule, Issuer, Rules } from '../policy.ts';
import { type Fault, fault, type Place, suggest } from './fault.ts';
import { valueRule } from './issuers.ts';
import type { RouteKey } from './route-key.ts';
import type { RulesConfig } from './schema.ts';

/** The issuers of the policy, and all names under `[vars.ISSUERS]`, those of faulty ones too. */
export interface KnownIssuers {
  readonly issuers: readonly Issuer[];
  readonly issuerNames: readonly string[];
}

/** What an API accepts, which a route can narrow. */
export interface Accepted {
  readonly issuers: readonly Issuer[];
  readonly issuersByIss: ReadonlyMap<string, Issuer>;
  readonly audiences: readonly string[];
}

export const byIss = (issuers: readonly Issuer[]): ReadonlyMap<string, Issuer> =>
  new Map(issuers.map((issuer) => [issuer.issuer, issuer]));

/** Compiles the rules of a route, or those that it only reports. */
export function compileRules(
  config: RulesConfig,
  key: RouteKey,
  api: Accepted,
  place: Place,
  known: KnownIssuers,
  faults: Fault[],
): Rules {
  const issuers =
    config.issuer === undefined
      ? api.issuersByIss
      : byIss(
          narrow(
            resolveIssuers(config.issuer, [...place, 'issuer'], known, faults),
            api.issuers,
            (issuer) => issuer.name,
            [...place, 'issuer'],
            faults,
          ),
        );
  const audiences =
    config.audience === undefined
      ? api.audiences
      : narrow(
          [config.audience].flat(),
          api.audiences,
          (audience) => audience,
          [...place, 'audience'],
          faults,
        );
  return {
    issuers,
    audiences,
    scopesAll: config.scopes_all ?? [],
    scopesAny: config.scopes_any ?? [],
    clients: config.clients === undefined ? undefined : new Set(config.clients),
    claims: compileClaimRules(config.claims, key, [...place, 'claims'], faults),
  };
}

/** The same text for rules that let in the same callers. */
export function describeRules({ issuers, audiences, scopesAll, scopesAny, clients, claims }: Rules): unknown {
  return [
    sorted([...issuers.keys()]),
    sorted(audiences),
    sorted(scopesAll),
    sorted(scopesAny),
    clients === undefined ? null : sorted([...clients]),
    sorted(claims.map((rule) => JSON.stringify(rule))),
  ];
}

const sorted = (names: readonly string[]) => (names.length < 2 ? names : [...new Set(names)].sort());

export function resolveIssuers(
  names: string | string[] | undefined,
  place: Place,
  { issuers, issuerNames }: KnownIssuers,
  faults: Fault[],
): Issuer[] {
  if (names === undefined) {
    if (issuerNames.length > 1) {
      faults.push(
        fault(
          place,
          'this is missing, and there are several issuers',
          `name one of ${issuerNames.join(', ')}`,
        ),
      );
    }
    return [...issuers];
  }
  return [names].flat().flatMap((name) => {
    if (!issuerNames.includes(name)) {
      faults.push(fault(place, `there is no issuer ${JSON.stringify(name)}`, suggest(name, issuerNames)));
    }
    return issuers.filter((issuer) => issuer.name === name);
  });
}

/** A route's list may only name what its API has. */
function narrow<T>(
  mine: T[],
  apis: readonly T[],
  nameOf: (item: T) => string,
  place: Place,
  faults: Fault[],
): T[] {
  const allowed = apis.map(nameOf);
  for (const item of mine) {
    if (!allowed.includes(nameOf(item))) {
      faults.push(
        fault(
          place,
          `the API does not accept ${JSON.stringify(nameOf(item))}`,
          `a route can only narrow: add it to the API too, or ${suggest(nameOf(item), allowed)}`,
        ),
      );
    }
  }
  return mine;
}

function compileClaimRules(
  config: RulesConfig['claims'],
  key: RouteKey,
  place: Place,
  faults: Fault[],
): ClaimRule[] {
  if (config !== undefined && Object.keys(config).length === 0) {
    faults.push(fault(place, 'this is empty', 'name at least one claim, or leave the field out'));
  }
  return Object.entries(config ?? {}).map(([claim, want]): ClaimRule => {
    if (typeof want !== 'object' || Array.isArray(want)) return valueRule(claim, want);
    const segment = key.segments.findIndex((s) => s.kind === 'param' && s.name === want.param);
    if (segment === -1) {
      const params = key.segments.flatMap((s) => (s.kind === 'param' ? [s.name] : []));
      faults.push(
        fault([...place, claim, 'param'], `the path has no :${want.param}`, suggest(want.param, params)),
      );
    }
    return { claim: parseSelector(claim), segment };
  });
}
