/** `scopes_all`, `scopes_any`: what the token's scopes must include (RFC 6749 §3.3). */
import * as z from 'zod/mini';
import type { Reason } from '../../decision.ts';
import { valuesOf } from '../demands.ts';
import type { Property } from '../policy.ts';
import { list } from './fields.ts';
import { defineRule, type RuleDemand } from './rule-kind.ts';

const scope = z
  .string()
  .check(
    z.regex(
      /^[\x21\x23-\x5b\x5d-\x7e]+$/,
      'one scope each: no spaces, quotes or backslashes (RFC 6749 §3.3)',
    ),
  );
const schema = list(scope, 'name at least one scope, or leave the field out');

const property = (value: string): Property => ({ of: 'scope', value });

/** The scopes to ask for (RFC 6750 §3 `scope`): a token with all of them satisfies the route. */
export function scopesMissing(all: readonly RuleDemand[]): Reason {
  const lists = all.filter(({ anyOf }) => anyOf.length > 1 && anyOf.every(({ of }) => of === 'scope'));
  const any = lists.map((one) => valuesOf([one], 'scope'));
  return { code: 'scopes_missing', needed: valuesOf(all, 'scope'), ...(any.length > 0 && { any }) };
}

const refusal = (_unmet: RuleDemand, all: readonly RuleDemand[]) => scopesMissing(all);

export const scopesAll = defineRule({
  schema,
  compile: (scopes) => scopes.map((one) => ({ anyOf: [property(one)] })),
  refusal,
});

export const scopesAny = defineRule({
  schema,
  compile: (scopes) => [{ anyOf: scopes.map(property) }],
  refusal,
});
