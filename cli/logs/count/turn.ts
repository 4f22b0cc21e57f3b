/** What changed at a point in time: given by a person, or where the share of refused requests changed most. */
import { isoOf } from './counters.ts';
import { DIMENSIONS, type Dimension } from './dimensions.ts';
import { merge, type Span } from './series.ts';

export interface Side {
  readonly requests: number;
  readonly denied: number;
  readonly would_deny: number;
}

export interface Difference {
  readonly what: Dimension;
  readonly value: string;
  /** Requests on each side. */
  readonly before: number;
  readonly after: number;
}

/** As `claimgate logs --json` prints it. */
export interface Turn {
  readonly at: string;
  /** Whether somebody asked for this time, with `--at`. */
  readonly given: boolean;
  readonly before: Side;
  readonly after: Side;
  /** The greatest first, of each kind. */
  readonly differences: readonly Difference[];
}

/** Fewer requests on a side are no basis for a comparison. */
const MIN_REQUESTS = 10;
/** A change that is smaller, as a share of all requests, is not worth a word. */
const MIN_SHARE = 0.05;
/** Twice the log-likelihood: a change that chance explains once in a million times, over some 200 places. */
const MIN_EVIDENCE = 35;

const totalOf = ({ allowed, denied }: Span) => allowed + denied;
const refusedOf = ({ denied, would_deny }: Span) => denied + would_deny;

/** @param splitMs the time that was asked for */
export function findTurn(spans: readonly Span[], splitMs: number | undefined): Turn | null {
  if (splitMs !== undefined)
    return compare(
      spans.filter(({ fromMs }) => fromMs < splitMs),
      spans.filter(({ fromMs }) => fromMs >= splitMs),
      splitMs,
      true,
    );
  const index = findSplit(spans);
  const first = index === undefined ? undefined : spans[index];
  return first === undefined ? null : compare(spans.slice(0, index), spans.slice(index), first.fromMs, false);
}

/** Where two shares explain the log better than one, by the likelihood of each. */
function findSplit(spans: readonly Span[]): number | undefined {
  const all = spans.reduce((sum, span) => sum + totalOf(span), 0);
  const refused = spans.reduce((sum, span) => sum + refusedOf(span), 0);
  let [best, found]: [number, number | undefined] = [MIN_EVIDENCE, undefined];
  let [before, refusedBefore] = [0, 0];
  for (const [i, span] of spans.entries()) {
    const [after, refusedAfter] = [all - before, refused - refusedBefore];
    if (Math.min(before, after) >= MIN_REQUESTS) {
      const gain =
        2 * (likelihood(refusedBefore, before) + likelihood(refusedAfter, after) - likelihood(refused, all));
      const isNotable = Math.abs(refusedBefore / before - refusedAfter / after) >= MIN_SHARE;
      if (isNotable && gain > best) [best, found] = [gain, i];
    }
    before += totalOf(span);
    refusedBefore += refusedOf(span);
  }
  return found;
}

/** The logarithm, for the share that fits best. */
function likelihood(some: number, all: number): number {
  const term = (count: number) => (count <= 0 || all <= 0 ? 0 : count * Math.log(count / all));
  return term(some) + term(all - some);
}

function compare(before: readonly Span[], after: readonly Span[], atMs: number, given: boolean): Turn {
  const [one, other] = [sum(before), sum(after)];
  return {
    at: isoOf(atMs),
    given,
    before: sideOf(one),
    after: sideOf(other),
    differences: differencesOf(one, other),
  };
}

function sum(spans: readonly Span[]): Span {
  const total: Span = { fromMs: 0, allowed: 0, denied: 0, would_deny: 0, values: new Map() };
  for (const span of spans) merge(total, span);
  return total;
}

const sideOf = (span: Span): Side => ({
  requests: totalOf(span),
  denied: span.denied,
  would_deny: span.would_deny,
});

/** Sides are of different size: shares are compared. */
function differencesOf(before: Span, after: Span): Difference[] {
  const base = (span: Span, what: Dimension) =>
    DIMENSIONS[what].of === 'refused' ? totalOf(span) : knownOf(span, what);
  return [...new Set([...before.values.keys(), ...after.values.keys()])]
    .flatMap((key) => {
      const [what, value = ''] = key.split('\n') as [Dimension, string];
      // By default, only lines of refused requests have versions: where none is known, none is new.
      const [all, allAfter] = [base(before, what), base(after, what)];
      if (DIMENSIONS[what].of === 'all' && Math.min(all, allAfter) === 0) return [];
      const [one, other] = [before.values.get(key) ?? 0, after.values.get(key) ?? 0];
      const change = Math.abs(one / Math.max(1, all) - other / Math.max(1, allAfter));
      return [{ difference: { what, value, before: one, after: other }, change }];
    })
    .filter(({ change }) => change >= MIN_SHARE / 2)
    .sort((a, b) => b.change - a.change)
    .map(({ difference }) => difference);
}

/** The requests of which it is known at all. */
function knownOf({ values }: Span, what: Dimension): number {
  let known = 0;
  for (const [key, count] of values) if (key.startsWith(`${what}\n`)) known += count;
  return known;
}
