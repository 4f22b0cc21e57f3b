/** The issuer: its keys, the server of its key set, and its tokens, good and bad ones. */
import { createServer, type Server } from 'node:http';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { listen } from './listen.ts';

export const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export const ISSUER = 'https://issuer.example/';
export const AUDIENCE = 'https://api.example.com/bench';
export const SCOPE = 'read:bench';
export const SUBJECT = 'auth0|5f7c8ec7c33c6c004bbafe82';

/** How long the slow key server takes to answer: one that is not on this machine. */
export const KEY_SERVER_MS = 100;

const BATCH = 100;

export interface Issuer {
  readonly server: Server;
  /** Public keys, as PEM. */
  readonly publicKeys: Readonly<Record<Algorithm, string>>;
  /** Where the keys are, for whoever is told so by this name: its fetches are counted. */
  jwksUri(name: string): string;
  /** The same from a server that takes `KEY_SERVER_MS`. */
  slowJwksUri(name: string): string;
  fetches(name: string): number;
  /** Tokens that differ from all others, for an hour. */
  makeTokens(alg: Algorithm, count: number): Promise<string[]>;
  /** A token with these claims instead. */
  makeToken(alg: Algorithm, claims?: JWTPayload): Promise<string>;
}

export async function startIssuer(): Promise<Issuer> {
  const pairs = {
    RS256: await generateKeyPair('RS256', { modulusLength: 2048 }),
    ES256: await generateKeyPair('ES256'),
    EdDSA: await generateKeyPair('EdDSA'),
  };
  const jwks = await Promise.all(
    ALGORITHMS.map(async (alg) => ({
      ...(await exportJWK(pairs[alg].publicKey)),
      alg,
      kid: alg,
      use: 'sig',
    })),
  );
  const pems = ALGORITHMS.map(async (alg) => [alg, await exportSPKI(pairs[alg].publicKey)] as const);
  const fetches = new Map<string, number>();
  const server = createServer(({ url = '' }, response) => {
    const [, path, name = ''] = url.split('/');
    fetches.set(name, (fetches.get(name) ?? 0) + 1);
    const answer = () =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: jwks }));
    if (path === 'slow') setTimeout(answer, KEY_SERVER_MS);
    else answer();
  });
  const base = `http://127.0.0.1:${await listen(server)}`;

  const makeToken = (alg: Algorithm, claims: JWTPayload = {}) => {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({
      scope: `openid ${SCOPE} write:bench`,
      client_id: 'bench-client',
      jti: crypto.randomUUID(),
      iss: ISSUER,
      sub: SUBJECT,
      aud: AUDIENCE,
      iat: now,
      exp: now + 3600,
      ...claims,
    })
      .setProtectedHeader({ alg, kid: alg, typ: 'at+jwt' })
      .sign(pairs[alg].privateKey);
  };

  return {
    server,
    publicKeys: Object.fromEntries(await Promise.all(pems)) as Record<Algorithm, string>,
    jwksUri: (name) => `${base}/jwks/${name}`,
    slowJwksUri: (name) => `${base}/slow/${name}`,
    fetches: (name) => fetches.get(name) ?? 0,
    makeToken,
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

/** The token with a signature that is well-formed, and wrong: checking it takes all the work of a good one. */
export function spoil(token: string): string {
  // Well inside: the first digits could take the number out of its range, and the last one holds padding.
  const at = token.length - 20;
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
}

/** Tokens with key ids that no issuer has, each another one. Their signatures are never looked at. */
export function makeUnknownKeyTokens(token: string, count: number): string[] {
  const [, payload, signature] = token.split('.');
  return Array.from({ length: count }, () => {
    const header = { alg: 'RS256', kid: crypto.randomUUID(), typ: 'at+jwt' };
    return `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}.${signature}`;
  });
}
