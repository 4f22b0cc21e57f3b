/** The gateway's public keys, and signatures that are checked with them. */
import { BASE64URL, isObject, type UnverifiedAssertion } from './decode.ts';
import { refuse } from './refusal.ts';

/** A JWK Set (RFC 7517 §5). */
export interface JwkSet {
  readonly keys: readonly object[];
}

/** The keys of a set by `kid`. Each is imported when it is used first. */
export type KeysById = ReadonlyMap<string, VerificationKey>;

interface VerificationKey {
  readonly algorithms: readonly string[];
  readonly jwk: JsonWebKey;
  imported?: Promise<CryptoKey>;
}

type Bytes = Uint8Array<ArrayBuffer>;

const MAX_KEYS = 100;
const SIGNATURE_BYTES = 64; // of both algorithms (RFC 7518 §3.4, RFC 8032 §5.1.6)
const COORDINATE_LENGTH = 43; // 32 bytes

/** What Web Crypto calls them. `EdDSA` in a key means the same as `Ed25519`. */
const CURVES = {
  'EC P-256': {
    algorithms: ['ES256'],
    key: { name: 'ECDSA', namedCurve: 'P-256' },
    verify: { name: 'ECDSA', hash: 'SHA-256' },
  },
  'OKP Ed25519': {
    algorithms: ['EdDSA', 'Ed25519'],
    key: { name: 'Ed25519' },
    verify: { name: 'Ed25519' },
  },
} as const;

type Curve = keyof typeof CURVES;

const curveOf = ({ kty, crv }: { kty?: unknown; crv?: unknown }): Curve | undefined => {
  const name = `${kty} ${crv}`;
  return Object.hasOwn(CURVES, name) ? (name as Curve) : undefined;
};

/**
 * Reads a JWK Set. Keys that can't sign assertions are passed over: of other types, for encryption, without `kid`, and
 * private ones, since whoever has read the set could sign with them.
 *
 * @returns `undefined` where it is no set, or has no key that could be used
 */
export function readKeys(set: unknown): KeysById | undefined {
  if (!isObject(set) || !Array.isArray(set['keys'])) return undefined;
  const keys = new Map<string, VerificationKey>();
  for (const jwk of set['keys'].slice(0, MAX_KEYS)) {
    const key = readKey(jwk);
    if (key !== undefined && !keys.has(key.kid)) keys.set(key.kid, key);
  }
  return keys.size === 0 ? undefined : keys;
}

function readKey(jwk: unknown): (VerificationKey & { kid: string }) | undefined {
  if (!isObject(jwk)) return undefined;
  const { kid, use, key_ops: operations, alg, kty, crv, x, y, d } = jwk;
  const curve = curveOf({ kty, crv });
  if (typeof kid !== 'string' || curve === undefined || d !== undefined) return undefined;
  if (use !== undefined && use !== 'sig') return undefined;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    return undefined;
  const { algorithms } = CURVES[curve];
  if (alg !== undefined && !(algorithms as readonly unknown[]).includes(alg)) return undefined;
  if (!isCoordinate(x) || (kty === 'EC' && !isCoordinate(y))) return undefined;
  return { kid, algorithms, jwk: { kty, crv, x, ...(kty === 'EC' && { y }) } as JsonWebKey };
}

const isCoordinate = (value: unknown) =>
  typeof value === 'string' && value.length === COORDINATE_LENGTH && BASE64URL.test(value);

/** @throws OriginRefusal `key_unknown` */
export function findKey(keys: KeysById, kid: string | undefined): VerificationKey {
  return (
    (kid === undefined ? undefined : keys.get(kid)) ??
    refuse('key_unknown', 'The gateway publishes no key with the kid of the assertion.')
  );
}

/** @throws OriginRefusal `algorithm_not_allowed`, `keys_unavailable`, `signature_invalid` */
export async function checkSignature(
  key: VerificationKey,
  { alg, signed, signature }: UnverifiedAssertion,
): Promise<void> {
  if (!key.algorithms.includes(alg))
    refuse('algorithm_not_allowed', `The key of the assertion is not for ${alg}.`);
  const curve = CURVES[curveOf(key.jwk) as Curve];
  key.imported ??= crypto.subtle.importKey('jwk', key.jwk, curve.key, false, ['verify']);
  const imported = await key.imported.catch(() =>
    refuse('keys_unavailable', 'The key of the assertion is no point of its curve.'),
  );
  const isValid =
    signature.length === SIGNATURE_BYTES &&
    (await crypto.subtle.verify(curve.verify, imported, signature as Bytes, signed as Bytes));
  if (!isValid) refuse('signature_invalid', 'The signature of the assertion is not one of its key.');
}
