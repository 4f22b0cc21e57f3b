/** Clients that people really use, each with every way to authenticate that it has. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { auth as mcpAuth } from '@modelcontextprotocol/sdk/client/auth.js';
import {
  ClientCredentialsProvider,
  PrivateKeyJwtProvider,
} from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { AuthenticationClient } from 'auth0/legacy';
import { exportPKCS8 } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { ClientCredentials, type ModuleOptions } from 'simple-oauth2';

/** What a client is told before its first request. */
export interface Setup {
  /** The issuer identifier, which is its URL. */
  readonly issuer: string;
  readonly clientId: string;
  readonly secret: string;
  readonly privateKey: CryptoKey;
  readonly alg: 'RS256' | 'ES256' | 'EdDSA';
  readonly audience: string;
  readonly scope: string;
  readonly fetch: typeof fetch;
}

/** @returns the access token */
export type GetToken = (setup: Setup) => Promise<string>;

type AuthMethod = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';

// All of them insist on https, and have an option for tests.
const insecure = { [oauth.allowInsecureRequests]: true } as const;

const oauth4webapi =
  (authenticate: (setup: Setup) => oauth.ClientAuth, target: 'audience' | 'resource'): GetToken =>
  async (setup) => {
    const options = { ...insecure, [oauth.customFetch]: setup.fetch as never };
    const issuer = new URL(setup.issuer);
    const discovered = await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oauth2' });
    const server = await oauth.processDiscoveryResponse(issuer, discovered);
    const client = { client_id: setup.clientId };
    const parameters = { [target]: setup.audience, scope: setup.scope };
    const response = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      authenticate(setup),
      parameters,
      options,
    );
    return (await oauth.processClientCredentialsResponse(server, client, response)).access_token;
  };

const openidClient =
  (authenticate: (setup: Setup) => openid.ClientAuth, algorithm: 'oauth2' | 'oidc'): GetToken =>
  async (setup) => {
    const config = await openid.discovery(
      new URL(setup.issuer),
      setup.clientId,
      undefined,
      authenticate(setup),
      { algorithm, execute: [openid.allowInsecureRequests], [openid.customFetch]: setup.fetch as never },
    );
    const parameters = { resource: setup.audience, scope: setup.scope };
    return (await openid.clientCredentialsGrant(config, parameters)).access_token;
  };

const simpleOauth2 =
  (options: NonNullable<ModuleOptions['options']>): GetToken =>
  async ({ issuer, clientId, secret, audience, scope }) => {
    const client = new ClientCredentials({
      client: { id: clientId, secret },
      auth: { tokenHost: issuer },
      options,
    });
    const { token } = await client.getToken({ audience, scope } as { scope: string });
    return String(token['access_token']);
  };

/**
 * The SDK makes `https://` and the domain of everything, assertions included, as it is right for a deployed issuer.
 * So this issuer has an https identifier, and the SDK's `fetch` option takes the requests to where it really listens.
 */
const auth0 =
  (method: 'client_secret_post' | 'private_key_jwt', listening: () => string): GetToken =>
  async ({ issuer, clientId, secret, privateKey, alg, audience, fetch }) => {
    const credentials =
      method === 'private_key_jwt'
        ? { clientAssertionSigningKey: await exportPKCS8(privateKey), clientAssertionSigningAlg: alg }
        : { clientSecret: secret };
    const client = new AuthenticationClient({
      domain: new URL(issuer).host,
      clientId,
      ...credentials,
      fetch: (url: RequestInfo | URL, init?: RequestInit) =>
        fetch(String(url).replace(issuer, listening()), init),
    });
    return (await client.oauth.clientCredentialsGrant({ audience })).data.access_token;
  };

/** Finds the issuer by the metadata of the API, which is an MCP server here, and names that API as the resource. */
const mcp =
  (
    makeProvider: (setup: Setup, privateKey: string) => ClientCredentialsProvider | PrivateKeyJwtProvider,
  ): GetToken =>
  async (setup) => {
    const provider = makeProvider(setup, await exportPKCS8(setup.privateKey));
    await mcpAuth(provider, { serverUrl: setup.audience, fetchFn: setup.fetch });
    return provider.tokens()?.access_token ?? '';
  };

const curl =
  (makeArguments: (setup: Setup) => string[]): GetToken =>
  async (setup) => {
    const url = `${setup.issuer}oauth/token`;
    const { stdout } = await promisify(execFile)('curl', [
      '-sS',
      '--fail-with-body',
      url,
      ...makeArguments(setup),
    ]);
    return (JSON.parse(stdout) as { access_token: string }).access_token;
  };

const form = (parameters: Record<string, string>) =>
  Object.entries(parameters).flatMap(([name, value]) => ['--data-urlencode', `${name}=${value}`]);

export interface ClientCase {
  readonly client: string;
  readonly method: AuthMethod;
  readonly how: string;
  readonly getToken: GetToken;
}

const one = (client: string, method: AuthMethod, how: string, getToken: GetToken): ClientCase => ({
  client,
  method,
  how,
  getToken,
});

export const CLIENTS: readonly ClientCase[] = [
  one(
    'oauth4webapi',
    'client_secret_basic',
    'audience',
    oauth4webapi(({ secret }) => oauth.ClientSecretBasic(secret), 'audience'),
  ),
  one(
    'oauth4webapi',
    'client_secret_post',
    'resource',
    oauth4webapi(({ secret }) => oauth.ClientSecretPost(secret), 'resource'),
  ),
  one(
    'oauth4webapi',
    'private_key_jwt',
    'resource',
    oauth4webapi(({ privateKey }) => oauth.PrivateKeyJwt(privateKey), 'resource'),
  ),
  one(
    'openid-client',
    'client_secret_basic',
    'OpenID discovery',
    openidClient(({ secret }) => openid.ClientSecretBasic(secret), 'oidc'),
  ),
  one(
    'openid-client',
    'client_secret_post',
    'OAuth discovery',
    openidClient(({ secret }) => openid.ClientSecretPost(secret), 'oauth2'),
  ),
  one(
    'openid-client',
    'private_key_jwt',
    'OpenID discovery',
    openidClient(({ privateKey }) => openid.PrivateKeyJwt(privateKey), 'oidc'),
  ),
  one(
    'simple-oauth2',
    'client_secret_basic',
    'form',
    simpleOauth2({ authorizationMethod: 'header', bodyFormat: 'form' }),
  ),
  one(
    'simple-oauth2',
    'client_secret_basic',
    'JSON, id and secret not form-encoded',
    simpleOauth2({ authorizationMethod: 'header', bodyFormat: 'json', credentialsEncodingMode: 'loose' }),
  ),
  one(
    'simple-oauth2',
    'client_secret_post',
    'form',
    simpleOauth2({ authorizationMethod: 'body', bodyFormat: 'form' }),
  ),
  one(
    'simple-oauth2',
    'client_secret_post',
    'JSON',
    simpleOauth2({ authorizationMethod: 'body', bodyFormat: 'json' }),
  ),
  one(
    'MCP SDK',
    'client_secret_basic',
    'ClientCredentialsProvider',
    mcp(
      ({ clientId, secret, issuer }) =>
        new ClientCredentialsProvider({ clientId, clientSecret: secret, expectedIssuer: issuer }),
    ),
  ),
  one(
    'MCP SDK',
    'private_key_jwt',
    'PrivateKeyJwtProvider',
    mcp(
      ({ clientId, alg, issuer }, privateKey) =>
        new PrivateKeyJwtProvider({ clientId, privateKey, algorithm: alg, expectedIssuer: issuer }),
    ),
  ),
  one(
    'curl',
    'client_secret_basic',
    '-u',
    curl(({ clientId, secret, audience }) => [
      '-u',
      `${clientId}:${secret}`,
      ...form({ grant_type: 'client_credentials', audience }),
    ]),
  ),
  one(
    'curl',
    'client_secret_post',
    'form',
    curl(({ clientId, secret, audience, scope }) =>
      form({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: secret,
        audience,
        scope,
      }),
    ),
  ),
  one(
    'curl',
    'client_secret_post',
    "JSON, as in Auth0's tutorials",
    curl(({ clientId, secret, audience }) => [
      '--json',
      JSON.stringify({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: secret,
        audience,
      }),
    ]),
  ),
];

/** @param listening where the issuer is, which says of itself that it is on https */
export const auth0Clients = (listening: () => string): readonly ClientCase[] => [
  one('auth0', 'client_secret_post', 'form', auth0('client_secret_post', listening)),
  one('auth0', 'private_key_jwt', 'form', auth0('private_key_jwt', listening)),
];
