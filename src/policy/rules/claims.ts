/** `claims`: what claims must say, each a value, one of several, or a parameter of the path. */
import * as z from 'zod/mini';
import { parseSelector } from '../claims.ts';
import { suggest } from '../compile/fault.ts';
import type { Faults } from '../compile/faults.ts';
import type { RouteKey } from '../compile/route-key.ts';
import type { ClaimSelector, ClaimValue, Property } from '../policy.ts';
import { claimValue, claimValues, text } from './fields.ts';
import { defineRule, type RuleDemand } from './rule-kind.ts';

export const paramSchema = z.strictObject({ param: text('the name of a :param of this route') });

export const claims = defineRule({
  schema: z.record(z.string(), z.union([claimValue, claimValues, paramSchema])),
  compile(config, key, at) {
    const entries = Object.entries(config);
    if (entries.length === 0) addEmpty(at);
    return entries.map(([member, want]) => {
      const claim = parseSelector(member);
      return typeof want === 'object' && !Array.isArray(want)
        ? { member, anyOf: [paramProperty(claim, want.param, key, at.at(member, 'param'))] }
        : claimDemand(member, want);
    });
  },
  refusal: ({ member = '' }) => ({ code: 'claim_mismatch', claim: member }),
});

export const addEmpty = (at: Faults) =>
  at.add(`${at.field} is empty`, 'name at least one claim, or leave the field out');

/** One value or several, of which a claim must have one. */
export function claimDemand(member: string, want: ClaimValue | readonly ClaimValue[]): RuleDemand {
  const claim = parseSelector(member);
  return { member, anyOf: [want].flat().map((value): Property => ({ of: 'claim', claim, value })) };
}

function paramProperty(claim: ClaimSelector, name: string, { params }: RouteKey, at: Faults): Property {
  const param = params.find((one) => one.name === name);
  if (param === undefined)
    at.add(
      `the path has no :${name}`,
      suggest(
        name,
        params.map((one) => one.name),
      ),
    );
  return { of: 'param', claim, param: param ?? { name, at: -1, before: 0, after: 0 } };
}
