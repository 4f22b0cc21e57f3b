/** Counters whose memory has a limit: anybody can make up names. */

export type Counted<T> = T & { requests: number };
export type Timed<T> = Counted<T> & { first: string; last: string };

/** The number of things that each list tells apart. */
export const MAX_DISTINCT = 2_000;
export const REST = '(others)';

export const isoOf = (atMs: number): string => {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) ? '?' : date.toISOString();
};

interface Count<T> {
  readonly item: T;
  requests: number;
  firstMs: number;
  lastMs: number;
}

/**
 * Counts what is the same, with the first and the last time of each. Past the limit, only known things are told
 * apart, by all but their details.
 */
export function createCounter<T extends object>() {
  const counts = new Map<string, Count<T>>();

  function find(item: T): Count<T> {
    const name = JSON.stringify(item);
    const known = counts.get(name);
    if (known !== undefined) return known;
    const one = counts.size < MAX_DISTINCT ? item : generalise(item);
    const key = one === item ? name : JSON.stringify(one);
    const count = counts.get(key) ?? { item: one, requests: 0, firstMs: Infinity, lastMs: -Infinity };
    counts.set(key, count);
    return count;
  }

  return {
    add(item: T, atMs: number): void {
      const count = find(item);
      count.requests++;
      count.firstMs = Math.min(count.firstMs, atMs);
      count.lastMs = Math.max(count.lastMs, atMs);
    },
    /** The most frequent first. */
    read: (): Timed<T>[] =>
      [...counts.values()]
        .sort((a, b) => b.requests - a.requests)
        .map(({ item, requests, firstMs, lastMs }) => ({
          ...item,
          requests,
          first: isoOf(firstMs),
          last: isoOf(lastMs),
        })),
  };
}

/** Without what a caller can make up. */
function generalise<T extends object>(item: T): T {
  const made = ['detail', 'client', 'value'].filter((name) => name in item);
  return { ...item, ...Object.fromEntries(made.map((name) => [name, REST])) };
}
