/** The rules that ask for something themselves. `any_of` joins them. */
import type * as z from 'zod/mini';
import type { Faults } from '../compile/faults.ts';
import type { RouteKey } from '../compile/route-key.ts';
import type { Demand, PlainRuleName } from '../policy.ts';
import { claims } from './claims.ts';
import { clients } from './clients.ts';
import { finish, type RuleDemand, type RuleKind } from './rule-kind.ts';
import { scopesAll, scopesAny } from './scopes.ts';

/** In the order in which they are checked. */
export const PLAIN_RULES = {
  scopes_all: scopesAll,
  scopes_any: scopesAny,
  clients,
  claims,
} satisfies Record<PlainRuleName, unknown>;

export const PLAIN_RULE_NAMES = Object.keys(PLAIN_RULES) as readonly PlainRuleName[];

export type PlainConfigs = {
  readonly [Name in PlainRuleName]?: z.core.output<(typeof PLAIN_RULES)[Name]['schema']> | undefined;
};

/** The demands of these rules, where a table has them. @param at the table's place */
export function compilePlain(config: PlainConfigs, key: RouteKey, at: Faults): readonly Demand[] {
  const drafts: (RuleDemand & { readonly rule: PlainRuleName })[] = [];
  for (const rule of PLAIN_RULE_NAMES) {
    const kind = PLAIN_RULES[rule] as RuleKind<z.core.$ZodType>;
    const own = config[rule];
    if (own === undefined) continue;
    for (const draft of kind.compile(own, key, at.at(rule))) drafts.push({ ...draft, rule });
  }
  return drafts.map((draft) => finish(draft, PLAIN_RULES[draft.rule].refusal(draft, drafts)));
}
