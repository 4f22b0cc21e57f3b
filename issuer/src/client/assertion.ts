import { compactVerify, decodeProtectedHeader, errors, importJWK, type JWK } from 'jose';
import type { AuthenticationFailure } from '../failure.ts';
import { keyTypeOf } from '../key-kinds.ts';
import { type ClientKey, isLive } from '../records.ts';
import { ASSERTION_ALGORITHMS } from './algorithms.ts';
import { DECOY_KEYS } from './decoy-keys.ts';

const MAX_LIFETIME_SECONDS = 300;
/** For clocks that differ. */
const TOLERANCE_SECONDS = 10;
const MAX_ID_LENGTH = 64;

export interface VerifiedAssertion {
  readonly key: ClientKey;
  readonly jti: string;
  readonly expiresAtSeconds: number;
}

/**
 * Verifies a client assertion (RFC 7523 §3) with the registered keys of the client that it names. Its audience must be
 * the issuer, and nothing else: one for the token endpoint's URL could be meant for another server (rfc7523bis).
 * Keys are never fetched. Without `kid`, which clients may leave out, each live key that fits is tried.
 */
export async function verifyAssertion(
  assertion: string,
  expected: { readonly issuer: string; readonly clientId: string; readonly keys: readonly ClientKey[] },
  nowSeconds: number,
): Promise<VerifiedAssertion | AuthenticationFailure> {
  const { alg, kid } = readHeader(assertion) ?? {};
  if (!isAllowed(alg)) return { code: 'assertion_malformed' };
  const keys = expected.keys.filter(
    (key) => isLive(key, nowSeconds) && fits(key.jwk, alg) && (kid === undefined || kid === key.jwk['kid']),
  );
  if (keys.length === 0) {
    // The same work as for a client that has a key.
    await verifySignature(assertion, DECOY_KEYS[keyTypeOf(alg)], alg);
    return { code: 'assertion_key_unknown' };
  }
  for (const key of keys) {
    const claims = await verifySignature(assertion, key.jwk as JWK, alg);
    if (claims !== undefined) return checkClaims(claims, key, expected, nowSeconds);
  }
  return { code: 'assertion_signature_invalid' };
}

type Algorithm = (typeof ASSERTION_ALGORITHMS)[number];

const isAllowed = (alg: unknown): alg is Algorithm => ASSERTION_ALGORITHMS.some((allowed) => allowed === alg);

const sameAlgorithm = (a: unknown) => (a === 'Ed25519' ? 'EdDSA' : a);

/** The algorithm is the key's, where the key names one: else any of its kind that is allowed. */
function fits(jwk: Readonly<Record<string, unknown>>, alg: Algorithm): boolean {
  return (
    jwk['kty'] === keyTypeOf(alg) &&
    (jwk['alg'] === undefined || sameAlgorithm(jwk['alg']) === sameAlgorithm(alg))
  );
}

function readHeader(assertion: string): { alg?: unknown; kid?: unknown } | undefined {
  try {
    return decodeProtectedHeader(assertion);
  } catch {
    return undefined;
  }
}

/** @returns the claims; `undefined` if the signature, the key or the form is bad */
async function verifySignature(
  assertion: string,
  jwk: JWK,
  alg: Algorithm,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const key = await importJWK({ ...jwk, ext: true }, alg);
    const { payload } = await compactVerify(assertion, key, { algorithms: [alg] });
    const claims: unknown = JSON.parse(new TextDecoder().decode(payload));
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof SyntaxError || isUnusableKey(error))
      return undefined;
    throw error;
  }
}

/** What Web Crypto and jose throw for a registered key that is none. */
const isUnusableKey = (error: unknown) => error instanceof DOMException || error instanceof TypeError;

function checkClaims(
  claims: Readonly<Record<string, unknown>>,
  key: ClientKey,
  { issuer, clientId }: { readonly issuer: string; readonly clientId: string },
  nowSeconds: number,
): VerifiedAssertion | AuthenticationFailure {
  const { iss, sub, aud, exp, nbf, iat, jti } = claims;
  const invalid = (claim: string): AuthenticationFailure => ({ code: 'assertion_claims_invalid', claim });
  const notLater = (date: unknown) =>
    date === undefined || (typeof date === 'number' && date <= nowSeconds + TOLERANCE_SECONDS);
  if (iss !== clientId) return invalid('iss');
  if (sub !== clientId) return invalid('sub');
  if (aud !== issuer) return invalid('aud');
  if (typeof exp !== 'number' || exp <= nowSeconds - TOLERANCE_SECONDS) return invalid('exp');
  if (exp > nowSeconds + MAX_LIFETIME_SECONDS + TOLERANCE_SECONDS) return invalid('exp');
  if (!notLater(nbf)) return invalid('nbf');
  if (!notLater(iat)) return invalid('iat');
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_ID_LENGTH) return invalid('jti');
  return { key, jti, expiresAtSeconds: Math.ceil(exp) + TOLERANCE_SECONDS };
}
