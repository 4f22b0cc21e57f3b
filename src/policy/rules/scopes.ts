/** `scopes_all`, `scopes_any`: what the token's scopes must include (RFC 6749 §3.3). */
import * as z from 'zod/mini';
import type { Reason } from '../../decision.ts';
import { isAboutScopes } from '../asked.ts';
import { valuesOf } from '../demands.ts';
import type { Property } from '../policy.ts';
import { list } from './fields.ts';
import { defineRule, type RuleDemand } from './rule-kind.ts';

/** One scope (RFC 6749 §3.3). */
export const scopeSchema = z
  .string()
  .check(
    z.regex(
      /^[\x21\x23-\x5b\x5d-\x7e]+$/,
      'one scope each: no spaces, quotes or backslashes (RFC 6749 §3.3)',
    ),
  );
const schema = list(scopeSchema, 'name at least one scope, or leave the field out');

const property = (value: string): Property => ({ of: 'scope', value });

/** The scopes that rules name: `http/needs.ts` makes of them what a client is told to ask for. */
export function scopesMissing(all: readonly RuleDemand[]): Reason {
  const lists = all.filter(isAboutScopes).map((one) => valuesOf([one], 'scope'));
  const any = lists.filter((one) => one.length > 1);
  const needed = valuesOf(all, 'scope');
  if (any.length === 0) return { code: 'scopes_missing', needed };
  const named = lists.flatMap((one) => (one.length === 1 ? one : []));
  return { code: 'scopes_missing', needed, all: [...new Set(named)], any };
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
