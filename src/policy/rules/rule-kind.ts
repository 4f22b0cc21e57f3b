import type * as z from 'zod/mini';
import type { Reason } from '../../decision.ts';
import type { Faults } from '../compile/faults.ts';
import type { RouteKey } from '../compile/route-key.ts';
import type { Demand, Property, RuleName } from '../policy.ts';

/** A rule that a route can have: how it is written, what it asks of a token, and how it refuses. */
export interface RuleKind<Schema extends z.core.$ZodType> {
  /** Describes the field's value. */
  readonly schema: Schema;
  /** Says what a token must have. Faults that no schema can find go to `at`, the field's own place. */
  compile(config: z.core.output<Schema>, key: RouteKey, at: Faults): readonly RuleDemand[];
  /** Why a token is refused that does not meet a demand. @param all demands of the route, by all of its rules */
  refusal(unmet: RuleDemand, all: readonly RuleDemand[]): Reason;
}

export interface RuleDemand {
  readonly anyOf: readonly Property[];
  /** Which of the rule's members it is, where they are named: `org_id` of `claims.org_id`. */
  readonly member?: string;
  readonly alternatives?: Demand['alternatives'];
}

/** A demand as the policy has it. */
export const finish = (
  { rule, member, anyOf, alternatives }: RuleDemand & { readonly rule: RuleName },
  refusal: Reason,
): Demand => ({
  rule,
  label: member === undefined ? rule : `${rule}.${member}`,
  anyOf,
  refusal,
  ...(alternatives !== undefined && { alternatives }),
});

/** Ties the type of `config` to the schema. */
export const defineRule = <Schema extends z.core.$ZodType>(kind: RuleKind<Schema>): RuleKind<Schema> => kind;
