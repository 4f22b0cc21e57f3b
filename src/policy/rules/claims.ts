/** `claims`: what claims must say, each a value, one of several, or a table of what it must and must not be. */
import * as z from 'zod/mini';
import type { Faults } from '../compile/faults.ts';
import { compileRouteSelector, compileSelector, paramOf } from '../compile/selectors.ts';
import type { ClaimSelector, ClaimValue } from '../policy.ts';
import { claimValue, claimValues, oneOrMore, text } from './fields.ts';
import { defineRule, type RuleDemand } from './rule-kind.ts';

/** What a claim must be, whatever route is asked for. */
const fixed = {
  present: z.optional(z.literal(true)),
  all: z.optional(claimValues),
  not: z.optional(oneOrMore(claimValue, 'give at least one value')),
};
export const fixedWantSchema = z.strictObject(fixed);
/** All of its fields must hold. */
export const wantSchema = z.strictObject({
  param: z.optional(text('the name of a :param of this route')),
  ...fixed,
});

const values = [claimValue, claimValues] as const;
/** The claims that an issuer demands of each of its tokens. */
export const issuerClaimsSchema = z.record(z.string(), z.union([...values, fixedWantSchema]));

type Want = z.infer<typeof fixedWantSchema> | ClaimValue | readonly ClaimValue[];

export const claims = defineRule({
  schema: z.record(z.string(), z.union([...values, wantSchema])),
  compile(config, key, at) {
    const entries = Object.entries(config);
    if (entries.length === 0) addEmpty(at);
    return entries.flatMap(([member, want]) => {
      const here = at.at(member);
      const claim = compileRouteSelector(member, key, here);
      const bound = isTable(want) && want.param !== undefined ? want.param : undefined;
      const others = claimDemands(claim, want, here, bound !== undefined);
      const demands =
        bound === undefined
          ? others
          : [[{ of: 'param', claim, param: paramOf(bound, key, here.at('param')) } as const], ...others];
      return demands.map((anyOf): RuleDemand => ({ member, anyOf }));
    });
  },
  refusal: ({ member = '' }) => ({ code: 'claim_mismatch', claim: member }),
});

export const addEmpty = (at: Faults) =>
  at.add(`${at.field} is empty`, 'name at least one claim, or leave the field out');

/** The demands of a claim that no parameter has a part in. */
export const fixedClaimDemands = (member: string, want: Want, at: Faults) =>
  claimDemands<ClaimSelector>(compileSelector(member, at), want, at);

/** @param hasMore something else is said of the claim */
function claimDemands<Selector>(claim: Selector, want: Want, at: Faults, hasMore = false) {
  const is = (value: ClaimValue) => ({ of: 'claim', claim, value }) as const;
  if (!isTable(want)) return [listOf(want).map(is)];
  if (Object.keys(want).length === 0 && !hasMore)
    at.add(`${at.field} says nothing of the claim`, 'write a value, a list, or { present = true }');
  return [
    ...(want.present === true ? [[{ of: 'present', claim } as const]] : []),
    ...(want.all ?? []).map((value) => [is(value)]),
    ...listOf(want.not ?? []).map((value) => [{ of: 'not', claim, value } as const]),
  ];
}

const isTable = <W>(want: W): want is Exclude<W, ClaimValue | readonly ClaimValue[]> =>
  typeof want === 'object' && !Array.isArray(want);

const listOf = (value: ClaimValue | readonly ClaimValue[]): readonly ClaimValue[] =>
  typeof value === 'object' ? value : [value];
