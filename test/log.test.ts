/** The log of a live API: whoever reads it finds out who was refused, since when, and why. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { LogLine } from '../src/gateway.ts';
import { makeRig, type RigOptions } from './support/gateway.ts';
import { makeKey, type SigningKey, sign, usualClaims } from './support/issuer.ts';

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey('ES256', 'key-1');
});

const rigWith = (options: Partial<RigOptions> = {}) =>
  makeRig({ routes: { 'GET /orders': {}, 'POST /orders': {} }, keys: [key.publicJwk], ...options });

const CLOUDFLARE = { 'cf-connecting-ip': '192.0.2.7', 'cf-ipcountry': 'NZ', 'user-agent': 'curl/8.5' };
const FACTS = ['host', 'path', 'query', 'address', 'country', 'user_agent', 'policy_version'];

describe('a refused request', () => {
  it('can be found again: host, path, names of the query, address, country, user agent', async () => {
    const rig = rigWith();
    await rig.ask('GET /nothing/%2e%2e?token=secret&page=2&page=3', CLOUDFLARE);
    expect(rig.lastLog()).toMatchObject({
      decision: 'deny',
      reason: 'path_ambiguous',
      host: 'api.example.com',
      path: '/nothing/%2e%2e',
      query: ['token', 'page'],
      address: '192.0.2.7',
      country: 'NZ',
      user_agent: 'curl/8.5',
      policy_version: expect.stringMatching(/^[0-9a-f]{8}$/),
    });
    expect(JSON.stringify(rig.logs)).not.toContain('secret');
  });

  it('is escaped and cut: a stranger writes the path, and terminals and logs read it', async () => {
    const rig = rigWith();
    await rig.ask(`GET /\u001b[31mé\ud800${'x'.repeat(300)}?\u0007=1`);
    const { path = '', query } = rig.lastLog();
    expect(path).toMatch(/^\/%1B\[31m%C3%A9%EF%BF%BDx+$/);
    expect(path.length).toBeLessThan(300);
    expect(query).toEqual(['%07']);
  });

  it.each([
    ['denied', false, true],
    ['all', true, true],
    ['none', false, false],
  ])('log_requests = "%s": of allowed requests %s, of refused ones %s', async (choice, allowed, refused) => {
    const rig = rigWith({ more: { GATEWAY: { log_requests: choice } } });
    const isTraced = () => FACTS.some((name) => rig.lastLog()[name as 'host'] !== undefined);
    await rig.call('GET /orders', await sign(key), CLOUDFLARE);
    expect(isTraced()).toBe(allowed);
    await rig.ask('GET /orders', CLOUDFLARE);
    expect(isTraced()).toBe(refused);
  });

  it('is traced too where a rule on trial would refuse it', async () => {
    const rig = rigWith({ routes: { 'GET /orders': { report: { clients: ['other'] } } } });
    await rig.call('GET /orders', await sign(key));
    expect(rig.lastLog()).toMatchObject({ would_deny: 'client_not_allowed', path: '/orders' });
  });

  it('names what its token claims: audience, client, type', async () => {
    const rig = rigWith();
    const claims = usualClaims({ aud: ['https://other.example', 'urn:x'], client_id: 'shop' });
    await rig.call('GET /orders', await sign(key, claims));
    expect(rig.lastLog()).toMatchObject({
      reason: 'audience_mismatch',
      unverified_aud: 'https://other.example urn:x',
      unverified_client: 'shop',
      unverified_typ: 'at+jwt',
    });
  });

  it('names the client that is blocked', async () => {
    const rig = rigWith({ more: { GATEWAY: { blocked_clients: ['shop'] } } });
    await rig.call('GET /orders', await sign(key, usualClaims({ client_id: 'shop' })));
    expect(rig.lastLog()).toMatchObject({ reason: 'client_blocked', reason_detail: 'shop' });
  });
});

describe('origin_ms', () => {
  it('is there for requests that reached the origin, and only for those', async () => {
    const rig = rigWith({ routes: { 'GET /orders': {}, 'GET /far': { auth: 'none' } } });
    await rig.call('GET /orders', await sign(key));
    expect(rig.lastLog().origin_ms).toBe(0);
    const huge = usualClaims({ scope: 'x'.repeat(10_000) });
    await rig.call('GET /orders', await sign(key, huge));
    expect(rig.lastLog()).toMatchObject({ reason: 'claims_too_large' });
    expect(rig.lastLog().origin_ms).toBeUndefined();
  });
});

describe('versions', () => {
  it('tell two policies and two Workers apart', async () => {
    const versionOf = async (routes: Record<string, unknown>, id: string) => {
      const env = { VERSION: { id, tag: '', timestamp: '2026-11-27' } };
      const rig = rigWith({ routes, env });
      await rig.ask('GET /nothing');
      const { worker_version, policy_version } = rig.lastLog();
      return [worker_version, policy_version];
    };
    const first = await versionOf({ 'GET /a': {} }, 'one');
    expect(await versionOf({ 'GET /a': {} }, 'one')).toEqual(first);
    expect(await versionOf({ 'GET /b': {} }, 'two')).toEqual([
      'two',
      expect.not.stringMatching(first[1] ?? ''),
    ]);
  });
});

describe('a preflight that the policy does not allow', () => {
  const cors = { origins: ['https://app.example.com'], headers: ['authorization'] };
  const ask = async (origin: string, headers: string) => {
    const rig = rigWith({ api: { cors } });
    const asked = {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': headers,
    };
    expect((await rig.ask('OPTIONS /orders', asked)).status).toBe(204);
    return rig.logs;
  };

  it('is logged, since the browser sends nothing else', async () => {
    const request_id = expect.stringMatching(/^[0-9a-f-]{36}$/);
    const refused = { event: 'preflight_refused', api: 'API_ORDERS', method: 'GET', request_id };
    expect(await ask('https://evil.example', 'Authorization')).toEqual([
      {
        ...refused,
        cause: 'origin',
        origin: 'https://evil.example',
        add: 'origins = ["https://evil.example"]',
      },
    ]);
    expect(await ask('https://app.example.com', 'authorization, x-trace')).toEqual([
      {
        ...refused,
        cause: 'headers',
        origin: 'https://app.example.com',
        missing: ['x-trace'],
        add: 'headers = ["x-trace"]',
      },
    ]);
    expect(await ask('https://app.example.com', 'Authorization')).toEqual([]);
  });
});

describe('a log function of one’s own', () => {
  it('gets the request beside the line', async () => {
    const seen: [LogLine, string | undefined][] = [];
    const log = (line: LogLine, request?: Request) =>
      seen.push([line, request?.headers.get('cf-ray') ?? undefined]);
    const rig = rigWith({ options: { log } });
    await rig.ask('GET /orders', { 'cf-ray': 'ray-1' });
    expect(seen.at(-1)).toEqual([expect.objectContaining({ reason: 'token_missing' }), 'ray-1']);
  });
});
