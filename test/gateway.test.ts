import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { beforeAll, describe, expect, it } from 'vitest';
import { createGateway, createKeyRefresh } from '../src/gateway.ts';
import { makeRig } from './support/gateway.ts';
import { makeKey, NOW_SECONDS, type SigningKey, sign, usualClaims } from './support/issuer.ts';
import { AUDIENCE, vars } from './support/policy.ts';

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});

const ROUTES = {
  'GET|POST /orders': { scopes_all: ['read:orders'] },
  'PUT /orders/:id': { scopes_all: ['write:orders'], scopes_any: ['admin', 'root'] },
  'GET /clients': { clients: ['backoffice'] },
  'GET /orgs/:org': { claims: { org_id: { param: 'org' } } },
  'GET /maybe': { auth: 'optional' },
  'GET /health': { auth: 'none' },
};

const rigWith = (more: Partial<Parameters<typeof makeRig>[0]> = {}) =>
  makeRig({ routes: ROUTES, keys: [key.publicJwk], api: { hosts: ['api.example.com'] }, ...more });

async function problem(response: Response) {
  return (await response.json()) as Record<string, unknown>;
}

const REALM = `Bearer realm="${AUDIENCE}"`;
const METADATA = 'https://api.example.com/.well-known/oauth-protected-resource/orders';

describe('what the client sees', () => {
  it('lets a request with a good token through', async () => {
    const rig = rigWith();
    const response = await rig.call('GET /orders?page=2', await sign(key));
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('from the origin');
    expect(rig.lastReceived().url).toBe('https://orders.internal.example/orders?page=2');
  });

  it.each<[string, string, Record<string, string>, number, string, string | null]>([
    ['a path that can be read two ways', 'GET /orders/%2e%2e/x', {}, 400, 'path_ambiguous', null],
    ['no route', 'GET /nothing', {}, 404, 'route_unknown', null],
    ['another host', 'GET https://other.example/orders', {}, 404, 'route_unknown', null],
    ['another method', 'DELETE /orders', {}, 405, 'method_not_allowed', null],
    [
      'no token',
      'GET /orders',
      {},
      401,
      'token_missing',
      `${REALM}, scope="read:orders", resource_metadata="${METADATA}"`,
    ],
    [
      'another scheme',
      'GET /orders',
      { authorization: 'Basic YTpi' },
      401,
      'token_missing',
      `${REALM}, scope="read:orders", resource_metadata="${METADATA}"`,
    ],
    [
      'a malformed header',
      'GET /orders',
      { authorization: 'Bearer a b' },
      400,
      'authorization_malformed',
      `${REALM}, error="invalid_request", error_description="Send one Authorization header: Bearer, a space, and the token.", resource_metadata="${METADATA}"`,
    ],
    [
      'a token that is none',
      'GET /orders',
      { authorization: 'Bearer abc' },
      401,
      'token_malformed',
      `${REALM}, error="invalid_token", error_description="The token is not a JWT in compact form.", scope="read:orders", resource_metadata="${METADATA}"`,
    ],
    [
      'a token over 16 KB',
      'GET /orders',
      { authorization: `Bearer ${'a'.repeat(16_385)}` },
      401,
      'token_too_large',
      `${REALM}, error="invalid_token", error_description="The token is too large.", scope="read:orders", resource_metadata="${METADATA}"`,
    ],
    [
      'a bad token on an optional route',
      'GET /maybe',
      { authorization: 'Bearer abc' },
      401,
      'token_malformed',
      `${REALM}, error="invalid_token", error_description="The token is not a JWT in compact form.", resource_metadata="${METADATA}"`,
    ],
  ])('%s', async (_why, request, headers, status, reason, challenge) => {
    const rig = rigWith();
    const response = await rig.ask(request, headers);
    expect(response.status).toBe(status);
    expect(response.headers.get('www-authenticate')).toBe(challenge);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const body = await problem(response);
    expect(body).toMatchObject({
      status,
      reason,
      type: `urn:problem-type:claimgate:${reason.replaceAll('_', '-')}`,
    });
    expect(body['request_id']).toBe(response.headers.get('x-request-id'));
    expect(rig.received).toHaveLength(0);
    expect(rig.lastLog()).toMatchObject({ decision: 'deny', reason, status });
  });

  it.each<[string, string, Record<string, unknown>, number, string, string | null]>([
    [
      'an expired token',
      'GET /orders',
      { exp: NOW_SECONDS - 31 },
      401,
      'token_expired',
      'error="invalid_token"',
    ],
    [
      'another audience',
      'GET /orders',
      { aud: 'https://api.example.com/other' },
      401,
      'audience_mismatch',
      'error="invalid_token"',
    ],
    [
      'a scope missing',
      'GET /orders',
      { scope: 'other' },
      403,
      'scopes_missing',
      'error="insufficient_scope", error_description="The token lacks a scope that this request needs.", scope="read:orders"',
    ],
    [
      'one of several scopes missing',
      'PUT /orders/1',
      { scope: 'write:orders' },
      403,
      'scopes_missing',
      'scope="write:orders admin", resource_metadata',
    ],
    ['another client', 'GET /clients', {}, 403, 'client_not_allowed', null],
    ['a claim that does not fit the path', 'GET /orgs/a', { org_id: 'b' }, 403, 'claim_mismatch', null],
    ['claims too large', 'GET /orders', { sub: 'x'.repeat(8_200) }, 431, 'claims_too_large', null],
  ])('%s', async (_why, request, claims, status, reason, challenge) => {
    const rig = rigWith();
    const response = await rig.call(request, await sign(key, usualClaims(claims)));
    expect(response.status).toBe(status);
    expect(await problem(response)).toMatchObject({ reason });
    if (challenge === null) expect(response.headers.get('www-authenticate')).toBeNull();
    else expect(response.headers.get('www-authenticate')).toContain(challenge);
    expect(rig.received).toHaveLength(0);
  });

  it('names the claim that is too large', async () => {
    const response = await rigWith().call(
      'GET /orders',
      await sign(key, usualClaims({ sub: 'x'.repeat(8_200) })),
    );
    expect(await problem(response)).toMatchObject({ claim: 'sub' });
  });

  it('names the methods of a path', async () => {
    const response = await rigWith().ask('DELETE /orders');
    expect(response.headers.get('allow')).toBe('GET, HEAD, POST');
  });

  it('answers 503 with Retry-After where keys cannot be had', async () => {
    const rig = rigWith();
    rig.state.keyAnswer = () => new Response('down', { status: 500 });
    const response = await rig.call('GET /orders', await sign(key));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(rig.lastLog()).toMatchObject({ reason: 'keys_unavailable', reason_detail: 'http_status' });
  });

  it('answers 503 where a binding is missing, for that API only', async () => {
    const rig = rigWith({
      api: { origin: 'service:ORDERS' },
      env: { ORDERS: { fetch: async () => new Response('bound') } },
    });
    expect(await (await rig.ask('GET /health')).text()).toBe('bound');
    const options = { env: {}, policy: vars(ROUTES, { origin: 'service:ORDERS' }), log: () => {} };
    expect((await createGateway(options).request('/health')).status).toBe(503);
  });

  it('answers 502 where the origin cannot be reached', async () => {
    const rig = rigWith({
      origin: () => {
        throw new TypeError('connection refused');
      },
    });
    const response = await rig.call('GET /orders', await sign(key));
    expect(response.status).toBe(502);
    expect(await problem(response)).toMatchObject({ reason: 'origin_unreachable' });
  });

  it.each([520, 521, 523, 525, 526, 527, 530])("answers 502 for Cloudflare's own %i", async (status) => {
    const rig = rigWith({ origin: () => new Response('cloudflare', { status }) });
    expect((await rig.ask('GET /health')).status).toBe(502);
  });

  it.each([522, 524])("answers 504 for Cloudflare's own %i", async (status) => {
    const rig = rigWith({ origin: () => new Response('cloudflare', { status }) });
    expect((await rig.ask('GET /health')).status).toBe(504);
  });

  it('answers 504 where the origin is too slow', async () => {
    const origin = (request: Request) =>
      new Promise<Response>((_, reject) =>
        request.signal.addEventListener('abort', () => reject(new Error('aborted'))),
      );
    const rig = rigWith({ origin, api: { timeout_ms: 20 } });
    const response = await rig.ask('GET /health');
    expect(response.status).toBe(504);
    expect(await problem(response)).toMatchObject({ reason: 'origin_timeout' });
  });

  it('publishes the metadata of its resource (RFC 9728)', async () => {
    const response = await rigWith().ask(`GET ${METADATA}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      resource: AUDIENCE,
      authorization_servers: ['https://issuer.example/'],
      scopes_supported: ['admin', 'read:orders', 'root', 'write:orders'],
      bearer_methods_supported: ['header'],
    });
    expect((await rigWith().ask(`POST ${METADATA}`)).status).toBe(404);
    expect((await rigWith().ask('GET /.well-known/oauth-protected-resource')).status).toBe(404);
    expect(
      (await rigWith().ask('GET https://other.example/.well-known/oauth-protected-resource/orders')).status,
    ).toBe(404);
  });
});

describe('problem_base', () => {
  const more = { GATEWAY: { problem_base: 'https://docs.example.com/reasons' } };
  const typeOf = async (response: Response) => (await problem(response))['type'];

  it('makes the type of a refusal a link to its reason', async () => {
    const rig = rigWith({ more });
    expect(await typeOf(await rig.ask('GET /orders'))).toBe('https://docs.example.com/reasons#token-missing');
    expect(await typeOf(await rig.ask('GET /nothing'))).toBe(
      'https://docs.example.com/reasons#route-unknown',
    );
  });

  it('holds for failures of the gateway too', async () => {
    let failures = 2; // the request's line, and the line that tells of it
    const log = () => {
      if (failures-- > 0) throw new Error('no log');
    };
    const response = await rigWith({ more, options: { log } }).ask('GET /orders');
    expect([response.status, await typeOf(response)]).toEqual([
      500,
      'https://docs.example.com/reasons#internal-error',
    ]);
  });

  it('of a policy that does not compile is not used', async () => {
    const policy = vars({ 'GET /x': { scopes_all: [] } }, {}, more);
    const response = await createGateway({ env: {}, policy, log: () => {} }).request('/x');
    expect(await typeOf(response)).toBe('urn:problem-type:claimgate:policy-invalid');
  });
});

describe('the three kinds of auth', () => {
  it('required: no request without a token reaches the origin', async () => {
    const rig = rigWith();
    await rig.ask('GET /orders');
    expect(rig.received).toHaveLength(0);
  });

  it('optional: passes without claims, and with them', async () => {
    const rig = rigWith();
    expect((await rig.ask('GET /maybe', { 'x-claim-sub': 'admin' })).status).toBe(200);
    expect(rig.lastReceived().headers.get('x-claim-sub')).toBeNull();
    expect((await rig.call('GET /maybe', await sign(key))).status).toBe(200);
    expect(rig.lastReceived().headers.get('x-claim-sub')).toBe('user-1');
  });

  it('none: no token is read, and the credentials go to the origin', async () => {
    const rig = rigWith();
    expect(
      (await rig.ask('GET /health', { authorization: 'Bearer whatever', 'x-claim-sub': 'admin' })).status,
    ).toBe(200);
    expect(rig.lastReceived().headers.get('authorization')).toBe('Bearer whatever');
    expect(rig.lastReceived().headers.get('x-claim-sub')).toBeNull();
  });
});

describe('narrowing per route, several issuers', () => {
  const OTHER = 'https://issuer.example/other';
  const more = {
    ISSUERS: {
      main: { issuer: 'https://issuer.example/', jwks_uri: 'https://issuer.example/keys' },
      other: { issuer: OTHER, jwks_uri: 'https://issuer.example/keys' },
    },
  };
  const rig = () =>
    makeRig({
      routes: { 'GET /both': {}, 'GET /main': { issuer: 'main' }, 'GET /second': { audience: 'second' } },
      api: { issuer: ['main', 'other'], audience: [AUDIENCE, 'second'] },
      more,
      keys: [key.publicJwk],
    });

  it.each([
    ['GET /both', {}, 200],
    ['GET /both', { iss: OTHER }, 200],
    ['GET /both', { iss: 'https://issuer.example' }, 401],
    ['GET /main', { iss: OTHER }, 401],
    ['GET /second', {}, 401],
    ['GET /second', { aud: ['second', 'third'] }, 200],
  ])('%s with %j: %i', async (request, claims, status) => {
    expect((await rig().call(request, await sign(key, usualClaims(claims)))).status).toBe(status);
  });

  it('checks a remembered token against each route anew', async () => {
    const one = rig();
    const token = await sign(key, usualClaims({ iss: OTHER }));
    expect((await one.call('GET /both', token)).status).toBe(200);
    expect((await one.call('GET /main', token)).status).toBe(401);
    expect(one.lastLog().reason).toBe('issuer_not_allowed');
  });
});

describe('the emergency brake', () => {
  it('refuses tokens of blocked clients and keys, remembered ones too', async () => {
    const more = { GATEWAY: { blocked_clients: ['bad'], blocked_kids: ['leaked'] } };
    const leaked = await makeKey('ES256', 'leaked');
    const rig = rigWith({ more, keys: [key.publicJwk, leaked.publicJwk] });
    expect((await rig.call('GET /orders', await sign(key))).status).toBe(200);
    expect((await rig.call('GET /orders', await sign(key, usualClaims({ client_id: 'bad' })))).status).toBe(
      401,
    );
    expect(rig.lastLog().reason).toBe('client_blocked');
    expect((await rig.call('GET /orders', await sign(leaked))).status).toBe(401);
    expect(rig.lastLog().reason).toBe('key_blocked');
  });
});

describe('the emergency brake cannot be evaded', () => {
  it('by leaving out kid: the key is judged, not the header', async () => {
    const rig = rigWith({ more: { GATEWAY: { blocked_kids: ['key-1'] } } });
    expect((await rig.call('GET /orders', await sign({ ...key, kid: undefined }))).status).toBe(401);
    expect(rig.lastLog().reason).toBe('key_blocked');
  });

  it.each([{ azp: 'good', client_id: 'bad' }, { azp: '', client_id: 'bad' }, { azp: 'bad' }])(
    'by another client claim: %j',
    async (claims) => {
      const rig = rigWith({ more: { GATEWAY: { blocked_clients: ['bad'] } } });
      expect((await rig.call('GET /orders', await sign(key, usualClaims(claims)))).status).toBe(401);
      expect(rig.lastLog().reason).toBe('client_blocked');
    },
  );
});

describe('a policy with errors', () => {
  const options = { env: {}, policy: vars({ 'GET /x': { scopes_all: [] } }) };

  it('answers 503 to every request, and shows the faults on loopback hosts only', async () => {
    const logs: unknown[] = [];
    const app = createGateway({ ...options, log: (line) => logs.push(line) });
    const local = await app.request('http://localhost:8787/x');
    expect(local.status).toBe(503);
    expect(await problem(local)).toMatchObject({
      reason: 'policy_invalid',
      faults: [
        'API_ORDERS.routes."GET /x".scopes_all: scopes_all is empty; name at least one scope, or leave the field out',
      ],
    });
    for (const url of [
      'https://api.example.com/x',
      'https://localhost.example.com/',
      'https://127.0.0.1.example.com/',
    ]) {
      expect(await problem(await app.request(url))).not.toHaveProperty('faults');
    }
    // The faults once, and each request like any other refusal.
    expect(
      logs.map(
        (line) => (line as { event?: string; reason?: string }).event ?? (line as { reason?: string }).reason,
      ),
    ).toEqual(['policy_invalid', ...Array(4).fill('policy_invalid')]);
  });

  it('demands the secret that hashing subjects needs', async () => {
    const policy = vars(ROUTES, {}, { GATEWAY: { log_subject: 'hash' } });
    const without = createGateway({ env: {}, policy, log: () => {} });
    expect((await without.request('/health')).status).toBe(503);
    const rig = rigWith({ more: { GATEWAY: { log_subject: 'hash' } }, env: { LOG_KEY: 'secret' } });
    await rig.call('GET /orders', await sign(key));
    expect(rig.lastLog().subject).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('the log', () => {
  it('has one line for each request, without token and claims', async () => {
    const rig = rigWith();
    const token = await sign(key, usualClaims({ secret_claim: 'swordfish' }));
    await rig.call('GET /orders', token, { 'cf-ray': 'ray-1', 'x-request-id': 'request-0001' });
    expect(rig.logs.filter((line) => 'decision' in line)).toEqual(
      [
        {
          time: new Date(NOW_SECONDS * 1000).toISOString(),
          request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          client_request_id: 'request-0001',
          ray: 'ray-1',
          method: 'GET',
          route: 'API_ORDERS GET|POST /orders',
          decision: 'allow',
          status: 200,
          issuer: 'main',
          client: 'client-1',
          kid: 'key-1',
          keys_from: 'network',
          key_wait_ms: 0,
          origin_ms: 0,
        },
      ].map((line) => expect.objectContaining(line)),
    );
    const text = JSON.stringify(rig.logs);
    expect(text).not.toContain(token.split('.')[1]);
    expect(text).not.toContain('swordfish');
    expect(text).not.toContain('user-1');
  });

  it('names and cuts what a refused token claims', async () => {
    const rig = rigWith();
    const iss = `https://${'evil'.repeat(100)}`;
    await rig.call('GET /orders', await sign(key, usualClaims({ iss })));
    expect(rig.lastLog()).toMatchObject({
      reason: 'issuer_not_allowed',
      unverified_iss: iss.slice(0, 128),
      unverified_kid: 'key-1',
    });
    expect(rig.lastLog().issuer).toBeUndefined();
  });

  it('says whose remembered token is refused', async () => {
    const rig = rigWith();
    const token = await sign(key);
    await rig.call('GET /orders', token);
    rig.state.nowMs += 3_600_000;
    await rig.call('GET /orders', token);
    expect(rig.lastLog()).toMatchObject({
      reason: 'token_expired',
      issuer: 'main',
      client: 'client-1',
      kid: 'key-1',
    });
  });

  it('names subjects if it is told to', async () => {
    const rig = rigWith({ more: { GATEWAY: { log_subject: 'plain' } } });
    await rig.call('GET /orders', await sign(key));
    expect(rig.lastLog().subject).toBe('user-1');
  });

  it('leaves out allowed requests by log_sample, never denials', async () => {
    const rig = rigWith({ more: { GATEWAY: { log_sample: 0 } } });
    await rig.ask('GET /health');
    expect(rig.logs).toHaveLength(0);
    await rig.ask('GET /orders');
    expect(rig.logs).toHaveLength(1);
  });

  it('says when a path was nearly another one', async () => {
    const rig = makeRig({ routes: { 'GET /*': { auth: 'none' }, 'GET /admin': {} }, keys: [key.publicJwk] });
    await rig.ask('GET /Admin');
    expect(rig.lastLog()).toMatchObject({
      reason: 'token_missing',
      route: 'API_ORDERS GET /*',
      near_miss: ['API_ORDERS GET /admin'],
    });
  });

  it('tells once of a claim that could not be sent', async () => {
    const rig = rigWith({ api: { forward: { org: 'x-org' } } });
    const token = await sign(key, usualClaims({ org: 7 }));
    await rig.call('GET /orders', token);
    await rig.call('GET /orders', token);
    expect(rig.logs.filter((line) => 'event' in line && line.event === 'claim_skipped')).toEqual([
      { event: 'claim_skipped', api: 'API_ORDERS', claim: 'org', as: 'text' },
    ]);
    expect(rig.lastReceived().headers.get('x-org')).toBeNull();
  });

  it('goes to the console as JSON by default', async () => {
    const lines: string[] = [];
    const { log } = console;
    console.log = (line: string) => lines.push(line);
    try {
      await createGateway({ env: {}, policy: vars({ 'GET /x': {} }) }).request('/x');
    } finally {
      console.log = log;
    }
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ decision: 'deny', reason: 'token_missing' });
  });
});

describe('createGateway in an app of your own', () => {
  it('answers behind middleware, with the policy from the environment', async () => {
    const policy = vars({ 'GET /api/x': { auth: 'none' } });
    const app = new Hono();
    app.use(async (c, next) => {
      await next();
      c.res = new Response(c.res.body, c.res);
      c.res.headers.set('x-mine', '1');
    });
    app.get('/own', (c) => c.text('own'));
    app.route(
      '/',
      createGateway({ env: { ...env, ...policy }, fetch: async () => new Response('origin'), log: () => {} }),
    );
    expect(await (await app.request('/own')).text()).toBe('own');
    const response = await app.request('/api/x');
    expect(await response.text()).toBe('origin');
    expect(response.headers.get('x-mine')).toBe('1');
  });
});

describe('createKeyRefresh', () => {
  it("fetches every issuer's keys, so that the first request waits for nothing", async () => {
    const policy = vars(ROUTES);
    const jwks = async () =>
      Response.json({
        keys: [key.publicJwk],
        issuer: 'https://issuer.example/',
        jwks_uri: 'https://issuer.example/keys',
      });
    const shared = { env, policy, now: () => NOW_SECONDS * 1000 };
    await createKeyRefresh({ ...shared, fetch: jwks as typeof fetch, log: () => {} })();
    const asked: string[] = [];
    const origin = async (input: RequestInfo) => {
      asked.push(String(input));
      return new Response('ok');
    };
    const app = createGateway({ ...shared, fetch: origin as typeof fetch, log: () => {} });
    const headers = { authorization: `Bearer ${await sign(key)}` };
    expect((await app.request('https://api.example.com/orders', { headers })).status).toBe(200);
    expect(asked).toEqual(['https://orders.internal.example/orders']);
  });

  it('compiles nothing before it runs: isolates that only answer requests compile their policy once', () => {
    const policy = vars(ROUTES);
    let reads = 0;
    const counting = new Proxy(policy, {
      ownKeys: (target) => {
        reads++;
        return Reflect.ownKeys(target);
      },
    });
    createGateway({ env, policy: counting, log: () => {} });
    const once = reads;
    createKeyRefresh({ env, policy: counting, log: () => {} });
    expect([once > 0, reads]).toEqual([true, once]);
  });

  it('says so where the policy has errors', async () => {
    const logs: unknown[] = [];
    const refresh = createKeyRefresh({ env: {}, policy: {}, log: (line) => logs.push(line) });
    // A cron that fetches nothing must not look like one that works.
    await expect(refresh()).rejects.toThrow('no keys were fetched');
    expect(logs).toEqual([{ event: 'policy_invalid', faults: expect.any(Array) }]);
  });
});

describe('everything fails closed', () => {
  const throws = () => {
    throw new Error('swordfish');
  };

  it('an exception is a 500 that tells nothing, and lets nothing through', async () => {
    const logs: unknown[] = [];
    const rig = rigWith({ options: { now: throws, log: (line) => logs.push(line) } });
    const response = await rig.call('GET /orders', await sign(key));
    expect(response.status).toBe(500);
    expect(await problem(response)).toMatchObject({ reason: 'internal_error' });
    expect(logs).toEqual([{ event: 'error', name: 'Error', frames: expect.any(Array) }]);
    expect(JSON.stringify(logs)).not.toContain('swordfish');
    expect(rig.received).toHaveLength(0);
  });

  it('an exception on the way is one too, and is logged with its request', async () => {
    const rig = rigWith({ env: { KEYS: { get: throws } } });
    Object.defineProperty(rig.state, 'keys', { get: throws });
    expect((await rig.call('GET /orders', await sign(key))).status).toBe(503);
    expect(rig.lastLog()).toMatchObject({ decision: 'deny', reason: 'keys_unavailable' });
    expect(rig.received).toHaveLength(0);
  });

  it('a log that cannot be written stops the request', async () => {
    const rig = rigWith({ options: { log: throws } });
    await expect(rig.ask('GET /orders')).rejects.toThrow();
    expect(rig.received).toHaveLength(0);
  });
});
