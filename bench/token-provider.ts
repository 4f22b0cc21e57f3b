/** oidc-provider in a process of its own, with the same client, APIs and kinds of token as the issuer. */
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider from 'oidc-provider';
import { CLIENT, SCOPE, TOKEN_ALGORITHMS, TOKEN_SECONDS, targetOf } from './token-target.ts';

const keys = await Promise.all(
  TOKEN_ALGORITHMS.map(async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    return { ...(await exportJWK(privateKey)), kid: alg, alg, use: 'sig' };
  }),
);
const algorithms = new Map(TOKEN_ALGORITHMS.map((alg) => [targetOf(alg), alg]));

const provider = new Provider('http://127.0.0.1', {
  clients: [
    {
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
  ],
  scopes: [SCOPE],
  jwks: { keys: keys as JWK[] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_ctx, indicator) => ({
        audience: indicator,
        scope: SCOPE,
        accessTokenFormat: 'jwt',
        accessTokenTTL: TOKEN_SECONDS,
        jwt: { sign: { alg: algorithms.get(indicator) ?? 'RS256' } },
      }),
    },
  },
});
const server = provider.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
server.keepAliveTimeout = 0; // a connection that closes while a request is on its way would fail it
process.once('disconnect', () => process.exit());
