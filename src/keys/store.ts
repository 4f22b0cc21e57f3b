import type { KeysFault } from '../decision.ts';
import type { Issuer } from '../policy/policy.ts';
import type { PublicJwk } from './jwk.ts';

/** The last keys that an issuer was seen to publish, shared by all isolates. */
export interface StoredKeys {
  /** When the issuer was asked, in milliseconds since 1970. Later checks that found the same keys may not show. */
  readonly checkedAtMs: number;
  readonly keys: readonly PublicJwk[];
  readonly maxAgeSeconds: number | undefined;
  /** The cron asks the issuer all the while, and writes when the keys change. */
  readonly isKept?: true | undefined;
}

/** A fetch of an issuer's keys that failed. */
export interface KeysFailure {
  readonly atMs: number;
  readonly fault: KeysFault;
  /** The status of the answer, where that is the fault. */
  readonly status?: number | undefined;
  /** When the issuer was last seen to publish keys. It outlives their entry: an outage is no slip in the policy. */
  readonly goodAtMs?: number | undefined;
}

export interface KeyStore {
  /**
   * Throws where the store can't be read. What is not an entry of this format, or claims to be from the future, counts
   * as absent.
   */
  read(issuer: Issuer): Promise<StoredKeys | undefined>;
  /**
   * Writes, unless the entry there is later, or has the same keys and is young. Throws where it can't. Gives back what
   * was there.
   */
  write(issuer: Issuer, entry: StoredKeys): Promise<StoredKeys | undefined>;
  /** Like `read`. */
  readFailure(issuer: Issuer): Promise<KeysFailure | undefined>;
  /** Writes, unless a failure is there that is young, and that no good fetch followed. Never touches keys. */
  writeFailure(issuer: Issuer, failure: KeysFailure): Promise<void>;
}
