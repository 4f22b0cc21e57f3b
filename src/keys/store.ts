import type { Issuer } from '../policy/policy.ts';
import type { PublicJwk } from './jwks.ts';

/** The last keys that an issuer was seen to publish, shared by all isolates. */
export interface StoredKeys {
  /** When the issuer was asked, in milliseconds since 1970. */
  readonly checkedAtMs: number;
  readonly keys: readonly PublicJwk[];
  readonly maxAgeSeconds: number | undefined;
}

export interface KeyStore {
  /**
   * Throws where the store can't be read. What is not an entry of this format, or claims to be from the future, counts
   * as absent.
   */
  read(issuer: Issuer): Promise<StoredKeys | undefined>;
  /** Writes unless the entry there is later. Throws where it can't. Gives back what was there. */
  write(issuer: Issuer, entry: StoredKeys): Promise<StoredKeys | undefined>;
}
