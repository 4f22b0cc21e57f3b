/** The whole way: the real object, the real KV, and a gateway that reads them. */
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { OBJECT_NAME } from '../../src/revocation/access.ts';
import type { Revocations } from '../../src/revocation/object/object.ts';
import { makeRig, type RigOptions } from '../support/gateway.ts';
import { makeKey, sign, usualClaims } from '../support/issuer.ts';
import { ISSUER } from '../support/policy.ts';

const bound = env as { KEYS: KVNamespace; REVOCATIONS: DurableObjectNamespace<Revocations> };
const key = await makeKey();
const now = () => Math.floor(Date.now() / 1000);
const object = () => bound.REVOCATIONS.get(bound.REVOCATIONS.idFromName(OBJECT_NAME));

const rig = (more: Partial<RigOptions> = {}) =>
  makeRig({
    routes: {
      'GET /orders': {},
      'PUT /orders': { revocation: 'strict' },
      'GET /trial': { report_only: true },
      'GET /open': { auth: 'none' },
    },
    more: {
      GATEWAY: { revocation: 'REVOCATIONS', health_path: '/health' },
      ISSUERS: { main: { issuer: ISSUER, jwks_uri: `${ISSUER}keys`, max_token_age: 3600 } },
    },
    keys: [key.publicJwk],
    env: bound as unknown as Record<string, unknown>,
    options: { now: () => Date.now() },
    ...more,
  });

/** Ids of its own for each test: all share one object. */
let count = 0;
const claims = (more: Record<string, unknown> = {}) => {
  const n = count++;
  const ids = { jti: `token-${n}`, sid: `session-${n}`, sub: `user-${n}`, client_id: `client-${n}` };
  return usualClaims({ exp: now() + 600, iat: now() - 60, ...ids, ...more });
};

const change = (input: object) => object().apply({ by: 'somebody', why: 'a test', ...input });
const revoke = (kind: string, id: unknown) =>
  change({
    action: 'revoke',
    revoked: { kind, issuer: ISSUER, id },
    livesSeconds: 7200,
  });
const close = (kind: string, target: unknown, more: object = {}) =>
  change({ action: 'close', kind, target, status: 503, ...more });

const ID_CLAIMS = { token: 'jti', subject: 'sub', session: 'sid', client: 'client_id' } as const;

/** Keys of one test are no keys for the next. */
beforeEach(async () => {
  for (const { name } of (await bound.KEYS.list({ prefix: 'claimgate-keys' })).keys)
    await bound.KEYS.delete(name);
});

describe('a gateway with revocation', () => {
  it.each(Object.entries(ID_CLAIMS))(
    'refuses what is revoked by %s, and nothing else',
    async (kind, claim) => {
      const token = await sign(key, claims({}));
      const [given, other] = [claims(), claims()];
      const [revoked, good] = [await sign(key, given), await sign(key, other)];
      expect((await rig().call('GET /orders', revoked)).status).toBe(200);
      const { number, published } = await revoke(kind, given[claim]);
      expect(published).toBe(true);
      const fresh = rig();
      const answer = await fresh.call('GET /orders', revoked);
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringContaining('error="invalid_token"'),
      ]);
      expect(fresh.lastLog()).toMatchObject({ reason: 'token_revoked', reason_detail: kind, entry: number });
      for (const one of [token, good]) expect((await fresh.call('GET /orders', one)).status).toBe(200);
      expect((await fresh.ask('GET /open')).status).toBe(200);
      await change({ action: 'unrevoke', revoked: { kind, issuer: ISSUER, id: given[claim] } });
      expect((await rig().call('GET /orders', revoked)).status).toBe(200);
    },
  );

  it('refuses all that an issuer issued up to then', async () => {
    const before = await sign(key, claims());
    const after = await sign(key, claims({ iat: now() + 40, exp: now() + 600 }));
    await revoke('issuer', '');
    const gateway = rig({ options: { now: () => Date.now() + 41_000 } });
    expect((await gateway.call('GET /orders', before)).status).toBe(401);
    expect((await gateway.call('GET /orders', after)).status).toBe(200);
    await change({ action: 'unrevoke', revoked: { kind: 'issuer', issuer: ISSUER, id: '' } });
  });

  it('goes by the text of an id that its issuer writes as a number', async () => {
    const token = await sign(key, claims({ jti: 4711 }));
    await revoke('token', '4711');
    expect((await rig().call('GET /orders', token)).status).toBe(401);
  });

  it('lets a revoked token pass on a route on trial, without claims, and logs it', async () => {
    const given = claims();
    await revoke('subject', given['sub']);
    const gateway = rig();
    expect((await gateway.call('GET /trial', await sign(key, given))).status).toBe(200);
    expect(gateway.lastLog()).toMatchObject({ decision: 'allow', would_deny: 'token_revoked' });
    expect(gateway.lastReceived().headers.get('x-claim-sub')).toBeNull();
  });

  it('asks the object itself on a strict route', async () => {
    const gateway = rig();
    const given = claims();
    const token = await sign(key, given);
    expect((await gateway.call('PUT /orders', token)).status).toBe(200);
    await revoke('subject', given['sub']);
    expect((await gateway.call('GET /orders', token)).status).toBe(200);
    expect((await gateway.call('PUT /orders', token)).status).toBe(401);
  });

  it('answers a strict route with 503 where the object fails', async () => {
    const failing = {
      idFromName: () => bound.REVOCATIONS.idFromName(OBJECT_NAME),
      get: () => ({ ask: () => Promise.reject(new Error('made to fail')) }),
    };
    const gateway = rig({ env: { ...bound, REVOCATIONS: failing } });
    const token = await sign(key, claims());
    expect((await gateway.call('PUT /orders', token)).status).toBe(503);
    expect((await gateway.call('GET /orders', token)).status).toBe(200);
  });

  it('refuses what is revoked while keys rotate', async () => {
    const next = await makeKey('ES256', 'key-2');
    const given = claims();
    await revoke('subject', given['sub']);
    let offsetMs = 0;
    const rotated = rig({ options: { now: () => Date.now() + offsetMs } });
    expect((await rotated.call('GET /orders', await sign(key, given))).status).toBe(401);
    rotated.state.keys = [next.publicJwk];
    // Keys that were checked a moment ago are not looked for anew.
    offsetMs = 61_000;
    expect((await rotated.call('GET /orders', await sign(next, given))).status).toBe(401);
    expect((await rotated.call('GET /orders', await sign(next, claims()))).status).toBe(200);
  });

  it('tells its health, and nothing of what is revoked', async () => {
    const given = claims();
    await revoke('subject', given['sub']);
    const text = await (await rig().ask('GET /health')).text();
    expect(JSON.parse(text).revocation).toMatchObject({ status: 'ok', version: expect.any(Number) });
    expect(text).not.toContain(String(given['sub']));
  });

  it.each(['REVOCATIONS', 'KEYS'])('refuses everything without the binding %s', async (missing) => {
    const gateway = rig({ env: { ...bound, [missing]: undefined } });
    expect((await gateway.ask('GET /open')).status).toBe(503);
    expect(gateway.logs[0]).toMatchObject({ event: 'policy_invalid' });
  });
});

describe('switches', () => {
  it('close an API to everybody, and a route in every spelling, for the time that was said', async () => {
    const { number } = await close('api', 'API_ORDERS', { why: 'repair' });
    const gateway = rig();
    for (const path of ['GET /open', 'GET /trial', 'GET /orders']) {
      const response = await gateway.ask(path);
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '60']);
    }
    expect(gateway.lastLog()).toMatchObject({ reason: 'closed', reason_detail: 'repair', entry: number });
    expect((await gateway.ask('GET /nothing')).status).toBe(404);
    await change({ action: 'open', kind: 'api', target: 'API_ORDERS' });
    await close('route', 'API_ORDERS GET /open', { status: 403, forSeconds: 20 });
    let offsetMs = 0;
    const later = rig({ options: { now: () => Date.now() + offsetMs } });
    const answers = await Promise.all(['GET /open', 'GET /OPEN', 'GET /open/'].map((one) => later.ask(one)));
    expect(answers.map(({ status }) => status)).toEqual([403, 404, 404]);
    offsetMs = 21_000;
    expect((await later.ask('GET /open')).status).toBe(200);
  });

  it('block a client, whatever issuer it is of', async () => {
    const given = claims();
    const token = await sign(key, given);
    const { number } = await close('client', given['client_id']);
    const gateway = rig();
    expect((await gateway.call('GET /orders', token)).status).toBe(401);
    expect(gateway.lastLog()).toMatchObject({ reason: 'client_blocked', entry: number });
    await change({ action: 'open', kind: 'client', target: given['client_id'] });
  });

  it('block a key, also for tokens that were remembered and do not name it', async () => {
    const nameless = await sign({ ...key, kid: undefined }, claims());
    const named = await sign(key, claims());
    let offsetMs = 0;
    const gateway = rig({ options: { now: () => Date.now() + offsetMs } });
    for (const token of [nameless, named])
      expect((await gateway.call('GET /orders', token)).status).toBe(200);
    const { number } = await close('key', 'key-1');
    offsetMs = 31_000;
    for (const token of [nameless, named]) {
      expect((await gateway.call('GET /orders', token)).status).toBe(401);
      expect(gateway.lastLog()).toMatchObject({ reason: 'key_blocked', entry: number });
    }
    await change({ action: 'open', kind: 'key', target: 'key-1' });
    offsetMs = 62_000;
    for (const token of [nameless, named])
      expect((await gateway.call('GET /orders', token)).status).toBe(200);
  });
});
