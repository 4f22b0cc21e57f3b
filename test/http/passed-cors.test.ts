/** `cors = "origin"`: an API speaks CORS itself, and its preflights reach it without a token. Nothing else does. */
import { beforeAll, describe, expect, it } from 'vitest';
import { makeRig } from '../support/gateway.ts';
import { makeKey, type SigningKey, sign } from '../support/issuer.ts';
import { AUDIENCE } from '../support/policy.ts';

const APP = 'https://app.example.com';
let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});

const OWN = {
  'access-control-allow-origin': 'https://tenant.example',
  'access-control-allow-methods': 'POST',
};
const ROUTES = {
  'GET|POST /orders': { scopes_all: ['read:orders'] },
  'PUT /orders/:id': { scopes_all: ['write:orders'] },
  'GET /Other/x': { scopes_all: ['other'] },
};
const rigWith = (more: Partial<Parameters<typeof makeRig>[0]> = {}) =>
  makeRig({
    routes: ROUTES,
    keys: [key.publicJwk],
    origin: () => new Response(null, { status: 204, headers: OWN }),
    ...more,
    api: { cors: 'origin', ...more.api },
  });
const preflight = (method: string, more: Record<string, string> = {}) => ({
  origin: APP,
  'access-control-request-method': method,
  'access-control-request-headers': 'authorization',
  ...more,
});

describe('a preflight', () => {
  it.each([
    ['of a route', '/orders', 'POST'],
    ['of a method that the path lacks', '/orders', 'DELETE'],
    ['of OPTIONS', '/orders', 'OPTIONS'],
    ['of a parameter', '/orders/1', 'PUT'],
    ['of another spelling', '/%6frders', 'GET'],
    ['with a query', '/orders?x=%2e', 'GET'],
  ])('%s reaches the origin, and its answer the page', async (_what, target, method) => {
    const rig = rigWith();
    const response = await rig.ask(`OPTIONS ${target}`, preflight(method));
    expect(response.status).toBe(204);
    for (const [name, value] of Object.entries(OWN)) expect(response.headers.get(name)).toBe(value);
    const sent = rig.lastReceived();
    expect([sent.method, sent.headers.get('access-control-request-method')]).toEqual(['OPTIONS', method]);
    expect(sent.headers.get('origin')).toBe(APP);
    expect(rig.lastLog()).toMatchObject({ decision: 'allow', route: 'API_ORDERS', preflight: method });
    expect(rig.state.keyFetches).toBe(0);
  });

  it.each(['/orders?_method=DELETE', '/orders?a=1&%5Fmethod=delete'])(
    'names no method that the origin could take from %s',
    async (target) => {
      const rig = rigWith();
      expect((await rig.ask(`OPTIONS ${target}`, preflight('POST'))).status).toBe(204);
      expect(new URL(rig.lastReceived().url).search).toBe('');
    },
  );

  it('carries nobody: no credentials, no claims, no cookies, no content', async () => {
    const rig = rigWith({ api: { forward: { org: 'x-org' } } });
    const more = {
      authorization: `Bearer ${await sign(key)}`,
      cookie: 'a=1',
      'content-type': 'text/plain',
      'x-org': 'forged',
      'x-claim-sub': 'forged',
    };
    await rig.ask('OPTIONS /orders', preflight('POST', more), { body: 'content' });
    const { headers, body } = rig.lastReceived();
    const names = [...headers.keys()].filter((name) =>
      /^(authorization|cookie|content-|x-claim-|x-org)/.test(name),
    );
    expect([names, body]).toEqual([[], null]);
    expect(rig.state.keyFetches).toBe(0);
  });

  it('carries what the origin knows the gateway by', async () => {
    const rig = rigWith({
      api: { origin_headers: { 'x-origin-secret': 'secret:S', authorization: 'secret:T' } },
      env: { S: 's', T: 'Bearer t' },
    });
    await rig.ask('OPTIONS /orders', preflight('POST'));
    const { headers } = rig.lastReceived();
    expect([headers.get('x-origin-secret'), headers.get('authorization')]).toEqual(['s', 'Bearer t']);
  });

  it('counts by address', async () => {
    const keys: string[] = [];
    const LIMIT = { limit: async ({ key: one }: { key: string }) => ({ success: keys.push(one) < 2 }) };
    const rig = rigWith({ api: { rate_limit: 'LIMIT' }, env: { LIMIT } });
    const more = { 'cf-connecting-ip': '192.0.2.1', authorization: `Bearer ${await sign(key)}` };
    expect((await rig.ask('OPTIONS /orders', preflight('POST', more))).status).toBe(204);
    expect((await rig.ask('OPTIONS /orders', preflight('POST', more))).status).toBe(429);
    expect(keys).toEqual(Array(2).fill(JSON.stringify(['API_ORDERS', 'address', '192.0.2.1'])));
  });

  it('is handed to handlers of the same Worker as well', async () => {
    const seen: Request[] = [];
    const next = async (request: Request) => {
      seen.push(request);
      return new Response(null, { status: 204, headers: OWN });
    };
    const rig = rigWith({ api: { origin: 'next' }, options: { next } });
    const more = { authorization: 'Bearer x', cookie: 'a=1' };
    const response = await rig.ask('OPTIONS /orders', preflight('POST', more), { body: 'content' });
    expect([response.status, seen[0]?.headers.get('authorization'), seen[0]?.headers.get('cookie')]).toEqual([
      204,
      null,
      null,
    ]);
    expect([seen[0]?.method, seen[0]?.body]).toEqual(['OPTIONS', null]);
  });
});

describe('what is no preflight of a path of the API', () => {
  it.each<[string, string, Record<string, string>, number]>([
    ['OPTIONS without Origin', 'OPTIONS /orders', { 'access-control-request-method': 'GET' }, 405],
    ['OPTIONS without a method', 'OPTIONS /orders', { origin: APP }, 405],
    ['a path of no API', 'OPTIONS /nothing', preflight('GET'), 404],
    ['an ambiguous path', 'OPTIONS /orders/..%2fx', preflight('GET'), 400],
    ['a GET with such headers', 'GET /orders', preflight('GET'), 401],
    ['a POST with such headers', 'POST /orders', preflight('POST'), 401],
  ])('is decided as ever: %s', async (_what, request, headers, status) => {
    const rig = rigWith();
    expect((await rig.ask(request, headers)).status).toBe(status);
    expect(rig.received).toHaveLength(0);
  });

  it('a path that a lax origin reads as one of another API stays refused', async () => {
    const other = {
      API_B: { origin: 'https://b.internal.example', audience: AUDIENCE, routes: { 'GET /admin': {} } },
    };
    const rig = rigWith({ routes: { 'GET /*': {} }, more: other });
    expect((await rig.ask('OPTIONS /admin', preflight('GET'))).status).toBe(405);
    expect((await rig.ask('OPTIONS /ADMIN', preflight('GET'))).status).not.toBe(204);
    expect(rig.received).toHaveLength(0);
  });

  it('an OPTIONS route of the policy has its own rules still', async () => {
    const rig = rigWith({ routes: { 'OPTIONS /orders': {}, 'GET /orders': {} } });
    expect((await rig.ask('OPTIONS /orders')).status).toBe(401);
    expect((await rig.ask('OPTIONS /orders', preflight('GET'))).status).toBe(204);
  });
});

describe('other answers', () => {
  it('keep what the origin says of CORS, and refusals have nothing of it', async () => {
    const rig = rigWith();
    const response = await rig.call('GET /orders', await sign(key), { origin: APP });
    expect(response.headers.get('access-control-allow-origin')).toBe('https://tenant.example');
    const refused = await rig.ask('GET /orders', { origin: APP });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, null]);
  });

  it('on trial nothing changes', async () => {
    const rig = rigWith({ api: { report_only: true } });
    await rig.ask('OPTIONS /orders', preflight('POST', { cookie: 'a=1' }));
    expect(rig.lastReceived().headers.get('cookie')).toBe('a=1');
  });
});
