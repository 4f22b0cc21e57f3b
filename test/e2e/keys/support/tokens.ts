/** Keys and tokens, made for the run. */
import { generateKeyPairSync, type KeyObject, randomUUID, sign as signBytes } from 'node:crypto';
import type { JWK } from 'jose';
import { AUDIENCE, START_MS } from './isolates.ts';

export interface SigningKey {
  readonly kid: string;
  readonly publicJwk: JWK;
  readonly privateKey: KeyObject;
}

export function makeKey(kid: string): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicJwk = { ...(publicKey.export({ format: 'jwk' }) as JWK), kid, alg: 'ES256', use: 'sig' };
  return { kid, publicJwk, privateKey };
}

export interface TokenOptions {
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Default: the key's. `null`: none. */
  readonly kid?: string | null;
}

/** A token that no other is like; it outlives every move of the clock. */
export function makeToken(key: SigningKey, issuer: string, options: TokenOptions = {}): string {
  const content = unsigned(issuer, { kid: key.kid, ...options });
  const signature = signBytes('sha256', Buffer.from(content), {
    key: key.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${content}.${signature.toString('base64url')}`;
}

const WEEK_SECONDS = 7 * 24 * 3600;
/** As long as one of ES256, and good for nothing. */
const FAKE_SIGNATURE = Buffer.alloc(64, 7).toString('base64url');

/** A token that looks like one, with a signature that no key has made. */
export function fakeToken(issuer: string, options: TokenOptions): string {
  return `${unsigned(issuer, options)}.${FAKE_SIGNATURE}`;
}

function unsigned(issuer: string, { claims = {}, kid = null }: TokenOptions): string {
  const header = { alg: 'ES256', typ: 'at+jwt', ...(kid !== null && { kid }) };
  const startSeconds = START_MS / 1000;
  const payload = {
    iss: issuer,
    sub: 'user-1',
    aud: AUDIENCE,
    client_id: 'client-1',
    iat: startSeconds,
    exp: startSeconds + WEEK_SECONDS,
    jti: randomUUID(),
    ...claims,
  };
  return `${encode(header)}.${encode(payload)}`;
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
