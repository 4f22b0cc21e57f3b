/** The log along time: counts in spans that grow with the log, so that their number has a limit. */
import type { LoggedRequest } from '../read/line.ts';
import { REST } from './counters.ts';
import { type Dimension, eachDimension } from './dimensions.ts';
import { shown } from './shown.ts';

/** A span of time with requests in it. */
export interface Span {
  readonly fromMs: number;
  allowed: number;
  denied: number;
  would_deny: number;
  /** By dimension and value, joined by a line end. */
  readonly values: Map<string, number>;
}

export interface Series {
  add(request: LoggedRequest, atMs: number): void;
  /** In order of time; spans without requests are left out. */
  spans(): Span[];
  stepMs(): number;
}

/** Each divides the next, and people can read them. */
const STEPS_MS = [
  1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 604_800, 2_419_200,
].map((seconds) => seconds * 1_000);
/** A day in spans of five minutes. */
const MAX_SPANS = 300;
/** Values of each dimension that are told apart: what strangers make up must not fill the memory. */
const MAX_VALUES = 150;

/** @param splitMs where it is given, there are two spans: before it, and from it on */
export function createSeries(splitMs: number | undefined): Series {
  let spans = new Map<number, Span>();
  let step = 0;
  const known = new Map<Dimension, Map<string, string>>();

  const fromOf = (atMs: number): number => {
    if (splitMs !== undefined) return atMs < splitMs ? splitMs - 1 : splitMs;
    const size = STEPS_MS[step] ?? 1;
    return Math.floor(atMs / size) * size;
  };

  function find(fromMs: number): Span {
    let span = spans.get(fromMs);
    if (span === undefined) {
      span = { fromMs, allowed: 0, denied: 0, would_deny: 0, values: new Map() };
      spans.set(fromMs, span);
    }
    return span;
  }

  function coarsen(): void {
    while (spans.size > MAX_SPANS && step < STEPS_MS.length - 1) {
      step++;
      const fine = [...spans.values()];
      spans = new Map();
      for (const one of fine) merge(find(fromOf(one.fromMs)), one);
    }
  }

  /** The key under which a value is counted, as it may be shown. */
  function keyOf(name: Dimension, value: string): string {
    const keys = known.get(name) ?? new Map<string, string>();
    known.set(name, keys);
    const key = keys.get(value);
    if (key !== undefined) return key;
    if (keys.size >= MAX_VALUES) return `${name}\n${REST}`;
    const made = `${name}\n${shown(value)}`;
    keys.set(value, made);
    return made;
  }

  return {
    add(request, atMs) {
      const span = find(fromOf(atMs));
      if (request.allowed) span.allowed++;
      else span.denied++;
      if (request.wouldDeny !== undefined) span.would_deny++;
      eachDimension(request, (name, value) => {
        const key = keyOf(name, value);
        span.values.set(key, (span.values.get(key) ?? 0) + 1);
      });
      if (spans.size > MAX_SPANS) coarsen();
    },
    spans: () => [...spans.values()].sort((a, b) => a.fromMs - b.fromMs),
    stepMs: () => STEPS_MS[step] ?? 1,
  };
}

export function merge(into: Span, from: Span): void {
  into.allowed += from.allowed;
  into.denied += from.denied;
  into.would_deny += from.would_deny;
  for (const [key, count] of from.values) into.values.set(key, (into.values.get(key) ?? 0) + count);
}
