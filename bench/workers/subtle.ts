/** No library at all: Web Crypto on every request, with keys that are imported once. */
import { ALGORITHMS, type Env, readBearer, rememberKeys, sendOn, TOKEN_TYPE } from './verified.ts';

const IMPORT = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  EdDSA: { name: 'Ed25519' },
} as const;
const VERIFY = { ...IMPORT, ES256: { name: 'ECDSA', hash: 'SHA-256' } } as const;

interface Key {
  readonly alg: keyof typeof IMPORT;
  readonly key: CryptoKey;
}

const getKeys = rememberKeys(async (jwks) => {
  const entries = jwks.map(async (jwk): Promise<[string, Key]> => {
    const { alg, kid } = jwk as { alg: keyof typeof IMPORT; kid: string };
    return [kid, { alg, key: await crypto.subtle.importKey('jwk', jwk, IMPORT[alg], false, ['verify']) }];
  });
  return new Map(await Promise.all(entries));
});

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const token = readBearer(request);
    const claims = token === undefined ? undefined : await verify(token, env).catch(() => undefined);
    if (claims === undefined) return new Response('no good token', { status: 401 });
    return sendOn(request, claims, env);
  },
};

async function verify(token: string, env: Env): Promise<Record<string, unknown> | undefined> {
  const [header = '', payload = '', signature = '', more] = token.split('.');
  if (more !== undefined) return undefined;
  const { alg, kid, typ } = readJson(header);
  const known = typeof kid === 'string' ? (await getKeys(env.JWKS_URI)).get(kid) : undefined;
  if (known === undefined || known.alg !== alg || !ALGORITHMS.includes(known.alg)) return undefined;
  if (typeof typ !== 'string' || typ.toLowerCase() !== TOKEN_TYPE) return undefined;
  const claims = readJson(payload);
  const { iss, aud, exp, nbf } = claims;
  const now = Date.now() / 1000;
  if (iss !== env.ISSUER || ![aud].flat().includes(env.AUDIENCE)) return undefined;
  if (typeof exp !== 'number' || exp <= now || (typeof nbf === 'number' && nbf > now)) return undefined;
  const signed = new TextEncoder().encode(`${header}.${payload}`);
  const isGood = await crypto.subtle.verify(VERIFY[known.alg], known.key, decode(signature), signed);
  return isGood ? claims : undefined;
}

const readJson = (part: string) =>
  JSON.parse(new TextDecoder().decode(decode(part))) as Record<string, unknown>;

const decode = (text: string) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (byte) => byte.charCodeAt(0));
