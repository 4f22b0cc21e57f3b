/** The signed assertion that an origin can get with each request: docs/assertion.md. What the policy says of it. */
import { normaliseHost } from './uri.ts';

export interface AssertionSettings {
  /** `iss` of all assertions of this gateway. */
  readonly issuer: string;
  readonly lifetimeSeconds: number;
}

export interface Assertion {
  /** `aud`: the origin, by a name of its own. */
  readonly audience: string;
  /** What an assertion is good for: one request, one request with this body, or all of a token. */
  readonly bind: 'request' | 'body' | 'none';
  /** The largest body that is held in memory for its digest. */
  readonly maxBodyBytes: number;
}

/** Draft-ietf-oauth-transaction-tokens; no client can send it on, in no spelling. */
export const ASSERTION_HEADER = 'txn-token';

/** Secrets with the keys: two, so that one can be written anew while the other one signs. */
export const KEY_SECRETS = ['ASSERTION_KEY', 'ASSERTION_KEY_2'] as const;

/** Where the public keys are, on each host of an API with assertions. */
export const KEY_SET_PATH = '/.well-known/claimgate/jwks.json';

/** So long may what was fetched from there be kept. */
export const KEY_SET_MAX_AGE_SECONDS = 300;

/** Verifiers take no longer token. */
export const MAX_ASSERTION_LENGTH = 16_384;

/** The host that the issuer names, as hosts of APIs are written. */
export const hostOfIssuer = ({ issuer }: AssertionSettings): string => normaliseHost(new URL(issuer).host);
