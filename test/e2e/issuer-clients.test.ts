/**
 * The issuer in wrangler's local server, with the clients that people use, and with those that verify its tokens:
 * over HTTP, nothing replaced.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { JwtVerifier } from 'aws-jwt-verify';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import express, { type ErrorRequestHandler } from 'express';
import { auth as expressAuth } from 'express-oauth2-jwt-bearer';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeProtectedHeader,
  generateKeyPair,
  type JSONWebKeySet,
  jwtVerify,
  SignJWT,
} from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Confidential } from './support/confidential.ts';
import {
  describeKey,
  describeSecret,
  makeClientId,
  makeSecret,
  revokePreviousKeys,
  rotateKeys,
  SIGNING,
  type Signing,
  type StartedIssuer,
  startIssuer,
} from './support/issuer.ts';
import { auth0Clients, CLIENTS, type ClientCase, type Setup } from './support/oauth-clients.ts';
import { type RecordingOrigin, startOrigin } from './support/origin.ts';

const SCOPES = ['read:timesheets', 'batch:upload'];
const DIALECTS = ['access_token', 'rfc9068_profile'] as const;
type Dialect = (typeof DIALECTS)[number];

const audienceOf = (dialect: Dialect, alg: Signing) => `https://api.example.com/${dialect}/${alg}`;
const OTHER = 'https://api.example.com/other';
const AUDIENCES = [...DIALECTS.flatMap((dialect) => SIGNING.map((alg) => audienceOf(dialect, alg))), OTHER];
const AUDIENCE = audienceOf('access_token', 'ES256');
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const confidential = new Confidential();
const printed: string[] = [];

let issuer: StartedIssuer;
/** Says of itself that it is on https, as every deployed issuer is. */
let httpsIssuer: StartedIssuer;
let origin: RecordingOrigin;
let api: Server;
let clientKeys: Record<Signing, CryptoKeyPair>;

/** The gateway has a host of its own on the same port: wrangler's server tells Workers apart by their routes. */
const gatewayUrl = (identifier: string) => identifier.replace('127.0.0.1', 'localhost');
const mcpAudience = () => `${gatewayUrl(issuer.url)}mcp`;

const gateway = (name: string, identifier: string, tokenTypes: Record<string, string[]>) => ({
  config: {
    name,
    main: 'src/index.ts',
    compatibility_date: '2026-10-01',
    services: [{ binding: 'ISSUER', service: 'claimgate-issuer' }],
    // A Worker without requests of its own is asked by its name.
    routes: [
      { pattern: `${name === 'gateway' ? 'localhost' : `${name}.example`}/*`, zone_name: 'localhost' },
    ],
    vars: {
      ISSUERS: { claimgate: { issuer: identifier, service: 'ISSUER', ...tokenTypes } },
      API_EXAMPLE: {
        origin: origin.url,
        hosts: ['localhost', '127.0.0.1'],
        audience: AUDIENCES,
        routes: Object.fromEntries(
          AUDIENCES.map((audience) => [`GET ${new URL(audience).pathname}`, { audience }]),
        ),
      },
      API_MCP: {
        origin: origin.url,
        hosts: ['localhost'],
        audience: `${gatewayUrl(identifier)}mcp`,
        routes: { 'GET|POST /mcp': { scopes_all: ['read:timesheets'] } },
      },
    },
  },
});

/** An API in express that takes tokens for one audience at each path. */
async function startExpress(): Promise<Server> {
  const app = express();
  for (const audience of AUDIENCES) {
    const { pathname } = new URL(audience);
    // With ISSUER and AUDIENCE only: keys and algorithms come from the metadata.
    app.use(`/default${pathname}`, expressAuth({ issuerBaseURL: issuer.url, audience }));
    // `strict` holds tokens to RFC 9068.
    app.use(`/strict${pathname}`, expressAuth({ issuerBaseURL: issuer.url, audience, strict: true }));
  }
  app.use((request, response) => void response.json(request.auth?.payload));
  const onError: ErrorRequestHandler = (
    error: { status?: number; message: string },
    _request,
    response,
    _next,
  ) => void response.status(error.status ?? 500).send(error.message);
  app.use(onError);
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(server));
  });
}

beforeAll(async () => {
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation(
      (...texts) => void printed.push(texts.map(String).join(' ')),
    );
  }
  clientKeys = Object.fromEntries(
    await Promise.all(SIGNING.map(async (alg) => [alg, await generateKeyPair(alg, { extractable: true })])),
  ) as typeof clientKeys;
  origin = await startOrigin();
  issuer = await startIssuer({
    workers: (identifier) => [
      gateway('gateway', identifier, {}),
      gateway('strict-gateway', identifier, { token_types: ['at+jwt'] }),
    ],
  });
  httpsIssuer = await startIssuer({ identifier: 'https://tenant.example.com/' });
  api = await startExpress();

  const scopes = SCOPES.map((value) => ({ value }));
  for (const dialect of DIALECTS) {
    for (const alg of SIGNING)
      await issuer.addApi({
        identifier: audienceOf(dialect, alg),
        scopes,
        signing_alg: alg,
        token_dialect: dialect,
      });
  }
  for (const identifier of [OTHER, mcpAudience()]) await issuer.addApi({ identifier, scopes });
  await httpsIssuer.addApi({ identifier: AUDIENCE, scopes });
});

afterAll(async () => {
  vi.restoreAllMocks();
  await issuer?.close();
  await httpsIssuer?.close();
  await origin?.close();
  api?.close();
  api?.closeAllConnections();
});

interface NewClient {
  readonly clientId: string;
  readonly secret: string;
}

/** A client that may have every API, with one secret and one key. Each test has its own: limits count by client. */
async function makeClient(
  more: {
    at?: StartedIssuer;
    clientId?: string;
    secret?: string;
    alg?: Signing;
    defaultAudience?: string;
  } = {},
): Promise<NewClient> {
  const {
    at = issuer,
    clientId = makeClientId(),
    secret = makeSecret(),
    alg = 'ES256',
    defaultAudience,
  } = more;
  confidential.add(secret);
  const grants = [...AUDIENCES, ...(at === issuer ? [mcpAudience()] : [])];
  await at.addClient({
    client_id: clientId,
    secrets: [describeSecret(secret)],
    jwks: [await describeKey(clientKeys[alg].publicKey, alg)],
    grants: Object.fromEntries(grants.map((audience) => [audience, { scope: '*' as const }])),
    ...(defaultAudience !== undefined && { default_audience: defaultAudience }),
  });
  return { clientId, secret };
}

const requestToken = (parameters: Record<string, string>, headers: Record<string, string> = {}) =>
  confidential.fetch(`${issuer.url}oauth/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({ grant_type: 'client_credentials', ...parameters }),
  });

async function getToken({ clientId, secret }: NewClient, audience = AUDIENCE): Promise<string> {
  const response = await requestToken({ client_id: clientId, client_secret: secret, audience });
  return readToken(response);
}

async function readToken(response: Response): Promise<string> {
  const answer = (await response.json()) as { access_token?: string };
  if (response.status !== 200 || answer.access_token === undefined)
    throw new Error(`no token: ${response.status} ${JSON.stringify(answer)}`);
  return answer.access_token;
}

const readError = async (response: Response) => [
  response.status,
  ((await response.json()) as { error?: string }).error,
];

const fetchKeys = async (at = issuer) =>
  (await (await fetch(`${at.url}.well-known/jwks.json`)).json()) as JSONWebKeySet;

/** That it is a token of this issuer for this client and API. */
async function expectToken(token: string, { clientId }: NewClient, audience: string, at = issuer) {
  const { payload } = await jwtVerify(token, createLocalJWKSet(await fetchKeys(at)), {
    issuer: at.identifier,
    audience,
  });
  expect(payload.sub).toBe(`${clientId}@clients`);
}

describe('a token for', () => {
  async function run({ client, getToken: askForToken }: ClientCase, at: StartedIssuer, alg: Signing) {
    const known = await makeClient({ at, alg });
    const audience = client === 'MCP SDK' ? mcpAudience() : AUDIENCE;
    const setup: Setup = {
      issuer: at.identifier,
      ...known,
      privateKey: clientKeys[alg].privateKey,
      alg,
      audience,
      scope: 'read:timesheets',
      fetch: confidential.fetch,
    };
    const token = await askForToken(setup);
    confidential.add(token);
    await expectToken(token, known, audience, at);
  }

  it.each(CLIENTS)('$client, $method, $how', (one) => run(one, issuer, 'ES256'));

  it.each(auth0Clients(() => httpsIssuer.url))('$client, $method, $how', (one) =>
    run(one, httpsIssuer, 'RS256'),
  );

  const withKeys = CLIENTS.filter(({ method }) => method === 'private_key_jwt');
  // The MCP SDK has no EdDSA.
  const otherKeys = withKeys.flatMap((one) =>
    (one.client === 'MCP SDK' ? (['RS256'] as const) : (['RS256', 'EdDSA'] as const)).map((alg) => ({
      ...one,
      alg,
    })),
  );
  it.each(otherKeys)('$client, $method, $alg', (one) => run(one, issuer, one.alg));
});

describe('requests as clients send them', () => {
  const basic = (id: string, secret: string) => ({ authorization: `Basic ${btoa(`${id}:${secret}`)}` });
  /** RFC 6749 §2.3.1 to the letter and beyond: openid-client encodes whatever is no letter and no digit. */
  const encode = (text: string) =>
    [...text]
      .map((char) => {
        if (/[A-Za-z0-9]/.test(char)) return char;
        return char === ' ' ? '+' : `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
      })
      .join('');
  const lower = (text: string) => text.replace(/%../g, (escaped) => escaped.toLowerCase());

  type Variant = (client: NewClient) => [Record<string, string>, Record<string, string>?];
  const audience = AUDIENCE;
  const granted: [string, Variant][] = [
    ['Basic, form-encoded', ({ clientId: id, secret }) => [{ audience }, basic(encode(id), encode(secret))]],
    [
      'Basic, form-encoded in lower case',
      ({ clientId: id, secret }) => [{ audience }, basic(lower(encode(id)), lower(encode(secret)))],
    ],
    ['Basic, not encoded', ({ clientId: id, secret }) => [{ audience }, basic(id, secret)]],
    [
      'Basic, and the client id in the body',
      ({ clientId: id, secret }) => [{ audience, client_id: id }, basic(id, secret)],
    ],
    [
      'Basic, and an empty secret in the body',
      ({ clientId: id, secret }) => [{ audience, client_secret: '' }, basic(id, secret)],
    ],
    [
      'Basic in another case',
      ({ clientId: id, secret }) => [
        { audience },
        { authorization: basic(id, secret).authorization.replace('Basic', 'BASIC') },
      ],
    ],
    ['audience', ({ clientId, secret }) => [{ client_id: clientId, client_secret: secret, audience }]],
    [
      'resource',
      ({ clientId, secret }) => [{ client_id: clientId, client_secret: secret, resource: audience }],
    ],
    [
      'both, the same',
      ({ clientId, secret }) => [
        { client_id: clientId, client_secret: secret, audience, resource: audience },
      ],
    ],
    ['neither: the default', ({ clientId, secret }) => [{ client_id: clientId, client_secret: secret }]],
    [
      'an empty scope',
      ({ clientId, secret }) => [{ client_id: clientId, client_secret: secret, audience, scope: '' }],
    ],
    [
      'parameters that it does not know',
      ({ clientId, secret }) => [{ client_id: clientId, client_secret: secret, audience, tenant: 'x' }],
    ],
    [
      'a media type with charset',
      ({ clientId, secret }) => [
        { client_id: clientId, client_secret: secret, audience },
        { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' },
      ],
    ],
  ];

  it.each(granted)('granted: %s', async (_what, vary) => {
    const client = await makeClient({
      clientId: `batch-job_${makeClientId()}`,
      secret: `cgs_a b-c_d~e+f%${makeSecret()}`.replace('+f%', ''),
      defaultAudience: AUDIENCE,
    });
    await expectToken(await readToken(await requestToken(...vary(client))), client, AUDIENCE);
  });

  const refused: [string, Variant, number, string][] = [
    [
      'Basic, and another client id in the body',
      ({ clientId, secret }) => [{ audience, client_id: 'other' }, basic(clientId, secret)],
      400,
      'invalid_request',
    ],
    [
      'Basic, and the secret in the body too',
      ({ clientId, secret }) => [{ audience, client_secret: secret }, basic(clientId, secret)],
      400,
      'invalid_request',
    ],
    [
      'a wrong secret',
      ({ clientId, secret }) => [{ audience, client_id: clientId, client_secret: `${secret}x` }],
      401,
      'invalid_client',
    ],
    [
      'audience and resource that differ',
      ({ clientId, secret }) => [{ client_id: clientId, client_secret: secret, audience, resource: OTHER }],
      400,
      'invalid_request',
    ],
    [
      'an API without its slash, which is another one',
      ({ clientId, secret }) => [{ client_id: clientId, client_secret: secret, audience: `${audience}/` }],
      400,
      'invalid_target',
    ],
  ];

  it.each(refused)('refused: %s', async (_what, vary, status, error) => {
    const client = await makeClient();
    expect(await readError(await requestToken(...vary(client)))).toEqual([status, error]);
  });
});

describe('its tokens are verified by', () => {
  /** Whether that verifier takes the token for this audience. */
  type Verify = (token: string, audience: string) => Promise<boolean>;

  const succeeds = (work: Promise<unknown>) =>
    work.then(
      () => true,
      () => false,
    );
  const asks = async (url: string, token: string) => {
    const { status } = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    if (status !== 200 && status !== 401) throw new Error(`an answer that is neither yes nor no: ${status}`);
    return status === 200;
  };
  const expressApp =
    (mode: 'default' | 'strict'): Verify =>
    (token, audience) =>
      asks(
        `http://127.0.0.1:${(api.address() as AddressInfo).port}/${mode}${new URL(audience).pathname}`,
        token,
      );
  const viaGateway: Verify = (token, audience) =>
    asks(`${gatewayUrl(issuer.url)}${new URL(audience).pathname.slice(1)}`, token);
  const viaStrictGateway: Verify = async (token, audience) => {
    const worker = issuer.server.getWorker('strict-gateway');
    const headers = { authorization: `Bearer ${token}` };
    return (await worker.fetch(new URL(audience).pathname, { headers })).status === 200;
  };
  const jose: Verify = (token, audience) => {
    const keys = createRemoteJWKSet(new URL(`${issuer.url}.well-known/jwks.json`));
    return succeeds(jwtVerify(token, keys, { issuer: issuer.identifier, audience }));
  };
  const oauth4webapi: Verify = async (token, audience) => {
    const options = { [oauth.allowInsecureRequests]: true };
    const url = new URL(issuer.url);
    const discovered = await oauth.discoveryRequest(url, { ...options, algorithm: 'oauth2' });
    const server = await oauth.processDiscoveryResponse(url, discovered);
    const request = new Request(audience, { headers: { authorization: `Bearer ${token}` } });
    return succeeds(oauth.validateJwtAccessToken(server, request, audience, options));
  };
  const awsJwtVerify: Verify = (token, audience) => {
    // Its own fetcher speaks https only.
    const fetcher = { fetch: async (uri: string) => (await fetch(uri)).arrayBuffer() };
    const jwksUri = `${issuer.url}.well-known/jwks.json`;
    const verifier = JwtVerifier.create(
      { issuer: issuer.identifier, audience, jwksUri },
      { jwksCache: new SimpleJwksCache({ fetcher }) },
    );
    return succeeds(verifier.verify(token));
  };

  const BOTH = { access_token: true, rfc9068_profile: true };
  const ONLY_9068 = { access_token: false, rfc9068_profile: true };
  const verifiers: [string, Verify, Record<Dialect, boolean>][] = [
    ['express-oauth2-jwt-bearer', expressApp('default'), BOTH],
    ['express-oauth2-jwt-bearer, strict', expressApp('strict'), ONLY_9068],
    ['oauth4webapi', oauth4webapi, ONLY_9068],
    ['aws-jwt-verify', awsJwtVerify, BOTH],
    ['jose', jose, BOTH],
    ['claimgate', viaGateway, BOTH],
    ['claimgate with token_types = ["at+jwt"]', viaStrictGateway, ONLY_9068],
  ];
  const cases = verifiers.flatMap(([name, verify, takes]) =>
    DIALECTS.flatMap((dialect) =>
      SIGNING.map((alg) => ({ name, dialect, alg, verify, accepted: takes[dialect] })),
    ),
  );

  it.each(cases)('$name: $dialect, $alg: $accepted', async ({ dialect, alg, verify, accepted }) => {
    const audience = audienceOf(dialect, alg);
    const token = await getToken(await makeClient(), audience);
    expect(decodeProtectedHeader(token).alg).toBe(alg);
    expect(await verify(token, audience)).toBe(accepted);
    expect(await verify(token, OTHER), 'for another API').toBe(false);
  });

  it('claimgate, which names the issuer and the scopes of an MCP server', async () => {
    const url = `${gatewayUrl(issuer.url)}.well-known/oauth-protected-resource/mcp`;
    expect(await (await fetch(url)).json()).toMatchObject({
      resource: mcpAudience(),
      authorization_servers: [issuer.identifier],
    });
    const token = await getToken(await makeClient(), mcpAudience());
    expect(await asks(mcpAudience(), token)).toBe(true);
    expect(origin.header(origin.requests.at(-1), 'x-claim-scope')).toBe(SCOPES.join(' '));
  });
});

async function makeAssertion(clientId: string, claims: Record<string, unknown> = {}): Promise<string> {
  const assertion = await new SignJWT({
    iss: clientId,
    sub: clientId,
    aud: issuer.identifier,
    jti: crypto.randomUUID(),
    exp: Math.floor(Date.now() / 1000) + 60,
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(clientKeys.ES256.privateKey);
  confidential.add(assertion);
  return assertion;
}

const present = (assertion: string) =>
  requestToken({ client_assertion_type: ASSERTION_TYPE, client_assertion: assertion, audience: AUDIENCE });

describe('a client assertion', () => {
  it('is taken once', async () => {
    const assertion = await makeAssertion((await makeClient()).clientId);
    expect((await present(assertion)).status).toBe(200);
    expect(await readError(await present(assertion))).toEqual([401, 'invalid_client']);
  });

  it('is taken once even if it comes 20 times at once', async () => {
    const { clientId } = await makeClient();
    const assertion = await makeAssertion(clientId);
    const answers = await Promise.all(Array.from({ length: 20 }, () => present(assertion)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    // So many failures also reach the limit on failures.
    expect(statuses.every((status) => [200, 401, 429].includes(status))).toBe(true);
  });

  it('with the same id is another one for another client', async () => {
    const [first, second] = [await makeClient(), await makeClient()];
    const jti = crypto.randomUUID();
    expect((await present(await makeAssertion(first.clientId, { jti }))).status).toBe(200);
    expect((await present(await makeAssertion(second.clientId, { jti }))).status).toBe(200);
  });

  it.each([
    ['the token endpoint', () => `${issuer.identifier}oauth/token`],
    ['the issuer without its slash', () => issuer.identifier.slice(0, -1)],
    ['another issuer', () => 'https://auth.example.com/'],
    ['a list', () => [issuer.identifier]],
  ])('for %s is refused', async (_what, aud) => {
    const { clientId } = await makeClient();
    const assertion = await makeAssertion(clientId, { aud: aud() });
    expect(await readError(await present(assertion))).toEqual([401, 'invalid_client']);
  });
});

describe('rotation under load', () => {
  /** Between the requests of a client, so that it stays below the limit for a client and minute. */
  const PAUSE_MS = 15;
  const WATCHDOG_MS = 45_000;

  it('of signing keys and of a secret fails no request, and no token before its key is revoked', async () => {
    const clients = [await makeClient(), await makeClient(), await makeClient()];
    const [changing] = clients as [NewClient, ...NewClient[]];
    let secret = changing.secret;
    const audiences = SIGNING.map((alg) => audienceOf('rfc9068_profile', alg));
    const tokens: { token: string; kid: string; audience: string }[] = [];
    const failures: unknown[] = [];
    let restarts = 0;
    let ended = false;

    async function loop(client: NewClient, audience: string): Promise<void> {
      while (!ended && failures.length === 0) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        const current = client === changing ? secret : client.secret;
        const response = await requestToken({
          client_id: client.clientId,
          client_secret: current,
          audience,
        });
        const text = await response.text();
        // The words of wrangler's local server, which ends the old Worker while it answers. At Cloudflare, requests
        // that run stay with the version that they began with.
        if (response.status === 503 && text.startsWith('Your worker restarted mid-request')) restarts++;
        else if (response.status !== 200) failures.push([response.status, text]);
        else {
          const token = (JSON.parse(text) as { access_token: string }).access_token;
          tokens.push({ token, kid: decodeProtectedHeader(token).kid ?? '', audience });
        }
      }
    }
    const more = (count: number) => {
      const goal = tokens.length + count;
      return vi.waitUntil(() => tokens.length >= goal || failures.length > 0, { timeout: WATCHDOG_MS });
    };

    const keysAtStart = await fetchKeys();
    const loops = clients.map((client, i) => loop(client, audiences[i] ?? AUDIENCE));
    try {
      await more(45);
      await issuer.replaceKeys(await rotateKeys(issuer.keys));
      await more(45);

      // Locally KV shows a change at once; deployed, the new secret is usable only when caches have expired.
      const newSecret = makeSecret();
      confidential.add(newSecret);
      const grants = Object.fromEntries(audiences.map((audience) => [audience, { scope: '*' as const }]));
      const record = { client_id: changing.clientId, grants };
      const [before, after] = [describeSecret(changing.secret), describeSecret(newSecret)];
      await issuer.addClient({ ...record, secrets: [before, after] });
      await more(45);
      secret = newSecret;
      await more(45);
      await issuer.addClient({ ...record, secrets: [after] });
      await more(45);

      await issuer.replaceKeys(await rotateKeys(issuer.keys));
      await more(75);
    } finally {
      ended = true;
      await Promise.all(loops);
    }

    expect(failures).toEqual([]);
    expect(restarts).toBeLessThanOrEqual(2 * clients.length);
    expect(
      await readError(await requestToken({ client_id: changing.clientId, client_secret: changing.secret })),
    ).toEqual([401, 'invalid_client']);

    const verifies = (keys: JSONWebKeySet, { token, audience }: { token: string; audience: string }) =>
      jwtVerify(token, createLocalJWKSet(keys), { issuer: issuer.identifier, audience }).then(
        () => true,
        () => false,
      );
    const count = async (keys: JSONWebKeySet, of = tokens) =>
      (await Promise.all(of.map((one) => verifies(keys, one)))).filter(Boolean).length;

    // Each client has its algorithm, each algorithm had three keys in turn.
    const kids = new Set(tokens.map(({ kid }) => kid));
    expect(kids.size).toBe(9);
    const keysAtEnd = await fetchKeys();
    expect(await count(keysAtEnd)).toBe(tokens.length);

    // A verifier that got the keys before the first rotation knows those of after it: they were there as next.
    const known = new Set(keysAtStart.keys.map(({ kid }) => kid));
    const early = tokens.filter(({ kid }) => known.has(kid));
    expect(new Set(early.map(({ kid }) => kid)).size).toBe(6);
    expect(await count(keysAtStart, early)).toBe(early.length);

    await issuer.replaceKeys(revokePreviousKeys(issuer.keys));
    const keysAfterwards = await fetchKeys();
    const listed = new Set(keysAfterwards.keys.map(({ kid }) => kid));
    const [valid, revoked] = [true, false].map((is) => tokens.filter(({ kid }) => listed.has(kid) === is));
    expect(revoked?.length).toBeGreaterThan(0);
    expect(await count(keysAfterwards, valid)).toBe(valid?.length);
    expect(await count(keysAfterwards, revoked)).toBe(0);
  }, 120_000);
});

describe('logs', () => {
  it('hold no secret, assertion or token, even where one is in the wrong field', async () => {
    const client = await makeClient();
    const { secret } = client;
    const token = await getToken(client);
    const assertion = await makeAssertion(client.clientId);
    expect((await present(assertion)).status).toBe(200); // and so can't be used again
    const wrong = makeSecret();
    for (const text of [secret, assertion, token]) {
      const { clientId } = await makeClient();
      const misplaced: Record<string, string>[] = [
        { client_id: text, client_secret: wrong, audience: AUDIENCE },
        { client_id: text },
        { client_id: `${clientId}:${text}`, client_secret: wrong },
        { client_id: btoa(`${clientId}:${text}`), client_secret: wrong },
        { client_id: clientId, client_secret: wrong, audience: text },
        { client_id: clientId, client_secret: wrong, audience: AUDIENCE, scope: text },
        { client_id: clientId, client_secret: wrong, audience: AUDIENCE, [text]: text },
        { client_id: clientId, client_assertion_type: ASSERTION_TYPE, client_assertion: text },
        { grant_type: text },
        { organization: text },
      ];
      for (const parameters of misplaced) expect((await requestToken(parameters)).ok).toBe(false);
    }
    // Also where the client is who it says it is.
    const known = { client_id: client.clientId, client_secret: secret };
    for (const parameters of [{ audience: secret }, { audience: AUDIENCE, scope: `${SCOPES[0]} ${secret}` }])
      expect((await requestToken({ ...known, ...parameters })).status).toBe(400);
    const inHeaders = [`Basic ${btoa(`${secret}:${client.clientId}`)}`, `Basic ${secret}`, `Bearer ${token}`];
    for (const authorization of inHeaders)
      expect((await requestToken({ audience: AUDIENCE }, { authorization })).ok).toBe(false);
    const inUrl = new URLSearchParams(known);
    expect((await fetch(`${issuer.url}oauth/token?${inUrl}`, { method: 'POST' })).status).toBe(400);

    const lines = () => [...issuer.logs(), ...httpsIssuer.logs(), ...printed];
    // One line a request, so that there is something to look through.
    await expect.poll(() => lines().filter((line) => line.includes('"feccft"')).length).toBeGreaterThan(40);
    expect(lines().filter((line) => line.includes('"seccft"')).length).toBeGreaterThan(300);
    expect(confidential.size).toBeGreaterThan(600);
    expect(confidential.leaks(lines())).toEqual([]);
  });
});
