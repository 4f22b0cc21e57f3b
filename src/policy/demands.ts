/** Demands: a route asks a token for a list of them, each met by any one of its properties. */
import { hasClaimValue, lacksClaimValue, readClaimAt } from './claims.ts';
import { type Param, type Place, paramValue } from './params.ts';
import type {
  BoundProperty,
  ClaimSelector,
  ClaimValue,
  Demand,
  Held,
  Property,
  RouteSelector,
} from './policy.ts';
import { propertyImplies, propertyKey } from './properties.ts';

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
      return hasClaimValue(readClaimAt(held.claims, property.claim, place), property.value);
    case 'param':
      return valuesOfParam(property.param, place).some((value) =>
        hasClaimValue(readClaimAt(held.claims, property.claim, place), value),
      );
    case 'present':
      return (readClaimAt(held.claims, property.claim, place) ?? undefined) !== undefined;
    case 'not':
      return lacksClaimValue(readClaimAt(held.claims, property.claim, place), property.value);
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

/**
 * The demand for requests to this place: a claim that must equal a parameter must have the parameter's value, and a
 * claim is looked for where a parameter says.
 */
export function forPlace<T extends Pick<Demand, 'anyOf'>>(
  demand: T,
  place: Place,
): Omit<T, 'anyOf'> & Pick<Demand<BoundProperty>, 'anyOf'> {
  const anyOf = demand.anyOf.flatMap((one): readonly BoundProperty[] => {
    if (!('claim' in one)) return [one];
    const claim = bindSelector(one.claim, place);
    if (claim === undefined) return [];
    return one.of === 'param'
      ? valuesOfParam(one.param, place).map((value) => ({ of: 'claim', claim, value }))
      : [{ ...one, claim }];
  });
  return { ...demand, anyOf };
}

/** `undefined`: there is no such member, since a parameter has no value. */
function bindSelector({ text, path }: RouteSelector, place: Place): ClaimSelector | undefined {
  const members = path.flatMap((name, i) => (typeof name === 'string' ? [] : [i]));
  const names = path.map((name) => (typeof name === 'string' ? name : paramValue(name, place)));
  if (members.some((i) => names[i] === '')) return undefined;
  return { text, path: names, ...(members.length > 0 && { members }) };
}

/** Whether whatever meets the one meets the other as well. */
export function implies(one: Pick<Demand, 'anyOf'>, other: Pick<Demand, 'anyOf'>): boolean {
  return one.anyOf.every((property) => other.anyOf.some((wanted) => propertyImplies(property, wanted)));
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
  const texts = withoutImplied(demands).map(({ anyOf }) =>
    JSON.stringify([...new Set(anyOf.map(propertyKey))].sort()),
  );
  return [...new Set(texts)].sort();
}

/** All values that demands name of one kind, each once. */
export function valuesOf(
  demands: readonly Pick<Demand, 'anyOf'>[],
  of: 'audience' | 'scope' | 'client',
): string[] {
  const named: string[] = [];
  for (const { anyOf } of demands)
    for (const one of anyOf) if (one.of === of && !named.includes(one.value)) named.push(one.value);
  return named;
}
