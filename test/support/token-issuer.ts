/** The issuer in workerd, with real KV and real limits, and a clock that stands still until it is moved. */
import { env } from 'cloudflare:workers';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { makeKeySet } from '../../cli/issuer/rotation.ts';
import type { CredentialsExchangeAction } from '../../issuer/src/actions/types.ts';
import { createIssuer } from '../../issuer/src/issuer.ts';
import type { IssuerLogLine, TokenLine } from '../../issuer/src/log.ts';
import { type Api, apiKey, type Client, clientKey, type SigningAlgorithm } from '../../issuer/src/records.ts';
import { type KeySet, keySecretName } from '../../issuer/src/token/keys.ts';
import { toHex } from '../../src/hmac.ts';
import { NOW_SECONDS } from './issuer.ts';
import { checkedLines } from './log-lines.ts';

export const TOKEN_ISSUER = 'https://auth.example.com/';
export const TIMESHEETS = 'https://api.example.com/timesheets';

const { ISSUER_KV } = env as unknown as { ISSUER_KV: KVNamespace };

export interface IssuerRigOptions {
  readonly actions?: readonly CredentialsExchangeAction[];
  readonly env?: Readonly<Record<string, unknown>>;
  readonly algorithms?: readonly SigningAlgorithm[];
  readonly keySets?: Readonly<Partial<Record<SigningAlgorithm, KeySet>>>;
}

export async function makeIssuer({
  actions = [],
  env: more = {},
  algorithms = ['ES256'],
  keySets,
}: IssuerRigOptions = {}) {
  const logs: IssuerLogLine[] = [];
  const state = { nowMs: NOW_SECONDS * 1000 };
  const made = await Promise.all(
    algorithms.map(async (algorithm) => [algorithm, await makeKeySet(algorithm, NOW_SECONDS)] as const),
  );
  const sets = Object.entries(keySets ?? Object.fromEntries(made)) as [SigningAlgorithm, KeySet][];
  const secrets = sets.map(([algorithm, set]) => [keySecretName(algorithm), JSON.stringify(set)]);
  const app = createIssuer({
    env: { ISSUER: TOKEN_ISSUER, ISSUER_KV, ...Object.fromEntries(secrets), ...more },
    actions,
    log: checkedLines('issuer', (line) => logs.push(line)),
    now: () => state.nowMs,
  });
  const ask = async (path: string, init: RequestInit = {}) =>
    app.fetch(new Request(`${TOKEN_ISSUER}${path}`, init));

  return {
    app,
    state,
    logs,
    ask,
    /** A token request as a form. */
    post: (body: Record<string, string> | string, headers: Record<string, string> = {}) =>
      ask('oauth/token', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: typeof body === 'string' ? body : new URLSearchParams(body).toString(),
      }),
    /** The last token request in the log. */
    lastLine: () => logs.findLast((line): line is TokenLine => 'type' in line),
  };
}

/** Parameters of a request that is granted. */
export const usualRequest = (
  client: TestClient,
  more: Record<string, string> = {},
): Record<string, string> => ({
  grant_type: 'client_credentials',
  client_id: client.id,
  client_secret: client.secret,
  audience: TIMESHEETS,
  ...more,
});

export interface TestClient {
  readonly id: string;
  readonly secret: string;
}

/** Writes an API; what is not named is usual. */
export async function addApi(more: Partial<Api> = {}): Promise<Api> {
  const api: Api = {
    identifier: TIMESHEETS,
    name: 'Timesheets',
    scopes: [{ value: 'read:timesheets' }, { value: 'batch:upload' }],
    token_lifetime: 3600,
    signing_alg: 'ES256',
    token_dialect: 'access_token',
    ...more,
  };
  await ISSUER_KV.put(apiKey(api.identifier), JSON.stringify(api));
  return api;
}

/** Writes a client with a secret of its own and a grant for all of the usual API. */
export async function addClient(more: Partial<Client> = {}): Promise<TestClient> {
  const id = more.client_id ?? crypto.randomUUID().replaceAll('-', '');
  const secret = `cgs${crypto.randomUUID()}${crypto.randomUUID()}`.replaceAll('-', '');
  const client: Client = {
    client_id: id,
    name: 'Import Job',
    metadata: {},
    secrets: [await makeSecretRecord(secret)],
    jwks: [],
    grants: { [TIMESHEETS]: { scope: '*' } },
    ...more,
  };
  await ISSUER_KV.put(clientKey(id), JSON.stringify(client));
  return { id, secret };
}

async function sha256(text: string): Promise<string> {
  return toHex(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

export async function makeSecretRecord(secret: string, more: { id?: string; expires_at?: number } = {}) {
  return { id: 'first', sha256: await sha256(secret), last4: secret.slice(-4), created_at: 1, ...more };
}

export interface AssertionKey {
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly record: {
    readonly id: string;
    readonly jwk: JWK & Record<string, unknown>;
    readonly created_at: number;
  };
}

/** A client's key pair. `kid` undefined: without id, as real clients have it. */
export async function makeAssertionKey(alg = 'ES256', kid?: string): Promise<AssertionKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), ...(kid !== undefined && { kid }) };
  return { alg, privateKey: privateKey as CryptoKey, record: { id: kid ?? 'key-1', jwk, created_at: 1 } };
}

/** A client assertion that is good; give `undefined` to leave a claim out. */
export async function makeAssertion(
  key: AssertionKey,
  clientId: string,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const all = {
    iss: clientId,
    sub: clientId,
    aud: TOKEN_ISSUER,
    exp: NOW_SECONDS + 60,
    iat: NOW_SECONDS,
    jti: crypto.randomUUID(),
    ...claims,
  };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return new SignJWT(given).setProtectedHeader({ alg: key.alg, ...header }).sign(key.privateKey);
}

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export const assertionRequest = (
  assertion: string,
  more: Record<string, string> = {},
): Record<string, string> => ({
  grant_type: 'client_credentials',
  client_assertion_type: ASSERTION_TYPE,
  client_assertion: assertion,
  audience: TIMESHEETS,
  ...more,
});
