import type { KeysFault } from '../decision.ts';
import { toHex } from '../hmac.ts';
import type { Issuer } from '../policy/policy.ts';
import { createSeal } from '../seal.ts';
import { keyName } from './jwk.ts';
import { readJwks } from './jwks.ts';
import { KEY_TIMES } from './memory.ts';
import type { KeyStore, KeysFailure, StoredKeys } from './store.ts';

/** Part of every entry's name: a gateway never reads what another version wrote in another form. */
const FORMAT = 'claimgate-keys-1';
/** KV refuses less than 30 s. */
const READ_CACHE_SECONDS = 30;
/** Clocks of machines differ a little. An entry from further ahead would stay the latest one until then. */
const MAX_AHEAD_MS = 60_000;
/** Entries are of no use after the stale limit of 24 h. The stored date, not KV, decides that. */
const EXPIRATION_SECONDS = 25 * 3600;

/** Whether a binding is a KV namespace. */
export function isKv(binding: unknown): binding is KVNamespace {
  return (
    typeof binding === 'object' && binding !== null && typeof (binding as KVNamespace).get === 'function'
  );
}

/**
 * Keys in a KV namespace. Whoever can write to it can mint tokens; with `secret`, entries carry an HMAC and others
 * are ignored.
 *
 * @param now milliseconds since 1970
 */
export function kvStore(kv: KVNamespace, now: () => number, secret?: string): KeyStore {
  const seal = secret === undefined ? undefined : createSeal(secret);
  async function find<T>(issuer: Issuer, [format, parse]: Kind<T>): Promise<T | undefined> {
    const name = await nameOf(issuer, format);
    const text = await kv.get(name, { cacheTtl: READ_CACHE_SECONDS });
    const content = text === null || seal === undefined ? text : await seal.open(name, text);
    return content == null ? undefined : parse(parseObject(content), now() + MAX_AHEAD_MS);
  }
  async function put<T>(issuer: Issuer, [format]: Kind<T>, entry: T): Promise<void> {
    const name = await nameOf(issuer, format);
    const content = JSON.stringify(entry);
    const text = seal === undefined ? content : await seal.close(name, content);
    await kv.put(name, text, { expirationTtl: EXPIRATION_SECONDS });
  }
  const read = (issuer: Issuer) => find(issuer, KEYS);
  const readFailure = (issuer: Issuer) => find(issuer, FAILURE);
  return {
    read,
    readFailure,
    async write(issuer, entry) {
      const present = await read(issuer);
      if (present !== undefined) {
        if (present.checkedAtMs > entry.checkedAtMs) return present;
        // The first good fetch after a failure is written: it ends the failure.
        if (isOldNews(present, entry) && !isOpen(await readFailure(issuer), present)) return present;
      }
      await put(issuer, KEYS, entry);
      return present;
    },
    async writeFailure(issuer, failure) {
      const [present, keys] = await Promise.all([readFailure(issuer), read(issuer)]);
      const sinceMs = failure.atMs - (present?.atMs ?? 0);
      const goodAtMs = keys?.checkedAtMs ?? present?.goodAtMs;
      if (sinceMs >= KEY_TIMES.keptMarkMs || !isOpen(present, keys))
        await put(issuer, FAILURE, { ...failure, goodAtMs });
    },
  };
}

/** Whether no good fetch followed the failure. */
const isOpen = (failure: KeysFailure | undefined, keys: StoredKeys | undefined) =>
  failure !== undefined && failure.atMs >= (keys?.checkedAtMs ?? 0);

/** Whether a write would only move the date of the same keys, and not by much. */
function isOldNews(present: StoredKeys, { checkedAtMs, keys, isKept }: StoredKeys): boolean {
  if (isKept && !present.isKept) return false;
  const lifetimeMs = present.isKept ? KEY_TIMES.keptMarkMs : KEY_TIMES.markMs;
  // Some issuers list their keys in another order each time.
  const listed = (set: StoredKeys['keys']) => set.map(keyName).sort().join();
  return checkedAtMs - present.checkedAtMs < lifetimeMs && listed(present.keys) === listed(keys);
}

type Fields = Readonly<Record<string, unknown>>;

/** A kind of entry: the first part of its name, and what is taken for one that is not dated after `latestMs`. */
type Kind<T> = readonly [format: string, parse: (fields: Fields, latestMs: number) => T | undefined];

const KEYS: Kind<StoredKeys> = [
  FORMAT,
  (fields, latestMs) => {
    const keys = readJwks(fields)?.keys;
    const { checkedAtMs, maxAgeSeconds, isKept } = fields;
    if (keys === undefined || keys.length === 0 || !isDate(checkedAtMs, latestMs)) return undefined;
    return {
      checkedAtMs,
      keys,
      maxAgeSeconds: typeof maxAgeSeconds === 'number' ? maxAgeSeconds : undefined,
      ...(isKept === true && { isKept }),
    };
  },
];

/**
 * Failures are entries of their own: whoever tells of one can't write old keys over new ones. `health_path` shows them
 * to everybody, so only a word of the gateway's own is taken, whoever wrote the entry.
 */
const FAILURE: Kind<KeysFailure> = [
  'claimgate-failure-1',
  ({ atMs, fault, status, goodAtMs }, latestMs) =>
    isDate(atMs, latestMs) && typeof fault === 'string' && /^[a-z_]{1,32}$/.test(fault)
      ? {
          atMs,
          fault: fault as KeysFault,
          ...(isStatus(status) && { status }),
          ...(isDate(goodAtMs, latestMs) && { goodAtMs }),
        }
      : undefined,
];

const isStatus = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 100 && (value as number) < 1000;

const isDate = (value: unknown, latestMs: number): value is number =>
  typeof value === 'number' && value >= 0 && value <= latestMs;

function parseObject(text: string): Fields {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

const hashes = new WeakMap<Issuer, Promise<string>>();

/** With a hash of where the keys come from: an issuer that is configured anew never meets the keys of the old one. */
async function nameOf(issuer: Issuer, format: string): Promise<string> {
  let hash = hashes.get(issuer);
  if (hash === undefined) {
    const source = JSON.stringify([FORMAT, issuer.issuer, issuer.keys, issuer.service ?? null]);
    hash = crypto.subtle.digest('SHA-256', new TextEncoder().encode(source)).then(toHex);
    hashes.set(issuer, hash);
  }
  return `${format}:${await hash}`;
}
