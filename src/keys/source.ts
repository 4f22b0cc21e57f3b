import type { ReasonOf } from '../decision.ts';
import type { Issuer } from '../policy/policy.ts';
import type { FetchFault } from './discovery.ts';
import { tellChanges, tellCondition, tellSuppressed } from './events.ts';
import { takeOff, wait } from './flight.ts';
import type { KeyIo } from './io.ts';
import type { KeySet } from './jwks.ts';
import {
  adopt,
  type Condition,
  createMemory,
  freshnessOf,
  isFresh,
  isUsable,
  KEY_TIMES,
  type Memory,
  mayFetch,
  mayFindKey,
  unavailable,
} from './memory.ts';
import { fetchEntry, storeEntry, storeFailure, tryStore } from './refresh.ts';
import type { KeysFailure } from './store.ts';

/** The reason for which an issuer's keys can't be had. */
export type KeysReason = ReasonOf<'keys_unavailable'>;

/** The place that a request's keys came from. */
export type KeyOrigin = 'memory' | 'kv' | 'network' | 'stale';

export interface KeysAtHand {
  readonly kind: 'keys';
  readonly set: KeySet;
  readonly from: KeyOrigin;
}

/** The state of an issuer's keys in this isolate. No key, and nothing secret. */
export interface KeyState {
  /** By the age of the keys alone. `none`: nobody has needed them yet. */
  readonly freshness: Condition | 'none';
  readonly keys: number;
  /** When the issuer was last seen to publish keys, by whoever wrote KV. Milliseconds since 1970. */
  readonly checkedAtMs: number | undefined;
  /** The last fetch that failed: of this isolate, or of any, the cron's included, that KV knows of. */
  readonly lastFailure: KeysFailure | undefined;
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
      memory = createMemory();
      memories.set(issuer, memory);
    }
    return memory;
  }

  /** The keys to use now; a promise only where something must be waited for. */
  function get(issuer: Issuer, io: KeyIo): KeysAtHand | KeysReason | Promise<KeysAtHand | KeysReason> {
    const memory = memoryOf(issuer);
    const now = io.now();
    const sinceRead = now - memory.readAtMs;
    if (!isUsable(memory, now) || sinceRead > KEY_TIMES.idleMs) return load(issuer, memory, io);
    if (sinceRead > KEY_TIMES.rereadMs && inFlight(memory, 'reading', io) === undefined)
      io.waitUntil(refreshBehind(issuer, memory, io));
    return atHand(issuer, memory, io);
  }

  /**
   * Looks further for a key that the keys at hand lack: KV first, then the network, unless the keys were just checked,
   * or a fetch just found no such key.
   *
   * @param holds whether a set has what is wanted
   * @returns a reason where that can't be told: the keys are old and fetching fails
   */
  async function findKey(
    issuer: Issuer,
    holds: (set: KeySet) => boolean,
    io: KeyIo,
  ): Promise<KeysAtHand | KeysReason> {
    const memory = memoryOf(issuer);
    const isFound = () => memory.held !== undefined && holds(memory.held.set);
    let from: KeyOrigin = 'memory';
    if (io.now() - memory.readAtMs > KEY_TIMES.rereadMs) {
      await reread(issuer, memory, io);
      from = 'kv';
    }
    if (!isFound()) {
      if (mayFindKey(memory, io.now())) {
        await waitForFetch(issuer, memory, io);
        if (!isFound()) memory.unknownKidAtMs = memory.triedAtMs;
        from = 'network';
      } else tellSuppressed(issuer.name, memory, io.now(), io.log);
    }
    const now = io.now();
    if (!isFound() && memory.failures > 0 && !isFresh(memory, now)) return unavailable(memory, now);
    return atHand(issuer, memory, io, from);
  }

  /** For people who look after the gateway. Reads KV where the copy in memory is old, and never asks the issuer. */
  async function stateOf(issuer: Issuer, io: KeyIo): Promise<KeyState> {
    const memory = memoryOf(issuer);
    if (io.now() - memory.healthAtMs > KEY_TIMES.rereadMs) {
      memory.healthAtMs = io.now();
      await Promise.all([
        reread(issuer, memory, io),
        wait(readFailure(issuer, memory, io), KEY_TIMES.readWaitMs),
      ]);
    }
    const { held, lastFailure, goodAtMs } = memory;
    return {
      freshness: freshnessOf(memory, io.now()),
      keys: held?.set.keys.length ?? 0,
      checkedAtMs: held?.entry.checkedAtMs ?? goodAtMs,
      lastFailure,
    };
  }

  return { get, findKey, stateOf };
}

async function load(issuer: Issuer, memory: Memory, io: KeyIo): Promise<KeysAtHand | KeysReason> {
  // While there is nothing anywhere, not every request needs to find that out.
  if (io.now() - memory.readAtMs >= KEY_TIMES.firstCoolDownMs) await reread(issuer, memory, io);
  let from: KeyOrigin = 'kv';
  if (!isUsable(memory, io.now())) {
    await waitForFetch(issuer, memory, io);
    from = 'network';
  } else if (!isFresh(memory, io.now())) io.waitUntil(refreshBehind(issuer, memory, io));
  return atHand(issuer, memory, io, from);
}

async function refreshBehind(issuer: Issuer, memory: Memory, io: KeyIo): Promise<void> {
  await reread(issuer, memory, io);
  if (!isFresh(memory, io.now()) && mayFetch(memory, io.now())) await fetchOnce(issuer, memory, io);
}

async function waitForFetch(issuer: Issuer, memory: Memory, io: KeyIo): Promise<void> {
  if (mayFetch(memory, io.now())) await wait(fetchOnce(issuer, memory, io), KEY_TIMES.fetchWaitMs);
  else if (memory.fetching !== undefined) await wait(memory.fetching.done, KEY_TIMES.fetchWaitMs);
  else tellSuppressed(issuer.name, memory, io.now(), io.log);
}

/**
 * Reads KV, and gives up where it hangs. `readAtMs` is set only after the read, so that concurrent requests wait for it
 * instead of using the idle copy.
 */
async function reread(issuer: Issuer, memory: Memory, io: KeyIo): Promise<void> {
  await wait(read(issuer, memory, io), KEY_TIMES.readWaitMs);
  memory.readAtMs = io.now();
}

async function readFailure(issuer: Issuer, memory: Memory, io: KeyIo): Promise<void> {
  const shared = await tryStore(issuer, 'read', io, () => io.store?.readFailure(issuer));
  memory.goodAtMs = shared?.goodAtMs ?? memory.goodAtMs;
  if (shared !== undefined && shared.atMs > (memory.lastFailure?.atMs ?? 0)) memory.lastFailure = shared;
}

/** Reads KV into memory; concurrent requests share one read. A broken store counts as an empty one. */
function read(issuer: Issuer, memory: Memory, io: KeyIo): Promise<void> {
  const flight = inFlight(memory, 'reading', io);
  if (flight !== undefined) return flight;
  const { store } = io;
  if (store === undefined) return Promise.resolve();
  const work = async () => {
    const entry = await tryStore(issuer, 'read', io, () => store.read(issuer));
    if (entry === undefined) return;
    await adopt(memory, entry);
    // Somebody fetched them between the failure that KV was told of and the last one.
    const { failures, lastFailure, toldFailureAtMs: toldAtMs } = memory;
    const isBetween = entry.checkedAtMs > toldAtMs && (lastFailure?.atMs ?? 0) > entry.checkedAtMs;
    if (failures > 0 && isBetween) tellFailure(issuer, memory, io);
  };
  return takeOff(memory, 'reading', work, io);
}

/** Fetches into memory and KV; concurrent requests share one fetch. */
function fetchOnce(issuer: Issuer, memory: Memory, io: KeyIo): Promise<void> {
  const flight = inFlight(memory, 'fetching', io);
  if (flight !== undefined) return flight;
  memory.triedAtMs = io.now();
  const work = async () => {
    const fetched = await fetchEntry(issuer, io);
    if ('fault' in fetched) return fail(issuer, memory, fetched, io);
    memory.failures = 0;
    // The cron keeps these keys too, unless it has not been seen for long.
    const before = memory.held?.entry;
    const isKept = isFresh(memory, io.now()) ? before?.isKept : undefined;
    const entry = { ...fetched, isKept };
    await adopt(memory, entry);
    if (before !== undefined) tellChanges(issuer.name, before.keys, entry.keys, io.log);
    // Behind the request: a store that hangs must not hold back keys that are here.
    io.waitUntil(storeEntry(issuer, entry, io));
  };
  return takeOff(memory, 'fetching', work, io);
}

/** Remembers a failure, and tells KV of every tenth: whoever asks for the health may ask another isolate. */
function fail(issuer: Issuer, memory: Memory, { fault, status }: FetchFault, io: KeyIo): void {
  memory.lastFailure = { atMs: io.now(), fault, status };
  if (memory.failures++ % 10 === 0) tellFailure(issuer, memory, io);
}

function tellFailure(issuer: Issuer, memory: Memory, io: KeyIo): void {
  if (memory.lastFailure === undefined) return;
  memory.toldFailureAtMs = memory.lastFailure.atMs;
  io.waitUntil(storeFailure(issuer, memory.lastFailure, io));
}

/** @param from where the keys were looked for, if not in memory */
function atHand(
  issuer: Issuer,
  memory: Memory,
  io: KeyIo,
  from: KeyOrigin = 'memory',
): KeysAtHand | KeysReason {
  const now = io.now();
  tellCondition(issuer.name, memory, now, io.log);
  if (memory.held === undefined || memory.toldCondition === 'unusable') return unavailable(memory, now);
  return { kind: 'keys', set: memory.held.set, from: memory.toldCondition === 'stale' ? 'stale' : from };
}

function inFlight(memory: Memory, slot: 'reading' | 'fetching', io: KeyIo): Promise<void> | undefined {
  const flight = memory[slot];
  return flight !== undefined && io.now() - flight.startedAtMs < KEY_TIMES.flightMs ? flight.done : undefined;
}
