/**
 * A real identity provider for development and tests: oidc-provider with the client credentials grant (RFC 6749
 * §4.4) and JWT access tokens (RFC 9068), bound to one resource (RFC 8707).
 */
import type { Server } from 'node:http';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider from 'oidc-provider';

export interface IdentityProviderOptions {
  readonly issuer: string;
  readonly port: number;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Audience of its tokens. */
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly keys: readonly JWK[];
}

/** Rejects where the port is in use. */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<Server> {
  const { issuer, port, clientId, clientSecret, resource, scopes, keys } = options;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    scopes: [...scopes],
    jwks: { keys: [...keys] as JWK[] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        getResourceServerInfo: (_ctx, indicator) => ({
          audience: indicator,
          scope: scopes.join(' '),
          accessTokenFormat: 'jwt',
          accessTokenTTL: 3600,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  return new Promise((resolve, reject) => {
    const server = provider.listen(port, '127.0.0.1', () => resolve(server));
    server.once('error', reject);
  });
}

export async function makeSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: crypto.randomUUID(), alg: 'RS256', use: 'sig' };
}
