/** Whom a route lets in, as docs/policy.md says it. */
import type { Word } from './literal.ts';
import { paramValue } from './literal.ts';
import type { Caller, Table, Token } from './model.ts';

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

/**
 * @param segments of the path that was asked for, decoded: what a parameter is worth does not depend on how an origin
 *   may read it
 */
export function admits({ entry, api }: Word, token: Token, segments: readonly string[]): boolean {
  const { rule } = entry;
  const auth = rule['auth'] ?? 'required';
  if (rule['report_only'] === true || auth === 'none') return true;
  if (token === 'none') return auth === 'optional';
  if (token === 'bad') return false;
  const audiences = listOf(rule['audience'] ?? api.audience);
  const issuers = listOf(rule['issuer'] ?? api.issuer);
  if (!token.audiences.some((one) => audiences.includes(one))) return false;
  if (!issuers.includes(token.issuer)) return false;
  return holds(rule, token, entry.path, segments);
}

function holds(rule: Table, caller: Caller, path: string, segments: readonly string[]): boolean {
  const { scopes_all: all, scopes_any: any, clients, claims } = rule;
  if (all !== undefined && !listOf(all).every((one) => caller.scopes.includes(String(one)))) return false;
  if (any !== undefined && !listOf(any).some((one) => caller.scopes.includes(String(one)))) return false;
  if (clients !== undefined && !listOf(clients).includes(caller.client)) return false;
  return Object.entries((claims ?? {}) as Table).every(([name, want]) => {
    const values = listOf(claimOf(caller.claims, name));
    if (!isParam(want)) return listOf(want).some((one) => values.includes(one));
    const segment = paramValue(want.param, path, segments);
    return values.some((value) => segment !== undefined && equalsSegment(value, segment));
  });
}

const isParam = (want: unknown): want is { param: string } =>
  typeof want === 'object' && want !== null && !Array.isArray(want);

const equalsSegment = (value: unknown, segment: string) =>
  value === segment || (Number.isSafeInteger(value) && String(value) === segment);

/** A claim by its name, or by a JSON Pointer. */
function claimOf(claims: Table, name: string): unknown {
  if (!name.startsWith('/')) return claims[name];
  return name
    .slice(1)
    .split('/')
    .reduce<unknown>(
      (table, part) => (typeof table === 'object' && table !== null ? (table as Table)[part] : undefined),
      claims,
    );
}
