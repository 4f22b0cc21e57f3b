import type { ReasonOf, StatusFault } from '../../decision.ts';
import { type Flight, takeOff, wait } from '../../keys/flight.ts';
import type { Issuer } from '../../policy/policy.ts';
import { type FetchedList, fetchStatusList, type StatusContext } from './fetch.ts';
import type { StatusList } from './list.ts';

/** The times of docs/status-list.md. */
export const STATUS_TIMES = {
  /** How long a list is fresh whose `ttl` does not say it, and the bounds of what `ttl` may say. */
  freshMs: 5 * 60_000,
  minFreshMs: 30_000,
  maxFreshMs: 15 * 60_000,
  /** A list that was fresh until then is fetched again behind the request; an older one before it is used. */
  behindMs: 30_000,
  /** A list is used this long after it was fetched, while fetching fails; its `exp` may end that sooner. */
  staleLimitMs: 3600_000,
  /** After a failure, the next fetch is not sooner than this; the time doubles with each one, up to the second number. */
  firstCoolDownMs: 1_000,
  coolDownMs: 30_000,
  /** Fetching failed so recently that no request waits for it, as long as there is a list to use. */
  downMs: 60_000,
  /** Clocks of machines go back so much when they are set. */
  clockSlackMs: 1_000,
  /** How long a request waits. */
  waitMs: 5_500,
  /** A flight that is older may have been cancelled with its request: another may start. */
  flightMs: 6_000,
} as const;

/** Bounds for each issuer: beyond, the list that was used least recently is forgotten. */
export const MAX_LISTS = 100;
const MAX_HELD_BYTES = 8 * 1024 * 1024;

/** A list as it is kept. Times are in milliseconds since 1970. */
interface Held {
  readonly list: StatusList;
  readonly iat: number;
  readonly fetchedAtMs: number;
  readonly freshUntilMs: number;
  readonly usableUntilMs: number;
}

interface Memory {
  held: Held | undefined;
  triedAtMs: number;
  /** Fetches that failed in a row. */
  failures: number;
  lastFault: StatusFault | undefined;
  fetching: Flight | undefined;
}

export type StatusSource = ReturnType<typeof createStatusSource>;

/** Status lists by issuer and URI, in the isolate's memory. Concurrent requests share one fetch. */
export function createStatusSource() {
  const memories = new Map<Issuer, Map<string, Memory>>();

  /** The list to use now; a promise only where it must be waited for. */
  function get(
    issuer: Issuer,
    uri: string,
    context: StatusContext,
  ): StatusList | ReasonOf<'status_unavailable'> | Promise<StatusList | ReasonOf<'status_unavailable'>> {
    let lists = memories.get(issuer);
    if (lists === undefined) {
      lists = new Map();
      memories.set(issuer, lists);
    }
    const known = lists.get(uri);
    const memory = known ?? createMemory();
    // A Map iterates in the order of insertion: its first entry is the least recently used one.
    lists.delete(uri);
    lists.set(uri, memory);
    if (known === undefined) forgetOldest(lists);
    const { io } = context;
    const now = io.now();
    const { held, failures, triedAtMs } = memory;
    // Where a clock was set back, nobody knows how old the list is.
    if (
      held !== undefined &&
      now < held.usableUntilMs &&
      now >= held.fetchedAtMs - STATUS_TIMES.clockSlackMs
    ) {
      if (now < held.freshUntilMs) return held.list;
      const isDown = failures > 0 && now - triedAtMs < STATUS_TIMES.downMs;
      if (isDown || now < held.freshUntilMs + STATUS_TIMES.behindMs) {
        if (inFlight(memory, now) === undefined && mayFetch(memory, now))
          fetchOnce(issuer, uri, memory, lists, context);
        return held.list;
      }
    }
    return load(issuer, uri, memory, lists, context);
  }

  return { get };
}

const createMemory = (): Memory => ({
  held: undefined,
  triedAtMs: Number.NEGATIVE_INFINITY,
  failures: 0,
  lastFault: undefined,
  fetching: undefined,
});

async function load(
  issuer: Issuer,
  uri: string,
  memory: Memory,
  lists: Map<string, Memory>,
  context: StatusContext,
): Promise<StatusList | ReasonOf<'status_unavailable'>> {
  const { io } = context;
  const flight = inFlight(memory, io.now());
  if (flight !== undefined) await wait(flight, STATUS_TIMES.waitMs);
  else if (mayFetch(memory, io.now()))
    await wait(fetchOnce(issuer, uri, memory, lists, context), STATUS_TIMES.waitMs);
  const { held } = memory;
  return held !== undefined && io.now() < held.usableUntilMs ? held.list : unavailable(memory, io.now());
}

/** Fetches into memory; `waitUntil` keeps it going when this request is answered. */
function fetchOnce(
  issuer: Issuer,
  uri: string,
  memory: Memory,
  lists: Map<string, Memory>,
  context: StatusContext,
): Promise<void> {
  const { io } = context;
  memory.triedAtMs = io.now();
  const work = async () => {
    const fetched = await fetchStatusList(issuer, uri, context);
    const told = { issuer: issuer.name, url: uri.replace(/\?.*/s, '') };
    // A server behind the others would bring back tokens that were revoked.
    const isOlder = fetched.kind === 'fetched' && fetched.iat < (memory.held?.iat ?? 0);
    if (fetched.kind === 'fault' || isOlder) {
      memory.failures++;
      memory.lastFault = fetched.kind === 'fault' ? fetched.fault : 'older';
      const status = fetched.kind === 'fault' ? fetched.status : undefined;
      io.log({ event: 'status_list_failed', ...told, fault: memory.lastFault, http_status: status });
      return;
    }
    memory.held = hold(fetched, io.now());
    forgetOldest(lists);
    if (memory.failures > 0) io.log({ event: 'status_list_recovered', ...told });
    memory.failures = 0;
  };
  return takeOff(memory, 'fetching', work, io);
}

function hold({ list, iat, exp, ttlSeconds }: FetchedList, now: number): Held {
  const { freshMs, minFreshMs, maxFreshMs, staleLimitMs } = STATUS_TIMES;
  const wantedMs = ttlSeconds === undefined ? freshMs : ttlSeconds * 1000;
  const usableUntilMs = Math.min(now + staleLimitMs, (exp ?? Number.POSITIVE_INFINITY) * 1000);
  const freshUntilMs = Math.min(usableUntilMs, now + Math.min(maxFreshMs, Math.max(minFreshMs, wantedMs)));
  return { list, iat, fetchedAtMs: now, freshUntilMs, usableUntilMs };
}

/** The latest one always stays. */
function forgetOldest(lists: Map<string, Memory>): void {
  let bytes = 0;
  for (const { held } of lists.values()) bytes += held?.list.bytes.length ?? 0;
  for (const [uri, { held }] of lists) {
    if (lists.size === 1 || (lists.size <= MAX_LISTS && bytes <= MAX_HELD_BYTES)) return;
    lists.delete(uri);
    bytes -= held?.list.bytes.length ?? 0;
  }
}

function inFlight({ fetching }: Memory, now: number): Promise<void> | undefined {
  return fetching !== undefined && now - fetching.startedAtMs < STATUS_TIMES.flightMs
    ? fetching.done
    : undefined;
}

function coolDownMs({ failures }: Memory): number {
  const { firstCoolDownMs, coolDownMs: longest } = STATUS_TIMES;
  return Math.min(longest, firstCoolDownMs * 2 ** Math.max(0, failures - 1));
}

const mayFetch = (memory: Memory, now: number): boolean =>
  Math.abs(now - memory.triedAtMs) >= coolDownMs(memory);

/** Why there is no list to use, and when the next attempt may be made. */
function unavailable(memory: Memory, now: number): ReasonOf<'status_unavailable'> {
  const { failures, lastFault, triedAtMs } = memory;
  const cause = failures > 0 && lastFault !== undefined ? lastFault : 'timeout';
  const waitMs = triedAtMs + coolDownMs(memory) - now;
  return { code: 'status_unavailable', cause, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) };
}
