import type { Issuer } from '../policy/policy.ts';
import { type FetchedKeys, type FetchFault, fetchKeys } from './discovery.ts';
import { tellChanges, tellFailure, tellFetched } from './events.ts';
import type { KeyIo } from './io.ts';
import { importKeySet } from './jwks.ts';
import type { KeysFailure, StoredKeys } from './store.ts';

/** Fetches an issuer's keys and writes them, or the failure, to KV: what the cron does for every issuer. Never throws. */
export async function refresh(issuer: Issuer, io: KeyIo): Promise<StoredKeys | FetchFault> {
  const entry = await fetchEntry(issuer, io);
  if ('fault' in entry) {
    const { fault, status } = entry;
    await storeFailure(issuer, { atMs: io.now(), fault, status }, io);
    return entry;
  }
  const before = await storeEntry(issuer, { ...entry, isKept: true }, io);
  if (before !== undefined) tellChanges(issuer.name, before.keys, entry.keys, io.log);
  return entry;
}

/** Fetches an issuer's keys. A set without one that Web Crypto takes is a fault: it must never replace a good one. */
export async function fetchEntry(issuer: Issuer, io: KeyIo): Promise<StoredKeys | FetchFault> {
  const fetch = io.fetchFor(issuer);
  const answer: FetchedKeys | FetchFault =
    fetch === undefined ? { kind: 'fault', fault: 'binding_missing' } : await fetchKeys(issuer, fetch);
  const dropped = [...(answer.dropped ?? [])];
  const set = answer.kind === 'fetched' ? await importKeySet(answer.keys, dropped) : undefined;
  if (answer.kind === 'fault' || set === undefined) {
    const failure: FetchFault =
      answer.kind === 'fault' ? answer : { kind: 'fault', fault: 'no_usable_key', url: answer.url };
    tellFailure(issuer.name, failure, dropped, io.log);
    return failure;
  }
  const { keys, maxAgeSeconds } = answer;
  tellFetched(issuer.name, set.keys.length, dropped, io.log);
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
