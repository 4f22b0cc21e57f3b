import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  importJWK,
  type JWK,
  jwtVerify,
} from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeAssertionKey, type TestAssertionKey } from '../support/assertion-key.ts';
import { makeRig } from '../support/gateway.ts';
import { makeKey, NOW_SECONDS, type SigningKey, sign, usualClaims } from '../support/issuer.ts';
import { AUDIENCE, ISSUER } from '../support/policy.ts';

let key: SigningKey;
let own: TestAssertionKey;
let edwards: TestAssertionKey;
beforeAll(async () => {
  key = await makeKey();
  own = await makeAssertionKey(NOW_SECONDS - 1_000);
  edwards = await makeAssertionKey(NOW_SECONDS - 1_000, 'EdDSA');
});

const GATEWAY = 'https://api.example.com';
const ORIGIN = 'orders.internal.example';

const ROUTES = {
  'GET|POST|PUT /orders': { scopes_all: ['read:orders'] },
  'GET /orders/:id': { scopes_any: ['read:orders', 'admin'] },
  'GET /any': {},
  'GET /clients': { clients: ['client-1'] },
  'GET /maybe': { auth: 'optional' },
  'POST|GET /open': { auth: 'none' },
};

interface Options {
  readonly assertion?: object;
  readonly api?: object;
  readonly gateway?: object;
  readonly env?: Record<string, unknown>;
  readonly origin?: (request: Request) => Response | Promise<Response>;
}

const rigWith = ({ assertion = {}, api = {}, gateway = {}, env, origin }: Options = {}) =>
  makeRig({
    routes: ROUTES,
    keys: [key.publicJwk],
    api: { assertion: { audience: ORIGIN, ...assertion }, ...api },
    more: { GATEWAY: { assertion: { issuer: GATEWAY, ...gateway } } },
    env: env ?? { ASSERTION_KEY: own.secret },
    ...(origin && { origin }),
  });

const tokenOf = (request: Request): string => request.headers.get('txn-token') ?? '';

/** Verifies with nothing of the gateway's. */
async function verified(request: Request, publicJwk: JWK = own.publicJwk, alg = 'ES256') {
  const { payload, protectedHeader } = await jwtVerify(tokenOf(request), await importJWK(publicJwk, alg), {
    issuer: GATEWAY,
    audience: ORIGIN,
    typ: 'txntoken+jwt',
    currentDate: new Date(NOW_SECONDS * 1000),
  });
  return { payload, header: protectedHeader };
}

describe('an assertion', () => {
  it('says who calls, what for, and what the origin is asked', async () => {
    const rig = rigWith({
      api: { forward: { org_id: 'x-org', '/realm/roles': { header: 'x-roles', as: 'list' } } },
    });
    const claims = usualClaims({
      scope: 'read:orders write:orders',
      org_id: 'acme',
      realm: { roles: ['a', 'b'] },
      secret: 'not forwarded',
    });
    const response = await rig.call('GET /orders?page=2&q=%C3%A4', await sign(key, claims));
    expect(response.status).toBe(200);
    const { payload, header } = await verified(rig.lastReceived());
    const id = response.headers.get('x-request-id');
    expect(header).toEqual({ alg: 'ES256', typ: 'txntoken+jwt', kid: own.kid });
    expect(payload).toEqual({
      iss: GATEWAY,
      aud: ORIGIN,
      req_wl: GATEWAY,
      sub: 'user-1',
      client_id: 'client-1',
      scope: 'read:orders',
      tctx: { iss: ISSUER, claims: { org_id: 'acme', '/realm/roles': ['a', 'b'] } },
      iat: NOW_SECONDS,
      exp: NOW_SECONDS + 30,
      jti: id,
      txn: id,
      req: { method: 'GET', target: '/orders?page=2&q=%C3%A4' },
    });
    expect(rig.lastLog()).toMatchObject({ assertion_kid: own.kid, assertion_id: id });
  });

  it('has the scopes that the route demands and the token has', async () => {
    const rig = rigWith();
    const of = async (path: string, scope: string) => {
      await rig.call(`GET ${path}`, await sign(key, usualClaims({ scope })));
      return (await verified(rig.lastReceived())).payload['scope'];
    };
    expect(await of('/orders/1', 'admin other')).toBe('admin');
    expect(await of('/orders/1', 'other admin read:orders')).toBe('read:orders admin');
    expect(await of('/any', 'read:orders')).toBeUndefined();
    // A client id that is also a scope is not demanded as one.
    expect(await of('/clients', 'client-1')).toBeUndefined();
  });

  it('has what is sent of a list, and no number for a subject', async () => {
    const forward = {
      groups: { header: 'x-groups', as: 'list', only: ['staff', { prefix: 'team-' }] },
      sub: 'x-sub',
      big: { header: 'x-big', as: 'json' },
    };
    const rig = rigWith({ api: { forward } });
    const claims = { groups: ['staff', 'team-a', 'other', 7], sub: 2 ** 53, big: { a: [1] } };
    await rig.call('GET /any', await sign(key, usualClaims(claims)));
    const { payload } = await verified(rig.lastReceived());
    expect(payload['tctx']).toEqual({
      iss: ISSUER,
      claims: { groups: ['staff', 'team-a'], big: { a: [1] } },
    });
    expect(payload).not.toHaveProperty('sub');
  });

  it('names nobody where nobody is known', async () => {
    const rig = rigWith();
    for (const path of ['/maybe', '/open']) {
      expect((await rig.ask(`GET ${path}`)).status).toBe(200);
      const { payload } = await verified(rig.lastReceived());
      expect(payload).not.toHaveProperty('sub');
      expect(payload).not.toHaveProperty('tctx');
      expect(payload['req']).toEqual({ method: 'GET', target: path });
    }
  });

  it('is signed by either kind of key, whose id is its thumbprint (RFC 7638 §3)', async () => {
    const rig = rigWith({ env: { ASSERTION_KEY_2: edwards.secret } });
    await rig.call('GET /orders', await sign(key));
    const { header } = await verified(rig.lastReceived(), edwards.publicJwk, 'EdDSA');
    expect(header).toEqual({ alg: 'EdDSA', typ: 'txntoken+jwt', kid: edwards.kid });
    expect(await calculateJwkThumbprint(edwards.publicJwk)).toBe(edwards.kid);
  });

  it('names the target below the path of the origin, without the prefix that is not sent', async () => {
    const rig = makeRig({
      routes: { 'GET /orders/:id': {} },
      keys: [key.publicJwk],
      api: { origin: 'https://o.example/v1', strip_prefix: '/orders', assertion: { audience: ORIGIN } },
      more: { GATEWAY: { assertion: { issuer: GATEWAY } } },
      env: { ASSERTION_KEY: own.secret },
    });
    await rig.call('GET /orders/7?x', await sign(key));
    expect(rig.lastReceived().url).toBe('https://o.example/v1/7?x');
    expect((await verified(rig.lastReceived())).payload['req']).toEqual({ method: 'GET', target: '/v1/7?x' });
  });

  it('lives as long as the policy says, and is new for each request', async () => {
    const rig = rigWith({ gateway: { lifetime: 120 } });
    const token = await sign(key);
    await rig.call('GET /orders', token);
    await rig.call('GET /orders', token);
    const [one, other] = rig.received.map((request) => decodeJwt(tokenOf(request)));
    expect(one?.exp).toBe(NOW_SECONDS + 120);
    expect(one?.jti).not.toBe(other?.jti);
  });

  it('is no claim of the client: every spelling of the header is dropped, on every API', async () => {
    const plain = makeRig({ routes: ROUTES, keys: [key.publicJwk] });
    const tried = makeRig({ routes: {}, api: { report_only: true }, keys: [key.publicJwk] });
    for (const rig of [rigWith(), plain, tried]) {
      await rig.ask('GET /open', { 'txn-token': 'forged', txn_token: 'forged', 'Txn.Token': 'forged' });
      const values = [...rig.lastReceived().headers].filter(([name]) => /txn.token/i.test(name));
      expect(values.map(([, value]) => value)).not.toContain('forged');
    }
    expect(plain.lastReceived().headers.has('txn-token')).toBe(false);
  });

  it('is not for handlers of the same Worker, who get no header of that name either', async () => {
    const seen: string[][] = [];
    const rig = makeRig({
      routes: ROUTES,
      api: { origin: 'next', hosts: ['api.example.com'] },
      options: {
        next: async (request) => {
          seen.push([...request.headers.keys()]);
          return new Response();
        },
      },
    });
    await rig.ask('GET /open', { 'txn-token': 'forged', txn_token: 'forged' });
    expect(seen.flat().filter((name) => /txn/.test(name))).toEqual([]);
  });

  it('is not made on trial, where nothing says that the rules were met', async () => {
    const rig = rigWith({ api: { report_only: true } });
    expect((await rig.call('GET /orders', await sign(key))).status).toBe(200);
    expect(rig.lastReceived().headers.has('txn-token')).toBe(false);
  });
});

describe('bind = "body"', () => {
  const HELLO = 'sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:';
  const NOTHING = 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:';
  const digestOf = (request: Request) => decodeJwt<{ req: { digest: string } }>(tokenOf(request)).req.digest;

  it('has the digest of what the origin gets', async () => {
    let body = '';
    const rig = rigWith({
      assertion: { bind: 'body' },
      origin: async (request) => {
        body = await request.clone().text();
        return new Response();
      },
    });
    await rig.call('POST /orders', await sign(key), {}, { body: 'hello' });
    expect(body).toBe('hello');
    expect(digestOf(rig.lastReceived())).toBe(HELLO);
    await rig.call('GET /orders', await sign(key));
    expect(digestOf(rig.lastReceived())).toBe(NOTHING);
  });

  it('refuses a body that is too large to be held, and asks nobody', async () => {
    const rig = rigWith({ assertion: { bind: 'body', max_body: 5 } });
    const send = async (body: string) =>
      (await rig.call('PUT /orders', await sign(key), {}, { body })).status;
    expect(await send('12345')).toBe(200);
    expect(await send('123456')).toBe(413);
    expect(rig.received).toHaveLength(1);
    expect(rig.lastLog()).toMatchObject({ decision: 'deny', reason: 'body_too_large' });
  });
});

describe('a target that is too long for an assertion', () => {
  it('is refused by its own name, and nobody is asked', async () => {
    const rig = rigWith();
    const ask = async (length: number) =>
      (await rig.call(`GET /orders?${'q'.repeat(length)}`, await sign(key))).status;
    expect(await ask(10_000)).toBe(200);
    expect(await ask(12_500)).toBe(414);
    expect(rig.received).toHaveLength(1);
    expect(rig.lastLog()).toMatchObject({ decision: 'deny', reason: 'target_too_long' });
  });

  it('is no matter where nothing is bound', async () => {
    const rig = rigWith({ assertion: { bind: 'none' } });
    expect((await rig.call(`GET /orders?${'q'.repeat(12_500)}`, await sign(key))).status).toBe(200);
  });
});

describe('bind = "none"', () => {
  it('is the same for all requests of a token that the route demands the same of, until it ends', async () => {
    const rig = rigWith({ assertion: { bind: 'none' } });
    const [one, other] = [await sign(key), await sign(key, usualClaims({ sub: 'user-2' }))];
    const of = async (request: string, token: string) => {
      await rig.call(request, token);
      return tokenOf(rig.lastReceived());
    };
    const first = await of('GET /orders', one);
    expect(decodeJwt(first)).not.toHaveProperty('req');
    expect(await of('POST /orders', one)).toBe(first);
    expect(await of('GET /any', one)).not.toBe(first);
    expect(decodeJwt(await of('GET /orders', other)).sub).toBe('user-2');
    rig.state.nowMs += 24_000;
    expect(await of('GET /orders', one)).toBe(first);
    rig.state.nowMs += 1_000;
    const second = await of('GET /orders', one);
    expect(decodeJwt(second).iat).toBe(NOW_SECONDS + 25);
    expect(decodeJwt(second).jti).not.toBe(decodeJwt(first).jti);
  });

  it('ends with the token at the latest', async () => {
    const rig = rigWith({ assertion: { bind: 'none' } });
    const endOf = async (exp: number) => {
      await rig.call('GET /orders', await sign(key, usualClaims({ exp: NOW_SECONDS + exp })));
      return (decodeJwt(tokenOf(rig.lastReceived())).exp ?? 0) - NOW_SECONDS;
    };
    expect(await endOf(600)).toBe(30);
    expect(await endOf(12)).toBe(12);
    // Within the tolerance of the issuer a token passes after its end, for this request.
    expect(await endOf(-10)).toBe(5);
  });

  it('gives nobody the assertion of a caller', async () => {
    const rig = rigWith({ assertion: { bind: 'none' } });
    await rig.call('GET /maybe', await sign(key));
    expect(decodeJwt(tokenOf(rig.lastReceived())).sub).toBe('user-1');
    await rig.ask('GET /maybe');
    expect(decodeJwt(tokenOf(rig.lastReceived()))).not.toHaveProperty('sub');
  });
});

describe('keys', () => {
  const usedKey = async (env: Record<string, unknown>) => {
    const rig = rigWith({ env });
    await rig.call('GET /orders', await sign(key));
    return decodeProtectedHeader(tokenOf(rig.lastReceived())).kid;
  };

  it('the newest signs whose time has come', async () => {
    const newer = await makeAssertionKey(NOW_SECONDS);
    const coming = await makeAssertionKey(NOW_SECONDS + 1);
    expect(await usedKey({ ASSERTION_KEY: own.secret, ASSERTION_KEY_2: newer.secret })).toBe(newer.kid);
    expect(await usedKey({ ASSERTION_KEY: newer.secret, ASSERTION_KEY_2: own.secret })).toBe(newer.kid);
    expect(await usedKey({ ASSERTION_KEY: own.secret, ASSERTION_KEY_2: coming.secret })).toBe(own.kid);
  });

  it('their public halves are published, and nothing else of them', async () => {
    const coming = await makeAssertionKey(NOW_SECONDS + 900, 'EdDSA');
    const rig = rigWith({ env: { ASSERTION_KEY: own.secret, ASSERTION_KEY_2: coming.secret } });
    const response = await rig.ask('GET /.well-known/claimgate/jwks.json');
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    expect(await response.json()).toEqual({
      keys: [
        { ...own.publicJwk, alg: 'ES256', use: 'sig', slot: 1, from: NOW_SECONDS - 1_000 },
        { ...coming.publicJwk, alg: 'EdDSA', use: 'sig', slot: 2, from: NOW_SECONDS + 900 },
      ],
    });
    expect(rig.received).toEqual([]);
  });

  it('that another one took over from are published for five minutes, and no longer', async () => {
    const newer = await makeAssertionKey(NOW_SECONDS + 60);
    const rig = rigWith({ env: { ASSERTION_KEY: own.secret, ASSERTION_KEY_2: newer.secret } });
    const published = async () => {
      const response = await rig.ask('GET /.well-known/claimgate/jwks.json');
      const { keys } = (await response.json()) as { keys: { kid: string }[] };
      return keys.map(({ kid }) => kid);
    };
    expect(await published()).toEqual([own.kid, newer.kid]);
    rig.state.nowMs += 359_000;
    expect(await published()).toEqual([own.kid, newer.kid]);
    rig.state.nowMs += 1_000;
    expect(await published()).toEqual([newer.kid]);
  });

  it('are published by none that makes no assertions', async () => {
    const rig = makeRig({ routes: ROUTES, env: { ASSERTION_KEY: own.secret } });
    expect((await rig.ask('GET /.well-known/claimgate/jwks.json')).status).toBe(404);
  });

  it.each<[string, () => Record<string, unknown>]>([
    ['that are missing', () => ({})],
    ['that are empty', () => ({ ASSERTION_KEY: '' })],
    ['that are no JSON', () => ({ ASSERTION_KEY: 'key' })],
    ['that are null', () => ({ ASSERTION_KEY: 'null' })],
    ['without a private half', () => ({ ASSERTION_KEY: JSON.stringify({ ...own.publicJwk, from: 1 }) })],
    ['of which one is not a key', () => ({ ASSERTION_KEY: own.secret, ASSERTION_KEY_2: '{}' })],
    [
      'without a time',
      () => ({ ASSERTION_KEY: JSON.stringify({ ...JSON.parse(own.secret), from: undefined }) }),
    ],
    [
      'of another curve',
      () => ({ ASSERTION_KEY: JSON.stringify({ ...JSON.parse(own.secret), crv: 'P-384' }) }),
    ],
    [
      'for RSA',
      () => ({
        ASSERTION_KEY: JSON.stringify({ kty: 'RSA', n: 'AQAB', e: 'AQAB', d: 'AQAB', kid: own.kid, from: 1 }),
      }),
    ],
  ])('%s answer everything with 503', async (_what, env) => {
    const rig = rigWith({ env: env() });
    for (const path of ['/orders', '/open']) {
      const response = await rig.call(`GET ${path}`, await sign(key));
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ reason: 'policy_invalid' });
    }
    expect(rig.received).toEqual([]);
    const faults = JSON.stringify(rig.logs);
    expect(faults).toContain('ASSERTION_KEY');
    // What is there already stays unless it is said.
    const isThere = Object.values(env()).some((secret) => secret !== '');
    expect(faults).toContain(`claimgate assertion keys init${isThere ? ' --replace' : '`'}`);
    expect(faults).not.toContain(JSON.parse(own.secret).d);
  });

  it.each<[string, () => Record<string, unknown>, string]>([
    [
      'none that signs yet',
      () => ({ ASSERTION_KEY: JSON.stringify({ ...JSON.parse(own.secret), from: NOW_SECONDS + 1 }) }),
      'no_key',
    ],
    [
      'one whose halves differ',
      () => ({ ASSERTION_KEY: JSON.stringify({ ...JSON.parse(own.secret), x: edwards.publicJwk.x }) }),
      'signing',
    ],
  ])('%s: 503, and nothing is sent on', async (_what, env, cause) => {
    const rig = rigWith({ env: env() });
    for (const path of ['/orders', '/open']) {
      const response = await rig.call(`GET ${path}`, await sign(key));
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).not.toBeNull();
      expect(await response.json()).toMatchObject({ reason: 'assertion_failed' });
      expect(rig.lastLog()).toMatchObject({ reason: 'assertion_failed', reason_detail: cause });
    }
    expect(rig.received).toEqual([]);
  });
});

it('claims that are longer than verifiers take are refused', async () => {
  const rig = rigWith({ api: { forward: { big: 'x-big' }, max_claims_bytes: 10_000 } });
  // As JSON, each takes two bytes.
  const withQuotes = (count: number) => sign(key, usualClaims({ big: '"'.repeat(count) }));
  expect((await rig.call('GET /any', await withQuotes(5_000))).status).toBe(200);
  const response = await rig.call('GET /any', await withQuotes(5_950));
  expect(response.status).toBe(431);
  expect(rig.received).toHaveLength(1);
});

it('what is not asked for is not there', async () => {
  const rig = makeRig({ routes: ROUTES, keys: [key.publicJwk], api: { audience: AUDIENCE } });
  await rig.call('GET /orders', await sign(key));
  expect(rig.lastReceived().headers.has('txn-token')).toBe(false);
  expect(rig.lastLog().assertion_id).toBeUndefined();
});
