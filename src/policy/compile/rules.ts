import { canonicalDemands } from '../demands.ts';
import type { Issuer, Rules } from '../policy.ts';
import { compileDemands } from '../rules/rules.ts';
import { suggest } from './fault.ts';
import type { Faults } from './faults.ts';
import type { RouteKey } from './route-key.ts';
import type { RulesConfig } from './schema.ts';

/** The issuers of the policy, and all names under `[vars.ISSUERS]`, those of faulty ones too. */
export interface KnownIssuers {
  readonly issuers: readonly Issuer[];
  readonly issuerNames: readonly string[];
}

/** The issuers and audiences of an API, which a route can narrow. */
export interface Accepted {
  /** `undefined`: the API does not say it soundly, and so no route can be held against it. */
  readonly issuers: readonly Issuer[] | undefined;
  readonly issuersByIss: ReadonlyMap<string, Issuer>;
  readonly audiences: readonly string[] | undefined;
}

export const byIss = (issuers: readonly Issuer[]): ReadonlyMap<string, Issuer> =>
  new Map(issuers.map((issuer) => [issuer.issuer, issuer]));

/** Compiles the rules of a route, or those that it only reports. @param at the table that has them */
export function compileRules(
  config: RulesConfig,
  key: RouteKey,
  api: Accepted,
  known: KnownIssuers,
  at: Faults,
): Rules {
  return {
    issuers:
      config.issuer === undefined
        ? api.issuersByIss
        : narrowIssuers(config.issuer, api, known, at.at('issuer')),
    audiences:
      config.audience === undefined
        ? (api.audiences ?? [])
        : narrow(config.audience, api.audiences, at.at('audience')),
    demands: compileDemands(config, key, at),
  };
}

/** The same value, as JSON, for rules that let in the same callers. */
export const canonicalRules = ({ issuers, audiences, demands }: Rules): unknown => [
  [...issuers.keys()].sort(),
  [...new Set(audiences)].sort(),
  canonicalDemands(demands),
];

export function resolveIssuers(
  names: string | string[] | undefined,
  { issuers, issuerNames }: KnownIssuers,
  at: Faults,
): Issuer[] {
  if (names === undefined) {
    if (issuerNames.length > 1)
      at.add(
        'issuer is missing, and there are several issuers',
        `name one of ${issuerNames.join(', ')}, or several: issuer = [${issuerNames.map((name) => JSON.stringify(name)).join(', ')}]`,
      );
    return [...issuers];
  }
  return [names].flat().flatMap((name) => {
    if (!issuerNames.includes(name))
      at.add(`there is no issuer ${JSON.stringify(name)}`, suggest(name, issuerNames));
    return issuers.filter((issuer) => issuer.name === name);
  });
}

function narrowIssuers(
  names: string | string[],
  api: Accepted,
  known: KnownIssuers,
  at: Faults,
): ReadonlyMap<string, Issuer> {
  const own = resolveIssuers(names, known, at);
  narrow(
    own.map(({ name }) => name),
    api.issuers?.map(({ name }) => name),
    at,
  );
  return byIss(own);
}

/** A route's list may only name what its API has. */
function narrow(
  own: string | readonly string[],
  allowed: readonly string[] | undefined,
  at: Faults,
): readonly string[] {
  const names = [own].flat();
  for (const name of allowed === undefined ? [] : names.filter((one) => !allowed.includes(one)))
    at.add(
      `the API does not accept ${JSON.stringify(name)}`,
      `a route can only narrow: add it to the API too, or ${suggest(name, allowed ?? [])}`,
    );
  return names;
}
