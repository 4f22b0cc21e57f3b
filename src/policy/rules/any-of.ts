/** `any_of`: alternatives, each a table of the other rules. One of them must hold as a whole. */
import * as z from 'zod/mini';
import type { Reason } from '../../decision.ts';
import { isAboutScopes } from '../asked.ts';
import { withoutImplied } from '../demands.ts';
import type { Demand, PlainRuleName, Property } from '../policy.ts';
import { list } from './fields.ts';
import { compilePlain, PLAIN_RULE_NAMES, PLAIN_RULES } from './plain.ts';
import { defineRule, type RuleDemand } from './rule-kind.ts';
import { scopesMissing } from './scopes.ts';

type PlainFields = {
  [Name in PlainRuleName]: z.ZodMiniOptional<(typeof PLAIN_RULES)[Name]['schema']>;
};

export const alternativeSchema = z.strictObject(
  Object.fromEntries(
    PLAIN_RULE_NAMES.map((name) => [name, z.optional(PLAIN_RULES[name].schema)]),
  ) as PlainFields,
);

/** Every request may have to be held against all of them. */
const MAX_DEMANDS = 64;

export const anyOf = defineRule({
  schema: list(alternativeSchema, 'write at least one alternative, or leave the field out'),
  compile(config, key, at) {
    const alternatives = config.map((one, i) => {
      const here = at.at(i);
      if (Object.keys(one).length === 0)
        here.add(
          `${here.field} is empty, and would let in every good token`,
          'name a rule, or remove any_of',
        );
      return compilePlain(one, key, here);
    });
    const asked = alternatives.map(withoutImplied);
    const count = asked.reduce((product, demands) => product * Math.max(1, demands.length), 1);
    if (count > MAX_DEMANDS) {
      at.add(
        `${at.field} combines into ${count} demands; ${MAX_DEMANDS} are the most`,
        'use fewer rules in each alternative, or give them routes of their own',
      );
      return [];
    }
    return withoutImplied(distribute(asked)).map((demand) => ({ ...demand, alternatives }));
  },
  refusal: ({ alternatives = [] }, all) => byScopes(alternatives, all) ?? { code: 'alternatives_unmet' },
});

/** `a and b, or c and d` is `a or c, and a or d, and b or c, and b or d`. */
const distribute = (alternatives: readonly (readonly Demand[])[]) =>
  alternatives.reduce<readonly { readonly anyOf: readonly Property[] }[]>(
    (some, demands) =>
      some.flatMap(({ anyOf: before }) => demands.map((one) => ({ anyOf: [...before, ...one.anyOf] }))),
    [{ anyOf: [] }],
  );

/** Clients can ask for scopes, and for nothing else: the first alternative that needs no more is the one to tell. */
function byScopes(
  alternatives: readonly (readonly Demand[])[],
  all: readonly RuleDemand[],
): Reason | undefined {
  const alone = alternatives.find((demands) => demands.length > 0 && demands.every(isAboutScopes));
  const others = all.filter((one) => one.alternatives === undefined && isAboutScopes(one));
  return alone && scopesMissing([...others, ...alone]);
}
