import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

export interface TestAssertionKey {
  /** What the secret holds. */
  readonly secret: string;
  readonly kid: string;
  readonly publicJwk: JWK;
}

/** A key as `claimgate assertion keys` makes it. */
export async function makeAssertionKey(
  from: number,
  alg: 'ES256' | 'EdDSA' = 'ES256',
): Promise<TestAssertionKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return {
    secret: JSON.stringify({ ...jwk, kid, from }),
    kid,
    publicJwk: { ...(await exportJWK(publicKey)), kid },
  };
}
