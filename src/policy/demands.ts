/** Demands: a route asks a token for a list of them, each met by any one of its properties. */
import { hasClaimValue, readClaim } from './claims.ts';
import { type Param, type Place, paramValue } from './params.ts';
import type { ClaimValue, Demand, Held, Property } from './policy.ts';

/** @param place what parameters are read from */
export function isMet({ anyOf }: Pick<Demand, 'anyOf'>, held: Held, place: Place): boolean {
  for (const property of anyOf) if (has(property, held, place)) return true;
  return false;
}

function has(property: Property, held: Held, place: Place): boolean {
  switch (property.of) {
    case 'scope':
      return held.scopes.has(property.value);
    case 'client':
      return held.client === property.value;
    case 'claim':
      return hasClaimValue(readClaim(held.claims, property.claim), property.value);
    case 'param':
      return valuesOfParam(property.param, place).some((value) =>
        hasClaimValue(readClaim(held.claims, property.claim), value),
      );
    case 'audience':
      return held.audiences.includes(property.value);
  }
}

/** A claim that is a whole number equals its decimal form. An empty text equals nothing. */
function valuesOfParam(param: Param, place: Place): readonly ClaimValue[] {
  const text = paramValue(param, place);
  if (text === '') return [];
  const number = Number(text);
  return Number.isSafeInteger(number) && String(number) === text ? [text, number] : [text];
}

/** The demand for requests to this place: a claim that must equal a parameter must have the parameter's value. */
export function forPlace<T extends Pick<Demand, 'anyOf'>>(demand: T, place: Place): T {
  const anyOf = demand.anyOf.flatMap((one): readonly Property[] =>
    one.of === 'param'
      ? valuesOfParam(one.param, place).map((value) => ({ of: 'claim', claim: one.claim, value }))
      : [one],
  );
  return { ...demand, anyOf };
}

/** Where a parameter stands: its name doesn't count. */
const placeOf = ({ at, before, after }: Param) => [at, before, after];

/** One text for one property: two spellings of a claim's place are the same, and names of parameters don't count. */
export function propertyKey(property: Property): string {
  return JSON.stringify([
    property.of,
    'claim' in property ? property.claim.path : '',
    'param' in property ? placeOf(property.param) : property.value,
  ]);
}

/** Whether whatever meets the one meets the other as well. */
export function implies(one: Pick<Demand, 'anyOf'>, other: Pick<Demand, 'anyOf'>): boolean {
  const keys = new Set(other.anyOf.map(propertyKey));
  return one.anyOf.every((property) => keys.has(propertyKey(property)));
}

/** The demands that say something which no other says already. */
export function withoutImplied<T extends Pick<Demand, 'anyOf'>>(demands: readonly T[]): T[] {
  return demands.filter(
    (demand, index) =>
      !demands.some(
        (other, at) => at !== index && implies(other, demand) && (at < index || !implies(demand, other)),
      ),
  );
}

/** The same value, as JSON, for lists of demands that ask for the same, in whatever order. */
export function canonicalDemands(demands: readonly Demand[]): readonly string[] {
  const texts = demands.map(({ anyOf }) => JSON.stringify([...new Set(anyOf.map(propertyKey))].sort()));
  return [...new Set(texts)].sort();
}

/** All values that demands name of one kind, each once. */
export function valuesOf(
  demands: readonly Pick<Demand, 'anyOf'>[],
  of: 'audience' | 'scope' | 'client',
): string[] {
  const named = demands.flatMap(({ anyOf }) => anyOf.flatMap((one) => (one.of === of ? [one.value] : [])));
  return [...new Set(named)];
}
