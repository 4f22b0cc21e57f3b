import type { KeysFault } from '../decision.ts';
import type { Issuer } from '../policy/policy.ts';
import { fetchKeys } from './discovery.ts';
import { tellChanges } from './events.ts';
import type { KeyIo } from './io.ts';
import { importKeySet } from './jwks.ts';
import type { KeysFailure, StoredKeys } from './store.ts';

/** Fetches an issuer's keys and writes them, or the failure, to KV: what the cron does for every issuer. Never throws. */
export async function refresh(issuer: Issuer, io: KeyIo): Promise<StoredKeys | KeysFault> {
  const entry = await fetchEntry(issuer, io);
  if (typeof entry === 'string') {
    await storeFailure(issuer, { atMs: io.now(), fault: entry }, io);
    return entry;
  }
  const before = await storeEntry(issuer, { ...entry, isKept: true }, io);
  if (before !== undefined) tellChanges(issuer.name, before.keys, entry.keys, io.log);
  return entry;
}

/** Fetches an issuer's keys. A set without one that Web Crypto takes is a fault: it must never replace a good one. */
export async function fetchEntry(issuer: Issuer, io: KeyIo): Promise<StoredKeys | KeysFault> {
  const fetch = io.fetchFor(issuer);
  const answer = fetch === undefined ? undefined : await fetchKeys(issuer, fetch);
  const isUsable = answer?.kind === 'fetched' && (await importKeySet(answer.keys)) !== undefined;
  if (answer === undefined || answer.kind === 'fault' || !isUsable) {
    const fault =
      answer === undefined ? 'binding_missing' : answer.kind === 'fault' ? answer.fault : 'no_usable_key';
    io.log({ event: 'keys_refresh_failed', issuer: issuer.name, fault });
    return fault;
  }
  const { keys, dropped, maxAgeSeconds } = answer;
  io.log({ event: 'keys_refreshed', issuer: issuer.name, keys: keys.length, dropped: dropped.length });
  return { checkedAtMs: io.now(), keys, maxAgeSeconds };
}

/**
 * Writes to KV; where that fails, isolates go on by themselves.
 *
 * @returns what was there before
 */
export async function storeEntry(
  issuer: Issuer,
  entry: StoredKeys,
  io: KeyIo,
): Promise<StoredKeys | undefined> {
  return tryStore(issuer, 'write', io, () => io.store?.write(issuer, entry));
}

/** Tells everybody who asks for the gateway's health. */
export async function storeFailure(issuer: Issuer, failure: KeysFailure, io: KeyIo): Promise<void> {
  await tryStore(issuer, 'write', io, () => io.store?.writeFailure(issuer, failure));
}

/** @returns `undefined` where the store fails: that is logged, and nobody's request fails */
export async function tryStore<T>(
  issuer: Issuer,
  operation: 'read' | 'write',
  io: KeyIo,
  work: () => Promise<T> | undefined,
): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    io.log({ event: 'keys_store_failed', issuer: issuer.name, operation });
    return undefined;
  }
}
