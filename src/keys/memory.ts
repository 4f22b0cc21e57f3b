/** An isolate's copy of one issuer's keys, and how good that is. Times are in milliseconds since 1970. */
import type { KeysFault, ReasonOf } from '../decision.ts';
import type { Flight } from './flight.ts';
import { importKeySet, type KeySet } from './jwks.ts';
import type { KeysFailure, StoredKeys } from './store.ts';

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
  /** Keys that the cron keeps: it writes the same keys again after 30 min only, and may miss a run. */
  keptFreshMs: 36 * 60_000,
  /** The cron writes the same keys again in the run that comes 30 min after the last one that wrote, late or early. */
  keptMarkMs: 27.5 * 60_000,
  /** An isolate writes the same keys again not sooner than this after the last write. */
  markMs: 5 * 60_000,
  /** Keys are used this long after they were checked, while fetching fails. */
  staleLimitMs: 24 * 3600_000,
  /** At most one fetch per isolate and issuer in this time, failures included. */
  coolDownMs: 30_000,
  /** After a fetch without the wanted kid, don't fetch for an unknown kid again for this long. */
  unknownKidMs: 60_000,
  /** The cool-down starts here and doubles while there is no key at all. */
  firstCoolDownMs: 1_000,
  /** How long a request waits for KV, and then for the network. */
  readWaitMs: 1_500,
  fetchWaitMs: 5_500,
  /** A flight that is older may have been cancelled with its request: another may start. */
  flightMs: 6_000,
} as const;

/** `stale`: old, and fetching fails. `unusable`: there are none, or they are too old to be used. */
export type Condition = 'fresh' | 'stale' | 'unusable';

/** The keys, and when the issuer was seen to publish them. */
interface Held {
  readonly set: KeySet;
  readonly entry: StoredKeys;
}

export interface Memory {
  held: Held | undefined;
  /** When KV was last read, or was given up on. */
  readAtMs: number;
  /** When the network was last tried. */
  triedAtMs: number;
  /** The last fetch that did not find the wanted kid. */
  unknownKidAtMs: number;
  /** Fetches that failed in a row. */
  failures: number;
  /** The last one of this isolate, or of others, as far as somebody asked for the health. */
  lastFailure: KeysFailure | undefined;
  /** When KV was last told of a failure. */
  toldFailureAtMs: number;
  /** When there were keys last, as far as KV knows: theirs may be gone from it. */
  goodAtMs: number | undefined;
  /** When KV was last read for the health. */
  healthAtMs: number;
  /** The condition that the log was told last. */
  toldCondition: Condition | undefined;
  toldSuppressedAtMs: number;
  reading: Flight | undefined;
  fetching: Flight | undefined;
}

export function createMemory(): Memory {
  return {
    held: undefined,
    readAtMs: Number.NEGATIVE_INFINITY,
    triedAtMs: Number.NEGATIVE_INFINITY,
    unknownKidAtMs: Number.NEGATIVE_INFINITY,
    failures: 0,
    lastFailure: undefined,
    toldFailureAtMs: Number.NEGATIVE_INFINITY,
    goodAtMs: undefined,
    healthAtMs: Number.NEGATIVE_INFINITY,
    toldCondition: undefined,
    toldSuppressedAtMs: Number.NEGATIVE_INFINITY,
    reading: undefined,
    fetching: undefined,
  };
}

/** Takes keys over. The later entry wins, whatever order they arrive in. Where others fetched, failures are over. */
export async function adopt(memory: Memory, entry: StoredKeys): Promise<void> {
  const isLater = () => memory.held === undefined || entry.checkedAtMs > memory.held.entry.checkedAtMs;
  if (!isLater()) return;
  const set = await importKeySet(entry.keys);
  if (set === undefined || !isLater()) return;
  memory.held = { set, entry };
  if (entry.checkedAtMs > memory.triedAtMs) memory.failures = 0;
}

export function isUsable({ held }: Memory, now: number): boolean {
  return held !== undefined && now - held.entry.checkedAtMs <= KEY_TIMES.staleLimitMs;
}

export function isFresh({ held }: Memory, now: number): boolean {
  return held !== undefined && now - held.entry.checkedAtMs <= freshMs(held.entry);
}

function freshMs({ maxAgeSeconds, isKept }: StoredKeys): number {
  const { freshMs: usual, minFreshMs, keptFreshMs } = KEY_TIMES;
  if (isKept) return keptFreshMs;
  return maxAgeSeconds === undefined ? usual : Math.min(usual, Math.max(minFreshMs, maxAgeSeconds * 1000));
}

/** Whether a key that the keys at hand lack is worth a fetch: not if they were just checked, or one was just missed. */
export function mayFindKey({ held, unknownKidAtMs }: Memory, now: number): boolean {
  const isJustChecked = held !== undefined && now - held.entry.checkedAtMs < KEY_TIMES.coolDownMs;
  return !isJustChecked && now - unknownKidAtMs >= KEY_TIMES.unknownKidMs;
}

/** How requests are answered. `fresh` also where old keys are in use and nobody has tried to fetch new ones yet. */
export function conditionOf(memory: Memory, now: number): Condition {
  if (!isUsable(memory, now)) return 'unusable';
  return memory.failures === 0 || isFresh(memory, now) ? 'fresh' : 'stale';
}

/** How good the keys are by their age. */
export function freshnessOf(memory: Memory, now: number): Condition | 'none' {
  if (memory.held === undefined && memory.lastFailure === undefined) return 'none';
  if (!isUsable(memory, now)) return 'unusable';
  return isFresh(memory, now) ? 'fresh' : 'stale';
}

function coolDown({ held, failures }: Memory): number {
  if (held !== undefined || failures === 0) return KEY_TIMES.coolDownMs;
  return Math.min(KEY_TIMES.coolDownMs, KEY_TIMES.firstCoolDownMs * 2 ** (failures - 1));
}

export function mayFetch(memory: Memory, now: number): boolean {
  return now - memory.triedAtMs >= coolDown(memory);
}

/** Why there are no keys to use, and when the next attempt may be made. */
export function unavailable(memory: Memory, now: number): ReasonOf<'keys_unavailable'> {
  const { held, failures, lastFailure, triedAtMs } = memory;
  const unknownCause: KeysFault = held === undefined ? 'timeout' : 'stale_limit';
  const cause = failures > 0 && lastFailure !== undefined ? lastFailure.fault : unknownCause;
  const waitMs = triedAtMs + coolDown(memory) - now;
  return { code: 'keys_unavailable', cause, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) };
}
