import { importJWK, type JWK } from 'jose';
import * as z from 'zod/mini';
import { isUsableKey, keyTypeOf } from '../key-kinds.ts';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../records.ts';

/**
 * The keys of one algorithm, the content of the Worker secret `SIGNING_KEYS_<ALGORITHM>`. Auth0's states: `next` is
 * published before it signs, so that verifiers know it in time; `current` signs; `previous` verifies what it signed
 * (its private half is gone). A revoked key is no longer there.
 */
const keySetSchema = z.strictObject({
  keys: z
    .array(
      z.strictObject({
        status: z.enum(['next', 'current', 'previous']),
        /** When it got that status. Seconds since 1970. */
        since: z.int(),
        jwk: z.looseObject({ kty: z.string(), kid: z.string().check(z.minLength(1)) }),
      }),
    )
    .check(
      z.refine(
        (keys) => keys.filter(({ status }) => status === 'current').length === 1,
        'exactly one current key',
      ),
      z.refine((keys) => keys.filter(({ status }) => status === 'next').length <= 1, 'at most one next key'),
      z.refine(
        (keys) => new Set(keys.map(({ jwk }) => jwk.kid)).size === keys.length,
        'one key for each kid',
      ),
      z.refine(
        (keys) => keys.every(({ status, jwk }) => (status === 'previous') !== 'd' in jwk),
        'private halves of the next and the current key, and none of previous ones',
      ),
    ),
});
export type KeySet = z.infer<typeof keySetSchema>;
export type KeyEntry = KeySet['keys'][number];

export const keySecretName = (algorithm: SigningAlgorithm) => `SIGNING_KEYS_${algorithm.toUpperCase()}`;

/** Verifiers may keep what they fetched for so long. */
export const JWKS_MAX_AGE_SECONDS = 300;

const fits = (jwk: Readonly<Record<string, unknown>>, algorithm: SigningAlgorithm) =>
  jwk['kty'] === keyTypeOf(algorithm) && isUsableKey(jwk);

/** Reads such a secret. @returns what is wrong with it, in words, if it can't be used */
export function parseKeySet(algorithm: SigningAlgorithm, text: string): KeySet | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'this is not JSON';
  }
  const parsed = keySetSchema.safeParse(value);
  // The issues' own words name places and types only, never a value.
  if (!parsed.success)
    return `this is not a key set (${parsed.error.issues.map(({ message }) => message).join('; ')})`;
  const wrong = parsed.data.keys.find(({ jwk }) => !fits(jwk, algorithm));
  return wrong === undefined ? parsed.data : `the key ${wrong.jwk.kid} is not a key for ${algorithm}`;
}

const PUBLIC_MEMBERS = ['kty', 'crv', 'n', 'e', 'x', 'y', 'kid'];

/** RFC 7517 §5: what verifiers may know, chosen by name, so that nothing else can slip through. */
export function publicJwk(algorithm: SigningAlgorithm, jwk: Readonly<Record<string, unknown>>): JWK {
  const members = PUBLIC_MEMBERS.filter((name) => name in jwk).map((name) => [name, jwk[name]]);
  return { ...Object.fromEntries(members), alg: algorithm, use: 'sig' } as JWK;
}

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
}

/** The issuer's keys, read from the Worker's secrets once. Nothing of them is ever read from KV. */
export interface Keys {
  /** All public keys. */
  readonly jwks: { readonly keys: readonly JWK[] };
  /** @returns `undefined` if there is no key for that algorithm */
  signingKey(algorithm: SigningAlgorithm): Promise<SigningKey | undefined>;
}

export function createKeys(sets: ReadonlyMap<SigningAlgorithm, KeySet>): Keys {
  const imported = new Map<SigningAlgorithm, SigningKey>();
  return {
    jwks: {
      keys: SIGNING_ALGORITHMS.flatMap((algorithm) =>
        (sets.get(algorithm)?.keys ?? []).map(({ jwk }) => publicJwk(algorithm, jwk)),
      ),
    },
    async signingKey(algorithm) {
      const known = imported.get(algorithm);
      if (known !== undefined) return known;
      const current = sets.get(algorithm)?.keys.find(({ status }) => status === 'current');
      if (current === undefined) return undefined;
      const privateKey = (await importJWK(current.jwk as JWK, algorithm)) as CryptoKey;
      const key = { kid: current.jwk.kid, privateKey };
      imported.set(algorithm, key);
      return key;
    },
  };
}
