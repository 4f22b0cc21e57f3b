/** The gateway's own keys, which assertions are signed with: two secrets, of which the newer one signs. */
import { base64url, importJWK, type JWK } from 'jose';
import { KEY_SECRETS } from '../policy/assertion.ts';

/** A key as its secret has it: a private JWK, and since when it signs. */
export interface AssertionKey {
  /** The place of its secret in `KEY_SECRETS`, from 1. */
  readonly slot: number;
  readonly alg: 'ES256' | 'EdDSA';
  readonly kid: string;
  /** Seconds since 1970. Until then it is only published, so that verifiers know it in time. */
  readonly from: number;
  readonly jwk: JWK;
}

const COORDINATE = /^[A-Za-z0-9_-]{43}$/;

/** @returns what is wrong with it, in words that hold nothing of it, if it can't be used */
function readAssertionKey(text: string, slot: number): AssertionKey | string {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return 'it is not JSON';
  }
  if (typeof value !== 'object' || value === null) return 'it is not a JSON object';
  const { kty, crv, kid, from, x, y, d } = value;
  const isCoordinate = (part: unknown) => typeof part === 'string' && COORDINATE.test(part);
  const isEc = kty === 'EC' && crv === 'P-256' && isCoordinate(y);
  if (!isEc && !(kty === 'OKP' && crv === 'Ed25519')) return 'it is neither a P-256 nor an Ed25519 key';
  if (!isCoordinate(x) || !isCoordinate(d)) return 'it is no private key';
  if (typeof kid !== 'string' || !COORDINATE.test(kid)) return 'its kid is no thumbprint';
  if (!Number.isSafeInteger(from)) return 'it does not say from when it signs';
  const jwk = { kty, crv, x, d, ...(isEc && { y }) } as JWK;
  return { slot, alg: isEc ? 'ES256' : 'EdDSA', kid, from: from as number, jwk };
}

/** The keys of a Worker. @param secret by name; `undefined` where there is none */
export function readAssertionKeys(secret: (name: string) => string | undefined): {
  readonly keys: readonly AssertionKey[];
  readonly faults: readonly (readonly [name: string, problem: string])[];
} {
  const read = KEY_SECRETS.flatMap((name, i) => {
    const text = secret(name);
    return text === undefined ? [] : [[name, readAssertionKey(text, i + 1)] as const];
  });
  return {
    keys: read.flatMap(([, key]) => (typeof key === 'string' ? [] : [key])),
    faults: read.flatMap(([name, key]) => (typeof key === 'string' ? [[name, key] as const] : [])),
  };
}

type Timed = Pick<AssertionKey, 'slot' | 'from'>;

/** The key that signs: the newest of those whose time has come. @param now seconds since 1970 */
export function signingKey<Key extends Timed>(keys: readonly Key[], now: number): Key | undefined {
  return keys.filter(({ from }) => from <= now).sort((a, b) => b.from - a.from)[0];
}

export type KeyState = 'current' | 'next' | 'previous';

/** What a key does at a time. */
export function stateOf(key: Timed, keys: readonly Timed[], now: number): KeyState {
  if (key.from > now) return 'next';
  return signingKey(keys, now)?.slot === key.slot ? 'current' : 'previous';
}

/** So long after another one took over, no assertion of a key is good any more: 120 s at most, and clocks differ. */
export const KEPT_SECONDS = 300;

/** Whether origins still need it. One that is not published any more is of no use to whoever has read it since. */
function isPublished(key: Timed, keys: readonly Timed[], now: number): boolean {
  const current = signingKey(keys, now);
  return stateOf(key, keys, now) !== 'previous' || current === undefined || now < current.from + KEPT_SECONDS;
}

/**
 * RFC 7517 §5: the public halves. `slot` and `from` are for `claimgate assertion keys`; others pass them over.
 *
 * @param now seconds since 1970
 */
export const publicKeySet = (keys: readonly AssertionKey[], now: number) => ({
  keys: keys
    .filter((key) => isPublished(key, keys, now))
    .map(({ slot, alg, kid, from, jwk: { kty, crv, x, y } }) => ({
      ...{ kty, crv, x, ...(y !== undefined && { y }) },
      ...{ kid, alg, use: 'sig', slot, from },
    })),
});

/** What each assertion of a key begins and ends with. */
interface Signer {
  /** RFC 7515: the protected header, encoded. */
  readonly header: string;
  readonly privateKey: CryptoKey;
}

const signers = new WeakMap<AssertionKey, Promise<Signer>>();

/** Rejects where the private half doesn't fit the public one. */
export function signerOf(key: AssertionKey): Promise<Signer> {
  let known = signers.get(key);
  if (known === undefined) {
    known = makeSigner(key);
    signers.set(key, known);
  }
  return known;
}

async function makeSigner({ alg, kid, jwk }: AssertionKey): Promise<Signer> {
  const header = base64url.encode(JSON.stringify({ alg, typ: 'txntoken+jwt', kid }));
  return { header, privateKey: (await importJWK(jwk, alg)) as CryptoKey };
}
