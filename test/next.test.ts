/** Handlers of the same Worker without a framework, policies in code, and answers that are handed on. */
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { etag } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Caller,
  createGateway,
  createKeyRefresh,
  definePolicy,
  type GatewayOptions,
  type Next,
  type PolicyTables,
} from '../src/gateway.ts';
import { makeRig } from './support/gateway.ts';
import { makeKey, NOW_SECONDS, type SigningKey, sign, usualClaims } from './support/issuer.ts';
import { AUDIENCE, faultsOf, ISSUER, vars } from './support/policy.ts';

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});

const ROUTES = {
  'GET|POST /orders/:id': { scopes_all: ['read:orders'] },
  'GET|POST /open': { auth: 'none' },
};
const NEXT = { origin: 'next' };

describe('createGateway({ next })', () => {
  const rigWith = (next: Next | undefined, api: Record<string, unknown> = NEXT) =>
    makeRig({ routes: ROUTES, api, keys: [key.publicJwk], options: next ? { next } : {} });

  it('asks the handler, with the request as it came and who calls', async () => {
    const seen: { request: Request; caller: Caller }[] = [];
    const rig = rigWith((request, caller) => {
      seen.push({ request, caller });
      return new Response('from the handler');
    });
    const response = await rig.call('POST /orders/1?x=1', await sign(key), { 'x-mine': '1' }, { body: 'b' });
    expect(await response.text()).toBe('from the handler');
    expect(rig.received).toEqual([]);
    const [one] = seen;
    expect(one?.caller).toMatchObject({ issuer: ISSUER, subject: 'user-1', scopes: ['read:orders'] });
    expect(one?.request.url).toBe('https://api.example.com/orders/1?x=1');
    expect(one?.request.headers.get('x-mine')).toBe('1');
    expect(one?.request.headers.get('authorization')).toMatch(/^Bearer /);
    expect(await one?.request.text()).toBe('b');
  });

  it('gives it the path in its one spelling, and no header that would pass for a claim', async () => {
    const rig = rigWith(async (request) =>
      Response.json([request.url, request.headers.get('x-claim-sub'), await request.text()]),
    );
    const response = await rig.call(
      'POST /%6frders/%61',
      await sign(key),
      { 'x-claim-sub': 'root' },
      { body: 'b' },
    );
    expect(await response.json()).toEqual(['https://api.example.com/orders/a', null, 'b']);
  });

  it.each(['X-HTTP-Method-Override', 'x_original_url', 'x-rewrite-url', 'X-Host'])(
    'does not give it %s, which names another target',
    async (name) => {
      const rig = rigWith((request) => Response.json([...request.headers.values()]));
      const response = await rig.ask('POST /open', { [name]: 'DELETE' }, { body: 'b' });
      expect(await response.json()).not.toContain('DELETE');
    },
  );

  it('is not asked for a copy of something that nobody has judged', async () => {
    const rig = rigWith(() => new Response('copied'));
    const response = await rig.ask('POST /open', { 'x-amz-copy-source': '/orders/1' });
    expect([response.status, rig.lastLog().reason]).toEqual([400, 'source_header']);
  });

  it.each([
    ['as it came', 'GET /open', {}, false],
    ['without a forged header', 'POST /open', { 'x-claim-sub': 'root' }, false],
    ['with another spelling', 'POST /%6fpen', {}, false],
    ['whose body was read', 'POST /open', { 'x-claim-sub': 'root' }, true],
  ])('a request %s keeps what the platform says of it', async (_what, asked, headers, isRead) => {
    const [method = '', path = ''] = asked.split(' ');
    const rig = rigWith((one) =>
      Response.json([one.method, one.cf?.['colo'], one.headers.get('x-claim-sub')]),
    );
    const body = method === 'POST' ? { body: 'b' } : {};
    const request = new Request(`https://api.example.com${path}`, {
      method,
      headers: headers as Record<string, string>,
      cf: { colo: 'FRA' },
      ...body,
    } as RequestInit);
    if (isRead) await request.text();
    expect(await (await rig.app.fetch(request)).json()).toEqual([method, 'FRA', null]);
  });

  it('never asks it for what the policy refuses', async () => {
    let asked = 0;
    const rig = rigWith(() => {
      asked++;
      return new Response();
    });
    const little = await sign(key, usualClaims({ scope: 'other' }));
    expect((await rig.call('GET /orders/1', little)).status).toBe(403);
    expect((await rig.ask('GET /nothing')).status).toBe(404);
    expect(asked).toBe(0);
  });

  it('answers 500 where it throws, and the log has the error', async () => {
    const rig = rigWith(() => {
      throw new RangeError('swordfish');
    });
    const response = await rig.ask('GET /open');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('swordfish');
    expect(rig.logs[0]).toMatchObject({ event: 'error', name: 'RangeError' });
    expect(rig.lastLog()).toMatchObject({ reason: 'internal_error', status: 500 });
  });

  it('without a handler the policy is faulty: 503, and the log says what to write', async () => {
    const rig = rigWith(undefined);
    expect((await rig.ask('GET /open')).status).toBe(503);
    expect(rig.logs[0]).toMatchObject({
      event: 'policy_invalid',
      faults: [{ at: 'API_ORDERS.origin', problem: expect.stringContaining('needs handlers of your own') }],
    });
  });

  it('a handler is not asked for APIs that have another origin', async () => {
    const rig = rigWith(() => new Response('from the handler'), {});
    expect(await (await rig.ask('GET /open')).text()).toBe('from the origin');
  });
});

describe('fields that do nothing beside origin = "next"', () => {
  it.each([
    ['origin_headers', { 'x-secret': 'secret:A' }],
    ['strip_prefix', '/orders'],
    ['forward', { org: 'x-org' }],
    ['forward_authorization', true],
    ['timeout_ms', 1_000],
    ['upload_timeout_ms', 1_000],
  ])('%s', (field, value) => {
    const faults = faultsOf(vars({ 'GET /orders': {} }, { ...NEXT, [field]: value }));
    expect(faults).toEqual([
      expect.stringMatching(
        new RegExp(`^API_ORDERS\\.${field}: ${field} has no effect beside origin = "next"; remove it`),
      ),
    ]);
  });

  it('mtls, zone_unprotected, and what a route says', () => {
    const faults = faultsOf(
      vars(
        { 'GET /orders': { forward_authorization: false } },
        { ...NEXT, mtls: 'CERT', zone_unprotected: true },
      ),
    );
    expect(faults.map((fault) => fault.split(': ')[0])).toEqual([
      'API_ORDERS.mtls',
      'API_ORDERS.zone_unprotected',
      'API_ORDERS.routes."GET /orders".forward_authorization',
    ]);
  });

  it('a Worker without handlers, where that is known', () => {
    const tables = vars({ 'GET /orders': {} }, NEXT);
    expect(faultsOf(tables, { next: false })).toEqual([expect.stringContaining('this Worker has none')]);
    expect(faultsOf(tables, { next: true })).toEqual([]);
    expect(faultsOf(tables)).toEqual([]);
  });
});

describe('answers of origins', () => {
  it.each([
    ['without cors', {}],
    ['with cors', { cors: { origins: ['https://app.example.com'] } }],
  ])('can be changed by middleware, %s', async (_what, api) => {
    const rig = makeRig({
      routes: ROUTES,
      api,
      // Its headers can't be changed, as those of what the real `fetch` returns.
      origin: () => Response.redirect('https://elsewhere.example/', 302),
    });
    expect(() => Response.redirect('https://x.example/').headers.set('a', 'b')).toThrow('immutable');
    const app = new Hono().use(secureHeaders()).use(etag()).route('/', rig.app);
    const response = await app.request('https://api.example.com/open');
    expect(response.status).toBe(302);
    expect(response.headers.get('x-frame-options')).toBe('SAMEORIGIN');
    expect(response.headers.get('location')).toBe('https://elsewhere.example/');
  });

  it('so can those of the handler', async () => {
    const rig = makeRig({
      routes: ROUTES,
      api: NEXT,
      options: { next: () => Response.redirect('https://elsewhere.example/', 302) },
    });
    const app = new Hono().use(secureHeaders()).route('/', rig.app);
    const response = await app.request('https://api.example.com/open');
    expect([response.status, response.headers.get('x-frame-options')]).toEqual([302, 'SAMEORIGIN']);
  });
});

describe('a policy in code', () => {
  const policy = definePolicy({
    ISSUERS: { own: { issuer: 'https://own.example/', jwks_uri: 'https://own.example/keys' } },
    API_ORDERS: {
      origin: 'https://orders.internal.example',
      audience: AUDIENCE,
      routes: { 'GET /orders': { scopes_all: ['read:orders'] } },
    },
  });

  it('has types: what is misspelt does not compile', () => {
    const api = policy.API_ORDERS;
    const { ISSUERS } = policy;
    const open = { origin: 'next', audience: 'x' };
    // @ts-expect-error: ISSUER
    definePolicy({ ISSUER: ISSUERS, API_ORDERS: api });
    // @ts-expect-error: API-ORDERS
    definePolicy({ ISSUERS, 'API-ORDERS': api });
    // @ts-expect-error: audiense
    definePolicy({ ISSUERS, API_X: { origin: 'next', audience: 'x', audiense: 'x' } });
    // @ts-expect-error: the audience is missing
    definePolicy({ ISSUERS, API_X: { origin: 'next' } });
    // @ts-expect-error: scopes_al
    definePolicy({ ISSUERS, API_X: { ...open, routes: { 'GET /x': { scopes_al: ['x'] } } } });
    // @ts-expect-error: a scope is not a list
    definePolicy({ ISSUERS, API_X: { ...open, routes: { 'GET /x': { scopes_all: 'x' } } } });
    // @ts-expect-error: no such algorithm
    definePolicy({ ISSUERS: { a: { issuer: 'https://a.example/', algorithms: ['HS256'] } } });
    definePolicy({ ISSUERS, API_X: { extends: 'API_ORDERS', routes: { 'GET /x': { auth: 'none' } } } });
    expect(Object.keys(policy)).toEqual(['ISSUERS', 'API_ORDERS']);
  });

  it('serves gateway and cron by the same options: the cron fetches the keys that requests need', async () => {
    const asked: string[] = [];
    const tables: PolicyTables = policy;
    const options: GatewayOptions = {
      env,
      policy: tables,
      now: () => NOW_SECONDS * 1000,
      log: () => {},
      fetch: (async (input: RequestInfo) => {
        asked.push(input instanceof Request ? input.url : input);
        return Response.json({ keys: [key.publicJwk] });
      }) as typeof fetch,
    };
    await createKeyRefresh(options)();
    expect(asked).toEqual(['https://own.example/keys']);
    const token = await sign(key, usualClaims({ iss: 'https://own.example/' }));
    const headers = { authorization: `Bearer ${token}` };
    const response = await createGateway(options).request('https://api.example.com/orders', { headers });
    expect(response.status).toBe(200);
    expect(asked.slice(1)).toEqual(['https://orders.internal.example/orders']);
  });

  it('the cron fails where its options have no policy: it must not look like one that works', async () => {
    const { policy: _, ...forgotten } = { env, policy, log: () => {} };
    await expect(createKeyRefresh(forgotten)()).rejects.toThrow('no keys were fetched');
  });

  it('the cron needs no handlers', async () => {
    const options = {
      env,
      policy: vars({ 'GET /orders': {} }, NEXT),
      log: () => {},
      fetch: (async () => new Response('', { status: 500 })) as typeof fetch,
    };
    await expect(createKeyRefresh(options)()).resolves.toBeUndefined();
  });
});
