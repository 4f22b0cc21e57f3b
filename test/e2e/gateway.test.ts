/** The whole way, with real parts: wrangler's local server, KV, an independent identity provider, real origins. */
import type { Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestHarness, type TestHarness } from 'wrangler';
import { makeSigningKey, startIdentityProvider } from './support/identity-provider.ts';
import { type RecordingOrigin, startOrigin } from './support/origin.ts';
import { freePort } from './support/ports.ts';
import { sendRaw } from './support/raw-http.ts';

const AUDIENCE = 'https://api.example.com/timesheets';
const CLIENT = { clientId: 'e2e', clientSecret: crypto.randomUUID() };

let issuer: string;
let identityProvider: Server;
let origin: RecordingOrigin;
let server: TestHarness;
let port: number;

async function startProvider(): Promise<Server> {
  return startIdentityProvider({
    issuer,
    port: Number(new URL(issuer).port),
    ...CLIENT,
    resource: AUDIENCE,
    scopes: ['read:timesheets', 'batch:upload'],
    keys: [await makeSigningKey()],
  });
}

const policy = (more: Record<string, unknown> = {}) => ({
  ISSUERS: { idp: { issuer, token_types: ['at+jwt'] } },
  API_URL: {
    origin: origin.url,
    audience: AUDIENCE,
    timeout_ms: 2000,
    routes: {
      'GET /timesheets': { scopes_all: ['read:timesheets'] },
      'POST /timesheets/upload': { scopes_all: ['batch:upload'] },
      'GET|POST /public/*': { auth: 'none' },
      'GET /maybe': { auth: 'optional' },
    },
  },
  API_SERVICE: {
    origin: 'service:ECHO',
    audience: AUDIENCE,
    routes: { 'GET /bound/*': { scopes_all: ['read:timesheets'] } },
  },
  ...more,
});

const workers = (vars: Record<string, unknown>) => ({
  workers: [
    {
      config: {
        name: 'gateway',
        main: 'src/index.ts',
        compatibility_date: '2026-10-01',
        kv_namespaces: [{ binding: 'KEYS', id: 'keys' }],
        services: [{ binding: 'ECHO', service: 'claimgate-echo' }],
        triggers: { crons: ['*/5 * * * *'] },
        vars: vars as Record<string, never>,
      },
    },
    { configPath: 'test/e2e/workers/echo.toml' },
  ],
});

beforeAll(async () => {
  issuer = `http://127.0.0.1:${await freePort()}`;
  identityProvider = await startProvider();
  origin = await startOrigin((request, response) => {
    if (request.url?.startsWith('/public/echo')) request.pipe(response);
    else if (request.url === '/public/slow') setTimeout(() => response.end('late'), 4000);
    else response.end('from the origin');
  });
  server = createTestHarness(workers(policy()));
  port = Number((await server.listen()).url.port);
});

afterAll(async () => {
  await server?.close();
  identityProvider?.close();
  await origin?.close();
});

beforeEach(() => {
  server.clearLogs();
  origin.requests.length = 0;
});

async function getToken(scope: string): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${CLIENT.clientId}:${CLIENT.clientSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: AUDIENCE, scope }),
  });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`no token: ${response.status}`);
  return token;
}

const ask = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers });
const call = (path: string, token: string, init?: RequestInit) =>
  ask(path, { authorization: `Bearer ${token}` }, init);

const logLines = () =>
  server.getLogs().flatMap(({ message }) => {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    return text.startsWith('{"time"') ? [JSON.parse(text) as Record<string, unknown>] : [];
  });

describe('a token from an independent identity provider', () => {
  it('goes through to an origin by URL, with its verified claims', async () => {
    const response = await call('/timesheets?week=47', await getToken('read:timesheets'));
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('from the origin');
    const [request] = origin.requests;
    expect(request?.target).toBe('/timesheets?week=47');
    expect(origin.header(request, 'x-claim-iss')).toBe(issuer);
    expect(origin.header(request, 'x-claim-sub')).toBe(CLIENT.clientId);
    expect(origin.header(request, 'x-claim-client-id')).toBe(CLIENT.clientId);
    expect(origin.header(request, 'x-claim-scope')).toBe('read:timesheets');
    expect(origin.header(request, 'authorization')).toBeUndefined();
  });

  it('goes through to an origin by service binding', async () => {
    const response = await call('/bound/%61bc?x=1', await getToken('read:timesheets'));
    expect(await response.json()).toMatchObject({
      target: '/bound/abc?x=1',
      headers: { 'x-claim-client-id': CLIENT.clientId, 'x-claim-scope': 'read:timesheets' },
    });
  });

  it('leaves its keys in KV, where the cron puts them too', async () => {
    const worker = server.getWorker<{ KEYS: KVNamespaceLike }>('gateway');
    await call('/timesheets', await getToken('read:timesheets'));
    const { KEYS } = await worker.getEnv();
    const names = async () => (await KEYS.list()).keys.map(({ name }) => name);
    await expect.poll(names).toHaveLength(1);
    const [name = ''] = await names();
    const before = JSON.parse((await KEYS.get(name)) ?? '') as { checkedAtMs: number; keys: object[] };
    expect(before.keys).toHaveLength(1);
    await worker.scheduled({ cron: '*/5 * * * *' });
    const after = JSON.parse((await KEYS.get(name)) ?? '') as { checkedAtMs: number };
    expect(after.checkedAtMs).toBeGreaterThan(before.checkedAtMs);
  });
});

interface KVNamespaceLike {
  list(): Promise<{ keys: { name: string }[] }>;
  get(name: string): Promise<string | null>;
}

describe('every other request is turned away', () => {
  it.each([
    ['no token', '/timesheets', {}, 401, 'Bearer'],
    ['a public route', '/public/x', {}, 200, null],
    ['no route', '/nothing', {}, 404, null],
    ['a bad token on an optional route', '/maybe', { authorization: 'Bearer a.b.c' }, 401, 'invalid_token'],
    ['no token on an optional route', '/maybe', {}, 200, null],
  ])('%s', async (_why, path, headers, status, challenge) => {
    const response = await ask(path, headers as Record<string, string>);
    expect(response.status).toBe(status);
    if (challenge === null) expect(response.headers.get('www-authenticate')).toBeNull();
    else expect(response.headers.get('www-authenticate')).toContain(challenge);
    expect(origin.requests).toHaveLength(status === 200 ? 1 : 0);
  });

  it('too little scope', async () => {
    const response = await call('/timesheets/upload', await getToken('read:timesheets'), {
      method: 'POST',
      body: 'x',
    });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    expect(response.headers.get('www-authenticate')).toContain('scope="batch:upload"');
  });

  it('a token that was tampered with', async () => {
    const [header, , signature] = (await getToken('read:timesheets')).split('.');
    const [, payload] = (await getToken('batch:upload')).split('.');
    expect(
      (await call('/timesheets/upload', `${header}.${payload}.${signature}`, { method: 'POST' })).status,
    ).toBe(401);
    expect(origin.requests).toHaveLength(0);
  });

  it('with one log line, in which no token is', async () => {
    const token = await getToken('read:timesheets');
    await call('/timesheets', token);
    await call('/timesheets/upload', token, { method: 'POST' });
    await ask('/timesheets');
    await expect
      .poll(() => logLines().map(({ decision, reason }) => reason ?? decision))
      .toEqual(['allow', 'scopes_missing', 'token_missing']);
    expect(JSON.stringify(server.getLogs())).not.toContain(token.split('.')[2]);
  });
});

describe('headers over raw sockets', () => {
  it('no spelling of a claim header reaches the origin', async () => {
    const spoofed = [
      'x-claim-sub',
      'X-CLAIM-SUB',
      'x_claim_sub',
      'x-claim_scope',
      'x.claim.sub',
      'X-Forwarded-User',
      'x_real_ip',
      'Forwarded',
      'X-Original-URL',
      'Proxy-Authorization',
      'CF_Connecting_IP',
    ];
    const answer = await sendRaw(
      port,
      'GET',
      '/public/x',
      spoofed.map((name) => `${name}: root`),
    );
    expect(answer.status).toBe(200);
    expect(origin.requests[0]?.headers.filter(([, value]) => value.includes('root'))).toEqual([]);
  });

  it('Connection removes nothing that the gateway adds', async () => {
    const token = await getToken('read:timesheets');
    const answer = await sendRaw(port, 'GET', '/timesheets', [
      `Authorization: Bearer ${token}`,
      'Connection: x-claim-sub, x-claim-scope',
    ]);
    expect(answer.status).toBe(200);
    expect(origin.header(origin.requests[0], 'x-claim-sub')).toBe(CLIENT.clientId);
  });

  it('two Authorization headers are refused', async () => {
    const token = await getToken('read:timesheets');
    const header = `Authorization: Bearer ${token}`;
    expect((await sendRaw(port, 'GET', '/timesheets', [header, header])).status).toBe(400);
    expect((await sendRaw(port, 'GET', '/timesheets', ['Authorization: Basic eDp5', header])).status).toBe(
      400,
    );
    expect(origin.requests).toHaveLength(0);
  });

  it.each(['GET', 'POST'])('%s with Content-Length: 0 passes', async (method) => {
    expect((await sendRaw(port, method, '/public/x', ['Content-Length: 0'])).status).toBe(200);
  });
});

describe('bodies and origins', () => {
  it('stream both ways: 20 MB come back as they went', async () => {
    const body = Buffer.alloc(20_000_000, 'claimgate');
    const response = await ask('/public/echo', {}, { method: 'POST', body });
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
  });

  it('an origin that is too slow: 504', async () => {
    const response = await ask('/public/slow');
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ reason: 'origin_timeout' });
  });
});

describe('when things break', () => {
  it('an isolate without keys answers 503 while the identity provider is down, and recovers', async () => {
    const token = await getToken('read:timesheets');
    identityProvider.close();
    identityProvider.closeAllConnections();
    await server.reset();
    port = Number((await server.listen()).url.port);
    const response = await call('/timesheets', token);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toMatch(/^[0-9]+$/);
    expect(await response.json()).toMatchObject({ reason: 'keys_unavailable' });
    identityProvider = await startProvider();
    await expect
      .poll(async () => (await call('/timesheets', await getToken('read:timesheets'))).status, {
        timeout: 20_000,
      })
      .toBe(200);
  });

  it('a policy with an error answers 503 to everything, and says where the error is', async () => {
    await server.update(workers(policy({ GATEWAY: { log_sampel: 1 } })));
    port = Number((await server.listen()).url.port);
    const response = await ask('/public/x');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      reason: 'policy_invalid',
      faults: ['GATEWAY.log_sampel: there is no field "log_sampel"; did you mean "log_sample"?'],
    });
    expect(origin.requests).toHaveLength(0);
  });
});
