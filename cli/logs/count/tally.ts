/** Summarises a log in counts, of which none grows with the traffic. */
import { type FormatName, FULL_ANSWER, type GoodEntry, MAX_ANSWER } from '../read/formats.ts';
import type { GatewayEvent, LoggedRequest } from '../read/line.ts';
import { createCopies } from './copies.ts';
import { createCounter, isoOf, MAX_DISTINCT, REST } from './counters.ts';
import { DIMENSION_NAMES, eachDimension } from './dimensions.ts';
import { type Filter, isWanted } from './filter.ts';
import { addTime, routeCounter } from './routes.ts';
import { createSeries } from './series.ts';
import { shown } from './shown.ts';
import type { Denial, EventCount, NearMiss, ReasonCount, Summary, TriedDenial } from './summary.ts';
import { findTurn } from './turn.ts';

export interface Tally {
  add(entry: GoodEntry): void;
  addFormat(name: FormatName): void;
  addOther(lines: number): void;
  addBroken(line: number, problem: string): void;
  read(): Summary;
}

/**
 * @param splitMs a time of which somebody asks what changed then
 * @param also gets each request that is counted
 */
export function createTally(
  filter: Filter = {},
  splitMs?: number,
  also?: (request: LoggedRequest) => void,
): Tally {
  const requests = createRequestCounts(splitMs);
  const events = createEventCounter();
  const outcomes = createCounter<{ outcome: string }>();
  const sampledWhy = new Set<string>();
  const seen = createRange();
  const source = createSourceCounts();
  const copies = createCopies();
  let [pathless, copied] = [0, 0];

  return {
    ...source,
    add(entry) {
      if (entry.kind === 'request') {
        const { id } = entry.request;
        if (id !== undefined && copies.isCopy(id)) return void copied++;
        seen.add(entry.atMs);
        if (entry.request.path === undefined) pathless++;
      }
      if (!isWanted(filter, entry)) return;
      if (entry.kind === 'sampled') sampledWhy.add(entry.why);
      else if (entry.kind === 'request') {
        requests.add(entry.request, entry.atMs);
        also?.(entry.request);
      } else if (entry.kind === 'event') events.add(entry.event, entry.atMs);
      else outcomes.add({ outcome: shown(entry.outcome) }, entry.atMs ?? Number.NaN);
    },
    read() {
      const read = source.read();
      // The events of one answer, without what was around them.
      if (read.formats.workers_logs === MAX_ANSWER) sampledWhy.add(FULL_ANSWER);
      return {
        ...requests.read(),
        copies: copied,
        events: events.read(),
        outcomes: outcomes.read().map(({ outcome, requests: times }) => ({ outcome, times })),
        sampled: sampledWhy.size > 0,
        sampled_why: [...sampledWhy],
        order: seen.order(),
        seen: { ...seen.read(), pathless },
        ...read,
      };
    },
  };
}

function createRequestCounts(splitMs: number | undefined) {
  const routes = routeCounter();
  const denials = createCounter<Denial>();
  const wouldDeny = createCounter<TriedDenial>();
  const nearMisses = createCounter<NearMiss>();
  const reasons = createCounter<ReasonCount>();
  const values = Object.fromEntries(
    DIMENSION_NAMES.map((name) => [name, createCounter<{ value: string }>()]),
  );
  const series = createSeries(undefined);
  const sides = splitMs === undefined ? undefined : createSeries(splitMs);
  const range = createRange();
  let keyWaitMax: number | null = null;

  return {
    add(request: LoggedRequest, atMs: number): void {
      range.add(atMs);
      series.add(request, atMs);
      sides?.add(request, atMs);
      const count = routes.find(request.route === undefined ? '(no route)' : shown(request.route));
      const { route } = count;
      const client = shown(request.caller);
      const nearMiss = request.nearMisses.map(shown);
      if (request.allowed) {
        count.allowed++;
        count.spread.add(atMs);
      } else {
        count.denied++;
        const reason = shown(request.reason ?? '?');
        denials.add({ route, reason, detail: shownOrNull(request.detail), client }, atMs);
        reasons.add({ reason, trial: false }, atMs);
      }
      if (request.wouldDeny !== undefined) {
        count.would_deny++;
        const reason = shown(request.wouldDeny);
        const detail = shownOrNull(request.wouldDenyDetail);
        wouldDeny.add({ route, reason, detail, client, near_miss: nearMiss }, atMs);
        reasons.add({ reason, trial: true }, atMs);
      }
      eachDimension(request, (name, value) => values[name]?.add({ value: shown(value) }, atMs));
      if (nearMiss.length > 0) nearMisses.add({ route, near_miss: nearMiss }, atMs);
      if (request.originMs !== undefined && request.allowed) addTime(count, request.originMs);
      if (request.keyWaitMs !== undefined) keyWaitMax = Math.max(keyWaitMax ?? 0, request.keyWaitMs);
    },
    read() {
      const counts = routes.read();
      const sum = (field: 'allowed' | 'denied') => counts.reduce((total, count) => total + count[field], 0);
      const spans = series.spans();
      return {
        ...range.read(),
        allowed: sum('allowed'),
        denied: sum('denied'),
        timeline: {
          bucket_s: series.stepMs() / 1_000,
          buckets: spans.map(({ fromMs, values: _, ...span }) => ({ from: isoOf(fromMs), ...span })),
        },
        change: findTurn(sides?.spans() ?? spans, splitMs),
        reasons: reasons.read(),
        routes: counts,
        denials: denials.read(),
        would_deny: wouldDeny.read(),
        refused: Object.fromEntries(
          DIMENSION_NAMES.map((name) => [name, values[name]?.read() ?? []]),
        ) as unknown as Summary['refused'],
        near_misses: nearMisses.read(),
        key_wait_ms_max: keyWaitMax,
      };
    },
  };
}

/** What was read, and what could not be. */
function createSourceCounts() {
  const MAX_PLACES = 5;
  const formats: Partial<Record<FormatName, number>> = {};
  const places: { line: number; problem: string }[] = [];
  let [other, broken] = [0, 0];
  return {
    addFormat(name: FormatName): void {
      formats[name] = (formats[name] ?? 0) + 1;
    },
    addOther(lines: number): void {
      other += lines;
    },
    addBroken(line: number, problem: string): void {
      broken++;
      if (places.length < MAX_PLACES) places.push({ line, problem });
    },
    read: () => ({
      formats: { ...formats },
      other_lines: other,
      broken: { parts: broken, first: [...places] },
    }),
  };
}

function createRange() {
  let [requests, fromMs, toMs, backwards, backMax] = [0, Infinity, -Infinity, 0, 0];
  return {
    add(atMs: number): void {
      requests++;
      if (atMs < toMs) {
        backwards++;
        backMax = Math.max(backMax, toMs - atMs);
      }
      fromMs = Math.min(fromMs, atMs);
      toMs = Math.max(toMs, atMs);
    },
    read: () => ({
      requests,
      from: requests === 0 ? null : isoOf(fromMs),
      to: requests === 0 ? null : isoOf(toMs),
    }),
    order: () => ({ backwards, back_s_max: Math.round(backMax / 1_000) }),
  };
}

/** Past the limit, new events are counted as one. */
function createEventCounter() {
  const events = new Map<string, EventCount>();
  return {
    add(seen: GatewayEvent, atMs?: number): void {
      const isFull = events.size >= MAX_DISTINCT;
      const event = {
        event: shown(seen.event),
        issuer: shownOrNull(seen.issuer),
        detail: shownOrNull(seen.detail),
      };
      const full = JSON.stringify(event);
      const one = isFull && !events.has(full) ? { event: REST, issuer: null, detail: null } : event;
      const key = one === event ? full : REST;
      const count = events.get(key) ?? { ...one, times: 0, first: null, last: null };
      events.set(key, count);
      count.times++;
      if (atMs === undefined) return;
      const at = isoOf(atMs);
      if (count.first === null || at < count.first) count.first = at;
      if (count.last === null || at > count.last) count.last = at;
    },
    read: (): EventCount[] => [...events.values()].sort((a, b) => b.times - a.times),
  };
}

const shownOrNull = (text: string | undefined) => (text === undefined ? null : shown(text));
