/** All rules that a route can have. A token must meet the demands of each. */
import type * as z from 'zod/mini';
import type { Faults } from '../compile/faults.ts';
import type { RouteKey } from '../compile/route-key.ts';
import type { Demand, RuleName } from '../policy.ts';
import { claims } from './claims.ts';
import { clients } from './clients.ts';
import type { RuleKind } from './rule-kind.ts';
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
  const drafts = RULE_NAMES.flatMap((rule) => {
    const kind = RULES[rule] as RuleKind<z.core.$ZodType>;
    const own = config[rule];
    return own === undefined ? [] : kind.compile(own, key, at.at(rule)).map((draft) => ({ ...draft, rule }));
  });
  return drafts.map((draft) => ({
    rule: draft.rule,
    label: draft.member === undefined ? draft.rule : `${draft.rule}.${draft.member}`,
    anyOf: draft.anyOf,
    refusal: RULES[draft.rule].refusal(draft, drafts),
  }));
}
