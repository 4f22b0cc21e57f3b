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

/** Remembers verified tokens, the least recently used forgotten first. */
export function createTokenCache(maxTokens = MAX_TOKENS, maxBytes = MAX_BYTES): TokenCache {
  // A Map iterates in the order of insertion: its first entry is the least recently used one.
  const tokens = new Map<string, RememberedToken>();
  let bytes = 0;
  const sizeOf = (token: string) => token.length * BYTES_PER_CHARACTER;

  function remove(token: string): void {
    if (tokens.delete(token)) bytes -= sizeOf(token);
  }

  return {
    get(token) {
      const remembered = tokens.get(token);
      if (remembered === undefined) return undefined;
      tokens.delete(token);
      tokens.set(token, remembered);
      return remembered;
    },
    set(token, remembered) {
      remove(token);
      tokens.set(token, remembered);
      bytes += sizeOf(token);
      if (tokens.size <= maxTokens && bytes <= maxBytes) return;
      for (const oldest of tokens.keys()) {
        remove(oldest);
        if (tokens.size <= maxTokens && bytes <= maxBytes) break;
      }
    },
    delete: remove,
  };
}
