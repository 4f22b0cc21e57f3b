import type { KeysFault } from '../decision.ts';
import { createHmac, toHex } from '../hmac.ts';
import type { Issuer } from '../policy/policy.ts';
import { keyName, readJwks } from './jwks.ts';
import { KEY_TIMES } from './memory.ts';
import type { KeyStore, KeysFailure, StoredKeys } from './store.ts';

/** Part of every entry's name: a gateway never reads what another version wrote in another form. */
const FORMAT = 'claimgate-keys-1';
/** Failures are entries of their own: whoever tells of one can't write old keys over new ones. */
const FAILURE_FORMAT = 'claimgate-failure-1';
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
  const seal = secret === undefined ? undefined : sealer(secret);
  /** @returns the entry's object, unless it is dated ahead of the clock */
  const find = async <T>(
    issuer: Issuer,
    format: string,
    parse: (text: string) => T | undefined,
    dateOf: (entry: T) => number,
    cacheTtl?: number,
  ): Promise<T | undefined> => {
    const name = `${format}:${await sourceOf(issuer)}`;
    const text = await kv.get(name, cacheTtl === undefined ? {} : { cacheTtl });
    if (text === null) return undefined;
    const content = seal === undefined ? text : await seal.open(name, text);
    const entry = content === undefined ? undefined : parse(content);
    return entry === undefined || dateOf(entry) > now() + MAX_AHEAD_MS ? undefined : entry;
  };
  const put = async (issuer: Issuer, format: string, entry: StoredKeys | KeysFailure) => {
    const name = `${format}:${await sourceOf(issuer)}`;
    const content = JSON.stringify(entry);
    const text = seal === undefined ? content : await seal.close(name, content);
    await kv.put(name, text, { expirationTtl: EXPIRATION_SECONDS });
  };
  const read = (issuer: Issuer, cacheTtl?: number) =>
    find(issuer, FORMAT, parseEntry, (entry) => entry.checkedAtMs, cacheTtl);
  const readFailure = (issuer: Issuer, cacheTtl?: number) =>
    find(issuer, FAILURE_FORMAT, parseFailure, (failure) => failure.atMs, cacheTtl);
  return {
    read: (issuer) => read(issuer, READ_CACHE_SECONDS),
    async write(issuer, entry) {
      const present = await read(issuer);
      if (present !== undefined) {
        if (present.checkedAtMs > entry.checkedAtMs) return present;
        // The first good fetch after a failure is written: it ends the failure.
        if (isOldNews(present, entry) && !isSince(present, await readFailure(issuer))) return present;
      }
      await put(issuer, FORMAT, entry);
      return present;
    },
    readFailure: (issuer) => readFailure(issuer, READ_CACHE_SECONDS),
    async writeFailure(issuer, failure) {
      const [present, keys] = await Promise.all([readFailure(issuer), read(issuer)]);
      const isYoung = present !== undefined && failure.atMs - present.atMs < KEY_TIMES.keptMarkMs;
      if (!isYoung || !isSince(keys, present)) await put(issuer, FAILURE_FORMAT, failure);
    },
  };
}

/** Whether no good fetch that KV knows of followed the failure. */
const isSince = (keys: StoredKeys | undefined, failure: KeysFailure | undefined) =>
  failure !== undefined && failure.atMs >= (keys?.checkedAtMs ?? 0);

/** Whether a write would only move the date of the same keys, and not by much. */
function isOldNews(present: StoredKeys, { checkedAtMs, keys, isKept }: StoredKeys): boolean {
  if (isKept === true && present.isKept !== true) return false;
  const lifetimeMs = present.isKept === true ? KEY_TIMES.keptMarkMs : KEY_TIMES.markMs;
  // Some issuers list their keys in another order each time.
  const listed = (set: StoredKeys['keys']) => set.map(keyName).sort().join();
  return checkedAtMs - present.checkedAtMs < lifetimeMs && listed(present.keys) === listed(keys);
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

function parseEntry(text: string): StoredKeys | undefined {
  const entry = parseObject(text);
  const keys = readJwks(entry)?.keys;
  const { checkedAtMs, maxAgeSeconds, isKept } = entry;
  if (keys === undefined || keys.length === 0 || !isDate(checkedAtMs)) return undefined;
  return {
    checkedAtMs,
    keys,
    maxAgeSeconds: typeof maxAgeSeconds === 'number' ? maxAgeSeconds : undefined,
    ...(isKept === true && { isKept }),
  };
}

/** `health_path` shows it to everybody: a word of the gateway's own, whoever wrote the entry. */
function parseFailure(text: string): KeysFailure | undefined {
  const { atMs, fault } = parseObject(text);
  const isWord = typeof fault === 'string' && /^[a-z_]{1,32}$/.test(fault);
  return isDate(atMs) && isWord ? { atMs, fault: fault as KeysFault } : undefined;
}

/** Dates ahead of the clock are found out later. */
const isDate = (value: unknown): value is number => typeof value === 'number' && value >= 0;

const sources = new WeakMap<Issuer, Promise<string>>();

/** A hash of where the keys come from: an issuer that is configured anew never meets the keys of the old one. */
function sourceOf(issuer: Issuer): Promise<string> {
  let source = sources.get(issuer);
  if (source === undefined) {
    const text = JSON.stringify([FORMAT, issuer.issuer, issuer.keys, issuer.service ?? null]);
    source = crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)).then(toHex);
    sources.set(issuer, source);
  }
  return source;
}

/** Binds an entry's content to its name with HMAC-SHA-256. */
function sealer(secret: string) {
  const hmac = createHmac(secret);
  const mac = (name: string, content: string) => hmac(`${name}\n${content}`);
  return {
    close: async (name: string, content: string) => `${await mac(name, content)}${content}`,
    async open(name: string, text: string): Promise<string | undefined> {
      const content = text.slice(MAC_LENGTH);
      const given = new TextEncoder().encode(text.slice(0, MAC_LENGTH));
      const wanted = new TextEncoder().encode(await mac(name, content));
      return given.length === wanted.length && crypto.subtle.timingSafeEqual(given, wanted)
        ? content
        : undefined;
    },
  };
}

const MAC_LENGTH = 64;
