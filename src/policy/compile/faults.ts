import { type Fault, fault, type Place, writePlace } from './fault.ts';

/** Collects what is wrong with a policy. Each part of the compiler gets the sink for the place that it reads. */
export interface Faults {
  readonly place: Place;
  /** How messages name the field at this place: `hosts[0]`. */
  readonly field: string;
  /** The same sink, further in. */
  at(...path: readonly (string | number)[]): Faults;
  /**
   * @param problem what is wrong, in a sentence that names the thing
   * @param remedy what to write instead
   */
  add(problem: string, remedy: string): void;
  /** Adds what was found with its place already. */
  take(faults: readonly Fault[]): void;
  /** All that was found so far, at any place; the same thing once. */
  list(): readonly Fault[];
}

export function collectFaults(): Faults {
  const found: Fault[] = [];
  const sinkAt = (place: Place): Faults => ({
    place,
    field: fieldName(place),
    at: (...path) => sinkAt([...place, ...path]),
    add: (problem, remedy) => void found.push(fault(place, problem, remedy)),
    take: (faults) => void found.push(...faults),
    list: () => [...new Map(found.map((one) => [JSON.stringify(one), one])).values()],
  });
  return sinkAt([]);
}

/** The last name of a place, with the indexes behind it. */
export function fieldName(place: Place): string {
  return writePlace(place.slice(place.findLastIndex((part) => typeof part === 'string')));
}
