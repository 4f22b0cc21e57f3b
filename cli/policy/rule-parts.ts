/** The rules of a route one by one. */
import type { Rules } from '../../src/policy/policy.ts';

export interface RulePart {
  /** The field, and for claim rules its name: `scopes_all`, `claims.org_id`. */
  readonly name: string;
  /** Rules that have nothing but this one. */
  readonly rules: Rules;
}

export function ruleParts(rules: Rules): RulePart[] {
  const { scopesAll, scopesAny, clients, claims } = rules;
  const none: Rules = { ...rules, scopesAll: [], scopesAny: [], clients: undefined, claims: [] };
  return [
    ...(scopesAll.length > 0 ? [{ name: 'scopes_all', rules: { ...none, scopesAll } }] : []),
    ...(scopesAny.length > 0 ? [{ name: 'scopes_any', rules: { ...none, scopesAny } }] : []),
    ...(clients !== undefined ? [{ name: 'clients', rules: { ...none, clients } }] : []),
    ...claims.map((rule) => ({ name: `claims.${rule.claim.text}`, rules: { ...none, claims: [rule] } })),
  ];
}
