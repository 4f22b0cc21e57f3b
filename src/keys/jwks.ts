import { importJWK } from 'jose';
import { ALGORITHMS } from '../policy/algorithms.ts';

/** A public key as it is kept: only the members that verification needs (RFC 7518 §6, RFC 8037 §2). */
export interface PublicJwk {
  readonly kty: 'RSA' | 'EC' | 'OKP';
  readonly kid?: string;
  readonly alg?: string;
  readonly crv?: string;
  readonly n?: string;
  readonly e?: string;
  readonly x?: string;
  readonly y?: string;
}

/** A key of a set, ready to verify with. */
export interface VerificationKey {
  /** From `keyName`. */
  readonly id: string;
  readonly kid: string | undefined;
  /** The key for one algorithm: Web Crypto binds an RSA key to its hash and padding. */
  cryptoKey(alg: string): Promise<CryptoKey>;
  fits(alg: string): boolean;
}

export interface KeySet {
  readonly keys: readonly VerificationKey[];
  readonly ids: ReadonlySet<string>;
}

/** Larger sets are cut: no issuer needs them, and each key costs time. */
const MAX_KEYS = 100;
/** RFC 7518 §3.3. */
const MIN_RSA_BITS = 2048;
/** Verification with a larger key takes milliseconds: an issuer could stall the gateway. */
const MAX_RSA_BITS = 8192;
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const EC_ALGORITHMS: Readonly<Record<string, string>> = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
};

/** Why a key of a set is not used. */
export interface DroppedKey {
  readonly kid: unknown;
  readonly why:
    | 'not_an_object'
    | 'private'
    | 'not_for_signatures'
    | 'kty'
    | 'alg'
    | 'kid'
    | 'malformed'
    | 'rsa_size';
}

/**
 * Picks the keys of a JWK Set (RFC 7517 §5) that can verify signatures. Symmetric and private keys, keys for
 * encryption and weak ones are dropped; absent `use` and `alg` are fine.
 *
 * @returns `undefined` where the document is no JWK Set at all
 */
export function readJwks(document: unknown): { keys: PublicJwk[]; dropped: DroppedKey[] } | undefined {
  if (typeof document !== 'object' || document === null) return undefined;
  const { keys: members } = document as { keys?: unknown };
  if (!Array.isArray(members)) return undefined;
  const keys: PublicJwk[] = [];
  const dropped: DroppedKey[] = [];
  for (const member of members.slice(0, MAX_KEYS) as unknown[]) {
    const key = readJwk(member);
    if (typeof key === 'string') dropped.push({ kid: (member as { kid?: unknown } | null)?.kid, why: key });
    else keys.push(key);
  }
  return { keys, dropped };
}

function readJwk(member: unknown): PublicJwk | DroppedKey['why'] {
  if (typeof member !== 'object' || member === null) return 'not_an_object';
  const jwk = member as Record<string, unknown>;
  if (PRIVATE_MEMBERS.some((name) => jwk[name] !== undefined)) return 'private';
  const { use, key_ops: keyOps, kid, alg } = jwk;
  if (use !== undefined && use !== 'sig') return 'not_for_signatures';
  if (Array.isArray(keyOps) && !keyOps.includes('verify')) return 'not_for_signatures';
  if (kid !== undefined && typeof kid !== 'string') return 'kid';
  const material = readMaterial(jwk);
  if (typeof material === 'string') return material;
  if (alg !== undefined) {
    if (typeof alg !== 'string' || !(ALGORITHMS as readonly string[]).includes(alg)) return 'alg';
    if (!fitsAlgorithm(material, alg)) return 'alg';
  }
  return {
    ...material,
    ...(typeof kid === 'string' && { kid }),
    ...(typeof alg === 'string' && { alg }),
  };
}

function readMaterial({ kty, crv, n, e, x, y }: Record<string, unknown>): PublicJwk | DroppedKey['why'] {
  switch (kty) {
    case 'RSA': {
      if (!isBase64Url(n) || !isBase64Url(e)) return 'malformed';
      const bits = bitLength(n);
      return bits < MIN_RSA_BITS || bits > MAX_RSA_BITS ? 'rsa_size' : { kty, n, e };
    }
    case 'EC':
      if (typeof crv !== 'string' || !Object.hasOwn(EC_ALGORITHMS, crv)) return 'kty';
      return isBase64Url(x) && isBase64Url(y) ? { kty, crv, x, y } : 'malformed';
    case 'OKP':
      if (crv !== 'Ed25519') return 'kty';
      return isBase64Url(x) ? { kty, crv, x } : 'malformed';
    default:
      return 'kty';
  }
}

/** One digit over a multiple of four encodes nothing: `atob` throws there. */
const isBase64Url = (value: unknown): value is string =>
  typeof value === 'string' && BASE64URL.test(value) && value.length % 4 !== 1;

/** Bits of a modulus, leading zeros not counted. */
function bitLength(base64url: string): number {
  const bytes = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  let start = 0;
  while (start < bytes.length && bytes.charCodeAt(start) === 0) start++;
  if (start === bytes.length) return 0;
  return (bytes.length - start) * 8 - (Math.clz32(bytes.charCodeAt(start)) - 24);
}

function fitsAlgorithm(jwk: PublicJwk, alg: string): boolean {
  switch (jwk.kty) {
    case 'RSA':
      return alg.startsWith('RS') || alg.startsWith('PS');
    case 'EC':
      return EC_ALGORITHMS[jwk.crv as string] === alg;
    case 'OKP':
      return isEdwards(alg);
  }
}

const isEdwards = (alg: string) => alg === 'EdDSA' || alg === 'Ed25519';

/**
 * Imports keys. Those that Web Crypto refuses are left out.
 *
 * @returns `undefined` if none is left: such a set must never replace a good one
 */
export async function importKeySet(jwks: readonly PublicJwk[]): Promise<KeySet | undefined> {
  const keys = (await Promise.all(jwks.map(importKey))).filter((key) => key !== undefined);
  if (keys.length === 0) return undefined;
  // A key that is listed twice must not make its tokens ambiguous.
  const distinct = new Map(keys.map((key) => [key.id, key]));
  return { keys: [...distinct.values()], ids: new Set(distinct.keys()) };
}

/** Equal for two keys with the same id, algorithm and material. */
export function keyName(jwk: PublicJwk): string {
  return JSON.stringify([jwk.kid, jwk.alg, jwk.kty, jwk.crv, jwk.n, jwk.e, jwk.x, jwk.y]);
}

async function importKey(jwk: PublicJwk): Promise<VerificationKey | undefined> {
  const imported = new Map<string, Promise<CryptoKey>>();
  const cryptoKey = (alg: string) => {
    let key = imported.get(alg);
    if (key === undefined) {
      key = importJWK({ ...jwk, alg }, alg) as Promise<CryptoKey>;
      imported.set(alg, key);
    }
    return key;
  };
  const usual =
    jwk.alg ?? (jwk.kty === 'RSA' ? 'RS256' : jwk.kty === 'OKP' ? 'EdDSA' : EC_ALGORITHMS[jwk.crv as string]);
  try {
    await cryptoKey(usual as string);
  } catch {
    return undefined;
  }
  return {
    id: keyName(jwk),
    kid: jwk.kid,
    cryptoKey,
    fits: (alg) =>
      fitsAlgorithm(jwk, alg) &&
      (jwk.alg === undefined || jwk.alg === alg || (isEdwards(jwk.alg) && isEdwards(alg))),
  };
}

/**
 * The key that a token asks for. With `kid`, the one that has it; without, the one that fits the algorithm, if only
 * one does (RFC 7515 §4.1.4, RFC 7517 §4.5).
 */
export function selectKey(
  set: KeySet,
  { alg, kid }: { readonly alg: string; readonly kid: string | undefined },
): VerificationKey | 'unknown' | 'misfit' | 'ambiguous' {
  const named = kid === undefined ? set.keys : set.keys.filter((key) => key.kid === kid);
  const fitting = named.filter((key) => key.fits(alg));
  const [key] = fitting;
  if (key === undefined) return kid !== undefined && named.length > 0 ? 'misfit' : 'unknown';
  return fitting.length > 1 ? 'ambiguous' : key;
}
