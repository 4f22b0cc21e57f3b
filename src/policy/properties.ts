/** How properties compare: by what they ask of a token, not by how the policy writes it. */
import { foldValue, isIndex } from './claims.ts';
import type { Param } from './params.ts';
import type { BoundProperty, ClaimSelector, Property, RouteSelector } from './policy.ts';

type ClaimProperty = Extract<Property, { claim: unknown }>;

/** Where a parameter stands: its name doesn't count. */
const placeOf = ({ at, before, after }: Param) => [at, before, after];

/** The names of a claim's path as JSON, equal where they are the same. Parameters count by their place. */
const namesOf = ({ claim }: ClaimProperty): string[] =>
  claim.path.map((name, i) =>
    JSON.stringify(typeof name !== 'string' ? placeOf(name) : isMemberName(claim, i) ? [name] : name),
  );

/** A name that a parameter gave, and that could be taken for an index. */
const isMemberName = (claim: ClaimSelector | RouteSelector, i: number): boolean =>
  'members' in claim && claim.members?.includes(i) === true && isIndex(String(claim.path[i]));

/** One text for one property: two spellings of a claim's place are the same, and names of parameters don't count. */
export function propertyKey(property: Property): string {
  return JSON.stringify([property.of, 'claim' in property ? namesOf(property) : '', soughtBy(property)]);
}

function soughtBy(property: Property): unknown {
  switch (property.of) {
    case 'present':
      return '';
    case 'not':
      return foldValue(property.value);
    case 'param':
      return placeOf(property.param);
    default:
      return property.value;
  }
}

/** The parameters that a property depends on. */
export const paramsOf = (property: Property): readonly Param[] => [
  ...('claim' in property ? property.claim.path.filter((name) => typeof name !== 'string') : []),
  ...(property.of === 'param' ? [property.param] : []),
];

/**
 * Whether every token with the one property has the other. Besides equal ones: whatever is said of a claim says that it
 * is there, and so does what is said of a claim inside it; that also says that it has a member of that name.
 */
export function propertyImplies(one: Property, other: Property): boolean {
  if (!('claim' in one)) return one.of === other.of && one.value === (other as typeof one).value;
  if (!('claim' in other)) return false;
  if (propertyKey(one) === propertyKey(other)) return true;
  const [inner, outer] = [namesOf(one), namesOf(other)];
  if (!outer.every((name, i) => covers(name, inner[i]))) return false;
  if (inner.length === outer.length)
    return (
      other.of === 'present' || propertyKey({ ...one, claim: other.claim } as Property) === propertyKey(other)
    );
  if (other.of === 'present') return true;
  const member = one.claim.path[outer.length] as string | Param;
  if (!isTruthy(one, outer.length)) return false;
  if (typeof member !== 'string')
    return other.of === 'param' && String(placeOf(member)) === String(placeOf(other.param));
  return other.of === 'claim' && other.value === member && isOfObject(one, outer.length);
}

/** A name that a parameter gave is that name also where lists count. */
const covers = (name: string, inner: string | undefined) => name === inner || `[${name}]` === inner;

/** Whether the member at this depth must be one that counts. */
const isTruthy = (one: ClaimProperty, depth: number): boolean =>
  one.claim.path.length > depth + 1 || one.of === 'param' || (one.of === 'claim' && Boolean(one.value));

/** Whether what has a member of this name can only be an object. */
const isOfObject = ({ claim }: ClaimProperty, depth: number): boolean =>
  !isIndex(String(claim.path[depth])) || isMemberName(claim, depth);

/** Whether no token has both. Parameters must be bound to a request before. */
export function areExclusive(one: Property, other: Property): boolean {
  if (one.of === 'client' && other.of === 'client') return one.value !== other.value;
  if (!('claim' in one && 'claim' in other)) return false;
  if (one.claim.path.length > other.claim.path.length) return areExclusive(other, one);
  const [outer, inner] = [namesOf(one), namesOf(other)];
  if (!outer.every((name, i) => covers(name, inner[i]) || covers(inner[i] ?? '', name))) return false;
  if (inner.length > outer.length) return excludesMember(one, other, outer.length);
  const [found] = [one, other].filter(({ of }) => of === 'claim');
  const [missing] = [one, other].filter(({ of }) => of === 'not');
  return (
    'value' in (found ?? {}) && 'value' in (missing ?? {}) && soughtBy(missing as Property) === foldOf(found)
  );
}

const foldOf = (property: Property | undefined) =>
  property?.of === 'claim' ? foldValue(property.value) : undefined;

/** Whether a claim like the one can't have the member that the other is about. */
function excludesMember(one: ClaimProperty, other: ClaimProperty, depth: number): boolean {
  const member = String(other.claim.path[depth]);
  if (one.of === 'claim') {
    // Objects have the names of their members for values: those are text, and their values count.
    const isEmptyMember =
      other.of === 'claim' && other.claim.path.length === depth + 1 && one.value === member && !other.value;
    return isOfObject(other, depth) && (typeof one.value !== 'string' || isEmptyMember);
  }
  if (one.of !== 'not' || foldValue(one.value) !== foldValue(member)) return false;
  return isOfObject(other, depth) ? isTruthy(other, depth) : other.claim.path.length > depth + 1;
}

/**
 * What a token has that has both, and neither says alone: a claim that has a value, and is an object since it has some
 * member, has a member of that name.
 */
export function impliedTogether(one: BoundProperty, other: BoundProperty): BoundProperty | undefined {
  if (one.of !== 'claim' || !('claim' in other) || typeof one.value !== 'string') return undefined;
  const [outer, inner] = [namesOf(one), namesOf(other)];
  const depth = outer.length;
  if (inner.length <= depth || !outer.every((name, i) => covers(name, inner[i]))) return undefined;
  if (!isOfObject(other, depth)) return undefined;
  const { text, path, members = [] } = one.claim;
  return { of: 'present', claim: { text, path: [...path, one.value], members: [...members, depth] } };
}
