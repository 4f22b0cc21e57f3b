/** The gateway as middleware: an app whose own handlers answer. */
import { Hono } from 'hono';
import { hc } from 'hono/client';
import { cors } from 'hono/cors';
import { etag } from 'hono/etag';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';
import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import type { LogLine } from '../src/gateway.ts';
import { type Caller, type ClaimgateOptions, claimgate, protect } from '../src/hono.ts';
import { makeKey, NOW_SECONDS, type SigningKey, sign, usualClaims } from './support/issuer.ts';
import { AUDIENCE, ISSUER, vars } from './support/policy.ts';

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});

const HOST = 'https://api.example.com';
const READ = { scopes_all: ['read:orders'] };
const ROUTES = {
  'GET|POST /orders/:id': READ,
  'GET /admin': { scopes_all: ['admin'] },
  'GET /maybe': { auth: 'optional' },
  'GET|POST /open': { auth: 'none' },
};

interface Given {
  readonly routes?: Record<string, unknown>;
  readonly api?: Record<string, unknown>;
  readonly more?: Record<string, unknown>;
  readonly options?: Partial<ClaimgateOptions>;
}

/** A policy whose handlers are the app, an issuer that is a function, and what both were asked. */
function parts({ routes = ROUTES, api = {}, more = {}, options = {} }: Given = {}) {
  const logs: LogLine[] = [];
  const fetched: Request[] = [];
  const fetchAnything = async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input as RequestInfo, init);
    fetched.push(request.clone() as Request);
    if (request.url.startsWith(ISSUER)) return Response.json({ keys: [key.publicJwk] });
    return new Response(`origin: ${await request.text()}`);
  };
  const issuers = { ISSUERS: { main: { issuer: ISSUER, jwks_uri: `${ISSUER}keys` } } };
  const given: ClaimgateOptions = {
    env: {},
    policy: vars(routes, { origin: 'next', ...api }, { ...issuers, ...more }),
    log: (line) => logs.push(line),
    now: () => NOW_SECONDS * 1000,
    fetch: fetchAnything as typeof fetch,
    ...options,
  };
  return { given, logs, fetched, middleware: () => claimgate(given) };
}

const call = async (
  app: { fetch(request: Request): Response | Promise<Response> },
  request: string,
  headers: Record<string, string> = {},
  init: RequestInit = {},
  claims: Record<string, unknown> = {},
): Promise<Response> => {
  const [method = '', path = ''] = request.split(' ');
  const token = await sign(key, usualClaims(claims));
  return app.fetch(
    new Request(HOST + path, { ...init, method, headers: { authorization: `Bearer ${token}`, ...headers } }),
  );
};

const reasonOf = async (response: Response) => ((await response.json()) as { reason: string }).reason;

describe('claimgate() in front of an app', () => {
  const appOf = (rig = parts()) => {
    const app = new Hono();
    app.use(rig.middleware());
    app.all('*', (c) => c.json({ caller: c.var.caller, path: c.req.path }));
    return app;
  };

  it('hands the caller to the handler, without a second request', async () => {
    const rig = parts();
    const response = await call(appOf(rig), 'GET /orders/1', {}, {}, { org: { id: 7 } });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      path: '/orders/1',
      caller: {
        issuer: ISSUER,
        subject: 'user-1',
        client: 'client-1',
        scopes: ['read:orders'],
        audiences: [AUDIENCE],
        claims: { org: { id: 7 }, sub: 'user-1' },
      },
    });
    expect(rig.fetched.map(({ url }) => url)).toEqual([`${ISSUER}keys`]);
    expect(rig.logs.at(-1)).toMatchObject({
      decision: 'allow',
      route: 'API_ORDERS GET|POST /orders/:id',
      status: 200,
      client: 'client-1',
      origin_ms: 0,
    });
  });

  it.each([
    ['no token', 'GET /orders/1', { authorization: '' }, 401, 'token_missing'],
    ['too little scope', 'GET /admin', {}, 403, 'scopes_missing'],
    ['a path that no API has', 'GET /nothing', {}, 404, 'route_unknown'],
    ['a host that no API has', 'GET /orders/1', {}, 404, 'route_unknown'],
    ['a method that the path lacks', 'DELETE /admin', {}, 405, 'method_not_allowed'],
    ['a path that can be read two ways', 'GET /orders%2f1', {}, 400, 'path_ambiguous'],
  ] as const)('answers %s itself: no handler runs', async (why, request, headers, status, reason) => {
    const rig = parts(why.startsWith('a host') ? { api: { hosts: ['other.example.com'] } } : {});
    let ran = false;
    const app = new Hono().use(rig.middleware()).all('*', (c) => {
      ran = true;
      return c.text('handler');
    });
    const response = await call(app, request, headers);
    expect([response.status, await reasonOf(response), ran]).toEqual([status, reason, false]);
    expect(rig.logs.at(-1)).toMatchObject({ decision: 'deny', reason, status });
  });

  it('gives a caller without issuer where no token was asked for', async () => {
    for (const path of ['/maybe', '/open']) {
      const response = await call(appOf(), `GET ${path}`, { authorization: '' });
      expect(await response.json()).toMatchObject({ caller: { scopes: [], audiences: [], claims: {} } });
      expect(response.status).toBe(200);
    }
  });

  it('shows handlers no header that would pass for a claim, and leaves the others as they came', async () => {
    const forward = { origin: 'https://x.example', forward: { org: 'x-org' }, audience: 'x', routes: {} };
    const rig = parts({ more: { API_X: { ...forward, routes: { 'GET /x': {} } } } });
    const app = new Hono()
      .use(rig.middleware())
      .post('/open', async (c) =>
        c.json([c.req.header(), Object.fromEntries(c.req.raw.headers), await c.req.text()]),
      );
    const forged = { 'x-claim-sub': 'root', X_Claim_Scope: 'admin', 'x-org': 'mine', 'x-other': 'kept' };
    const response = await call(app, 'POST /open', forged, { body: 'the body' });
    const [seen, raw, body] = (await response.json()) as [Record<string, string>, object, string];
    expect(Object.keys(seen).sort()).toEqual(['authorization', 'content-type', 'x-other']);
    expect(Object.keys(raw).sort()).toEqual(['authorization', 'content-type', 'x-other']);
    expect(body).toBe('the body');
  });

  it('gives callers that no handler can change, for this request or the next', async () => {
    const rig = parts();
    const app = new Hono().use(rig.middleware()).get('/orders/:id', (c) => {
      const { caller } = c.var as unknown as {
        caller: { claims: { org: { id: string } }; scopes: string[] };
      };
      expect(() => caller.scopes.push('admin')).toThrow(TypeError);
      expect(() => {
        caller.claims.org.id = 'other';
      }).toThrow(TypeError);
      return c.json(caller);
    });
    const response = await call(app, 'GET /orders/1', {}, {}, { org: { id: 'mine' } });
    expect(await response.json()).toMatchObject({ claims: { org: { id: 'mine' } }, scopes: ['read:orders'] });
  });

  it('refuses everything where the policy has errors, and tells them in the log', async () => {
    const rig = parts({ api: { audiense: 'x' } });
    const response = await call(appOf(rig), 'GET /open');
    expect([response.status, await reasonOf(response)]).toEqual([503, 'policy_invalid']);
    expect(rig.logs[0]).toMatchObject({ event: 'policy_invalid' });
  });

  it('sends on what has another origin', async () => {
    const rig = parts({
      more: { API_X: { origin: 'https://x.example', audience: AUDIENCE, routes: { 'POST /x': {} } } },
    });
    const response = await call(appOf(rig), 'POST /x', {}, { body: 'hello' });
    expect(await response.text()).toBe('origin: hello');
    expect(rig.fetched.at(-1)?.headers.get('x-claim-sub')).toBe('user-1');
  });

  it('answers health, metadata and preflights as the proxy does, and counts limits', async () => {
    const counted: string[] = [];
    const LIMIT = { limit: async ({ key: who }: { key: string }) => ({ success: counted.push(who) < 2 }) };
    const rig = parts({
      api: {
        hosts: ['api.example.com'],
        cors: { origins: ['https://app.example.com'] },
        rate_limit: 'LIMIT',
      },
      more: { GATEWAY: { health_path: '/health' } },
      options: { env: { LIMIT } },
    });
    const app = appOf(rig);
    const origin = 'https://app.example.com';
    expect(await (await app.request(`${HOST}/health`)).json()).toMatchObject({ status: 'ok' });
    const metadata = await app.request(`${HOST}/.well-known/oauth-protected-resource/orders`);
    expect(await metadata.json()).toMatchObject({ resource: AUDIENCE });
    const preflight = { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'GET' } };
    expect((await app.request(`${HOST}/orders/1`, preflight)).status).toBe(204);
    const first = await call(app, 'GET /orders/1', { origin });
    expect([first.status, first.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    expect((await call(app, 'GET /orders/1')).status).toBe(429);
  });

  it('speaks CORS alone where the policy does: what a handler says of it is dropped', async () => {
    const origin = 'https://app.example.com';
    const rig = parts({ api: { cors: { origins: [origin] } } });
    const app = new Hono().use(rig.middleware()).use(cors({ origin: '*' }));
    app.get('/open', (c) => c.text('x', 200, { 'x-kept': '1' }));
    const { headers } = await call(app, 'GET /open', { origin: 'https://evil.example' });
    expect([headers.get('access-control-allow-origin'), headers.get('x-kept')]).toEqual([null, '1']);
    expect((await call(app, 'GET /open', { origin })).headers.get('access-control-allow-origin')).toBe(
      origin,
    );
  });

  it('lets an API on trial through to the handlers, and logs what would have been refused', async () => {
    const rig = parts({ api: { report_only: true } });
    const app = appOf(rig);
    const response = await call(app, 'GET /admin');
    expect(response.status).toBe(200);
    expect(rig.logs.at(-1)).toMatchObject({ decision: 'allow', would_deny: 'scopes_missing' });
    expect(((await response.json()) as { caller: Caller }).caller.claims).toEqual({});
    expect((await call(app, 'DELETE /nowhere')).status).toBe(200);
    expect(rig.logs.at(-1)).toMatchObject({ would_deny: 'route_unknown' });
  });

  it('an open WebSocket of a handler ends when its token does', async () => {
    const rig = parts({ options: { now: () => NOW_SECONDS * 1000 + 990 } });
    const app = new Hono().use(rig.middleware()).get('/orders/:id', () => {
      const { 0: client, 1: server } = new WebSocketPair();
      server.accept();
      return new Response(null, { status: 101, webSocket: client });
    });
    // Ten milliseconds are left, with the tolerance for clocks.
    const soon = { exp: NOW_SECONDS - 29 };
    const { webSocket, status } = await call(app, 'GET /orders/1', { upgrade: 'websocket' }, {}, soon);
    expect(status).toBe(101);
    const closed = new Promise<number>((resolve) =>
      webSocket?.addEventListener('close', ({ code }) => resolve(code)),
    );
    webSocket?.accept();
    expect(await closed).toBe(1008);
  });
});

describe('beside other parts of Hono', () => {
  it('app.route: policy paths stay the public ones', async () => {
    const orders = new Hono().get('/:id', (c) => c.text(`order ${c.req.param('id')}`));
    const app = new Hono();
    app.use(parts().middleware());
    app.route('/orders', orders);
    expect(await (await call(app, 'GET /orders/7')).text()).toBe('order 7');
  });

  it('basePath: policy paths stay the public ones', async () => {
    const rig = parts({ routes: { 'GET /v1/orders/:id': READ } });
    const app = new Hono().basePath('/v1');
    app.use(rig.middleware());
    app.get('/orders/:id', (c) => c.text(`order ${c.req.param('id')} of ${c.var.caller.subject}`));
    expect(await (await call(app, 'GET /v1/orders/7')).text()).toBe('order 7 of user-1');
    const short = parts({ routes: { 'GET /orders/:id': READ } });
    const wrong = new Hono().basePath('/v1');
    wrong.use(short.middleware());
    wrong.get('/orders/:id', (c) => c.text('reached'));
    expect((await call(wrong, 'GET /v1/orders/7')).status).toBe(404);
  });

  it('another spelling of a path is decided, routed and read in one way', async () => {
    const rig = parts();
    const app = new Hono()
      .use(rig.middleware())
      .get('/orders/:id', (c) => c.text(`${c.req.param('id')} ${c.req.url}`));
    const response = await call(app, 'GET /%6Frders/a%40b?x=%41');
    expect(await response.text()).toBe(`a@b ${HOST}/orders/a%40b?x=%41`);
  });

  it('RPC: the client has the types of the handlers, and the middleware changes none', async () => {
    const rig = parts();
    const app = new Hono()
      .use(rig.middleware())
      .get('/orders/:id', (c) => c.json({ id: c.req.param('id'), who: c.var.caller.subject ?? null }));
    const token = await sign(key);
    const client = hc<typeof app>(HOST, {
      fetch: (async (input: RequestInfo, init?: RequestInit) => app.request(input, init)) as typeof fetch,
      headers: { authorization: `Bearer ${token}` },
    });
    const response = await client.orders[':id'].$get({ param: { id: '3' } });
    const order = await response.json();
    expectTypeOf(order).toEqualTypeOf<{ id: string; who: string | null }>();
    expect(order).toEqual({ id: '3', who: 'user-1' });
  });

  it.each([
    ['before', true],
    ['behind', false],
  ])('secureHeaders and etag, %s it, change allowed and refused answers', async (_where, isBefore) => {
    const app = new Hono();
    if (!isBefore) app.use(parts().middleware());
    app.use(secureHeaders()).use(etag());
    if (isBefore) app.use(parts().middleware());
    app.get('/open', (c) => c.text('x'));
    const allowed = await call(app, 'GET /open');
    expect([allowed.status, allowed.headers.get('x-frame-options')]).toEqual([200, 'SAMEORIGIN']);
    const again = await call(app, 'GET /open', { 'if-none-match': allowed.headers.get('etag') ?? '' });
    expect(again.status).toBe(304);
    const refused = await call(app, 'GET /admin');
    expect([refused.status, refused.headers.get('x-frame-options')]).toEqual([
      403,
      isBefore ? 'SAMEORIGIN' : null,
    ]);
  });

  it('a handler that returns what can’t be changed: the answer has the id all the same', async () => {
    const app = new Hono()
      .use(parts().middleware())
      .get('/open', () => Response.redirect('https://a.example/'));
    const response = await app.request('https://api.example.com/open');
    expect([response.status, response.headers.get('x-request-id')]).toEqual([
      302,
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ]);
  });

  it('cors before it answers preflights, and completes refusals', async () => {
    const app = new Hono().use(cors({ origin: 'https://app.example.com' })).use(parts().middleware());
    app.get('/admin', (c) => c.text('x'));
    const headers = { origin: 'https://app.example.com', 'access-control-request-method': 'GET' };
    expect((await app.request(`${HOST}/admin`, { method: 'OPTIONS', headers })).status).toBe(204);
    const refused = await call(app, 'GET /admin', headers);
    expect(refused.status).toBe(403);
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(refused.headers.get('www-authenticate')).toContain('insufficient_scope');
  });

  it('middleware that reads the body leaves it to handlers', async () => {
    const app = new Hono();
    app.use(async (c, next) => {
      await c.req.json();
      await next();
    });
    app.use(parts().middleware());
    app.post('/orders/:id', async (c) => c.json(await c.req.json()));
    // With and without a header that makes the request a new one.
    for (const headers of [{}, { 'x-claim-sub': 'root' }]) {
      const response = await call(app, 'POST /orders/1', headers as Record<string, string>, {
        body: '{"n":1}',
      });
      expect([response.status, await response.json()]).toEqual([200, { n: 1 }]);
    }
  });

  it('a body that was read before can reach no other origin: the answer and the log say so', async () => {
    const rig = parts({ api: { origin: 'https://x.example' } });
    const app = new Hono();
    app.use(async (c, next) => {
      await c.req.text();
      await next();
    });
    app.use(rig.middleware());
    const response = await call(app, 'POST /orders/1', {}, { body: '{"n":1}' });
    expect([response.status, await reasonOf(response)]).toEqual([500, 'body_taken']);
    expect(rig.logs.at(-1)).toMatchObject({ decision: 'deny', reason: 'body_taken', status: 500 });
    expect(rig.fetched.map(({ url }) => url)).toEqual([`${ISSUER}keys`]);
  });

  it('a reader of the body that someone else holds is the same', async () => {
    const rig = parts({ api: { origin: 'https://x.example' } });
    const app = new Hono();
    app.use(async (c, next) => {
      c.req.raw.body?.getReader();
      await next();
    });
    app.use(rig.middleware());
    const response = await call(app, 'POST /orders/1', {}, { body: 'x' });
    expect(await reasonOf(response)).toBe('body_taken');
  });

  it('errors of handlers go to the app: onError, HTTPException, notFound', async () => {
    const rig = parts({ routes: { 'GET /*': READ } });
    const app = new Hono();
    app.use(rig.middleware());
    app.get('/teapot', () => {
      throw new HTTPException(418, { message: 'teapot' });
    });
    app.get('/bug', () => {
      throw new Error('bug');
    });
    expect([(await call(app, 'GET /teapot')).status, rig.logs.at(-1)]).toMatchObject([418, { status: 418 }]);
    app.onError((error, c) => c.text(`own: ${error.message}`, 599 as 500));
    const response = await call(app, 'GET /bug');
    expect([response.status, await response.text()]).toEqual([599, 'own: bug']);
    expect(rig.logs.at(-1)).toMatchObject({ decision: 'allow', status: 599 });
    app.notFound((c) => c.text('own 404', 404));
    expect(await (await call(app, 'GET /none')).text()).toBe('own 404');
  });
});

describe('protect()', () => {
  const issuer = 'https://protect.example/';
  let fetches = 0;
  const options = {
    issuer,
    jwksUri: `${issuer}keys`,
    audience: AUDIENCE,
    now: () => NOW_SECONDS * 1000,
    fetch: (async () => {
      fetches++;
      return Response.json({ keys: [key.publicJwk] });
    }) as unknown as typeof fetch,
  };
  const mine = { iss: issuer };

  it('guards single routes by the same decision, with the keys of an issuer fetched once', async () => {
    const logs: LogLine[] = [];
    const log = (line: LogLine) => logs.push(line);
    const app = new Hono();
    app.get('/orders', protect({ ...options, log, scopesAll: ['read:orders'] }), (c) =>
      c.text(c.var.caller.subject ?? ''),
    );
    app.get('/admin', protect({ ...options, log, scopesAny: ['admin'], claims: { org: 'x' } }), (c) =>
      c.text('x'),
    );
    app.get('/free', (c) => c.text('free'));
    expect(await (await call(app, 'GET /orders', {}, {}, mine)).text()).toBe('user-1');
    expect((await call(app, 'GET /admin', {}, {}, mine)).status).toBe(403);
    expect((await call(app, 'GET /admin', {}, {}, { ...mine, scope: 'admin', org: 'x' })).status).toBe(200);
    expect((await call(app, 'GET /orders', { authorization: '' })).status).toBe(401);
    expect((await call(app, 'GET /orders', {}, {}, { ...mine, aud: 'other' })).status).toBe(401);
    expect((await call(app, 'GET /free', { authorization: '' })).status).toBe(200);
    expect(fetches).toBe(1);
    expect(logs.filter((line) => 'decision' in line)).toHaveLength(5);
  });

  it('reads tokens from the place that it is told', async () => {
    const app = new Hono();
    app.get('/orders', protect({ ...options, log: () => {}, tokenFrom: 'header:x-t' }), (c) =>
      c.text(c.var.caller.subject ?? ''),
    );
    const token = await sign(key, { ...usualClaims(), ...mine });
    const ask = (headers: Record<string, string>) => app.request(`${HOST}/orders`, { headers });
    expect(await (await ask({ 'x-t': token })).text()).toBe('user-1');
    expect((await ask({ authorization: `Bearer ${token}` })).status).toBe(401);
    expect(() => protect({ ...options, tokenFrom: 'query:t' })).toThrow('tokenFrom: tokens are never read');
  });

  it('tells clients what it is told to', async () => {
    const app = new Hono();
    const told = { scopesAll: ['x'], scopePrefix: 'api://a/', tellAudience: false };
    app.get('/orders', protect({ ...options, log: () => {}, ...told }), (c) => c.text(''));
    const refused = await app.request(`${HOST}/orders`);
    expect(refused.headers.get('www-authenticate')).toContain('scope="api://a/x"');
    expect(await refused.json()).not.toHaveProperty('audience');
    expect(() => protect({ ...options, scopePrefix: 'a b' })).toThrow('scopePrefix: ');
  });

  it('throws where its options have faults, in their own spelling', () => {
    // @ts-expect-error: a misspelt field
    expect(() => protect({ ...options, scopesAl: ['x'] })).toThrow('scopesAl: there is no field "scopes_al"');
    expect(() => protect({ ...options, clockTolerance: 5_000 })).toThrow('clockTolerance');
    expect(() => protect({ ...options, audience: [] })).toThrow('audience is empty');
  });

  it('has types', () => {
    // @ts-expect-error: the audience is missing
    expect(() => protect({ issuer })).toThrow('audience is missing');
  });
});
