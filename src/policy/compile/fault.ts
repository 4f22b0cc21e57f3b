/** One thing that is wrong with the policy. */
export interface Fault {
  readonly place: Place;
  /** The place as text, such as `API_TIMESHEETS.routes."GET /x".scopes_all`. */
  readonly at: string;
  readonly problem: string;
  /** What to write instead. */
  readonly remedy: string;
}

/** Where in the policy something stands: names of tables and fields, indexes of lists. */
export type Place = readonly (string | number)[];

/** Writes a place the way it is found in wrangler.toml. */
export function writePlace(place: Place): string {
  return place
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      const name = /^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part);
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}

export function fault(place: Place, problem: string, remedy: string): Fault {
  return { place, at: writePlace(place), problem, remedy };
}

export function formatFault({ at, problem, remedy }: Fault): string {
  return `${at}: ${problem}; ${remedy}`;
}

/** The name in `known` that a misspelt one is closest to, if any is close. */
export function closest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(simplify(name), simplify(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** "did you mean …?", or else the whole choice. */
export function suggest(name: string, known: readonly string[]): string {
  const match = closest(name, known);
  if (match !== undefined) return `did you mean ${JSON.stringify(match)}?`;
  return known.length === 0 ? 'there is none' : `there is ${known.map((k) => JSON.stringify(k)).join(', ')}`;
}

const simplify = (name: string) => name.toLowerCase().replace(/[-_ ]/g, '');

/** Levenshtein distance; names are short. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
