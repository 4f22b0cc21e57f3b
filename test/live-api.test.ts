/** What people met who put the gateway in front of a live API, each as a test of what it does now: the gateway's part. */
import { beforeAll, describe, expect, it } from 'vitest';
import { makeRig, type RigOptions } from './support/gateway.ts';
import { makeKey, type SigningKey, sign, usualClaims } from './support/issuer.ts';

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});

const rigWith = (options: Partial<RigOptions>) =>
  makeRig({ routes: { 'GET /orders': {} }, keys: [key.publicJwk], ...options });
const token = (claims: Record<string, unknown> = {}) => sign(key, usualClaims(claims));

describe('in front of a live API', () => {
  it('"* /*" on trial drops no Authorization: the API checks tokens and Basic itself', async () => {
    const rig = rigWith({ routes: { '* /*': { report_only: true } } });
    await rig.ask('GET /orders', { authorization: 'Basic YTpi' });
    expect(rig.lastReceived().headers.get('authorization')).toBe('Basic YTpi');
    expect(rig.lastLog().would_deny).toBe('token_missing');
  });

  it('there is a mode in which nothing breaks: /, other methods, // and %2F pass', async () => {
    const rig = rigWith({ routes: { '* /*': {}, 'GET /orders': {} }, api: { report_only: true } });
    for (const request of ['GET /', 'DELETE /orders', 'GET //orders', 'GET /a%2Fb'])
      expect((await rig.ask(request)).status, request).toBe(200);
  });

  it('a route on trial refuses nobody beside an enforced one', async () => {
    const routes = {
      'GET /*': { scopes_all: ['read:orders'] },
      'GET /orders': { scopes_all: ['admin'], report_only: true },
    };
    const rig = rigWith({ routes });
    expect((await rig.call('GET /orders/', await token({ scope: 'read:orders' }))).status).toBe(200);
    expect((await rig.call('GET /Orders', await token({ scope: 'read:orders' }))).status).toBe(200);
  });

  it('a denial has path, host, address and user agent', async () => {
    const rig = rigWith({});
    await rig.ask('GET /nowhere', { 'cf-connecting-ip': '192.0.2.1', 'user-agent': 'curl/8' });
    expect(rig.lastLog()).toMatchObject({
      reason: 'route_unknown',
      path: '/nowhere',
      host: 'api.example.com',
      address: '192.0.2.1',
      user_agent: 'curl/8',
    });
  });

  it('createGateway({ log }) gets the request', async () => {
    const urls: (string | undefined)[] = [];
    const rig = rigWith({ options: { log: (_, request) => urls.push(request?.url) } });
    await rig.ask('GET /nowhere');
    expect(urls).toEqual(['https://api.example.com/nowhere']);
  });

  it('audience_mismatch names the audience, client_blocked the client', async () => {
    const rig = rigWith({ more: { GATEWAY: { blocked_clients: ['shop'] } } });
    await rig.call('GET /orders', await token({ aud: 'https://other.example' }));
    expect(rig.lastLog().unverified_aud).toBe('https://other.example');
    await rig.call('GET /orders', await token({ client_id: 'shop' }));
    expect(rig.lastLog()).toMatchObject({ reason: 'client_blocked', reason_detail: 'shop' });
  });

  it('a refused preflight is logged', async () => {
    const rig = rigWith({ api: { cors: { origins: ['https://app.example'] } } });
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'GET' };
    await rig.ask('OPTIONS /orders', headers);
    expect(rig.logs).toEqual([
      expect.objectContaining({
        event: 'preflight_refused',
        cause: 'origin',
        origin: 'https://evil.example',
      }),
    ]);
  });

  it('origin_ms is there only if the origin was asked', async () => {
    const rig = rigWith({});
    await rig.ask('GET /orders');
    expect(rig.lastLog().origin_ms).toBeUndefined();
    await rig.call('GET /orders', await token());
    expect(rig.lastLog().origin_ms).toEqual(expect.any(Number));
  });

  it('policy_invalid tells its faults once, not for every request', async () => {
    const rig = rigWith({ routes: { 'GET /orders': { scopes: ['typo'] } } });
    for (let i = 0; i < 3; i++) expect((await rig.ask('GET /orders')).status).toBe(503);
    expect(rig.logs.filter((line) => 'event' in line && line.event === 'policy_invalid')).toHaveLength(1);
  });
});
