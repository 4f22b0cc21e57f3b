/** All rules that a route can have. A token must meet the demands of each. */
import type * as z from 'zod/mini';
import type { Faults } from '../compile/faults.ts';
import type { RouteKey } from '../compile/route-key.ts';
import type { Demand, RuleName } from '../policy.ts';
import { claims } from './claims.ts';
import { clients } from './clients.ts';
import type { RuleDemand, RuleKind } from './rule-kind.ts';
import { scopesAll, scopesAny } from './scopes.ts';

/** In the order in which they are checked. */
export const RULES = {
  scopes_all: scopesAll,
  scopes_any: scopesAny,
  clients,
  claims,
} satisfies Record<RuleName, unknown>;

export const RULE_NAMES = Object.keys(RULES) as readonly RuleName[];

type Configs = { readonly [Name in RuleName]?: z.core.output<(typeof RULES)[Name]['schema']> | undefined };

/** The demands of all rules that a route, or its `report`, has. @param at the route's place */
export function compileDemands(config: Configs, key: RouteKey, at: Faults): readonly Demand[] {
  const all = RULE_NAMES.flatMap((rule) =>
    config[rule] === undefined ? [] : compileRule(rule, config[rule], key, at.at(rule)),
  );
  const drafts = all.map(({ draft }) => draft);
  return all.map(({ rule, draft: { anyOf, member }, draft }) => ({
    rule,
    label: member === undefined ? rule : `${rule}.${member}`,
    anyOf,
    refusal: RULES[rule].refusal(draft, drafts),
  }));
}

function compileRule(rule: RuleName, config: unknown, key: RouteKey, at: Faults) {
  const kind = RULES[rule] as RuleKind<z.core.$ZodType>;
  return kind.compile(config, key, at).map((draft: RuleDemand) => ({ rule, draft }));
}
