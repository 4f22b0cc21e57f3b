/**
 * How often properties are tried. `npm test` takes few cases, the same each time; `npm run soak` takes many, new ones:
 * GUARANTEE_RUNS is their number, GUARANTEE_SEED a number, or "random".
 */
import fc from 'fast-check';
import { expect } from 'vitest';

const RUNS = process.env['GUARANTEE_RUNS'];
const SEED = process.env['GUARANTEE_SEED'];
const USUAL_SEED = 20_261_124;
/** A day: nothing is cut short because a machine is slow. */
export const TIMEOUT_MS = 86_400_000;

const seed = SEED === 'random' ? Math.trunc(Math.random() * 0x7fff_ffff) : Number(SEED ?? USUAL_SEED);

/** What the cases were like, so that a property that holds of nothing is seen. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string, count = 1): void {
    this.#counts.set(name, this.of(name) + count);
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  toString(): string {
    return [...this.#counts].map(([name, count]) => `${name}: ${count}`).join(', ');
  }

  /** So much of one must be the other. */
  demand(part: string, whole: string, share: number): void {
    expect(this.of(part) / this.of(whole), `${part} of ${whole}: ${this}`).toBeGreaterThan(share);
  }
}

/**
 * @param few the number of cases of `npm test`
 * @param holds fails by an exception
 */
export async function promise<T>(
  name: string,
  few: number,
  arbitrary: fc.Arbitrary<T>,
  holds: (value: T, tally: Tally) => Promise<void>,
): Promise<Tally> {
  const tally = new Tally();
  const numRuns = Number(RUNS ?? few);
  if (RUNS !== undefined) console.log(`${name}: ${numRuns} runs, GUARANTEE_SEED=${seed}`);
  await fc.assert(
    fc.asyncProperty(arbitrary, (value) => holds(value, tally)),
    { numRuns, seed },
  );
  if (RUNS !== undefined) console.log(`${name}: ${tally}`);
  return tally;
}

/** Prints what broke a promise. */
export function broken(what: string, details: Readonly<Record<string, unknown>>): never {
  const lines = Object.entries(details).map(([name, value]) => `${name}: ${show(value)}`);
  throw new Error(`${what}\n${lines.join('\n')}`);
}

/** Characters that nobody sees are written as escapes. */
const show = (value: unknown) =>
  (JSON.stringify(value, undefined, 1) ?? 'undefined').replace(
    /[^\x20-\x7e\n]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
