import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { AUDIENCE, ISSUER } from './policy.ts';

export interface SigningKey {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** A key pair made for this run. `kid` null: without id. `modulusLength` for RSA only. */
export async function makeKey(
  alg = 'ES256',
  kid: string | null = 'key-1',
  modulusLength = 2048,
): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength });
  const publicJwk = { ...(await exportJWK(publicKey)), ...(kid !== null && { kid }) };
  return { alg, kid: kid ?? undefined, privateKey: privateKey as CryptoKey, publicJwk };
}

/** An instant for tests whose clock stands still: seconds since 1970. */
export const NOW_SECONDS = 1_800_000_000;

/** Claims of a token that passes; give `undefined` to leave one out. */
export function usualClaims(more: Record<string, unknown> = {}): Record<string, unknown> {
  const claims = {
    iss: ISSUER,
    sub: 'user-1',
    aud: AUDIENCE,
    exp: NOW_SECONDS + 600,
    iat: NOW_SECONDS - 10,
    client_id: 'client-1',
    scope: 'read:orders',
    ...more,
  };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

/** Signs claims as they are: nothing is added and nothing checked. */
export function sign(
  key: SigningKey,
  claims: Record<string, unknown> = usualClaims(),
  header: Record<string, unknown> = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({
      alg: key.alg,
      ...(key.kid !== undefined && { kid: key.kid }),
      typ: 'at+jwt',
      ...header,
    })
    .sign(key.privateKey);
}

export function base64url(text: string | Uint8Array): string {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** Signs a payload that no library would write: duplicate members, deep nesting, text that is not JSON. */
export async function signRaw(key: SigningKey, payload: string, header?: string): Promise<string> {
  const protectedHeader = header ?? JSON.stringify({ alg: key.alg, kid: key.kid, typ: 'at+jwt' });
  const input = `${base64url(protectedHeader)}.${base64url(payload)}`;
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    key.privateKey,
    new TextEncoder().encode(input),
  );
  return `${input}.${base64url(new Uint8Array(signature))}`;
}
