import { createHmac, toHex } from '../hmac.ts';
import type { Issuer } from '../policy/policy.ts';
import { readJwks } from './jwks.ts';
import type { KeyStore, StoredKeys } from './store.ts';

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
  const seal = secret === undefined ? undefined : sealer(secret);
  const read = async (issuer: Issuer, cacheTtl?: number): Promise<StoredKeys | undefined> => {
    const name = await entryName(issuer);
    const text = await kv.get(name, cacheTtl === undefined ? {} : { cacheTtl });
    if (text === null) return undefined;
    const content = seal === undefined ? text : await seal.open(name, text);
    const entry = content === undefined ? undefined : parseEntry(content);
    return entry === undefined || entry.checkedAtMs > now() + MAX_AHEAD_MS ? undefined : entry;
  };
  return {
    read: (issuer) => read(issuer, READ_CACHE_SECONDS),
    async write(issuer, entry) {
      const present = await read(issuer);
      if (present !== undefined && present.checkedAtMs > entry.checkedAtMs) return present;
      const name = await entryName(issuer);
      const content = JSON.stringify(entry);
      const text = seal === undefined ? content : await seal.close(name, content);
      await kv.put(name, text, { expirationTtl: EXPIRATION_SECONDS });
      return present;
    },
  };
}

function parseEntry(text: string): StoredKeys | undefined {
  let entry: unknown;
  try {
    entry = JSON.parse(text);
  } catch {
    return undefined;
  }
  const keys = readJwks(entry)?.keys;
  const { checkedAtMs, maxAgeSeconds } = (entry ?? {}) as Record<string, unknown>;
  if (keys === undefined || keys.length === 0 || typeof checkedAtMs !== 'number') return undefined;
  return { checkedAtMs, keys, maxAgeSeconds: typeof maxAgeSeconds === 'number' ? maxAgeSeconds : undefined };
}

const names = new WeakMap<Issuer, Promise<string>>();

/** A hash of where the keys come from: an issuer that is configured anew never meets the keys of the old one. */
function entryName(issuer: Issuer): Promise<string> {
  let name = names.get(issuer);
  if (name === undefined) {
    const source = JSON.stringify([FORMAT, issuer.issuer, issuer.keys, issuer.service ?? null]);
    name = crypto.subtle
      .digest('SHA-256', new TextEncoder().encode(source))
      .then((digest) => `${FORMAT}:${toHex(digest)}`);
    names.set(issuer, name);
  }
  return name;
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
