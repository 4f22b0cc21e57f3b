/** `origin_headers`: any name that is not the gateway's own, and what becomes of the client's header of that name. */
import { beforeAll, describe, expect, it } from 'vitest';
import { maySetHeader } from '../../src/policy/headers.ts';
import { makeRig } from '../support/gateway.ts';
import { makeKey, type SigningKey, sign } from '../support/issuer.ts';
import { faultsOf, vars } from '../support/policy.ts';

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});

const env = { S: 'the-secret', T: 'Bearer t' };
const OTHER = {
  API_B: {
    hosts: ['b.example.com'],
    origin: 'https://b.internal.example',
    audience: 'b',
    routes: { 'GET /b': { auth: 'none' } },
  },
};

describe('a credential of the origin', () => {
  it.each([
    'cf-access-client-id',
    'cf-access-client-secret',
    'apikey',
    'api-key',
    'api_key',
    'x-functions-key',
    'x-api-key',
    'private-token',
    'ocp-apim-subscription-key',
  ])('%s is set from a secret, and no spelling of it comes from a client', async (name) => {
    const rig = makeRig({
      routes: { 'GET /x': { auth: 'none' } },
      api: { origin_headers: { [name]: 'secret:S' } },
      env,
    });
    const aliases = [
      name,
      name.toUpperCase(),
      name.replaceAll('-', '_'),
      name.replaceAll('_', '-'),
      name.replace(/[-_]/g, '.'),
    ];
    await rig.ask('GET /x', Object.fromEntries(aliases.map((alias) => [alias, 'forged'])));
    const { headers } = rig.lastReceived();
    expect(headers.get(name)).toBe('the-secret');
    expect([...headers].filter(([, value]) => value.includes('forged'))).toEqual([]);
  });

  it.each([
    ['apikey', 'clients-own'],
    ['api-key', 'clients-own'],
    ['authorization', 'Basic abc'],
  ])('%s of clients still reaches other APIs', async (name, value) => {
    const rig = makeRig({
      routes: { 'GET /x': {} },
      api: { hosts: ['a.example.com'], origin_headers: { [name]: 'secret:S' } },
      more: OTHER,
      env,
    });
    await rig.ask('GET https://b.example.com/b', { [name]: value });
    expect(rig.lastReceived().headers.get(name)).toBe(value);
  });

  it('x-… names are dropped from clients of all APIs, as ever', async () => {
    const rig = makeRig({
      routes: { 'GET /x': {} },
      api: { origin_headers: { 'x-proof': 'secret:S' } },
      more: OTHER,
      env,
    });
    await rig.ask('GET https://b.example.com/b', { 'x-proof': 'forged' });
    expect(rig.lastReceived().headers.get('x-proof')).toBeNull();
  });
});

describe('authorization as the credential', () => {
  const rigWith = (route: object, api: object = {}) =>
    makeRig({
      routes: { 'GET /x': route },
      keys: [key.publicJwk],
      api: { origin_headers: { authorization: 'secret:T' }, ...api },
      env,
    });

  it.each<[string, object, object]>([
    ['a usual route', {}, {}],
    ['an open route', { auth: 'none' }, {}],
    ['an optional route', { auth: 'optional' }, {}],
    ['a route on trial', { report_only: true }, {}],
    ['an API on trial', {}, { report_only: true }],
    ['an API on trial, and a path that it does not have', {}, { report_only: true }],
  ])("takes the place of the caller's on %s", async (what, route, api) => {
    const rig = rigWith(route, api);
    const target = what.endsWith('have') ? '/other' : '/x';
    await rig.call(`GET ${target}`, await sign(key), { Authorization_: 'forged' });
    expect(rig.lastReceived().headers.get('authorization')).toBe('Bearer t');
  });

  it.each([
    ['the API', { forward_authorization: true }, {}, 'API_ORDERS.forward_authorization'],
    ['a route', {}, { forward_authorization: true }, 'API_ORDERS.routes."GET /x".forward_authorization'],
  ])('beside forward_authorization of %s is a fault', (_what, api, route, place) => {
    const faults = faultsOf(
      vars({ 'GET /x': route }, { origin_headers: { authorization: 'secret:T' }, ...api }),
    );
    expect(faults).toEqual([
      `${place}: origin_headers sets Authorization; remove it: the caller's is not sent on by this API`,
    ]);
  });
});

describe('names that are not the policy’s to set', () => {
  it.each([
    'host',
    'content-length',
    'content-type',
    'content-encoding',
    'transfer-encoding',
    'connection',
    'keep-alive',
    'te',
    'trailer',
    'upgrade',
    'expect',
    'proxy-authorization',
    'cookie',
    'set-cookie',
    'forwarded',
    'x-forwarded-for',
    'x-forwarded-prefix',
    'x_forwarded_for',
    'x-real-ip',
    'true-client-ip',
    'x-original-url',
    'x-rewrite-url',
    'x-http-method-override',
    'x-claim-sub',
    'x-claim-anything',
    'x-request-id',
    'x-client-request-id',
    'x_request_id',
    'cf-connecting-ip',
    'cf-ray',
    'cf-ipcountry',
    'cf-access-jwt-assertion',
    'cf_access_client_id',
    'cf-worker',
    'sec-websocket-key',
    'origin',
    'access-control-request-method',
    'cache-control',
    'via',
    'date',
    'Authorization',
    'X-Proof',
    '',
    'a b',
    'a:b',
    'é',
    '-a',
    'a-',
    '__proto__x__',
  ])('%s', (name) => {
    expect(maySetHeader(name)).toBe(false);
  });

  it('upper case has its own words', () => {
    expect(faultsOf(vars({ 'GET /x': {} }, { origin_headers: { ApiKey: 'secret:S' } }))).toEqual([
      'API_ORDERS.origin_headers.ApiKey: the header "ApiKey" can\'t be set; write it in lower case: apikey',
    ]);
  });

  it('and no two that servers take for one', () => {
    expect(
      faultsOf(vars({ 'GET /x': {} }, { origin_headers: { 'api-key': 'secret:S', api_key: 'secret:T' } })),
    ).toEqual([
      'API_ORDERS.origin_headers.api_key: api_key is set twice; servers take _ for -: keep one of them',
    ]);
  });
});

describe('drop_headers', () => {
  it.each([
    [
      'authorization',
      'Authorization has a field of its own',
      'remove it, and write forward_authorization = false',
    ],
    ['x-claim-sub', 'x-claim-sub is never sent on', 'remove it'],
    ['Connection', 'Connection is never sent on', 'remove it'],
    ['content-length', "requests can't be read without content-length", 'remove it'],
    ['sec-websocket-key', "requests can't be read without sec-websocket-key", 'remove it'],
  ])('%s is a fault', (name, problem, remedy) => {
    expect(faultsOf(vars({ 'GET /x': {} }, { drop_headers: [name] }))).toEqual([
      `API_ORDERS.drop_headers[0]: ${problem}; ${remedy}`,
    ]);
    expect(faultsOf(vars({ 'GET /x': {} }, {}, { GATEWAY: { drop_headers: [name] } }))).toEqual([
      `GATEWAY.drop_headers[0]: ${problem}; ${remedy}`,
    ]);
  });
});
