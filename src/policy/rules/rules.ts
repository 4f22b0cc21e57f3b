/** All rules that a route can have. A token must meet the demands of each. */
import type * as z from 'zod/mini';
import type { Faults } from '../compile/faults.ts';
import type { RouteKey } from '../compile/route-key.ts';
import type { Demand, RuleName } from '../policy.ts';
import { anyOf } from './any-of.ts';
import { compilePlain, PLAIN_RULES, type PlainConfigs } from './plain.ts';
import { finish } from './rule-kind.ts';

/** In the order in which they are checked. */
export const RULES = { ...PLAIN_RULES, any_of: anyOf } satisfies Record<RuleName, unknown>;

export const RULE_NAMES = Object.keys(RULES) as readonly RuleName[];

interface Configs extends PlainConfigs {
  readonly any_of?: z.core.output<typeof anyOf.schema> | undefined;
}

/** The demands of all rules that a route, or its `report`, has. @param at the route's place */
export function compileDemands(config: Configs, key: RouteKey, at: Faults): readonly Demand[] {
  const plain = compilePlain(config, key, at);
  const joined = config.any_of === undefined ? [] : anyOf.compile(config.any_of, key, at.at('any_of'));
  return [
    ...plain,
    ...joined.map((draft) =>
      finish({ ...draft, rule: 'any_of' }, anyOf.refusal(draft, [...plain, ...joined])),
    ),
  ];
}
