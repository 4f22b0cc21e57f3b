/** Decisions, grouped and over time: what the live view counts. */
import type { DecisionData } from './live-data.ts';

/** What denials are grouped by, and its words. */
export const DIMENSIONS = { reason: 'Reason', caller: 'Client', route: 'Route' } as const;
export type Dimension = keyof typeof DIMENSIONS;

export interface Filter {
  readonly reason: string | undefined;
  readonly caller: string | undefined;
  readonly route: string | undefined;
  /** In method, host, path, route, reason or client. */
  readonly text: string;
  readonly refusedOnly: boolean;
}

export const NO_FILTER: Filter = {
  reason: undefined,
  caller: undefined,
  route: undefined,
  text: '',
  refusedOnly: false,
};

export interface Group {
  readonly name: string;
  readonly count: number;
}

export interface Bar {
  readonly fromMs: number;
  readonly allowed: number;
  readonly refused: number;
}

/** Why it was refused, or would be by a rule that is tried; `undefined`: it wasn't. */
export const reasonOf = ({ reason, allowed, wouldDeny }: DecisionData): string | undefined =>
  allowed ? (wouldDeny === null ? undefined : `${wouldDeny} (tried)`) : (reason ?? 'refused');

const VALUES: Readonly<Record<Dimension, (one: DecisionData) => string>> = {
  reason: (one) => reasonOf(one) ?? '',
  caller: ({ caller }) => caller,
  route: ({ route }) => route ?? '(no route)',
};

const NAMES = Object.keys(DIMENSIONS) as Dimension[];

/** @param except a dimension that does not matter */
function fits(one: DecisionData, filter: Filter, except?: Dimension): boolean {
  if (filter.refusedOnly && reasonOf(one) === undefined) return false;
  for (const name of NAMES) {
    const wanted = filter[name];
    if (name !== except && wanted !== undefined && VALUES[name](one) !== wanted) return false;
  }
  const words = filter.text.trim().toLowerCase();
  if (words === '') return true;
  const { method, host, path, route, caller } = one;
  return `${method} ${host ?? ''}${path ?? ''} ${route ?? ''} ${reasonOf(one) ?? ''} ${caller}`
    .toLowerCase()
    .includes(words);
}

export const matching = (decisions: readonly DecisionData[], filter: Filter): DecisionData[] =>
  decisions.filter((one) => fits(one, filter));

/** Denials only, the most frequent first; each dimension by what the filter says of the others. */
export function groupsOf(
  decisions: readonly DecisionData[],
  filter: Filter,
): Readonly<Record<Dimension, readonly Group[]>> {
  const denials = decisions.filter((one) => reasonOf(one) !== undefined);
  const groups = (name: Dimension): Group[] => {
    const counts = new Map<string, number>();
    for (const one of denials) {
      if (!fits(one, filter, name)) continue;
      const value = VALUES[name](one);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    return [...counts]
      .map(([value, count]) => ({ name: value, count }))
      .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  };
  return { reason: groups('reason'), caller: groups('caller'), route: groups('route') };
}

/** A time is cut into pieces of these lengths, in seconds. */
const LENGTHS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

/**
 * Equal times from the earliest to the latest. Lines come in about the order of time, not exactly.
 *
 * @param most so many bars at most
 */
export function barsOf(decisions: readonly DecisionData[], most: number): { seconds: number; bars: Bar[] } {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { atMs } of decisions) {
    first = Math.min(first, atMs);
    last = Math.max(last, atMs);
  }
  if (first > last) return { seconds: 0, bars: [] };
  const fitting = (seconds: number) =>
    Math.floor(last / 1000 / seconds) - Math.floor(first / 1000 / seconds) < most;
  const seconds = LENGTHS.find(fitting) ?? Math.ceil((last - first) / 1000 / (most - 1));
  const lengthMs = seconds * 1000;
  const start = Math.floor(first / lengthMs);
  const bars = Array.from({ length: Math.min(most, Math.floor(last / lengthMs) - start + 1) }, (_, i) => ({
    fromMs: (start + i) * lengthMs,
    allowed: 0,
    refused: 0,
  }));
  for (const one of decisions) {
    const bar = bars[Math.min(bars.length - 1, Math.floor(one.atMs / lengthMs) - start)];
    if (bar === undefined) continue;
    if (one.allowed) bar.allowed++;
    else bar.refused++;
  }
  return { seconds, bars };
}
