/**
 * A tenant of Auth0 on this machine, as far as a gateway sees it. Its metadata has the members and values of the
 * sample in "Configure Applications with OIDC Discovery" of Auth0's documentation, the key set those of "JSON Web Key
 * Set Properties".
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

/** Answers in place of the tenant; `undefined`: the tenant does. */
export type Instead = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface IdentityProvider {
  /** With its slash. */
  readonly issuer: string;
  readonly asked: string[];
  /** What differs from a healthy tenant. */
  set(change: Change): void;
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  close(): void;
}

export interface Change {
  readonly metadata?: Record<string, unknown>;
  readonly keys?: readonly JWK[];
  /** Seconds that its clock is ahead. */
  readonly ahead?: number;
  readonly instead?: Instead;
}

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = 'NEE1QURBOTM4MzI5RkFDNTYxOTU1MDg2';
  const key = { ...(await exportJWK(publicKey)), use: 'sig', kid, x5t: kid, alg: 'RS256' };
  const asked: string[] = [];
  let change: Change = {};
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const now = Date.now() + (change.ahead ?? 0) * 1000;
    response.setHeader('date', new Date(now).toUTCString());
    if (change.instead?.(request, response)) return;
    response.setHeader('content-type', 'application/json; charset=utf-8');
    if (request.url === '/.well-known/openid-configuration')
      response.end(JSON.stringify({ ...metadataOf(issuer), ...change.metadata }));
    else if (request.url === '/.well-known/jwks.json')
      response.end(JSON.stringify({ keys: change.keys ?? [key] }));
    else response.writeHead(404).end('Not found.');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    issuer,
    asked,
    set(next) {
      change = next;
      asked.length = 0;
    },
    token: (claims = {}, header = {}) => sign(privateKey, { iss: issuer, ...claims }, { kid, ...header }),
    close: () => server.close(),
  };
}

const metadataOf = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}authorize`,
  token_endpoint: `${issuer}oauth/token`,
  userinfo_endpoint: `${issuer}userinfo`,
  jwks_uri: `${issuer}.well-known/jwks.json`,
  registration_endpoint: `${issuer}oidc/register`,
  revocation_endpoint: `${issuer}oauth/revoke`,
  scopes_supported: ['openid', 'profile', 'offline_access', 'email'],
  response_types_supported: ['code', 'token', 'id_token'],
  code_challenge_methods_supported: ['S256', 'plain'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['HS256', 'RS256', 'PS256'],
  token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  claims_supported: ['aud', 'auth_time', 'email', 'exp', 'iat', 'iss', 'name', 'sub'],
});

const sign = (key: CryptoKey, claims: Record<string, unknown>, header: Record<string, unknown>) =>
  new SignJWT({ sub: 'job@clients', azp: 'job', gty: 'client-credentials', ...claims })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...header })
    .setIssuedAt()
    .setExpirationTime((claims['exp'] as number | undefined) ?? '5m')
    .sign(key);
