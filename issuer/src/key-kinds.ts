/** Which keys serve which algorithms, of the issuer's own keys and of its clients'. */

export type KeyType = 'RSA' | 'EC' | 'OKP';

/** 2048 bits in base64url, below which RFC 7518 §3.3 allows no RSA key. */
const MIN_RSA_MODULUS_LENGTH = 342;

/** RFC 7518 §6.1: the `kty` of keys for an algorithm. */
export function keyTypeOf(algorithm: 'RS256' | 'PS256' | 'ES256' | 'EdDSA' | 'Ed25519'): KeyType {
  if (algorithm === 'ES256') return 'EC';
  return algorithm === 'RS256' || algorithm === 'PS256' ? 'RSA' : 'OKP';
}

/** Of a curve and size that one of those algorithms takes. */
export function isUsableKey({ kty, crv, n }: { kty?: unknown; crv?: unknown; n?: unknown }): boolean {
  if (kty === 'RSA') return typeof n === 'string' && n.length >= MIN_RSA_MODULUS_LENGTH;
  return (kty === 'EC' && crv === 'P-256') || (kty === 'OKP' && crv === 'Ed25519');
}
