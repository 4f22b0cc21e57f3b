/** The log's events about what issuers publish, keys above all. docs/keys.md and docs/status-list.md explain them. */
import type { KeysFault, StatusFault } from '../decision.ts';
import type { FetchFault } from './discovery.ts';
import { type DroppedKey, keyName, type PublicJwk, readKeyId } from './jwk.ts';
import { type Condition, conditionOf, KEY_TIMES, type Memory } from './memory.ts';

interface Of {
  /** Its name in the policy. */
  readonly issuer: string;
}

interface WhyDropped {
  /** Some of the keys that are not used. */
  readonly dropped_keys?:
    | readonly { readonly kid?: string | undefined; readonly why: DroppedKey['why'] }[]
    | undefined;
}

export type KeyEvent = Of &
  (
    | ({ readonly event: 'keys_refreshed'; readonly keys: number; readonly dropped: number } & WhyDropped)
    | ({
        readonly event: 'keys_refresh_failed';
        readonly fault: KeysFault;
        /** Without its query, in which people put secrets. */
        readonly url?: string | undefined;
        /** Where that is the fault. */
        readonly http_status?: number | undefined;
      } & WhyDropped)
    | { readonly event: 'keys_store_failed'; readonly operation: 'read' | 'write' }
    | { readonly event: 'key_added' | 'key_removed'; readonly kid: string | undefined }
    | { readonly event: 'keys_stale' | 'keys_unusable'; readonly cause?: KeysFault | undefined }
    | { readonly event: 'keys_recovered'; readonly was: Condition }
    | { readonly event: 'refetch_suppressed' }
    | {
        readonly event: 'status_list_failed';
        readonly fault: StatusFault;
        /** Of the list, without its query. */
        readonly url: string;
        readonly http_status?: number | undefined;
      }
    | { readonly event: 'status_list_recovered'; readonly url: string }
  );

type Log = (event: KeyEvent) => void;

/** An issuer may publish anything: a line of the log stays short. */
const MAX_LISTED = 8;
const MAX_KID_LENGTH = 128;

export function tellFetched(issuer: string, keys: number, dropped: readonly DroppedKey[], log: Log): void {
  log({ event: 'keys_refreshed', issuer, keys, dropped: dropped.length, ...listDropped(dropped) });
}

export function tellFailure(
  issuer: string,
  { fault, url, status }: FetchFault,
  dropped: readonly DroppedKey[],
  log: Log,
): void {
  const place = url?.replace(/[?#].*/s, '');
  log({
    event: 'keys_refresh_failed',
    issuer,
    fault,
    url: place,
    http_status: status,
    ...listDropped(dropped),
  });
}

function listDropped(dropped: readonly DroppedKey[]): WhyDropped {
  if (dropped.length === 0) return {};
  const told = dropped.slice(0, MAX_LISTED).map(({ kid, why }) => ({
    kid: readKeyId(kid)?.slice(0, MAX_KID_LENGTH),
    why,
  }));
  return { dropped_keys: told };
}

/** Tells that requests are answered with old keys, with none, or with good ones again. */
export function tellCondition(issuer: string, memory: Memory, now: number, log: Log): void {
  const condition = conditionOf(memory, now);
  const was = memory.toldCondition;
  if (condition === was) return;
  memory.toldCondition = condition;
  const cause = memory.failures > 0 ? memory.lastFailure?.fault : undefined;
  if (condition !== 'fresh') log({ event: `keys_${condition}`, issuer, cause });
  else if (was !== undefined) log({ event: 'keys_recovered', issuer, was });
}

/** Tells that a key is not looked for, once in a cool-down: a flood of made-up key ids must not flood the log too. */
export function tellSuppressed(issuer: string, memory: Memory, now: number, log: Log): void {
  if (now - memory.toldSuppressedAtMs < KEY_TIMES.coolDownMs) return;
  memory.toldSuppressedAtMs = now;
  log({ event: 'refetch_suppressed', issuer });
}

/** Tells which keys an issuer has begun and ceased to publish. New material under an old id is both. */
export function tellChanges(
  issuer: string,
  before: readonly PublicJwk[],
  after: readonly PublicJwk[],
  log: Log,
): void {
  const tellMissing = (event: 'key_added' | 'key_removed', from: typeof before, to: typeof before) => {
    const names = new Set(to.map(keyName));
    for (const key of from) if (!names.has(keyName(key))) log({ event, issuer, kid: key.kid });
  };
  tellMissing('key_added', after, before);
  tellMissing('key_removed', before, after);
}
