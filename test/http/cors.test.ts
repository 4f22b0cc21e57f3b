import { beforeAll, describe, expect, it } from 'vitest';
import { makeRig } from '../support/gateway.ts';
import { makeKey, NOW_SECONDS, type SigningKey, sign, usualClaims } from '../support/issuer.ts';
import { AUDIENCE } from '../support/policy.ts';

const APP = 'https://app.example.com';
const ALWAYS_EXPOSED = 'WWW-Authenticate, Retry-After, X-Request-Id';

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});

const ROUTES = {
  'GET|POST /orders': { scopes_all: ['read:orders'] },
  'PUT /orders/:id': { scopes_all: ['write:orders'] },
  '* /any/*': {},
  'GET /open/*': { auth: 'none' },
};

const rigWith = (cors: Record<string, unknown> = {}, more: Partial<Parameters<typeof makeRig>[0]> = {}) =>
  makeRig({
    routes: ROUTES,
    keys: [key.publicJwk],
    ...more,
    api: { cors: { origins: [APP], ...cors }, ...more.api },
    more: {
      API_PLAIN: {
        origin: 'https://plain.internal.example',
        audience: AUDIENCE,
        routes: { 'GET /plain': {}, 'OPTIONS /plain/open': { auth: 'none' } },
      },
      ...more.more,
    },
  });

const preflight = (origin: string, method: string, more: Record<string, string> = {}) => ({
  origin,
  'access-control-request-method': method,
  'access-control-request-headers': 'authorization,content-type',
  ...more,
});

/** The headers of the protocol that an answer has. */
function corsOf({ headers }: Response): Record<string, string> {
  const found = [...headers].filter(([name]) => name.startsWith('access-control-'));
  return Object.fromEntries(found.map(([name, value]) => [name.slice('access-control-'.length), value]));
}

const PREFLIGHT = {
  'allow-origin': APP,
  'allow-headers': 'authorization, content-type',
  'max-age': '600',
};
const ANSWER = { 'allow-origin': APP, 'expose-headers': ALWAYS_EXPOSED };

describe('a preflight', () => {
  it.each([
    ['a method of the path', '/orders', 'POST'],
    ['a query', '/orders?page=2', 'GET'],
    ['another spelling of the path', '/%6frders', 'GET'],
    ['a parameter', '/orders/a%20b', 'PUT'],
    ['HEAD, which GET serves', '/orders', 'HEAD'],
    ['any method, by *', '/any/x', 'PROPFIND'],
    ['a path that is nearly another one', '/Orders/1', 'PUT'],
    ['a method that the path lacks: the 405 itself can be read then', '/orders', 'DELETE'],
  ])('is answered without a token, and without the origin: %s', async (_what, target, method) => {
    const rig = rigWith({}, { routes: { ...ROUTES, 'PUT /Orders/:id': { scopes_all: ['write:orders'] } } });
    const response = await rig.ask(`OPTIONS ${target}`, preflight(APP, method));
    expect(response.status).toBe(204);
    expect(corsOf(response)).toEqual({ ...PREFLIGHT, 'allow-methods': method });
    expect(response.headers.get('vary')).toBe('Origin');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(rig.received).toHaveLength(0);
    expect(rig.state.keyFetches).toBe(0);
  });

  it.each([
    ['an unknown path, where another API has the host too', '/nothing', 404],
    ['a path that can be read two ways', '/x/..%2forders', 400],
    ['an API without cors', '/plain', 405],
  ])('is a request like any other for %s', async (_what, target, status) => {
    const rig = rigWith();
    const response = await rig.ask(`OPTIONS ${target}`, preflight(APP, 'GET'));
    expect(response.status).toBe(status);
    expect(corsOf(response)).toEqual({});
    expect(rig.received).toHaveLength(0);
  });

  it('is of the API that has the method, where two share a path', async () => {
    const rig = rigWith({}, { routes: { 'POST /plain': {} } });
    expect((await rig.ask('OPTIONS /plain', preflight(APP, 'POST'))).status).toBe(204);
    expect((await rig.ask('OPTIONS /plain', preflight(APP, 'GET'))).status).toBe(405);
  });

  it('of an API without cors reaches an origin that has a route for it', async () => {
    const answer = { 'access-control-allow-origin': 'https://own.example' };
    const rig = rigWith({}, { origin: () => new Response(null, { status: 204, headers: answer }) });
    const response = await rig.ask('OPTIONS /plain/open', preflight(APP, 'OPTIONS'));
    expect(corsOf(response)).toEqual({ 'allow-origin': 'https://own.example' });
    expect(rig.lastReceived().method).toBe('OPTIONS');
  });

  it.each<[string, Record<string, string>]>([
    ['without Origin', { 'access-control-request-method': 'GET' }],
    ['without a method', { origin: APP }],
  ])('OPTIONS %s is none: it needs a token', async (_what, headers) => {
    const rig = rigWith();
    expect((await rig.ask('OPTIONS /any/x', headers)).status).toBe(401);
    expect((await rig.call('OPTIONS /any/x', await sign(key), headers)).status).toBe(200);
    expect(rig.lastReceived().method).toBe('OPTIONS');
  });

  it('a GET with the headers of one is none either', async () => {
    expect((await rigWith().ask('GET /orders', preflight(APP, 'GET'))).status).toBe(401);
  });

  it('tells what the policy says: headers, time, credentials', async () => {
    const rig = rigWith({ headers: ['authorization', 'X-Mine'], max_age: 0, credentials: true });
    const response = await rig.ask('OPTIONS /orders', preflight(APP, 'GET'));
    expect(corsOf(response)).toEqual({
      'allow-origin': APP,
      'allow-methods': 'GET',
      'allow-headers': 'authorization, X-Mine',
      'max-age': '0',
      'allow-credentials': 'true',
    });
  });
});

describe('a page of another origin', () => {
  const OTHERS = [
    'https://evil.example',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com:443',
    'https://app.example.com/',
    'https://APP.example.com',
    'HTTPS://app.example.com',
    'https://app.example.com.evil.example',
    'https://xapp.example.com',
    'https://app.example.com https://evil.example',
    'https://app.example.com, https://evil.example',
    'app.example.com',
    'null',
    '*',
  ];

  it.each(OTHERS)('%s is told nothing, before and after', async (origin) => {
    const allow = { 'access-control-allow-origin': '*', 'access-control-allow-credentials': 'true' };
    const rig = rigWith({ credentials: true }, { origin: () => new Response('ok', { headers: allow }) });
    const asked = await rig.ask('OPTIONS /orders', preflight(origin, 'GET'));
    expect(asked.status).toBe(204);
    expect(corsOf(asked)).toEqual({});
    const response = await rig.call('GET /orders', await sign(key), { origin });
    expect(response.status).toBe(200);
    expect(corsOf(response)).toEqual({});
    for (const one of [asked, response]) expect(one.headers.get('vary')).toBe('Origin');
  });

  it.each([...OTHERS, APP])('with "*" %s may call, without credentials', async (origin) => {
    const rig = rigWith({ origins: ['*'] });
    const asked = await rig.ask('OPTIONS /orders', preflight(origin, 'GET'));
    expect(corsOf(asked)).toEqual({ ...PREFLIGHT, 'allow-origin': '*', 'allow-methods': 'GET' });
    const response = await rig.call('GET /orders', await sign(key), { origin });
    expect(corsOf(response)).toEqual({ ...ANSWER, 'allow-origin': '*' });
  });

  it('is one of several', async () => {
    const rig = rigWith({ origins: [APP, 'http://localhost:5173'] });
    const response = await rig.ask('GET /open/x', { origin: 'http://localhost:5173' });
    expect(corsOf(response)).toEqual({ ...ANSWER, 'allow-origin': 'http://localhost:5173' });
  });
});

describe('every answer of the API can be read', () => {
  const failing = () => {
    throw new Error('down');
  };

  it.each<[string, string, number, boolean, Partial<Parameters<typeof makeRig>[0]>]>([
    ['the origin says 200', 'GET /orders', 200, true, {}],
    ['the origin says 404', 'GET /orders', 404, true, { origin: () => new Response('no', { status: 404 }) }],
    ['no token', 'GET /orders', 401, false, {}],
    ['too little scope', 'PUT /orders/1', 403, true, {}],
    ['another method', 'DELETE /orders', 405, true, {}],
    [
      'too many requests',
      'GET /orders',
      429,
      true,
      { api: { rate_limit: 'LIMIT' }, env: { LIMIT: { limit: async () => ({ success: false }) } } },
    ],
    ['the origin is down', 'GET /orders', 502, true, { origin: failing }],
    ['the origin says 522', 'GET /orders', 504, true, { origin: () => new Response('', { status: 522 }) }],
    ['the origin says 999', 'GET /orders', 502, true, { origin: () => statusBeyondHttp() }],
  ])('%s', async (_what, request, status, hasToken, more) => {
    const rig = rigWith({ expose: ['x-total'] }, more);
    const ask = async (headers: Record<string, string>) =>
      hasToken ? rig.call(request, await sign(key), headers) : rig.ask(request, headers);
    const response = await ask({ origin: APP });
    expect(response.status).toBe(status);
    expect(corsOf(response)).toEqual({ ...ANSWER, 'expose-headers': `${ALWAYS_EXPOSED}, x-total` });
    expect(response.headers.get('vary')).toBe('Origin');
    const withoutOrigin = await ask({});
    expect(corsOf(withoutOrigin)).toEqual({});
    expect(withoutOrigin.headers.get('vary'), 'a cache must know').toBe('Origin');
    expect(rig.lastLog().status).toBe(status);
  });

  it('the keys are out of reach', async () => {
    const rig = rigWith();
    rig.state.keyAnswer = () => new Response('no', { status: 500 });
    const response = await rig.call('GET /orders', await sign(key), { origin: APP });
    expect(response.status).toBe(503);
    expect(corsOf(response)).toEqual(ANSWER);
  });

  it('an old token', async () => {
    const token = await sign(key, usualClaims({ exp: NOW_SECONDS - 100 }));
    const response = await rigWith().call('GET /orders', token, { origin: APP });
    expect(response.status).toBe(401);
    expect(corsOf(response)).toEqual(ANSWER);
  });

  it('with credentials, where the policy says so', async () => {
    const response = await rigWith({ credentials: true }).ask('GET /orders', { origin: APP });
    expect(corsOf(response)).toEqual({ ...ANSWER, 'allow-credentials': 'true' });
  });

  it('but none of another API', async () => {
    const response = await rigWith().ask('GET /plain', { origin: APP });
    expect(response.status).toBe(401);
    expect(corsOf(response)).toEqual({});
    expect(response.headers.get('vary')).toBeNull();
  });
});

/** As the network can bring it; no constructor makes one. */
function statusBeyondHttp(): Response {
  return new Proxy(new Response('denied'), {
    get: (target, name) => (name === 'status' ? 999 : Reflect.get(target, name, target)),
  });
}

describe("the origin server's own words", () => {
  it('about CORS are dropped, all of them', async () => {
    const headers = {
      'Access-Control-Allow-Origin': 'https://evil.example',
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Allow-Methods': 'DELETE',
      'Access-Control-Allow-Headers': '*',
      'Access-Control-Expose-Headers': 'x-secret',
      'Access-Control-Max-Age': '86400',
      'Access-Control-Allow-Private-Network': 'true',
    };
    const rig = rigWith({}, { origin: () => new Response('ok', { headers }) });
    const token = await sign(key);
    expect(corsOf(await rig.call('GET /orders', token, { origin: APP }))).toEqual(ANSWER);
    for (const origin of ['https://evil.example', undefined]) {
      const asked = await rig.call('GET /orders', token, origin === undefined ? {} : { origin });
      expect(corsOf(asked)).toEqual({});
    }
  });

  it('reach the client where the API has no cors', async () => {
    const headers = { 'access-control-allow-origin': '*' };
    const rig = rigWith({}, { origin: () => new Response('ok', { headers }) });
    const response = await rig.call('GET /plain', await sign(key), { origin: APP });
    expect(corsOf(response)).toEqual({ 'allow-origin': '*' });
  });

  it.each([200, 201, 204, 206, 301, 304, 404, 500])('besides, %i is as it was', async (status) => {
    const make = () => {
      const headers = new Headers({ vary: 'Accept', etag: '"v1"', location: '/x', 'x-mine': '1' });
      headers.append('set-cookie', 'a=1');
      headers.append('set-cookie', 'b=2');
      return new Response([204, 304].includes(status) ? null : 'body', { status, headers });
    };
    const response = await rigWith({}, { origin: make }).ask('GET /open/x', { origin: APP });
    expect(response.status).toBe(status);
    const others = (one: Response) =>
      [...one.headers].filter(([name]) => !/^(access-control-|vary$|x-request-id$)/.test(name));
    expect(others(response)).toEqual(others(make()));
    expect(response.headers.get('vary')).toBe('Accept, Origin');
    expect(await response.text()).toBe(await make().text());
  });

  it('an upgrade is none of CORS', async () => {
    const rig = rigWith(
      {},
      { origin: () => new Response(null, { status: 101, webSocket: new WebSocketPair()[0] }) },
    );
    const response = await rig.ask('GET /open/x', { origin: APP, upgrade: 'websocket' });
    expect(response.status).toBe(101);
    expect(response.webSocket).not.toBeNull();
    expect(corsOf(response)).toEqual({});
  });
});

describe('what belongs to the gateway itself', () => {
  it('a preflight for public metadata is answered for any page, whatever header its client sends', async () => {
    const rig = rigWith({}, { api: { hosts: ['api.example.com'] } });
    const headers = {
      origin: 'https://any.example',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'mcp-protocol-version',
    };
    const response = await rig.ask('OPTIONS /.well-known/oauth-protected-resource/orders', headers);
    expect([response.status, corsOf(response)]).toEqual([
      204,
      { 'allow-origin': '*', 'allow-methods': 'GET', 'allow-headers': 'mcp-protocol-version' },
    ]);
  });

  it('a page can read the 405 of a near miss', async () => {
    const routes = { '* /x/*': {}, 'GET /x/Admin': {} };
    const rig = rigWith({}, { routes });
    const response = await rig.ask('DELETE /x/admin', { origin: APP });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([405, APP]);
  });

  it('data points that can’t be written change no answer', async () => {
    const ANALYTICS = {
      writeDataPoint: () => {
        throw new Error('down');
      },
    };
    const rig = rigWith({}, { env: { ANALYTICS } });
    const response = await rig.call('GET /orders', await sign(key, usualClaims({ exp: NOW_SECONDS + 60 })));
    expect(response.status).toBe(200);
    expect(rig.logs).toContainEqual(expect.objectContaining({ event: 'error' }));
  });
});

describe('an API that is alone on its host speaks for paths that are none', () => {
  const alone = { api: { hosts: ['api.example.com'] } };

  it.each([
    ['GET /nothing', 404],
    ['GET /orders/..%2fadmin', 400],
    ['GET //orders', 400],
    ['DELETE /orders', 405],
    ['GET /Orders', 404],
  ])('%s: %i can be read, and so can its preflight', async (request, status) => {
    const rig = rigWith({}, alone);
    const [method = '', target = ''] = request.split(' ');
    const asked = await rig.ask(`OPTIONS ${target}`, preflight(APP, method));
    expect([asked.status, corsOf(asked)]).toEqual([204, { ...PREFLIGHT, 'allow-methods': method }]);
    const response = await rig.ask(request, { origin: APP });
    expect([response.status, corsOf(response)]).toEqual([status, ANSWER]);
    expect(rig.received).toHaveLength(0);
  });

  it('to its own pages only', async () => {
    const rig = rigWith({}, alone);
    const evil = 'https://evil.example';
    expect(corsOf(await rig.ask('OPTIONS /nothing', preflight(evil, 'GET')))).toEqual({});
    expect(corsOf(await rig.ask('GET /nothing', { origin: evil }))).toEqual({});
    expect(rig.logs).toContainEqual(
      expect.objectContaining({
        event: 'preflight_refused',
        api: 'API_ORDERS',
        add: `origins = ["${evil}"]`,
      }),
    );
  });

  it.each([
    ['two APIs on the host', {}, 'GET /nothing'],
    ['another host', alone, 'GET https://other.example.com/nothing'],
    ['no host that is sure', alone, 'GET https://me@api.example.com/nothing'],
  ])('but not for %s', async (_what, more, request) => {
    const rig = rigWith({}, more);
    const response = await rig.ask(request, { origin: APP });
    expect([response.status >= 400, corsOf(response)]).toEqual([true, {}]);
    expect(corsOf(await rig.ask(request.replace('GET', 'OPTIONS'), preflight(APP, 'GET')))).toEqual({});
  });
});

describe('pages of a pattern', () => {
  const ORIGINS = ['https://*.example.com', 'http://localhost:*', 'capacitor://localhost'];

  it.each(['https://pr-12.example.com', 'http://localhost:5173', 'capacitor://localhost'])(
    '%s may call, and is named alone',
    async (origin) => {
      const rig = rigWith({ origins: ORIGINS });
      const asked = await rig.ask('OPTIONS /orders', preflight(origin, 'GET'));
      expect(corsOf(asked)).toEqual({ ...PREFLIGHT, 'allow-origin': origin, 'allow-methods': 'GET' });
      const response = await rig.ask('GET /orders', { origin });
      expect(corsOf(response)).toEqual({ ...ANSWER, 'allow-origin': origin });
      expect(response.headers.get('vary')).toBe('Origin');
    },
  );

  it.each(['https://example.com', 'https://a.b.example.com', 'https://evil.example', 'null'])(
    '%s may not',
    async (origin) => {
      const rig = rigWith({ origins: ORIGINS, credentials: true });
      expect(corsOf(await rig.ask('OPTIONS /orders', preflight(origin, 'GET')))).toEqual({});
      expect(corsOf(await rig.ask('GET /orders', { origin }))).toEqual({});
    },
  );
});

describe('the log of a refused preflight', () => {
  const lineOf = async (headers: Record<string, string>) => {
    const rig = rigWith();
    await rig.ask('OPTIONS /orders', { 'access-control-request-method': 'GET', ...headers });
    return rig.logs[0] as unknown as Record<string, unknown>;
  };

  it('names what is missing, within bounds, and what would allow it', async () => {
    const many = Array.from({ length: 200 }, (_, i) => `x-${i}-${'y'.repeat(100)}`).join();
    const line = await lineOf({ origin: APP, 'access-control-request-headers': `Authorization, ${many}` });
    expect(line['missing']).toHaveLength(16);
    expect(JSON.stringify(line).length).toBeLessThan(4_000);
    const odd = await lineOf({ origin: APP, 'access-control-request-headers': 'x trace, "é", x-ok' });
    expect(odd).toMatchObject({ cause: 'headers', add: 'headers = ["x-ok"]' });
  });

  it.each([
    ['null', 'origins = ["null"]'],
    ['capacitor://localhost', 'origins = ["capacitor://localhost"]'],
    ['https://a.example"], x = ["', undefined],
    ['javascript:alert(1)', undefined],
    [`https://${'a'.repeat(300)}.example`, undefined],
  ])('of the origin %s', async (origin, add) => {
    const line = await lineOf({ origin });
    expect(line['add']).toBe(add);
    expect(String(line['origin']).length).toBeLessThanOrEqual(128);
  });
});
