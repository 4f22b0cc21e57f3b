/** An API on trial (`report_only`): nothing is refused that its origin can be asked for. */
import { beforeAll, describe, expect, it } from 'vitest';
import { makeRig, type RigOptions } from './support/gateway.ts';
import { makeKey, NOW_SECONDS, type SigningKey, sign, usualClaims } from './support/issuer.ts';
import { faultsOf, vars } from './support/policy.ts';

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});

const token = (claims: Record<string, unknown> = {}) => sign(key, usualClaims(claims));
const bearer = async (claims?: Record<string, unknown>) => ({
  authorization: `Bearer ${await token(claims)}`,
});
const ROUTES = {
  'GET /orders': { scopes_all: ['read:orders'] },
  'GET|PUT /orders/:id': { scopes_all: ['admin'] },
  'GET /open': { auth: 'none' },
};
const TRIAL = { report_only: true };
const trialRig = ({ api, ...more }: Partial<RigOptions> = {}) =>
  makeRig({ routes: ROUTES, keys: [key.publicJwk], api: { ...TRIAL, ...api }, ...more });
/** A method that `new Request()` refuses, or writes in upper case. */
function requestWith(method: string, path: string): Request {
  const request = new Request(`https://api.example.com${path}`);
  return Object.defineProperty(request, 'method', { value: method });
}
type Rig = ReturnType<typeof trialRig>;
const claimHeaders = (rig: Rig) =>
  [...rig.lastReceived().headers.keys()].filter((name) => name.startsWith('x-claim-'));
const outcome = ({ status }: Response, rig: Rig) => {
  const { decision, would_deny } = rig.lastLog();
  return [status, decision, would_deny];
};

describe('a request that would be refused', () => {
  it.each<[string, string, () => Promise<HeadersInit>, string]>([
    ['no route', 'GET /nowhere', async () => ({}), 'route_unknown'],
    ['the root', 'GET /', async () => ({}), 'route_unknown'],
    ['another method', 'DELETE /orders', async () => ({}), 'method_not_allowed'],
    ['a method in lower case', 'patch /orders', async () => ({}), 'method_not_allowed'],
    ['an empty segment', 'GET //orders', async () => ({}), 'path_ambiguous'],
    ['an encoded slash', 'GET /orders%2F1', async () => ({}), 'path_ambiguous'],
    ['a control character', 'GET /a%00', async () => ({}), 'path_ambiguous'],
    ['no token', 'GET /orders', async () => ({}), 'token_missing'],
    ['Basic', 'GET /orders', async () => ({ authorization: 'Basic YTpi' }), 'token_missing'],
    [
      'a malformed header',
      'GET /orders',
      async () => ({ authorization: 'Bearer a b' }),
      'authorization_malformed',
    ],
    ['a token that is none', 'GET /orders', async () => ({ authorization: 'Bearer x' }), 'token_malformed'],
    [
      'a huge token',
      'GET /orders',
      async () => ({ authorization: `Bearer ${'x'.repeat(20_000)}` }),
      'token_too_large',
    ],
    ['an expired token', 'GET /orders', () => bearer({ exp: NOW_SECONDS - 60 }), 'token_expired'],
    ['another audience', 'GET /orders', () => bearer({ aud: 'other' }), 'audience_mismatch'],
    ['another issuer', 'GET /orders', () => bearer({ iss: 'https://other.example/' }), 'issuer_not_allowed'],
    ['a scope that is missing', 'GET /orders/1', () => bearer(), 'scopes_missing'],
  ])('goes on as it came, without claims: %s', async (_what, request, headers, reason) => {
    const rig = trialRig();
    const sent = new Headers(await headers());
    const authorization = sent.get('authorization');
    sent.set('x-claim-sub', 'forged');
    const [, path = ''] = request.split(' ');
    expect(outcome(await rig.ask(`${request}?q=%41`, sent), rig)).toEqual([200, 'allow', reason]);
    const received = rig.lastReceived();
    expect(received.url).toBe(`https://orders.internal.example${path}?q=%41`);
    expect(received.headers.get('authorization')).toBe(authorization);
    expect(claimHeaders(rig)).toEqual([]);
  });

  it('has its claims where the token passes everything', async () => {
    const rig = trialRig();
    const headers = { ...(await bearer()), 'x-claim-sub': 'forged' };
    expect(outcome(await rig.ask('GET /orders', headers), rig)).toEqual([200, 'allow', undefined]);
    expect(rig.lastReceived().headers.get('x-claim-sub')).toBe('user-1');
    expect(rig.lastReceived().headers.get('authorization')).toMatch(/^Bearer ey/);
  });

  it('goes on with its body, and with Authorization whatever the policy says of it', async () => {
    const rig = trialRig({ api: { forward_authorization: false } });
    await rig.ask('POST /orders', { authorization: 'Basic YTpi' }, { body: 'hello' });
    expect(await rig.lastReceived().text()).toBe('hello');
    expect(rig.lastReceived().headers.get('authorization')).toBe('Basic YTpi');
  });

  it('keeps the spelling of a path that has a route', async () => {
    const rig = trialRig();
    await rig.ask('GET /%6Frders', await bearer());
    expect([rig.lastReceived().url, rig.lastLog().would_deny]).toEqual([
      'https://orders.internal.example/%6Frders',
      undefined,
    ]);
  });

  it('passes while the keys can’t be had', async () => {
    const rig = trialRig();
    rig.state.keyAnswer = () => new Response('', { status: 500 });
    expect(outcome(await rig.ask('GET /orders', await bearer()), rig)).toEqual([
      200,
      'allow',
      'keys_unavailable',
    ]);
  });

  it('is named by its API in the log, and has the facts that trace it', async () => {
    const rig = trialRig();
    await rig.ask('GET /nowhere/1', { 'user-agent': 'curl/8' });
    expect(rig.lastLog()).toMatchObject({
      route: 'API_ORDERS',
      host: 'api.example.com',
      path: '/nowhere/1',
      user_agent: 'curl/8',
    });
  });
});

describe('what the log has of tokens', () => {
  it('of one that was verified: scopes and audiences, if the line is traced', async () => {
    const rig = trialRig({ more: { GATEWAY: { log_requests: 'all' } } });
    await rig.ask('GET /orders', await bearer({ scope: 'read:orders b' }));
    expect(rig.lastLog()).toMatchObject({
      scopes: ['read:orders', 'b'],
      audiences: ['https://api.example.com/orders'],
    });
    const untraced = trialRig();
    await untraced.ask('GET /orders', await bearer());
    expect(untraced.lastLog()).not.toHaveProperty('scopes', expect.anything());
  });

  it.each(['GET /nowhere', 'GET //nowhere', 'DELETE /orders'])(
    'of one that no route has looked at: %s',
    async (request) => {
      const rig = trialRig();
      await rig.ask(request, await bearer({ scope: undefined, scp: ['a', 'b'], client_id: 'job' }));
      expect(rig.lastLog()).toMatchObject({
        unverified_scope: 'a b',
        unverified_aud: 'https://api.example.com/orders',
        unverified_client: 'job',
      });
      expect(rig.lastLog()).not.toHaveProperty('client', expect.anything());
    },
  );
});

describe('limits', () => {
  it.each([
    ['reached', async () => ({ success: false }), 'rate_limited'],
    ['broken', () => Promise.reject(new Error('no')), 'internal_error'],
  ])('a limit that is %s is logged', async (_what, limit, reason) => {
    const rig = trialRig({ api: { rate_limit: 'LIMIT' }, env: { LIMIT: { limit } } });
    expect(outcome(await rig.ask('GET /open'), rig)).toEqual([200, 'allow', reason]);
  });

  it('claims that fit in no header are left out', async () => {
    const rig = trialRig();
    const response = await rig.ask('GET /orders', await bearer({ sub: 'x'.repeat(8_200) }));
    expect(outcome(response, rig)).toEqual([200, 'allow', 'claims_too_large']);
    expect(claimHeaders(rig)).toEqual([]);
  });

  it('an origin may take as long as it likes', async () => {
    const rig: Rig = trialRig({
      api: { timeout_ms: 1 },
      origin: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        rig.state.nowMs += 20;
        return new Response('late');
      },
    });
    const response = await rig.ask('GET /open');
    expect([await response.text(), ...outcome(response, rig)]).toEqual([
      'late',
      200,
      'allow',
      'origin_timeout',
    ]);
  });
});

describe('what the origin can’t be asked for is refused', () => {
  it.each(['TRACE', 'trace', 'CONNECT', 'TRACK'])('%s', async (method) => {
    const rig = trialRig();
    expect((await rig.app.fetch(requestWith(method, '/orders'))).status).toBe(405);
    expect(rig.received).toEqual([]);
  });

  it('a host that no API has', async () => {
    const rig = trialRig({ api: { hosts: ['api.example.com'] } });
    expect((await rig.ask('GET https://other.example/orders')).status).toBe(404);
    expect((await rig.ask('GET https://other.example//orders')).status).toBe(400);
    expect(rig.received).toEqual([]);
  });

  it('a path outside of the prefix that is not sent on', async () => {
    const routes = { 'GET /api/orders': {} };
    const rig = trialRig({ routes, api: { strip_prefix: '/api' } });
    expect((await rig.ask('GET /apix/orders')).status).toBe(404);
    expect((await rig.ask('GET //api/orders')).status).toBe(400);
    expect(rig.received).toEqual([]);
    expect((await rig.ask('GET /api//orders')).status).toBe(200);
    expect(rig.lastReceived().url).toBe('https://orders.internal.example//orders');
    expect((await rig.ask('GET /api')).status).toBe(200);
    expect(rig.lastReceived().url).toBe('https://orders.internal.example/');
  });

  it('an origin that is down', async () => {
    const rig = trialRig({
      origin: () => {
        throw new Error('down');
      },
    });
    const response = await rig.ask('GET /nowhere');
    expect([response.status, ((await response.json()) as { reason: string }).reason]).toEqual([
      502,
      'origin_unreachable',
    ]);
    expect(rig.lastLog()).toMatchObject({ reason: 'origin_unreachable', would_deny: 'route_unknown' });
  });
});

describe('below a path of the origin, or a prefix', () => {
  const BELOW = { origin: 'https://orders.internal.example/base' };

  it('a path can’t lead out', async () => {
    const rig = trialRig({ api: BELOW });
    for (const path of ['/../secret', '/%2e%2e/secret', '/a/../../secret', '/\\..\\secret', '//..//secret'])
      expect((await rig.ask(`GET ${path}`)).status, path).toBe(200);
    expect(rig.received).toHaveLength(5);
    for (const { url } of rig.received) expect(url).toMatch(/^https:\/\/orders\.internal\.example\/base\//);
  });

  it.each(['/..%2fsecret', '/..;/secret', '/..%5csecret', '/%252e%252e/secret', '/a%2fb', '//..%2fsecret'])(
    'a path that some origins read as one that leads out is refused: %s',
    async (path) => {
      for (const [api, request] of [
        [BELOW, path],
        [{ strip_prefix: '/api' }, `/api${path}`],
      ] as const) {
        const rig = trialRig({ api, routes: {} });
        expect((await rig.ask(`GET ${request}`)).status).toBe(400);
        expect(rig.received).toEqual([]);
        expect((await trialRig({ routes: {} }).ask(`GET ${path}`)).status).toBe(200);
      }
    },
  );
});

describe('headers that origins take for another method, path or client', () => {
  const HEADERS = {
    'x-http-method-override': 'DELETE',
    'x-original-url': '/other',
    forwarded: 'for=1.2.3.4',
    'true-client-ip': '1.2.3.4',
  };
  const sent = (rig: Rig) =>
    Object.keys(HEADERS).filter((name) => rig.lastReceived().headers.get(name) !== null);
  const guarded = (api: object) => ({
    API_GUARDED: { audience: 'x', routes: { 'GET /secret': {} }, ...api },
  });

  it('are sent on: the API has understood them so far', async () => {
    const rig = trialRig();
    await rig.ask('POST /orders', { ...HEADERS, x_claim_sub: 'forged', 'x-claim-scope': 'admin' });
    expect(sent(rig)).toEqual(Object.keys(HEADERS));
    expect(claimHeaders(rig)).toEqual([]);
    expect(rig.lastReceived().headers.get('x_claim_sub')).toBeNull();
  });

  it.each([
    ['host', { origin: 'https://o.example' }],
    ['server', { origin: 'https://orders.internal.example/guarded', hosts: ['guarded.example'] }],
  ])('are not, nor odd paths, where something is enforced on the same %s', async (_what, api) => {
    const rig = trialRig({ more: guarded(api) });
    await rig.ask('POST /orders', HEADERS);
    expect(sent(rig)).toEqual([]);
    expect((await rig.ask('GET //orders')).status).toBe(400);
  });

  it('are, where what is enforced has other hosts and another server', async () => {
    const rig = trialRig({
      api: { hosts: ['api.example.com'] },
      more: guarded({ origin: 'https://o.example', hosts: ['guarded.example'] }),
    });
    await rig.ask('POST /orders', HEADERS);
    expect(sent(rig)).toEqual(Object.keys(HEADERS));
    expect((await rig.ask('GET //orders')).status).toBe(200);
  });
});

describe('the answers of the origin are its own', () => {
  it.each([520, 522, 523, 530])('%i', async (status) => {
    const origin = () => new Response('its page', { status, headers: { etag: '"1"' } });
    const response = await trialRig({ origin }).ask('GET /open');
    expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([
      status,
      'its page',
      '"1"',
    ]);
  });

  it('and so is its cache, but for what has claims', async () => {
    const caches: unknown[] = [];
    const rig = trialRig({
      options: {
        fetch: (async (_: unknown, init?: RequestInit) => {
          caches.push(init?.cache);
          return Response.json({ keys: [key.publicJwk] });
        }) as typeof fetch,
      },
    });
    await rig.ask('GET /orders');
    await rig.ask('GET /orders', await bearer());
    expect([caches[0], caches.at(-1)]).toEqual([undefined, 'no-store']);
  });
});

describe('the origin of the zone', () => {
  const zone = { hosts: ['api.example.com'], origin: 'zone', zone_unprotected: true };

  it('is asked by the scheme and port that the client chose, but with claims or secrets', async () => {
    const rig = trialRig({ api: zone });
    await rig.ask('GET http://api.example.com:8080/orders');
    expect(rig.lastReceived().url).toBe('http://api.example.com:8080/orders');
    await rig.ask('GET http://api.example.com:8080/orders', await bearer());
    expect(rig.lastReceived().url).toBe('https://api.example.com/orders');
    const secret = { ...zone, origin_headers: { 'x-secret': 'secret:S' } };
    const other = trialRig({ api: secret, env: { S: 's' } });
    await other.ask('GET http://api.example.com:8080/orders');
    expect(other.lastReceived().url).toBe('https://api.example.com/orders');
  });
});

describe('the gateway answers nothing itself', () => {
  const api = {
    cors: { origins: ['https://app.example'] },
    resource: 'https://api.example.com/orders',
    audience: 'https://api.example.com/orders',
  };

  it('preflights and answers are the origin’s, and so is metadata', async () => {
    const origin = () => new Response('its own', { headers: { 'access-control-allow-origin': '*' } });
    const rig = trialRig({ api, origin });
    const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'GET' };
    const metadata = 'GET /.well-known/oauth-protected-resource/orders';
    for (const [request, headers] of [
      ['OPTIONS /orders', preflight],
      ['GET /orders', { origin: 'https://app.example' }],
      [metadata, {}],
    ] as const) {
      const response = await rig.ask(request, headers);
      expect([await response.text(), response.headers.get('access-control-allow-origin')]).toEqual([
        'its own',
        '*',
      ]);
      expect(response.headers.get('vary')).toBeNull();
    }
  });

  it('a WebSocket stays open when the token expires', async () => {
    const rig: Rig = trialRig({
      origin: () => {
        const { 0: client, 1: server } = new WebSocketPair();
        server.accept();
        return new Response(null, { status: 101, webSocket: client });
      },
    });
    const headers = { ...(await bearer({ exp: NOW_SECONDS - 29 })), upgrade: 'websocket' };
    const { webSocket, status } = await rig.ask('GET /orders', headers);
    expect([status, rig.lastLog().would_deny]).toEqual([101, undefined]);
    let isClosed = false;
    webSocket?.accept();
    webSocket?.addEventListener('close', () => {
      isClosed = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isClosed).toBe(false);
    webSocket?.close();
  });
});

describe('beside what is enforced', () => {
  const OTHER = {
    origin: 'https://other.internal.example',
    audience: 'https://api.example.com/orders',
    routes: { 'GET /admin/:x': { scopes_all: ['admin'] }, 'GET /*': { scopes_all: ['read:orders'] } },
  };

  it.each([
    ['its path', 'GET /admin/x', 401],
    ['another spelling of it', 'GET /Admin/x/', 401],
    ['a method that it lacks', 'DELETE /admin/x', 405],
    ['a path that can be read in two ways', 'GET /admin%2Fx', 400],
    ['an empty segment', 'GET //nowhere', 400],
  ])('another API keeps what is its own: %s', async (_what, request, status) => {
    const rig = trialRig({ more: { API_OTHER: OTHER } });
    expect((await rig.ask(request)).status).toBe(status);
    expect(rig.received).toEqual([]);
  });

  it('a path of the API on trial goes on', async () => {
    const rig = trialRig({ more: { API_OTHER: OTHER } });
    expect(outcome(await rig.ask('GET /orders'), rig)).toEqual([200, 'allow', 'token_missing']);
    expect(outcome(await rig.ask('GET /'), rig)).toEqual([200, 'allow', 'route_unknown']);
  });

  it('a path of it keeps its other methods, beside a wildcard of another API', async () => {
    const rig = trialRig({ more: { API_OTHER: OTHER } });
    expect(outcome(await rig.ask('DELETE /orders'), rig)).toEqual([200, 'allow', 'method_not_allowed']);
    expect(rig.lastReceived().url).toBe('https://orders.internal.example/orders');
  });

  it('no caller of another API is refused for its sake', async () => {
    const rig = trialRig({ more: { API_OTHER: OTHER } });
    // `/orders/` is a path of API_OTHER; some origins read it as `/orders`, which is on trial.
    expect(outcome(await rig.ask('GET /orders/', await bearer()), rig)).toEqual([
      200,
      'allow',
      'route_unknown',
    ]);
    expect(rig.lastReceived().url).toBe('https://other.internal.example/orders/');
    expect(rig.lastReceived().headers.get('x-claim-sub')).toBe('user-1');
    expect((await rig.ask('GET /orders/', await bearer({ scope: 'none' }))).status).toBe(403);
    expect((await rig.ask('GET /orders/')).status).toBe(401);
  });

  it('a route with report_only = false is enforced, in every reading of its path', async () => {
    const routes = {
      'GET /orders': {},
      'GET|PATCH /orders/:id': { scopes_all: ['admin'], report_only: false },
    };
    const rig = trialRig({ routes });
    expect((await rig.ask('GET /orders/1')).status).toBe(401);
    expect((await rig.ask('GET /Orders/1')).status).toBe(404);
    expect((await rig.app.fetch(requestWith('patch', '/orders/1'))).status).toBe(405);
    expect((await rig.ask('GET /orders%2F1')).status).toBe(400);
    expect(rig.received).toEqual([]);
    expect(outcome(await rig.ask('DELETE /orders/1'), rig)).toEqual([200, 'allow', 'method_not_allowed']);
    expect(outcome(await rig.ask('GET /orders'), rig)).toEqual([200, 'allow', 'token_missing']);
    await rig.ask('GET /orders/1', await bearer({ scope: 'admin' }));
    expect(rig.lastReceived().headers.get('authorization')).toBeNull();
  });

  it('of two APIs on trial, each keeps what its routes say, and nobody gets the rest', async () => {
    const second = { ...OTHER, ...TRIAL, routes: { 'GET /admin/:x': {} } };
    const rig = trialRig({ more: { API_OTHER: second } });
    expect((await rig.ask('DELETE /admin/x')).status).toBe(200);
    expect(rig.lastReceived().url).toBe('https://other.internal.example/admin/x');
    expect((await rig.ask('GET /nowhere')).status).toBe(404);
    expect((await rig.ask('GET //orders')).status).toBe(400);
  });

  it('of two APIs on trial that are asked with other secrets, nobody gets the rest', async () => {
    const second = {
      ...OTHER,
      ...TRIAL,
      origin: 'https://orders.internal.example',
      origin_headers: { 'x-secret': 'secret:S' },
      routes: { 'GET /admin/:x': {} },
    };
    const rig = trialRig({ more: { API_OTHER: second }, env: { S: 's' } });
    expect((await rig.ask('GET /nowhere')).status).toBe(404);
  });

  it('of two APIs on trial with one origin, the first takes the rest', async () => {
    const second = {
      ...OTHER,
      ...TRIAL,
      origin: 'https://orders.internal.example',
      routes: { 'GET /admin/:x': {} },
    };
    const rig = trialRig({ more: { API_OTHER: second } });
    expect(outcome(await rig.ask('GET //nowhere'), rig)).toEqual([200, 'allow', 'path_ambiguous']);
    expect(rig.lastLog().route).toBe('API_ORDERS');
  });
});

describe('in the policy', () => {
  it('GATEWAY puts all APIs on trial, and an API can say otherwise', async () => {
    const more = {
      GATEWAY: TRIAL,
      API_OTHER: {
        origin: 'https://o.example',
        audience: 'x',
        report_only: false,
        routes: { 'GET /other': {} },
      },
    };
    const rig = makeRig({ routes: ROUTES, keys: [key.publicJwk], more });
    expect((await rig.ask('GET /nowhere')).status).toBe(200);
    expect((await rig.ask('GET /other')).status).toBe(401);
  });

  it('needs no routes on trial', async () => {
    const rig = trialRig({ routes: {} });
    expect(outcome(await rig.ask('GET /a//b'), rig)).toEqual([200, 'allow', 'path_ambiguous']);
    expect(outcome(await rig.ask('POST /a'), rig)).toEqual([200, 'allow', 'route_unknown']);
    expect(faultsOf(vars({}))).toEqual([
      'API_ORDERS.routes: there is no route; add one like "GET /orders" = { scopes_all = ["read:orders"] }',
    ]);
  });

  it.each([
    ['a day that is none', { ...TRIAL, report_only_until: '2027-02-30' }, 'there is no day 2027-02-30'],
    ['no day', { ...TRIAL, report_only_until: 'soon' }, 'report_only_until is not valid'],
    ['an end of nothing', { report_only_until: '2027-02-28' }, 'nothing is on trial'],
  ])('%s is a fault', (_what, api, problem) => {
    expect(faultsOf(vars(ROUTES, api))).toEqual([
      expect.stringContaining(`API_ORDERS.report_only_until: ${problem}`),
    ]);
    expect(faultsOf(vars(ROUTES, {}, { GATEWAY: api }))).toEqual([
      expect.stringContaining(`GATEWAY.report_only_until: ${problem}`),
    ]);
  });

  it('requests don’t look at the last day', async () => {
    const rig = trialRig({ api: { report_only_until: '2001-01-01' } });
    expect((await rig.ask('GET /orders')).status).toBe(200);
  });
});
