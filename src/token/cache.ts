import type { Principal, Settings } from '../policy/policy.ts';

/** A token whose signature was verified. It holds no decision: the policy runs on every request. */
export interface RememberedToken {
  readonly principal: Principal;
  /** Id of the key that verified it: the memory is void once that key has left the key set. */
  readonly keyId: string;
  /** What blocked clients and keys then. Under other settings, the token is verified anew. */
  readonly settings: Settings;
}

export const MAX_TOKENS = 10_000;
const MAX_BYTES = 32 * 1024 * 1024;
/** A token's text, its decoded claims and the entry itself, against the length of the text. */
const BYTES_PER_CHARACTER = 4;

export interface TokenCache {
  /** The token's full text is its name; it contains its issuer. */
  get(token: string): RememberedToken | undefined;
  set(token: string, remembered: RememberedToken): void;
  delete(token: string): void;
}

/** One of a ring of entries, in the order of their last use. */
interface Entry {
  readonly token: string;
  readonly remembered: RememberedToken | undefined;
  older: Entry;
  newer: Entry;
}

/**
 * Remembers verified tokens, the least recently used forgotten first.
 *
 * The order is in a ring, not in that of a Map: what was taken out of a Map stays in the way of every look at its place
 * until the Map is made anew. A token that is put back on each use would so cost more than some signatures.
 */
export function createTokenCache(maxTokens = MAX_TOKENS, maxBytes = MAX_BYTES): TokenCache {
  const entries = new Map<string, Entry>();
  /** Older than nothing, newer than all: the ring begins and ends here. */
  const end = { token: '', remembered: undefined } as unknown as Entry;
  end.older = end;
  end.newer = end;
  let bytes = 0;
  const sizeOf = (token: string) => token.length * BYTES_PER_CHARACTER;

  function unlink({ older, newer }: Entry): void {
    older.newer = newer;
    newer.older = older;
  }

  function linkAsNewest(entry: Entry): void {
    entry.older = end.older;
    entry.newer = end;
    end.older.newer = entry;
    end.older = entry;
  }

  function remove(token: string): void {
    const entry = entries.get(token);
    if (entry === undefined) return;
    entries.delete(token);
    unlink(entry);
    bytes -= sizeOf(token);
  }

  return {
    get(token) {
      const entry = entries.get(token);
      if (entry === undefined) return undefined;
      unlink(entry);
      linkAsNewest(entry);
      return entry.remembered;
    },
    set(token, remembered) {
      remove(token);
      const entry: Entry = { token, remembered, older: end, newer: end };
      entries.set(token, entry);
      linkAsNewest(entry);
      bytes += sizeOf(token);
      while (entries.size > maxTokens || bytes > maxBytes) remove(end.newer.token);
    },
    delete: remove,
  };
}
