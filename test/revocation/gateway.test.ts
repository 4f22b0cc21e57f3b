/** The whole way: the real object, the real KV, and a gateway that reads them. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { OBJECT_NAME } from '../../src/revocation/access.ts';
import type { Revocations } from '../../src/revocation/object/object.ts';
import { makeRig } from '../support/gateway.ts';
import { makeKey, sign, usualClaims } from '../support/issuer.ts';
import { ISSUER } from '../support/policy.ts';

const bound = env as { KEYS: KVNamespace; REVOCATIONS: DurableObjectNamespace<Revocations> };
const key = await makeKey();
const now = () => Math.floor(Date.now() / 1000);
const object = () => bound.REVOCATIONS.get(bound.REVOCATIONS.idFromName(OBJECT_NAME));

const rig = () =>
  makeRig({
    routes: { 'GET /orders': {}, 'DELETE /orders': { revocation: 'strict' }, 'GET /open': { auth: 'none' } },
    more: {
      GATEWAY: { revocation: 'REVOCATIONS' },
      ISSUERS: { main: { issuer: ISSUER, jwks_uri: `${ISSUER}keys`, max_token_age: 3600 } },
    },
    keys: [key.publicJwk],
    env: bound as unknown as Record<string, unknown>,
    options: { now: Date.now },
  });

const claims = (more: Record<string, unknown> = {}) =>
  usualClaims({ exp: now() + 600, iat: now() - 60, jti: 'token-1', sid: 'session-1', ...more });

const revoke = (kind: string, id: string) =>
  object().apply({
    action: 'revoke',
    revocation: { kind, issuer: ISSUER, id, beforeSeconds: now(), untilSeconds: now() + 7200 },
    by: 'somebody',
    why: 'a test',
  });

describe('a gateway with revocation', () => {
  it.each([
    ['token', 'token-1'],
    ['subject', 'user-1'],
    ['session', 'session-1'],
    ['client', 'client-1'],
    ['issuer', ''],
  ])('refuses what is revoked by %s, and nothing else', async (kind, id) => {
    const gateway = rig();
    const token = await sign(key, claims());
    expect((await gateway.call('GET /orders', token)).status).toBe(200);
    const { number, published } = await revoke(kind, id);
    expect(published).toBe(true);
    const fresh = rig();
    expect((await fresh.call('GET /orders', token)).status).toBe(401);
    expect(fresh.lastLog()).toMatchObject({ reason: 'token_revoked', reason_detail: kind, entry: number });
    expect((await fresh.ask('GET /open')).status).toBe(200);
    await object().apply({ action: 'unrevoke', revoked: { kind, issuer: ISSUER, id }, by: 'x', why: 'y' });
    expect((await rig().call('GET /orders', token)).status).toBe(200);
  });

  it('closes an API', async () => {
    const { number } = await object().apply({
      action: 'close',
      kind: 'api',
      target: 'API_ORDERS',
      status: 503,
      by: 'x',
      why: 'repair',
    });
    const gateway = rig();
    const response = await gateway.ask('GET /open');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '60']);
    expect(gateway.lastLog()).toMatchObject({ reason: 'closed', reason_detail: 'repair', entry: number });
  });
});
