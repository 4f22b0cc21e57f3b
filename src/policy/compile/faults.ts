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
  return new Sink([], []);
}

/** A class, and nothing worked out before there is a fault: a policy has more places than anything else. */
class Sink implements Faults {
  readonly place: Place;
  readonly #found: Fault[];

  constructor(place: Place, found: Fault[]) {
    this.place = place;
    this.#found = found;
  }

  get field(): string {
    return fieldName(this.place);
  }

  at(...path: readonly (string | number)[]): Faults {
    return new Sink([...this.place, ...path], this.#found);
  }

  add(problem: string, remedy: string): void {
    this.#found.push(fault(this.place, problem, remedy));
  }

  take(faults: readonly Fault[]): void {
    this.#found.push(...faults);
  }

  list(): readonly Fault[] {
    if (this.#found.length === 0) return NONE;
    return [...new Map(this.#found.map((one) => [JSON.stringify(one), one])).values()];
  }
}

const NONE: readonly Fault[] = [];

/** The last name of a place, with the indexes behind it. */
export function fieldName(place: Place): string {
  return writePlace(place.slice(place.findLastIndex((part) => typeof part === 'string')));
}
