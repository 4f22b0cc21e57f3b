import type { Issuer } from '../policy/policy.ts';
import type { Fetch } from './document.ts';
import type { KeyEvent } from './events.ts';
import type { KeyStore } from './store.ts';

/** Everything that looking up keys may touch. One per request: bindings and `waitUntil` belong to it. */
export interface KeyIo {
  readonly store: KeyStore | undefined;
  /** `undefined` if the issuer's service binding is missing. */
  fetchFor(issuer: Issuer): Fetch | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  waitUntil(promise: Promise<unknown>): void;
  log(event: KeyEvent): void;
}
