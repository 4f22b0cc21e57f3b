/** Writes claims that have properties, and lack others. */
import { foldValue, readClaim } from '../../../src/policy/claims.ts';
import type { BoundProperty, ClaimSelector, ClaimValue } from '../../../src/policy/policy.ts';
import { areExclusive, propertyImplies } from '../../../src/policy/properties.ts';
import type { AnyOf } from './choose.ts';

type Claims = Record<string, unknown>;
type ClaimProperty = Extract<BoundProperty, { claim: unknown }>;

const isAboutClaim = (one: BoundProperty): one is ClaimProperty => 'claim' in one;

/** @param chosen no two of which exclude each other @param avoid what the claims must not have */
export function putClaims(claims: Claims, chosen: readonly BoundProperty[], avoid?: AnyOf): void {
  const wanted = chosen.filter(isAboutClaim);
  // What stands inside of a claim comes first: it makes the claim an object.
  const byPath = Map.groupBy(wanted, ({ claim }) => JSON.stringify(claim.path));
  const deepFirst = [...byPath.values()].sort((a, b) => lengthOf(b) - lengthOf(a));
  for (const properties of deepFirst) {
    const { claim } = properties[0] as ClaimProperty;
    for (const one of properties) if (one.of === 'claim') put(claims, claim.path, [one.value]);
    if (isAbsent(claims, claim)) put(claims, claim.path, [otherValue(claim, wanted, avoid)]);
  }
  for (const one of avoid?.anyOf.filter(isAboutClaim) ?? [])
    if (one.of === 'not' && !isAbsent(claims, one.claim))
      put(claims, one.claim.path, [spelling(one.claim, one.value, avoid)]);
}

const lengthOf = ([first]: readonly ClaimProperty[]) => first?.claim.path.length ?? 0;

const isAbsent = (claims: Claims, claim: ClaimSelector) =>
  (readClaim(claims, claim) ?? undefined) === undefined;

/** A value that neither is unwanted nor proves anything: not even that there is a member, if that is to be avoided. */
function otherValue(
  { path }: ClaimSelector,
  wanted: readonly ClaimProperty[],
  avoid: AnyOf | undefined,
): ClaimValue {
  const [parent, member = ''] = [path.slice(0, -1), path.at(-1)];
  const isMember = { of: 'claim', claim: { text: '', path: parent }, value: member } as const;
  const mustNotBe =
    avoid?.anyOf.some((other) => propertyImplies(isMember, other)) === true ||
    wanted.some((other) => areExclusive(isMember, other));
  const own = wanted.filter(({ claim }) => String(claim.path) === String(path));
  const named = [...own, ...(avoid?.anyOf ?? [])].flatMap((one) =>
    'value' in one ? [foldValue(one.value)] : [],
  );
  const empty = [false, 0, ''].find((value) => !named.includes(foldValue(value)));
  if (mustNotBe && empty !== undefined) return empty;
  let text = 'some-value';
  while (named.includes(text)) text += '-x';
  return text;
}

/** The value that `not` is about, as it is or spelt otherwise: it must not be a value that is to be avoided, too. */
function spelling(claim: ClaimSelector, value: ClaimValue, avoid: AnyOf | undefined): ClaimValue {
  const avoided = avoid?.anyOf.flatMap((one) =>
    one.of === 'claim' && String(one.claim.path) === String(claim.path) ? [one.value] : [],
  );
  let spelt = value;
  while (avoided?.includes(spelt)) spelt = `${spelt} `;
  return spelt;
}

/**
 * Adds values to a claim, which is a list where it has several; to an object it adds members. A claim that stands inside
 * another one makes that too; what is there and no table is left alone.
 */
export function put(
  claims: Claims,
  path: readonly string[],
  values: readonly (ClaimValue | undefined)[],
): void {
  let table = claims;
  for (const name of path.slice(0, -1)) {
    if (!Object.hasOwn(table, name)) define(table, name, {});
    const inner = table[name];
    if (typeof inner !== 'object' || inner === null) return;
    table = inner as Claims;
  }
  const name = path.at(-1);
  if (name === undefined || values.length === 0) return;
  const held = Object.hasOwn(table, name) ? table[name] : undefined;
  if (typeof held === 'object' && held !== null && !Array.isArray(held)) {
    const members = held as Claims;
    for (const value of values) if (!Object.hasOwn(held, String(value))) define(members, String(value), true);
    return;
  }
  const before = Object.hasOwn(table, name) ? [held].flat() : [];
  const all = [...new Set([...before, ...values])];
  define(table, name, all.length === 1 ? all[0] : all);
}

/** `__proto__` is a name like any other here. */
function define(table: Claims, name: string, value: unknown): void {
  Object.defineProperty(table, name, { value, enumerable: true, writable: true, configurable: true });
}
