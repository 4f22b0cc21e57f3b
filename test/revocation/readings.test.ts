/** What is closed or strict is so in every reading of a path, also where the route that serves it has the same rules. */
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it } from 'vitest';
import { OBJECT_NAME } from '../../src/revocation/access.ts';
import type { Revocations } from '../../src/revocation/object/object.ts';
import { makeRig } from '../support/gateway.ts';
import { makeKey, sign, usualClaims } from '../support/issuer.ts';
import { ISSUER } from '../support/policy.ts';

const bound = env as { KEYS: KVNamespace; REVOCATIONS: DurableObjectNamespace<Revocations> };
const key = await makeKey();
const now = () => Math.floor(Date.now() / 1000);
const object = () => bound.REVOCATIONS.get(bound.REVOCATIONS.idFromName(OBJECT_NAME));
const token = await sign(key, usualClaims({ exp: now() + 600, iat: now() - 60 }));

const rig = (routes: Record<string, object>, api: object = {}) =>
  makeRig({
    routes,
    api: api as Record<string, unknown>,
    more: {
      GATEWAY: { revocation: 'REVOCATIONS' },
      ISSUERS: { main: { issuer: ISSUER, jwks_uri: `${ISSUER}keys`, max_token_age: 3600 } },
    },
    keys: [key.publicJwk],
    env: bound as unknown as Record<string, unknown>,
    options: { now: () => Date.now() },
  });

const said = { by: 'somebody', why: 'a test' };
const closed: string[] = [];
async function close(target: string): Promise<void> {
  closed.push(target);
  await object().apply({ action: 'close', kind: 'route', target, status: 503, ...said });
}
afterEach(async () => {
  for (const target of closed.splice(0))
    await object().apply({ action: 'open', kind: 'route', target, ...said });
});

describe('a strict route', () => {
  it('asks the object in another spelling that a route with the same rules serves', async () => {
    const gateway = rig({
      'GET /admin': { revocation: 'strict' },
      'GET /*': { revocation: 'strict' },
      'GET /a': {},
    });
    expect((await gateway.call('GET /a', token)).status).toBe(200);
    await close('API_ORDERS GET /admin');
    expect((await gateway.call('GET /Admin', token)).status).toBe(503);
  });
});

describe('a strict route on trial', () => {
  it('gives no claims of a revoked token to the origin, which the isolate knows already', async () => {
    const gateway = rig({ 'GET /a': {}, 'GET /trial': { report_only: true, revocation: 'strict' } });
    const revoked = { kind: 'subject', issuer: ISSUER, id: 'thief' } as const;
    const given = await sign(key, usualClaims({ sub: 'thief', exp: now() + 600, iat: now() - 60 }));
    await object().apply({ action: 'revoke', revoked, livesSeconds: 3600, ...said });
    expect((await gateway.call('GET /a', given)).status).toBe(401);
    expect((await gateway.call('GET /trial', given)).status).toBe(200);
    expect(gateway.lastLog()).toMatchObject({ would_deny: 'token_revoked' });
    expect(gateway.lastReceived().headers.get('x-claim-sub')).toBeNull();
  });
});

describe('a route that is closed', () => {
  it.each([
    ['letter case', 'GET /Admin'],
    ['a final slash', 'GET /admin/'],
    ['an encoding', 'GET /%61dmin;x'],
  ])('is closed in another spelling that a route with the same rules serves: %s', async (_, request) => {
    await close('API_ORDERS GET /admin');
    const gateway = rig({ 'GET /admin': {}, 'GET /*': {} });
    expect((await gateway.call('GET /other', token)).status).toBe(200);
    expect((await gateway.call('GET /admin', token)).status).toBe(503);
    expect((await gateway.call(request, token)).status).toBe(503);
  });

  it('is closed where a query may be read as its own', async () => {
    await close('API_ORDERS GET /page?action=delete');
    const gateway = rig({ 'GET /page': {}, 'GET /page?action=delete': {} });
    expect((await gateway.call('GET /page?action=view', token)).status).toBe(200);
    expect((await gateway.call('GET /page?action=view&action=delete', token)).status).toBe(503);
  });

  it('is closed as the second target of a request', async () => {
    await close('API_ORDERS DELETE /x');
    const gateway = rig({ 'GET|POST /x': {}, 'DELETE /x': {} });
    expect((await gateway.call('POST /x', token)).status).toBe(200);
    expect((await gateway.call('POST /x?_method=DELETE', token)).status).toBe(503);
  });

  it('is closed on trial, in a spelling that no route serves', async () => {
    await close('API_ORDERS GET /admin');
    const gateway = rig({ 'GET /admin': {} }, { report_only: true });
    expect((await gateway.call('GET /other', token)).status).toBe(200);
    expect((await gateway.call('GET /Admin', token)).status).toBe(503);
  });

  it('is closed on trial, where the path can be read in several ways', async () => {
    const gateway = rig({ 'GET /admin': {} }, { report_only: true });
    expect((await gateway.call('GET //admin', token)).status).toBe(200);
    await close('API_ORDERS GET /admin');
    expect((await rig({ 'GET /admin': {} }, { report_only: true }).call('GET //admin', token)).status).toBe(
      503,
    );
  });
});
