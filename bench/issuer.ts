/** The issuer: its keys, the server of its key set, and its tokens. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export const ALGORITHMS = ['RS256', 'ES256'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export const ISSUER = 'https://issuer.example/';
export const AUDIENCE = 'https://api.example.com/bench';
export const SCOPE = 'read:bench';

const BATCH = 100;

export interface Issuer {
  readonly jwksUri: string;
  readonly server: Server;
  /** Tokens that differ from all others, for an hour. */
  makeTokens(alg: Algorithm, count: number): Promise<string[]>;
}

export async function startIssuer(): Promise<Issuer> {
  const pairs = {
    RS256: await generateKeyPair('RS256', { modulusLength: 2048 }),
    ES256: await generateKeyPair('ES256'),
  };
  const jwks = await Promise.all(
    ALGORITHMS.map(async (alg) => ({
      ...(await exportJWK(pairs[alg].publicKey)),
      alg,
      kid: alg,
      use: 'sig',
    })),
  );
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: jwks }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const makeToken = (alg: Algorithm) =>
    new SignJWT({ scope: `openid ${SCOPE} write:bench`, client_id: 'bench-client', jti: crypto.randomUUID() })
      .setProtectedHeader({ alg, kid: alg, typ: 'at+jwt' })
      .setIssuer(ISSUER)
      .setSubject('auth0|5f7c8ec7c33c6c004bbafe82')
      .setAudience(AUDIENCE)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(pairs[alg].privateKey);

  return {
    jwksUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    server,
    async makeTokens(alg, count) {
      const tokens: string[] = [];
      while (tokens.length < count) {
        const length = Math.min(BATCH, count - tokens.length);
        tokens.push(...(await Promise.all(Array.from({ length }, () => makeToken(alg)))));
      }
      return tokens;
    },
  };
}
