import type { KeysFault, Reason } from '../decision.ts';
import type { Issuer } from '../policy/policy.ts';
import { type Fetch, fetchKeys } from './discovery.ts';
import { importKeySet, type KeySet } from './jwks.ts';
import type { KeyStore, StoredKeys } from './store.ts';

/** What looking up keys may touch. One per request: bindings and `waitUntil` belong to it. */
export interface KeyIo {
  readonly store: KeyStore | undefined;
  /** `undefined` if the issuer's service binding is missing. */
  fetchFor(issuer: Issuer): Fetch | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  waitUntil(promise: Promise<unknown>): void;
  log(event: KeyEvent): void;
}

export type KeyEvent =
  | {
      readonly event: 'keys_refreshed';
      readonly issuer: string;
      readonly keys: number;
      readonly dropped: number;
    }
  | { readonly event: 'keys_refresh_failed'; readonly issuer: string; readonly fault: KeysFault }
  | { readonly event: 'keys_store_failed'; readonly issuer: string; readonly operation: 'read' | 'write' };

/** Where the keys of a request came from. */
export type KeyOrigin = 'memory' | 'kv' | 'network' | 'stale';

export interface KeysAtHand {
  readonly kind: 'keys';
  readonly set: KeySet;
  readonly from: KeyOrigin;
}

/** The times of docs/keys.md. */
export const KEY_TIMES = {
  /** A copy in memory that is older is read again from KV, behind the request that finds out. */
  rereadMs: 30_000,
  /** A copy that is older still is read again before it is used: the isolate was idle. */
  idleMs: 5 * 60_000,
  /** Keys that were checked longer ago are fetched by the isolate itself: there is no cron, or it fails. */
  freshMs: 15 * 60_000,
  /** `Cache-Control` shortens that, but not below a missed run of the cron (5 min). */
  minFreshMs: 6 * 60_000,
  /** Keys are used this long after they were checked, while fetching fails. */
  staleLimitMs: 24 * 3600_000,
  /** At most one fetch per isolate and issuer in this time, failures included. */
  coolDownMs: 30_000,
  /** Where there is no key at all, the cool-down starts here and doubles. */
  firstCoolDownMs: 1_000,
  /** How long a request waits for KV, and then for the network. */
  readWaitMs: 1_500,
  fetchWaitMs: 5_500,
  /** A flight that is older may have been cancelled with its request: another may start. */
  flightMs: 6_000,
} as const;

interface Flight {
  readonly startedAtMs: number;
  readonly done: Promise<void>;
}

/** What an isolate knows of one issuer. */
interface Memory {
  set: KeySet | undefined;
  checkedAtMs: number;
  maxAgeSeconds: number | undefined;
  /** When KV was last read. */
  readAtMs: number;
  /** When the network was last tried. */
  triedAtMs: number;
  /** Fetches that failed in a row. */
  failures: number;
  fault: KeysFault | undefined;
  reading: Flight | undefined;
  fetching: Flight | undefined;
}

export type KeySource = ReturnType<typeof createKeySource>;

/**
 * The keys of issuers: isolate memory, then KV, then the network. A request waits for the network only when neither
 * memory nor KV has keys, or for a key id that is new.
 */
export function createKeySource() {
  const memories = new Map<Issuer, Memory>();

  function memoryOf(issuer: Issuer): Memory {
    let memory = memories.get(issuer);
    if (memory === undefined) {
      memory = {
        set: undefined,
        checkedAtMs: 0,
        maxAgeSeconds: undefined,
        readAtMs: Number.NEGATIVE_INFINITY,
        triedAtMs: Number.NEGATIVE_INFINITY,
        failures: 0,
        fault: undefined,
        reading: undefined,
        fetching: undefined,
      };
      memories.set(issuer, memory);
    }
    return memory;
  }

  /** The keys to use now; a promise only where something must be waited for. */
  function get(issuer: Issuer, io: KeyIo): KeysAtHand | Promise<KeysAtHand | Reason> {
    const memory = memoryOf(issuer);
    const now = io.now();
    const sinceRead = now - memory.readAtMs;
    if (!isUsable(memory, now) || sinceRead > KEY_TIMES.idleMs) return load(issuer, memory, io);
    if (sinceRead > KEY_TIMES.rereadMs) io.waitUntil(refreshBehind(issuer, memory, io));
    return atHand(memory, now);
  }

  async function load(issuer: Issuer, memory: Memory, io: KeyIo): Promise<KeysAtHand | Reason> {
    await wait(read(issuer, memory, io), KEY_TIMES.readWaitMs);
    let from: KeyOrigin = 'kv';
    if (!isUsable(memory, io.now())) {
      if (mayFetch(memory, io.now())) await wait(fetchOnce(issuer, memory, io), KEY_TIMES.fetchWaitMs);
      else if (memory.fetching !== undefined) await wait(memory.fetching.done, KEY_TIMES.fetchWaitMs);
      from = 'network';
    } else if (!isFresh(memory, io.now())) io.waitUntil(refreshBehind(issuer, memory, io));
    const now = io.now();
    if (!isUsable(memory, now)) return unavailable(memory, now);
    const keys = atHand(memory, now);
    return keys.from === 'stale' ? keys : { ...keys, from };
  }

  async function refreshBehind(issuer: Issuer, memory: Memory, io: KeyIo): Promise<void> {
    await read(issuer, memory, io);
    if (!isFresh(memory, io.now()) && mayFetch(memory, io.now())) await fetchOnce(issuer, memory, io);
  }

  /**
   * Looks further for a key that the keys at hand lack: KV first, then the network, unless the keys were checked or
   * tried within the cool-down.
   *
   * @param holds whether a set has what is wanted
   * @returns a reason where that can't be told: the keys are old and fetching fails
   */
  async function seek(
    issuer: Issuer,
    holds: (set: KeySet) => boolean,
    io: KeyIo,
  ): Promise<KeysAtHand | Reason> {
    const memory = memoryOf(issuer);
    const found = () => memory.set !== undefined && holds(memory.set);
    let from: KeyOrigin = 'memory';
    if (io.now() - memory.readAtMs > KEY_TIMES.rereadMs) {
      await wait(read(issuer, memory, io), KEY_TIMES.readWaitMs);
      from = 'kv';
    }
    if (!found() && io.now() - memory.checkedAtMs >= KEY_TIMES.coolDownMs) {
      if (mayFetch(memory, io.now())) await wait(fetchOnce(issuer, memory, io), KEY_TIMES.fetchWaitMs);
      else if (memory.fetching !== undefined) await wait(memory.fetching.done, KEY_TIMES.fetchWaitMs);
      from = 'network';
    }
    const now = io.now();
    const blind = !found() && memory.failures > 0 && !isFresh(memory, now);
    if (!isUsable(memory, now) || blind) return unavailable(memory, now);
    return { ...atHand(memory, now), from };
  }

  /** Reads KV into memory; concurrent requests share one read. A broken store counts as an empty one. */
  function read(issuer: Issuer, memory: Memory, io: KeyIo): Promise<void> {
    const flight = inFlight(memory.reading, io.now());
    if (flight !== undefined) return flight;
    const { store } = io;
    if (store === undefined) {
      memory.readAtMs = io.now();
      return Promise.resolve();
    }
    memory.readAtMs = io.now();
    const work = async () => {
      try {
        const entry = await store.read(issuer);
        if (entry !== undefined) await adopt(memory, entry);
      } catch {
        io.log({ event: 'keys_store_failed', issuer: issuer.name, operation: 'read' });
      }
    };
    return takeOff(memory, 'reading', work, io);
  }

  /** Fetches into memory and KV; concurrent requests share one fetch. */
  function fetchOnce(issuer: Issuer, memory: Memory, io: KeyIo): Promise<void> {
    const flight = inFlight(memory.fetching, io.now());
    if (flight !== undefined) return flight;
    memory.triedAtMs = io.now();
    const work = async () => {
      const entry = await fetchEntry(issuer, io);
      if (typeof entry === 'string') {
        memory.failures++;
        memory.fault = entry;
      } else {
        memory.failures = 0;
        memory.fault = undefined;
        await adopt(memory, entry);
        // Behind the request: a store that hangs must not hold back keys that are here.
        io.waitUntil(storeEntry(issuer, entry, io));
      }
    };
    return takeOff(memory, 'fetching', work, io);
  }

  return { get, seek };
}

/** Fetches an issuer's keys and writes them to KV: what the cron does for every issuer. Never throws. */
export async function refresh(issuer: Issuer, io: KeyIo): Promise<StoredKeys | KeysFault> {
  const entry = await fetchEntry(issuer, io);
  if (typeof entry !== 'string') await storeEntry(issuer, entry, io);
  return entry;
}

async function fetchEntry(issuer: Issuer, io: KeyIo): Promise<StoredKeys | KeysFault> {
  const fetch = io.fetchFor(issuer);
  const answer = fetch === undefined ? undefined : await fetchKeys(issuer, fetch);
  // Web Crypto has the last word on whether a key is one.
  const usable = answer?.kind === 'fetched' && (await importKeySet(answer.keys)) !== undefined;
  if (answer === undefined || answer.kind === 'fault' || !usable) {
    const fault =
      answer === undefined ? 'binding_missing' : answer.kind === 'fault' ? answer.fault : 'no_usable_key';
    io.log({ event: 'keys_refresh_failed', issuer: issuer.name, fault });
    return fault;
  }
  const { keys, dropped, maxAgeSeconds } = answer;
  const entry: StoredKeys = { checkedAtMs: io.now(), keys, maxAgeSeconds };
  io.log({ event: 'keys_refreshed', issuer: issuer.name, keys: keys.length, dropped: dropped.length });
  return entry;
}

async function storeEntry(issuer: Issuer, entry: StoredKeys, io: KeyIo): Promise<void> {
  try {
    await io.store?.write(issuer, entry);
  } catch {
    io.log({ event: 'keys_store_failed', issuer: issuer.name, operation: 'write' });
  }
}

/** The later entry wins, whatever order they arrive in. */
async function adopt(memory: Memory, entry: StoredKeys): Promise<void> {
  if (memory.set !== undefined && entry.checkedAtMs <= memory.checkedAtMs) return;
  const set = await importKeySet(entry.keys);
  if (set === undefined || (memory.set !== undefined && entry.checkedAtMs <= memory.checkedAtMs)) return;
  memory.set = set;
  memory.checkedAtMs = entry.checkedAtMs;
  memory.maxAgeSeconds = entry.maxAgeSeconds;
}

function atHand(memory: Memory, now: number): KeysAtHand {
  const from = isFresh(memory, now) || memory.failures === 0 ? 'memory' : 'stale';
  return { kind: 'keys', set: memory.set as KeySet, from };
}

function isUsable(memory: Memory, now: number): boolean {
  return memory.set !== undefined && now - memory.checkedAtMs <= KEY_TIMES.staleLimitMs;
}

function isFresh({ checkedAtMs, maxAgeSeconds }: Memory, now: number): boolean {
  const { freshMs, minFreshMs } = KEY_TIMES;
  const limit =
    maxAgeSeconds === undefined ? freshMs : Math.min(freshMs, Math.max(minFreshMs, maxAgeSeconds * 1000));
  return now - checkedAtMs <= limit;
}

function coolDown(memory: Memory): number {
  if (memory.set !== undefined || memory.failures === 0) return KEY_TIMES.coolDownMs;
  return Math.min(KEY_TIMES.coolDownMs, KEY_TIMES.firstCoolDownMs * 2 ** (memory.failures - 1));
}

function mayFetch(memory: Memory, now: number): boolean {
  return now - memory.triedAtMs >= coolDown(memory);
}

/** Starts work that other requests may wait for; `waitUntil` keeps it going when this request is answered. */
function takeOff(
  memory: Memory,
  slot: 'reading' | 'fetching',
  work: () => Promise<void>,
  io: KeyIo,
): Promise<void> {
  const flight: Flight = { startedAtMs: io.now(), done: work() };
  memory[slot] = flight;
  const landed = flight.done.finally(() => {
    if (memory[slot] === flight) memory[slot] = undefined;
  });
  io.waitUntil(landed);
  return landed;
}

function inFlight(flight: Flight | undefined, now: number): Promise<void> | undefined {
  return flight !== undefined && now - flight.startedAtMs < KEY_TIMES.flightMs ? flight.done : undefined;
}

function unavailable(memory: Memory, now: number): Reason {
  const cause = memory.fault ?? (memory.set === undefined ? 'timeout' : 'stale_limit');
  const waitMs = memory.triedAtMs + coolDown(memory) - now;
  return { code: 'keys_unavailable', cause, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) };
}

/** Waits for work that another request may have started, and that the platform may cancel with it. */
async function wait(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  if (timer !== undefined) clearTimeout(timer);
}
