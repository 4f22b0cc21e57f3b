/** One key of a set, as issuers write it, made into the one form in which it is kept. */
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
    | 'rsa_size'
    | 'too_many';
}

/** RFC 7518 §3.3. */
const MIN_RSA_BITS = 2048;
/** Verification with a larger key takes milliseconds: an issuer could stall the gateway. */
const MAX_RSA_BITS = 8192;
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const BASE64URL = /^[A-Za-z0-9_-]+$/;
/** RFC 7518 §3.4, §6.2.1: the algorithm of each curve, and how many bytes a coordinate has. */
const CURVES: Readonly<Record<string, readonly [alg: string, size: number]>> = {
  'P-256': ['ES256', 32],
  'P-384': ['ES384', 48],
  'P-521': ['ES512', 66],
};

/**
 * A key's id, in a key set or in the header of a token: a number counts as its decimal text, and an empty one as none.
 *
 * @returns `null` where it is something else
 */
export function readKeyId(kid: unknown): string | undefined | null {
  if (kid == null || kid === '') return undefined;
  return typeof kid === 'string' ? kid : typeof kid === 'number' ? String(kid) : null;
}

/**
 * Reads a key. Members that are `null` are absent, unknown ones are passed over, and numbers may be written as servers
 * write them: in plain or padded base64, with leading zeros, or without.
 */
export function readJwk(member: unknown): PublicJwk | DroppedKey['why'] {
  if (typeof member !== 'object' || member === null) return 'not_an_object';
  const jwk = member as Record<string, unknown>;
  // Whoever has read the key set could sign: such a key proves nothing.
  if (PRIVATE_MEMBERS.some((name) => !isEmpty(jwk[name]))) return 'private';
  const { use, key_ops: keyOps, alg } = jwk;
  if (use != null && use !== 'sig') return 'not_for_signatures';
  if (Array.isArray(keyOps) && !keyOps.includes('verify')) return 'not_for_signatures';
  const kid = readKeyId(jwk['kid']);
  if (kid === null) return 'kid';
  const material = readMaterial(jwk);
  if (typeof material === 'string') return material;
  if (alg != null) {
    if (typeof alg !== 'string' || !(ALGORITHMS as readonly string[]).includes(alg)) return 'alg';
    if (!fitsAlgorithm(material, alg)) return 'alg';
  }
  return { ...material, ...(kid !== undefined && { kid }), ...(typeof alg === 'string' && { alg }) };
}

const isEmpty = (value: unknown) =>
  value == null || value === '' || (Array.isArray(value) && value.length === 0);

function readMaterial({ kty, crv, n, e, x, y }: Record<string, unknown>): PublicJwk | DroppedKey['why'] {
  switch (kty) {
    case 'RSA': {
      const [modulus, exponent] = [toBytes(n), toBytes(e)].map((bytes) => bytes?.replace(/^\0+/, ''));
      if (modulus === undefined || !exponent) return 'malformed';
      const bits = modulus.length * 8 - Math.clz32(modulus.charCodeAt(0)) + 24;
      return bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS
        ? { kty, n: toBase64Url(modulus), e: toBase64Url(exponent) }
        : 'rsa_size';
    }
    case 'EC': {
      const [, size] = (typeof crv === 'string' && Object.hasOwn(CURVES, crv) && CURVES[crv]) || [];
      if (size === undefined) return 'kty';
      const [left, right] = [toBytes(x), toBytes(y)].map((bytes) => bytes && toSize(bytes, size));
      if (!left || !right) return 'malformed';
      return { kty, crv: crv as string, x: toBase64Url(left), y: toBase64Url(right) };
    }
    case 'OKP': {
      if (crv !== 'Ed25519') return 'kty';
      const point = toBytes(x);
      return point === undefined ? 'malformed' : { kty, crv, x: toBase64Url(point) };
    }
    default:
      return 'kty';
  }
}

/** A coordinate is a number: zeros before it change nothing. @returns `undefined` where it is too large for its curve */
function toSize(bytes: string, size: number): string | undefined {
  const number = bytes.replace(/^\0+/, '');
  return number.length > size ? undefined : number.padStart(size, '\0');
}

/** Base64 of either alphabet, padded or not, as a string of bytes. */
function toBytes(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/={1,2}$/, '');
  // One digit over a multiple of four encodes nothing: `atob` throws there.
  if (!BASE64URL.test(text) || text.length % 4 === 1) return undefined;
  return atob(text.replaceAll('-', '+').replaceAll('_', '/'));
}

const toBase64Url = (bytes: string) =>
  btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** Whether a key can be used with an algorithm, by its type alone. */
export function fitsAlgorithm(jwk: PublicJwk, alg: string): boolean {
  switch (jwk.kty) {
    case 'RSA':
      return alg.startsWith('RS') || alg.startsWith('PS');
    case 'EC':
      return CURVES[jwk.crv as string]?.[0] === alg;
    case 'OKP':
      return isEdwards(alg);
  }
}

/** Both are names of the same algorithm here. */
export const isEdwards = (alg: string) => alg === 'EdDSA' || alg === 'Ed25519';

/** An algorithm of the key: the one that it names, or one that it fits. */
export const usualAlgorithm = (jwk: PublicJwk): string =>
  jwk.alg ?? ALGORITHMS.find((alg) => fitsAlgorithm(jwk, alg)) ?? '';

/** Equal for two keys with the same id, algorithm and material. */
export const keyName = (jwk: PublicJwk): string =>
  JSON.stringify([jwk.kid, jwk.alg, jwk.kty, jwk.crv, jwk.n, jwk.e, jwk.x, jwk.y]);
