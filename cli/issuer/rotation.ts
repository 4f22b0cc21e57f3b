/** Signing keys on their way: next → current → previous → revoked. Pure, apart from the making of keys. */
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { MAX_TOKEN_LIFETIME_SECONDS, type SigningAlgorithm } from '../../issuer/src/records.ts';
import { JWKS_MAX_AGE_SECONDS, type KeyEntry, type KeySet, publicJwk } from '../../issuer/src/token/keys.ts';

/** A key is published for so long before it signs: verifiers that rarely look have seen it by then. */
export const MIN_PUBLISHED_SECONDS = 86_400;
/** Verifiers may be that late: the gateway's cron, and clocks. */
const SLACK_SECONDS = 600;

async function makeKey(
  algorithm: SigningAlgorithm,
  status: 'next' | 'current',
  nowSeconds: number,
): Promise<KeyEntry> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  // One in 64 begins so, and could not be typed as an argument: it would be read as a flag.
  if (kid.startsWith('-')) return makeKey(algorithm, status, nowSeconds);
  return { status, since: nowSeconds, jwk: { ...jwk, kty: jwk.kty ?? '', kid } };
}

/** A new set: one key that signs, one that is published for later. */
export async function makeKeySet(algorithm: SigningAlgorithm, nowSeconds: number): Promise<KeySet> {
  return {
    keys: [await makeKey(algorithm, 'next', nowSeconds), await makeKey(algorithm, 'current', nowSeconds)],
  };
}

/** Seconds until the next key has been published for long enough to sign; 0: now. */
export function secondsUntilRotation({ keys }: KeySet, nowSeconds: number): number {
  const next = keys.find(({ status }) => status === 'next');
  // Without one, a key would have to sign that nobody has seen.
  return next === undefined
    ? MIN_PUBLISHED_SECONDS
    : Math.max(0, next.since + MIN_PUBLISHED_SECONDS - nowSeconds);
}

/** The next key signs, the current one only verifies, and a new next one is published. */
export async function rotate(
  algorithm: SigningAlgorithm,
  { keys }: KeySet,
  nowSeconds: number,
): Promise<KeySet> {
  const of = (status: KeyEntry['status']) => keys.filter((key) => key.status === status);
  const current = of('next')[0] ?? (await makeKey(algorithm, 'next', nowSeconds));
  return {
    keys: [
      await makeKey(algorithm, 'next', nowSeconds),
      { ...current, status: 'current', since: nowSeconds },
      ...of('current').map((key) => retire(algorithm, key, nowSeconds)),
      ...of('previous'),
    ],
  };
}

/** A retired key still verifies what it signed; it can't sign any more. */
function retire(algorithm: SigningAlgorithm, { jwk }: KeyEntry, nowSeconds: number): KeyEntry {
  const { kty = '', ...members } = publicJwk(algorithm, jwk);
  return { status: 'previous', since: nowSeconds, jwk: { kty, ...members, kid: jwk.kid } };
}

/**
 * When no token that a previous key signed can be valid any more. By the longest lifetime that an API can have: those
 * of today say nothing of tokens from before they were changed.
 */
export function safeToRevokeAt(key: Pick<KeyEntry, 'since'>): number {
  return key.since + MAX_TOKEN_LIFETIME_SECONDS + JWKS_MAX_AGE_SECONDS + SLACK_SECONDS;
}

/** When a key can take its next step with nothing lost: sign, or go. `null`: it takes one when another one signs. */
export function readyAt(key: Pick<KeyEntry, 'status' | 'since'>): number | null {
  if (key.status === 'next') return key.since + MIN_PUBLISHED_SECONDS;
  return key.status === 'previous' ? safeToRevokeAt(key) : null;
}

export function revoke({ keys }: KeySet, kid: string): KeySet {
  return { keys: keys.filter(({ jwk }) => jwk.kid !== kid) };
}
