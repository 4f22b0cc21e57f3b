/** Assertions as the gateway makes them, signed by jose. */
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export const ISSUER = 'https://api.example.com';
export const AUDIENCE = 'orders.internal.example';
const CONTEXT = { iss: 'https://issuer.example/', claims: { roles: ['admin'] } };

export interface Signer {
  /** Public. */
  readonly jwk: JWK;
  /** @param claims those that differ; times are in seconds */
  sign(claims?: Record<string, unknown>): Promise<string>;
}

let count = 0;

export async function createSigner(kid: string, alg: 'ES256' | 'Ed25519' = 'ES256'): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  return {
    jwk,
    sign: (claims = {}) => {
      const iat = Math.floor(Date.now() / 1000);
      const usual = {
        iss: ISSUER,
        aud: AUDIENCE,
        iat,
        exp: iat + 30,
        jti: `id-${count++}`,
        txn: 'request-1',
        sub: 'user-1',
        scope: 'read:orders',
        tctx: CONTEXT,
        req: { method: 'GET', target: '/me?x=1' },
      };
      return new SignJWT({ ...usual, ...claims })
        .setProtectedHeader({ alg, typ: 'txntoken+jwt', kid })
        .sign(privateKey);
    },
  };
}
