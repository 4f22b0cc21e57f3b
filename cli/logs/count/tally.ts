/** Summarises a log in counts, of which none grows with the traffic. */
import type { Entry, GatewayEvent, LoggedRequest } from '../read/entries.ts';
import { shown } from './shown.ts';

export interface RouteCount {
  readonly route: string;
  allowed: number;
  denied: number;
  would_deny: number;
  /** Times of the requests that were let through. */
  origin_ms_mean: number | null;
  origin_ms_max: number | null;
}

interface Denial {
  readonly route: string;
  readonly reason: string;
  readonly detail: string | null;
  readonly client: string;
}

/** A denial that a rule on trial would have made. */
interface TriedDenial extends Denial {
  /** Other routes whose rules were asked as well: the rule may be theirs. */
  readonly near_miss: readonly string[];
}

export type Counted<T> = T & { requests: number };

export interface NearMiss {
  readonly route: string;
  readonly near_miss: readonly string[];
}

export interface EventCount {
  readonly event: string;
  readonly issuer: string | null;
  readonly detail: string | null;
  times: number;
  /** `null` where the log does not say. */
  last: string | null;
}

/** As `claimgate logs --json` prints it: names are stable. Lists begin with the most frequent. */
export interface Summary {
  readonly from: string | null;
  readonly to: string | null;
  readonly requests: number;
  readonly allowed: number;
  readonly denied: number;
  readonly routes: readonly RouteCount[];
  readonly denials: readonly Counted<Denial>[];
  readonly would_deny: readonly Counted<TriedDenial>[];
  readonly near_misses: readonly Counted<NearMiss>[];
  readonly events: readonly EventCount[];
  /** Invocations that the runtime ended. */
  readonly outcomes: readonly { readonly outcome: string; readonly times: number }[];
  /** The longest wait for keys. */
  readonly key_wait_ms_max: number | null;
  /** Lines that are none of the gateway's. */
  readonly other_lines: number;
  /** Whether `wrangler tail` left requests out, because there were too many. */
  readonly sampled: boolean;
}

/** The number of things that each list tells apart: anybody can make up names, and memory is finite. */
const MAX_DISTINCT = 2_000;
const REST = '(others)';

export interface Tally {
  add(entry: Entry): void;
  addOther(lines: number): void;
  read(): Summary;
}

/** @param sinceMs what is older is not counted */
export function createTally(sinceMs = Number.NEGATIVE_INFINITY): Tally {
  const routes = routeCounter();
  const denials = counter<Denial>();
  const wouldDeny = counter<TriedDenial>();
  const nearMisses = counter<NearMiss>();
  const events = eventCounter();
  const outcomes = counter<{ outcome: string }>();
  let fromMs = Number.POSITIVE_INFINITY;
  let toMs = Number.NEGATIVE_INFINITY;
  let keyWaitMax: number | null = null;
  let other = 0;
  let sampled = false;

  function addRequest(request: LoggedRequest, atMs: number): void {
    fromMs = Math.min(fromMs, atMs);
    toMs = Math.max(toMs, atMs);
    const count = routes.find(request.route === undefined ? '(no route)' : shown(request.route));
    const { route } = count;
    const client = shown(request.caller);
    const nearMiss = request.nearMisses.map(shown);
    if (request.allowed) count.allowed++;
    else {
      count.denied++;
      const detail = shownOrNull(request.detail);
      denials.add({ route, reason: shown(request.reason ?? '?'), detail, client });
    }
    if (request.wouldDeny !== undefined) {
      count.would_deny++;
      const detail = shownOrNull(request.wouldDenyDetail);
      wouldDeny.add({ route, reason: shown(request.wouldDeny), detail, client, near_miss: nearMiss });
    }
    if (nearMiss.length > 0) nearMisses.add({ route, near_miss: nearMiss });
    if (request.originMs !== undefined && request.allowed) addTime(count, request.originMs);
    if (request.keyWaitMs !== undefined) keyWaitMax = Math.max(keyWaitMax ?? 0, request.keyWaitMs);
  }

  return {
    add(entry) {
      if (entry.kind === 'other') other++;
      else if (entry.kind === 'sampled') sampled = true;
      else if (entry.atMs !== undefined && entry.atMs < sinceMs) return;
      else if (entry.kind === 'request') addRequest(entry.request, entry.atMs);
      else if (entry.kind === 'event') events.add(entry.event, entry.atMs);
      else outcomes.add({ outcome: shown(entry.outcome) });
    },
    addOther(lines) {
      other += lines;
    },
    read() {
      const counts = routes.read();
      const sum = (field: 'allowed' | 'denied') => counts.reduce((total, count) => total + count[field], 0);
      const isoOrNull = (atMs: number) => (counts.length === 0 ? null : new Date(atMs).toISOString());
      return {
        from: isoOrNull(fromMs),
        to: isoOrNull(toMs),
        requests: sum('allowed') + sum('denied'),
        allowed: sum('allowed'),
        denied: sum('denied'),
        routes: counts,
        denials: denials.read(),
        would_deny: wouldDeny.read(),
        near_misses: nearMisses.read(),
        events: events.read(),
        outcomes: outcomes.read().map(({ outcome, requests }) => ({ outcome, times: requests })),
        key_wait_ms_max: keyWaitMax,
        other_lines: other,
        sampled,
      };
    },
  };
}

type TimedCount = RouteCount & { originSum: number; originCount: number };

function addTime(count: TimedCount, originMs: number): void {
  count.originSum += originMs;
  count.originCount++;
  count.origin_ms_max = Math.max(count.origin_ms_max ?? 0, originMs);
  count.origin_ms_mean = Math.round(count.originSum / count.originCount);
}

/** Past the limit, new routes are counted as one. */
function routeCounter() {
  const routes = new Map<string, TimedCount>();
  const total = ({ allowed, denied }: RouteCount) => allowed + denied;
  return {
    find(name: string): TimedCount {
      const route = routes.has(name) || routes.size < MAX_DISTINCT ? name : REST;
      const none = { allowed: 0, denied: 0, would_deny: 0, origin_ms_mean: null, origin_ms_max: null };
      const count = routes.get(route) ?? { route, ...none, originSum: 0, originCount: 0 };
      routes.set(route, count);
      return count;
    },
    read: (): RouteCount[] =>
      [...routes.values()]
        .map(({ originSum: _, originCount: __, ...count }) => count)
        .sort((a, b) => total(b) - total(a)),
  };
}

/** Past the limit, new events are not counted. */
function eventCounter() {
  const events = new Map<string, EventCount>();
  return {
    add(seen: GatewayEvent, atMs?: number): void {
      const event = {
        event: shown(seen.event),
        issuer: shownOrNull(seen.issuer),
        detail: shownOrNull(seen.detail),
      };
      const key = JSON.stringify(event);
      const count = events.get(key) ?? { ...event, times: 0, last: null };
      if (!events.has(key) && events.size >= MAX_DISTINCT) return;
      events.set(key, count);
      count.times++;
      const at = atMs === undefined ? null : new Date(atMs).toISOString();
      if (at !== null && (count.last === null || at > count.last)) count.last = at;
    },
    read: (): EventCount[] => [...events.values()].sort((a, b) => b.times - a.times),
  };
}

const shownOrNull = (text: string | undefined) => (text === undefined ? null : shown(text));

/** Counts what is the same. Past the limit, only known things are told apart, by all but their details. */
function counter<T extends object>() {
  const counts = new Map<string, Counted<T>>();
  return {
    add(item: T) {
      const one = counts.has(JSON.stringify(item)) || counts.size < MAX_DISTINCT ? item : generalise(item);
      const key = JSON.stringify(one);
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { ...one, requests: 1 });
      else known.requests++;
    },
    read: (): Counted<T>[] => [...counts.values()].sort((a, b) => b.requests - a.requests),
  };
}

/** Without what a caller can make up. */
function generalise<T extends object>(item: T): T {
  return { ...item, ...('detail' in item && { detail: REST }), ...('client' in item && { client: REST }) };
}
