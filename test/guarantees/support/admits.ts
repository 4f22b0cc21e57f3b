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
  const { scopes_all: all, scopes_any: any, clients, claims, any_of: alternatives } = rule;
  if (
    alternatives !== undefined &&
    !listOf(alternatives).some((one) => holds(one as Table, caller, path, segments))
  )
    return false;
  if (all !== undefined && !listOf(all).every((one) => caller.scopes.includes(String(one)))) return false;
  if (any !== undefined && !listOf(any).some((one) => caller.scopes.includes(String(one)))) return false;
  if (clients !== undefined && !listOf(clients).includes(caller.client)) return false;
  return Object.entries((claims ?? {}) as Table).every(([name, want]) => {
    const segmentOf = (param: string) => paramValue(param, path, segments);
    const claim = claimOf(caller.claims, name, segmentOf);
    const values = valuesOf(claim);
    if (!isTable(want)) return listOf(want).some((one) => values.includes(one));
    const isThere = claim !== undefined && claim !== null;
    if (want['present'] !== undefined && !isThere) return false;
    if (!listOf(want['all'] ?? []).every((one) => values.includes(one))) return false;
    if (want['not'] !== undefined && !(isThere && areNone(values, listOf(want['not'])))) return false;
    const segment = want['param'] === undefined ? undefined : segmentOf(String(want['param']));
    return want['param'] === undefined || values.some((value) => segment && equalsSegment(value, segment));
  });
}

const isTable = (want: unknown): want is Table =>
  typeof want === 'object' && want !== null && !Array.isArray(want);

/** A claim's values: itself, the items of a list, the names of an object's members that are something. */
const valuesOf = (claim: unknown): readonly unknown[] =>
  isTable(claim)
    ? Object.keys(claim).filter((name) => ![false, null, 0, ''].includes(claim[name] as null))
    : listOf(claim);

/** In whatever type, case and blanks; of values that are no text, number or boolean nobody can tell. */
const areNone = (values: readonly unknown[], unwanted: readonly unknown[]): boolean => {
  const plain = (value: unknown) => `${value}`.trim().toLowerCase();
  return values.every(
    (value) =>
      ['string', 'number', 'boolean'].includes(typeof value) && !unwanted.map(plain).includes(plain(value)),
  );
};

const equalsSegment = (value: unknown, segment: string) =>
  value === segment || (Number.isSafeInteger(value) && String(value) === segment);

/** A claim by its name, or by a JSON Pointer, in which `:p` is the member that the path names. */
function claimOf(claims: Table, name: string, segmentOf: (param: string) => string | undefined): unknown {
  if (!name.startsWith('/')) return claims[name];
  return name
    .slice(1)
    .split('/')
    .reduce<unknown>((table, part) => {
      if (typeof table !== 'object' || table === null) return undefined;
      if (!part.startsWith(':')) return (table as Table)[part];
      const own = segmentOf(part.slice(1));
      return own !== undefined && own !== '' && isTable(table) && Object.keys(table).includes(own)
        ? table[own]
        : undefined;
    }, claims);
}
