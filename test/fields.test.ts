/** What the fields around a route do to requests: origins, limits, rules on trial, health, traces, data points. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RequestLine } from '../src/log.ts';
import { makeRig, type RigOptions } from './support/gateway.ts';
import { makeKey, NOW_SECONDS, type SigningKey, sign, usualClaims } from './support/issuer.ts';
import { faultsOf, vars } from './support/policy.ts';

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});

const rigWith = (options: RigOptions) => makeRig({ keys: [key.publicJwk], ...options });
const token = (claims: Record<string, unknown> = {}) => sign(key, usualClaims(claims));
const reasonOf = async (response: Response) => ((await response.json()) as { reason: string }).reason;

describe('origin_headers', () => {
  const api = { origin_headers: { 'x-origin-secret': 'secret:ORIGIN_SECRET' } };
  const env = { ORIGIN_SECRET: 'from the secret' };
  const routes = { 'GET /x': {}, 'GET /open': { auth: 'none' } };

  it('reach the origin on every route, whatever the client sends', async () => {
    const rig = rigWith({ routes, api, env });
    await rig.call('GET /x', await token(), { 'x-origin-secret': 'forged', X_Origin_Secret: 'forged' });
    expect(rig.lastReceived().headers.get('x-origin-secret')).toBe('from the secret');
    expect(rig.lastReceived().headers.get('x_origin_secret')).toBeNull();
    await rig.ask('GET /open', { 'x-origin-secret': 'forged' });
    expect(rig.lastReceived().headers.get('x-origin-secret')).toBe('from the secret');
  });

  it('of one API are stripped on all others', async () => {
    const other = {
      origin: 'https://other.example',
      audience: 'o',
      routes: { 'GET /other': { auth: 'none' } },
    };
    const rig = rigWith({ routes, api, env, more: { API_OTHER: other } });
    await rig.ask('GET /other', { 'x-origin-secret': 'forged' });
    expect(rig.lastReceived().headers.get('x-origin-secret')).toBeNull();
  });

  it.each(['a\nb', 'a\r\nx-claim-sub: root', '\0x', 'secret\n', ' secret', 'sécret'])(
    '%j is not a secret for a header: nothing passes',
    async (value) => {
      const rig = rigWith({ routes, api, env: { ORIGIN_SECRET: value } });
      const response = await rig.ask('GET /open');
      expect([response.status, rig.received]).toEqual([503, []]);
      expect(rig.logs[0]).toMatchObject({
        event: 'policy_invalid',
        faults: [{ at: 'API_ORDERS.origin_headers.x-origin-secret' }],
      });
      expect(JSON.stringify(rig.logs)).not.toContain(JSON.stringify(value));
    },
  );

  it('without their secret nothing passes', async () => {
    const rig = rigWith({ routes, api });
    expect([(await rig.ask('GET /open')).status, rig.received]).toEqual([503, []]);
  });

  it('never show in an answer or a log line', async () => {
    const rig = rigWith({ routes, api, env });
    const response = await rig.call('GET /x', await token());
    expect(JSON.stringify([...response.headers, await response.text(), rig.logs])).not.toContain(
      'from the secret',
    );
  });
});

describe('strip_prefix', () => {
  const api = { strip_prefix: '/api/v1', origin: 'https://orders.example/base' };
  const routes = {
    'GET /api/v1': {},
    'GET /api/v1/': {},
    'GET /api/v1/*': {},
    'GET /api/v1/orgs/:org': { claims: { org: { param: 'org' } } },
  };

  it.each([
    ['/api/v1/orders?page=2', '/base/orders?page=2'],
    ['/api/v1/a%20b/c', '/base/a%20b/c'],
    ['/api/v1', '/base/'],
    ['/api/v1/', '/base/'],
    ['/api/v1/api/v1/x', '/base/api/v1/x'],
  ])('%s is sent as %s', async (asked, sent) => {
    const rig = rigWith({ routes, api });
    expect((await rig.call(`GET ${asked}`, await token())).status).toBe(200);
    expect(rig.lastReceived().url).toBe(`https://orders.example${sent}`);
  });

  it('cuts what was matched, in its one spelling, and nothing else (Traefik GHSA-6jwx-7vp4-9847)', async () => {
    const rig = rigWith({ routes, api });
    await rig.call('GET /%61pi/v1/%61dmin', await token());
    expect(rig.lastReceived().url).toBe('https://orders.example/base/admin');
    for (const path of [
      '/API/v1/x',
      '/api/v1;x/x',
      '/api//v1/x',
      '/api/v1%2fx',
      '/api/v1/../x',
      '/api/v11/x',
    ])
      expect([400, 404]).toContain((await rig.call(`GET ${path}`, await token())).status);
    expect(rig.received).toHaveLength(1);
  });

  it('leaves the rules to the public path', async () => {
    const rig = rigWith({ routes, api });
    expect((await rig.call('GET /api/v1/orgs/acme', await token({ org: 'acme' }))).status).toBe(200);
    expect(rig.lastReceived().url).toBe('https://orders.example/base/orgs/acme');
    expect((await rig.call('GET /api/v1/orgs/acme', await token({ org: 'other' }))).status).toBe(403);
    expect((await rig.call('GET /orders', await token())).status).toBe(404);
  });
});

describe('origin = "zone"', () => {
  const api = { origin: 'zone', hosts: ['api.example.com'], zone_unprotected: true };
  const routes = { 'GET /x': {}, 'GET /open': { auth: 'none' } };

  it('asks the public URL, marked, and maps what Cloudflare says of a dead origin', async () => {
    const statuses = [200, 522, 521];
    const origin = () => new Response('', { status: statuses.shift() ?? 200 });
    const rig = rigWith({ routes, api, origin });
    expect((await rig.call('GET /x?a=1', await token())).status).toBe(200);
    expect(rig.lastReceived().url).toBe('https://api.example.com/x?a=1');
    expect(rig.lastReceived().headers.get('x-claim-loop')).toBe('1');
    expect((await rig.call('GET /x', await token())).status).toBe(504);
    expect((await rig.call('GET /x', await token())).status).toBe(502);
  });

  it.each([
    ['http://api.example.com/open', 'https://api.example.com/open'],
    ['http://api.example.com:2082/open', 'https://api.example.com/open'],
    ['https://API.example.com.:8443/open', 'https://api.example.com/open'],
  ])('asked as %s goes over TLS, to the usual port', async (asked, sent) => {
    const rig = rigWith({ routes, api });
    await rig.ask(`GET ${asked}`);
    expect(rig.lastReceived().url).toBe(sent);
  });

  it('that reaches the gateway again ends there', async () => {
    const rig = rigWith({ routes, api });
    const response = await rig.ask('GET /open', { 'x-claim-loop': '1' });
    expect([response.status, await reasonOf(response), rig.received]).toEqual([508, 'loop', []]);
  });

  it('elsewhere the mark is one of the client’s, and dropped', async () => {
    const rig = rigWith({ routes });
    expect((await rig.ask('GET /open', { 'x-claim-loop': '1' })).status).toBe(200);
    expect(rig.lastReceived().headers.get('x-claim-loop')).toBeNull();
  });
});

describe('mtls', () => {
  it('asks through the certificate’s binding, and nowhere else', async () => {
    const asked: string[] = [];
    const CERT = {
      fetch: async (url: string) => {
        asked.push(url);
        return new Response('with a certificate');
      },
    };
    const rig = rigWith({
      routes: { 'GET /x': {} },
      api: { mtls: 'CERT', origin: 'https://o.example' },
      env: { CERT },
    });
    expect(await (await rig.call('GET /x', await token())).text()).toBe('with a certificate');
    expect([asked, rig.received]).toEqual([['https://o.example/x'], []]);
  });
});

describe('rate_limit', () => {
  /** A limit of one request for each key. */
  function limit() {
    const keys: string[] = [];
    const binding = {
      limit: async ({ key: one }: { key: string }) => ({
        success: keys.push(one) && keys.filter((k) => k === one).length <= 1,
      }),
    };
    return { keys, binding };
  }
  const routes = {
    'GET /x': {},
    'GET /y': {},
    'GET /own': { rate_limit: 'OWN' },
    'GET /open': { auth: 'none' },
  };
  const setUp = () => {
    const [shared, own] = [limit(), limit()];
    const bindings = { SHARED: shared.binding, OWN: own.binding };
    return { shared, own, rig: rigWith({ routes, api: { rate_limit: 'SHARED' }, env: bindings }) };
  };

  it('of an API counts its routes together, and answers 429 without asking the origin', async () => {
    const { rig } = setUp();
    expect((await rig.call('GET /x', await token())).status).toBe(200);
    const response = await rig.call('GET /y', await token());
    expect([response.status, response.headers.get('retry-after'), await reasonOf(response)]).toEqual([
      429,
      '60',
      'rate_limited',
    ]);
    expect(rig.received).toHaveLength(1);
    expect(rig.lastLog()).toMatchObject({ decision: 'deny', reason: 'rate_limited', client: 'client-1' });
  });

  it('of a route counts by itself', async () => {
    const { rig } = setUp();
    await rig.call('GET /x', await token());
    expect((await rig.call('GET /own', await token())).status).toBe(200);
    expect((await rig.call('GET /own', await token())).status).toBe(429);
  });

  it('counts subjects, else clients, else addresses; of each issuer by themselves', async () => {
    const { rig, shared } = setUp();
    await rig.call('GET /x', await token());
    await rig.call('GET /x', await token({ sub: undefined }));
    await rig.ask('GET /open', { 'cf-connecting-ip': '192.0.2.1' });
    await rig.ask('GET /open', { 'cf-connecting-ip': '2001:db8:1:2:3:4:5:6' });
    await rig.ask('GET /open', { 'cf-connecting-ip': '2001:db8:1:2::9' });
    await rig.ask('GET /open', { 'cf-connecting-ip': '2001:db8::1' });
    expect(shared.keys.map((one) => JSON.parse(one) as unknown)).toEqual([
      ['API_ORDERS', 'subject', 'main', 'user-1'],
      ['API_ORDERS', 'client', 'main', 'client-1'],
      ['API_ORDERS', 'address', '192.0.2.1'],
      ['API_ORDERS', 'address', '2001:db8:1:2::/64'],
      ['API_ORDERS', 'address', '2001:db8:1:2::/64'],
      ['API_ORDERS', 'address', '2001:db8:0:0::/64'],
    ]);
  });

  it.each([
    ['client', { sub: 'a' }, ['client', 'main', 'client-1']],
    ['client', { client_id: undefined }, ['subject', 'main', 'user-1']],
    ['address', {}, ['address', '']],
    [{ claim: 'org_id' }, { org_id: 'acme' }, ['claim', 'main', 'acme']],
    [{ claim: 'org_id' }, { org_id: 7 }, ['claim', 'main', 7]],
    [{ claim: '/org/id' }, { org: { id: 'acme' } }, ['claim', 'main', 'acme']],
    [{ claim: 'org_id' }, {}, ['subject', 'main', 'user-1']],
    [{ claim: 'org_id' }, { org_id: ['acme'] }, ['subject', 'main', 'user-1']],
    [{ claim: 'org_id' }, { org_id: null }, ['subject', 'main', 'user-1']],
  ])('counts by %j: %j as %j', async (by, claims, want) => {
    const own = limit();
    const rig = rigWith({
      routes: { 'GET /x': { rate_limit: { binding: 'OWN', by } } },
      env: { OWN: own.binding },
    });
    await rig.call('GET /x', await token(claims));
    expect(own.keys.map((one) => (JSON.parse(one) as unknown[]).slice(1))).toEqual([want]);
  });

  it('has a binding that is bound, and a claim that is named', () => {
    const faults = (rate_limit: unknown) => faultsOf(vars({ 'GET /x': { rate_limit } }));
    expect(faults({ binding: 'OWN', by: 'user' })).toEqual([
      'API_ORDERS.routes."GET /x".rate_limit.by: by is none of the choices; write { claim = … } or "subject" or "client" or "address"',
    ]);
    expect(faults({ by: 'client' })[0]).toContain('rate_limit.binding: binding is missing');
    expect(faults({ bindng: 'OWN' })[0]).toContain('did you mean "binding"?');
    expect(faults({ binding: 'OWN', by: { clam: 'x' } })).toEqual([
      'API_ORDERS.routes."GET /x".rate_limit.by.clam: there is no field "clam"; did you mean "claim"?',
    ]);
  });

  it.each(['/Login', '/login/', '/LOGIN;x', '/login.', '/%6cogin'])(
    'can’t be walked around by %s (Caddy CVE-2026-27587)',
    async (path) => {
      const own = limit();
      const login = { 'POST /login': { auth: 'none', rate_limit: 'OWN' }, 'POST /*': { auth: 'none' } };
      const rig = rigWith({ routes: login, env: { OWN: own.binding } });
      const from = { 'cf-connecting-ip': '192.0.2.1' };
      expect((await rig.ask('POST /login', from)).status).toBe(200);
      expect((await rig.ask(`POST ${path}`, from)).status).toBe(429);
      expect(rig.received).toHaveLength(1);
    },
  );

  it('of two spellings with one binding of their own may be the same rule', async () => {
    const both = { 'GET /x': { rate_limit: 'OWN' }, 'GET /x/': { rate_limit: 'OWN' } };
    const rig = rigWith({ routes: both, env: { OWN: limit().binding } });
    expect((await rig.call('GET /x', await token())).status).toBe(200);
  });

  it('counts nobody who is refused anyway', async () => {
    const { rig, shared } = setUp();
    await rig.ask('GET /x');
    expect(shared.keys).toEqual([]);
  });

  it('works with the limits of the platform', async () => {
    const { FAILURE_LIMIT } = env as unknown as { FAILURE_LIMIT: RateLimit }; // three in a minute
    const rig = rigWith({
      routes: { 'GET /x': {} },
      api: { rate_limit: 'FAILURE_LIMIT' },
      env: { FAILURE_LIMIT },
    });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await rig.call('GET /x', await token())).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
  });

  it('that fails lets nothing through', async () => {
    const env = { SHARED: { limit: () => Promise.reject(new Error('down')) }, OWN: limit().binding };
    const rig = rigWith({ routes, api: { rate_limit: 'SHARED' }, env });
    expect([(await rig.call('GET /x', await token())).status, rig.received]).toEqual([500, []]);
  });

  it('that is not bound lets nothing through', async () => {
    const rig = rigWith({ routes, env: {} });
    expect((await rig.call('GET /x', await token())).status).toBe(503);
  });
});

describe('report', () => {
  const routes = {
    'GET /x': { scopes_all: ['read:orders'], report: { scopes_all: ['new:scope'], clients: ['backoffice'] } },
    'GET /a': { report: { audience: 'https://api.example.com/orders' } },
    'GET /maybe': { auth: 'optional', report: { scopes_all: ['read:orders'] } },
  };

  it('lets through whom the rule on trial would refuse, and says so', async () => {
    const rig = rigWith({ routes });
    expect((await rig.call('GET /x', await token())).status).toBe(200);
    expect(rig.lastLog()).toMatchObject({
      decision: 'allow',
      would_deny: 'scopes_missing',
      would_deny_detail: ['new:scope'],
    });
    expect(rig.lastReceived().headers.get('x-claim-client-id')).toBe('client-1');
    await rig.call('GET /x', await token({ scope: 'read:orders new:scope' }));
    expect(rig.lastLog().would_deny).toBe('client_not_allowed');
  });

  it('is silent where the rule on trial holds', async () => {
    const rig = rigWith({ routes });
    await rig.call('GET /x', await token({ scope: 'read:orders new:scope', client_id: 'backoffice' }));
    expect(rig.lastLog()).not.toHaveProperty('would_deny', expect.anything());
  });

  it('does not loosen the rule beside it', async () => {
    const rig = rigWith({ routes });
    expect(
      (await rig.call('GET /x', await token({ scope: 'new:scope', client_id: 'backoffice' }))).status,
    ).toBe(403);
    expect((await rig.ask('GET /x')).status).toBe(401);
  });

  it('tries scopes of which one must be there, and a narrower issuer', async () => {
    const [a, b] = ['https://issuer.example/', 'https://issuer.example/b'];
    const ISSUERS = { a: { issuer: a, jwks_uri: `${a}keys` }, b: { issuer: b, jwks_uri: `${a}keys` } };
    const tried = {
      'GET /any': { report: { scopes_any: ['x', 'y'] } },
      'GET /issuer': { report: { issuer: 'b' } },
    };
    const rig = rigWith({ routes: tried, api: { issuer: ['a', 'b'] }, more: { ISSUERS } });
    await rig.call('GET /any', await token());
    expect(rig.lastLog()).toMatchObject({ would_deny: 'scopes_missing', would_deny_detail: ['x', 'y'] });
    await rig.call('GET /any', await token({ scope: 'y' }));
    expect(rig.lastLog().would_deny).toBeUndefined();
    await rig.call('GET /issuer', await token());
    expect(rig.lastLog().would_deny).toBe('issuer_not_allowed');
    await rig.call('GET /issuer', await token({ iss: b }));
    expect(rig.lastLog().would_deny).toBeUndefined();
  });

  it('tries a narrower audience', async () => {
    const rig = rigWith({ routes, api: { audience: ['https://api.example.com/orders', 'old'] } });
    await rig.call('GET /a', await token({ aud: 'old' }));
    expect(rig.lastLog().would_deny).toBe('audience_mismatch');
  });

  it('is tried for other spellings too', async () => {
    const rig = rigWith({ routes: { 'GET /*': {}, 'GET /admin': { report: { scopes_all: ['admin'] } } } });
    expect((await rig.call('GET /Admin', await token())).status).toBe(200);
    expect(rig.lastLog()).toMatchObject({
      near_miss: ['API_ORDERS GET /admin'],
      would_deny: 'scopes_missing',
    });
  });

  it('on an optional route would refuse who brings no token', async () => {
    const rig = rigWith({ routes });
    expect((await rig.ask('GET /maybe')).status).toBe(200);
    expect(rig.lastLog().would_deny).toBe('token_missing');
  });

  it('is logged whatever log_sample says', async () => {
    const rig = rigWith({ routes, more: { GATEWAY: { log_sample: 0 } } });
    await rig.call('GET /x', await token());
    expect(rig.lastLog().would_deny).toBe('scopes_missing');
  });
});

describe('report_only', () => {
  const routes = {
    'GET /x': { scopes_all: ['new:scope'], report_only: true },
    'GET /api/*': { report_only: true },
    'GET /api/admin': { scopes_all: ['admin'] },
  };
  const claimHeaders = (request: Request) =>
    [...request.headers.keys()].filter((name) => name.startsWith('x-claim-'));

  it.each<[string, () => Promise<Record<string, string>>, string]>([
    ['no token', async () => ({}), 'token_missing'],
    ['a malformed header', async () => ({ authorization: 'Bearer a b' }), 'authorization_malformed'],
    ['a token that is none', async () => ({ authorization: 'Bearer x' }), 'token_malformed'],
    [
      'an expired token',
      async () => ({ authorization: `Bearer ${await token({ exp: NOW_SECONDS - 60 })}` }),
      'token_expired',
    ],
    [
      'a forged signature',
      async () => ({ authorization: `Bearer ${await sign(await makeKey('ES256', 'key-1'), usualClaims())}` }),
      'signature_invalid',
    ],
    [
      'another audience',
      async () => ({ authorization: `Bearer ${await token({ aud: 'other' })}` }),
      'audience_mismatch',
    ],
  ])('lets %s through, without claims', async (_why, headers, reason) => {
    const rig = rigWith({ routes });
    expect((await rig.ask('GET /x', { ...(await headers()), 'x-claim-sub': 'forged' })).status).toBe(200);
    expect(rig.lastLog()).toMatchObject({ decision: 'allow', would_deny: reason });
    expect(claimHeaders(rig.lastReceived())).toEqual([]);
    expect(rig.lastLog()).not.toHaveProperty('subject', expect.anything());
  });

  it('lets a remembered token through without claims once it has expired', async () => {
    const rig = rigWith({ routes });
    const soon = await token({ exp: NOW_SECONDS + 10, scope: 'new:scope' });
    await rig.call('GET /x', soon);
    expect(claimHeaders(rig.lastReceived())).not.toEqual([]);
    rig.state.nowMs += 60_000;
    await rig.call('GET /x', soon);
    expect([rig.lastLog().would_deny, claimHeaders(rig.lastReceived())]).toEqual(['token_expired', []]);
    expect(rig.lastLog()).toMatchObject({ issuer: 'main', client: 'client-1' });
  });

  it('sends the claims of a good token that lacks a scope', async () => {
    const rig = rigWith({ routes });
    expect((await rig.call('GET /x', await token())).status).toBe(200);
    expect(rig.lastLog().would_deny).toBe('scopes_missing');
    expect(rig.lastReceived().headers.get('x-claim-sub')).toBe('user-1');
  });

  it('refuses nobody whom an enforced route beside it lets in', async () => {
    const beside = {
      'GET /*': { scopes_all: ['read:orders'] },
      'GET /orders': { scopes_all: ['admin'], report_only: true },
    };
    const rig = rigWith({ routes: beside });
    expect((await rig.call('GET /orders/x', await token())).status).toBe(200);
    // Another spelling of the path on trial: the enforced route judges, the other one only reports.
    expect((await rig.call('GET /Orders', await token())).status).toBe(200);
    expect(rig.lastLog()).toMatchObject({
      decision: 'allow',
      would_deny: 'scopes_missing',
      client: 'client-1',
    });
    expect(rig.lastReceived().headers.get('x-claim-sub')).toBe('user-1');
    expect((await rig.call('GET /Orders', await token({ scope: 'other' }))).status).toBe(403);
    expect((await rig.ask('GET /Orders')).status).toBe(401);
  });

  it('only reports where the enforced route beside it is open', async () => {
    const beside = {
      'GET /*': { auth: 'optional' },
      'GET /orders': { clients: ['other'], report_only: true },
    };
    const rig = rigWith({ routes: beside });
    expect((await rig.ask('GET /Orders')).status).toBe(200);
    expect(rig.lastLog().would_deny).toBe('token_missing');
    expect((await rig.call('GET /Orders', await token())).status).toBe(200);
    expect(rig.lastLog().would_deny).toBe('client_not_allowed');
    expect((await rig.call('GET /Orders', 'no-token')).status).toBe(401);
  });

  it('reports no missing token where none is needed', async () => {
    const rig = rigWith({ routes: { 'GET /x': { auth: 'optional', report_only: true } } });
    await rig.ask('GET /x');
    expect(rig.lastLog().would_deny).toBeUndefined();
  });

  it.each([
    ['by default', {}, 'Basic abc'],
    ['unless the policy says no', { forward_authorization: false }, null],
  ])('sends Authorization on, %s: an origin may authenticate by itself', async (_when, more, sent) => {
    const rig = rigWith({ routes: { 'GET /x': { report_only: true, ...more } } });
    await rig.ask('GET /x', { authorization: 'Basic abc' });
    expect(rig.lastReceived().headers.get('authorization')).toBe(sent);
  });

  it('lets through while the keys can’t be had', async () => {
    const rig = rigWith({ routes });
    rig.state.keyAnswer = () => new Response('', { status: 500 });
    expect((await rig.call('GET /x', await token())).status).toBe(200);
    expect(rig.lastLog().would_deny).toBe('keys_unavailable');
  });

  it.each([
    ['a path that can be read two ways', 'GET /x%2fy', 400],
    ['an unknown path', 'GET /nothing', 404],
    ['another method', 'POST /x', 405],
  ])('never lets %s through', async (_why, request, status) => {
    const rig = rigWith({ routes });
    expect([(await rig.ask(request)).status, rig.received]).toEqual([status, []]);
  });

  it('never lets claims through that don’t fit', async () => {
    const rig = rigWith({ routes });
    expect((await rig.call('GET /x', await token({ sub: 'x'.repeat(8_200) }))).status).toBe(431);
  });

  it('opens no other spelling of a route that is enforced', async () => {
    const rig = rigWith({ routes });
    expect((await rig.ask('GET /api/anything')).status).toBe(200);
    for (const path of ['/api/Admin', '/api/admin/', '/api/admin;x']) {
      expect((await rig.ask(`GET ${path}`)).status, path).toBe(401);
    }
  });
});

describe('health_path', () => {
  const more = { GATEWAY: { health_path: '/.well-known/claimgate/health' } };
  const routes = { 'GET /x': {} };

  it.each(['/.well-known/claimgate/health', '/.well-known/claimgate/health?x=1'])(
    'answers at %s, on every host, without an origin',
    async (path) => {
      const rig = rigWith({ routes, more, api: { hosts: ['api.example.com'] } });
      const response = await rig.ask(`GET https://other.example${path}`);
      expect([response.status, await response.json(), response.headers.get('cache-control')]).toEqual([
        200,
        {
          status: 'ok',
          issuers: {
            main: {
              status: 'waiting',
              freshness: 'none',
              keys: 0,
              checked_at: null,
              age_s: null,
              last_failure: null,
            },
          },
        },
        'no-store',
      ]);
      expect(rig.received).toEqual([]);
    },
  );

  it('tells how good the keys are, asks no issuer for it, and stays 200 when one is out', async () => {
    const rig = rigWith({ routes, more });
    const health = async () => {
      const response = await rig.ask('GET /.well-known/claimgate/health');
      expect(response.status).toBe(200);
      return response.json();
    };
    rig.state.keyAnswer = () => new Response('down', { status: 503 });
    expect((await rig.call('GET /x', await token())).status).toBe(503);
    const at = new Date(rig.state.nowMs).toISOString();
    const last_failure = { at, cause: 'http_status', http_status: 503 };
    expect(await health()).toEqual({
      status: 'degraded',
      issuers: {
        main: {
          status: 'never_fetched',
          freshness: 'unusable',
          keys: 0,
          checked_at: null,
          age_s: null,
          last_failure,
        },
      },
    });
    rig.state.keyAnswer = undefined;
    rig.state.nowMs += 2_000;
    expect((await rig.call('GET /x', await token())).status).toBe(200);
    const checked_at = new Date(rig.state.nowMs).toISOString();
    rig.state.nowMs += 5_000;
    expect(await health()).toEqual({
      status: 'ok',
      issuers: { main: { status: 'ok', freshness: 'fresh', keys: 1, checked_at, age_s: 5, last_failure } },
    });
    expect(rig.state.keyFetches).toBe(2);
  });

  it.each([
    'GET /.well-known/claimgate/Health',
    'GET /.well-known/claimgate/health/',
    'POST /.well-known/claimgate/health',
    'GET /x/../.well-known/claimgate/health',
  ])('is not at %s', async (request) => {
    const rig = rigWith({ routes, more });
    expect((await rig.ask(request)).status).not.toBe(200);
  });

  it('is nowhere unless it is named, and no header opens it', async () => {
    const rig = rigWith({ routes });
    expect(
      (await rig.ask('GET /.well-known/claimgate/health', { 'user-agent': 'GoogleHC/1.0' })).status,
    ).toBe(404);
    expect((await rig.ask('GET /x', { 'user-agent': 'GoogleHC/1.0', 'x-health': '1' })).status).toBe(401);
  });

  it('is no sign of life with a broken policy', async () => {
    const rig = rigWith({ routes: { 'GET /x': { scope: [] } }, more });
    expect((await rig.ask('GET /.well-known/claimgate/health')).status).toBe(503);
  });
});

describe('traces', () => {
  const routes = { 'GET /open': { auth: 'none' } };
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  it('are passed on, and logged', async () => {
    const rig = rigWith({ routes });
    await rig.ask('GET /open', { traceparent, tracestate: 'a=b' });
    expect(rig.lastReceived().headers.get('traceparent')).toBe(traceparent);
    expect(rig.lastReceived().headers.get('tracestate')).toBe('a=b');
    expect(rig.lastLog().trace_id).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
  });

  it.each(['x', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, traceparent.toUpperCase(), 'a'.repeat(5000)])(
    '%s is not logged',
    async (odd) => {
      const rig = rigWith({ routes });
      await rig.ask('GET /open', { traceparent: odd });
      expect(rig.lastLog().trace_id).toBeUndefined();
    },
  );
});

describe('data points', () => {
  it('have the columns that docs/operations.md lists, for every request', async () => {
    const points: AnalyticsEngineDataPoint[] = [];
    const ANALYTICS = { writeDataPoint: (point: AnalyticsEngineDataPoint) => points.push(point) };
    const routes = { 'GET /x': { scopes_all: ['read:orders'], report: { clients: ['other'] } } };
    const rig = rigWith({ routes, env: { ANALYTICS }, more: { GATEWAY: { log_sample: 0 } } });
    await rig.call('GET /x', await token());
    await rig.ask('GET /x');
    await rig.ask('GET /nothing');
    const traced = ['api.example.com', '', '', expect.stringMatching(/^[0-9a-f]{8}$/)];
    expect(points).toEqual([
      {
        indexes: ['API_ORDERS GET /x'],
        blobs: [
          'API_ORDERS GET /x',
          'allow',
          '',
          'client_not_allowed',
          'main',
          'client-1',
          'GET',
          'network',
          ...traced,
        ],
        doubles: [200, 0, 0],
      },
      {
        indexes: ['API_ORDERS GET /x'],
        blobs: ['API_ORDERS GET /x', 'deny', 'token_missing', '', '', '', 'GET', '', ...traced],
        doubles: [401, 0, 0],
      },
      {
        indexes: [''],
        blobs: ['', 'deny', 'route_unknown', '', '', '', 'GET', '', ...traced],
        doubles: [404, 0, 0],
      },
    ]);
  });
});

describe('the index of a data point', () => {
  it('is cut to what the platform takes', async () => {
    const points: AnalyticsEngineDataPoint[] = [];
    const ANALYTICS = { writeDataPoint: (point: AnalyticsEngineDataPoint) => points.push(point) };
    const path = `/${'long-segment/'.repeat(12)}x`;
    const rig = rigWith({ routes: { [`GET ${path}`]: { auth: 'none' } }, env: { ANALYTICS } });
    await rig.ask(`GET ${path}`);
    expect(new TextEncoder().encode(String(points[0]?.indexes?.[0])).length).toBe(96);
    expect(points[0]?.blobs?.[0]).toBe(`API_ORDERS GET ${path}`);
  });
});

describe('forward_authorization of an API', () => {
  it('holds for its routes, unless they say otherwise', async () => {
    const routes = { 'GET /x': {}, 'GET /own': { forward_authorization: false } };
    const rig = rigWith({ routes, api: { forward_authorization: true } });
    const good = await token();
    await rig.call('GET /x', good);
    expect(rig.lastReceived().headers.get('authorization')).toBe(`Bearer ${good}`);
    await rig.call('GET /own', good);
    expect(rig.lastReceived().headers.get('authorization')).toBeNull();
  });
});

describe('upload_timeout_ms', () => {
  it('ends an upload that the origin does not answer', async () => {
    const origin = ({ signal }: Request) =>
      new Promise<Response>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const rig = rigWith({ routes: { 'POST /x': { auth: 'none' } }, api: { upload_timeout_ms: 20 }, origin });
    expect((await rig.ask('POST /x', {}, { body: 'content' })).status).toBe(504);
  });
});

describe('extends', () => {
  it('serves the routes of both tables, by the same rules', async () => {
    const more = {
      API_ORDERS_2: { extends: 'API_ORDERS', routes: { 'GET /more': { scopes_all: ['read:orders'] } } },
    };
    const rig = rigWith({ routes: { 'GET /x': {} }, more });
    expect((await rig.call('GET /more', await token())).status).toBe(200);
    expect((rig.logs.at(-1) as RequestLine).route).toBe('API_ORDERS GET /more');
    expect((await rig.call('GET /more', await token({ scope: '' }))).status).toBe(403);
    expect((await rig.call('GET /more', await token({ aud: 'other' }))).status).toBe(401);
  });
});
