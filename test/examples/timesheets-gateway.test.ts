import { parse } from 'smol-toml';
import { beforeEach, describe, expect, it } from 'vitest';
import readme from '../../examples/timesheets/README.md?raw';
import { createVerifier } from '../../origin/src/index.ts';
import { createGateway } from '../../src/gateway.ts';
import { makeAssertionKey } from '../support/assertion-key.ts';
import { makeKey, NOW_SECONDS, type SigningKey, sign, usualClaims } from '../support/issuer.ts';
import { ISSUER } from '../support/policy.ts';
import { makeApi } from './support/timesheets.ts';

const { vars } = parse(/```toml\n(.*?)```/s.exec(readme)?.[1] ?? '') as { vars: Record<string, unknown> };

let key: SigningKey;
let gateway: ReturnType<typeof createGateway>;
beforeEach(async () => {
  key = await makeKey();
  const own = await makeAssertionKey(0);
  const api = await makeApi(
    createVerifier({
      issuer: 'https://api.example.com',
      audience: 'claimgate-timesheets',
      keys: { keys: [own.publicJwk] },
      now: () => NOW_SECONDS * 1000,
    }),
  );
  gateway = createGateway({
    env: {
      TIMESHEETS: { fetch: (url: string, init: RequestInit) => api.fetch(new Request(url, init)) },
      ASSERTION_KEY: own.secret,
    },
    policy: { ISSUERS: { main: { issuer: ISSUER, jwks_uri: `${ISSUER}keys` } }, ...vars },
    now: () => NOW_SECONDS * 1000,
    log: () => {},
    fetch: async () => Response.json({ keys: [key.publicJwk] }),
  });
});

async function call(line: string, claims: object | undefined, body?: object): Promise<Response> {
  const [method = '', path = ''] = line.split(' ');
  const aud = 'https://api.example.com/timesheets';
  const token = claims && (await sign(key, usualClaims({ aud, ...claims })));
  return gateway.request(`https://api.example.com${path}`, {
    method,
    headers: {
      'x-claim-sub': 'forged',
      'x-claim-user-id': 'forged',
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
}

const OWN = { date: '2017-05-10T17:40:20.095Z', project: 'StoreZero', hours: 5 };
const ALL = 'batch:upload create:timesheets read:timesheets delete:timesheets approve:timesheets';

describe('the Timesheets API behind the gateway, with the policy of its README', () => {
  it.each([
    ['POST /timesheets/upload', 'batch:upload', { ...OWN, user_id: '007' }, 201],
    ['POST /timesheets', 'create:timesheets', OWN, 201],
    ['GET /timesheets', 'read:timesheets', undefined, 200],
    ['DELETE /timesheets/1', 'delete:timesheets', undefined, 404],
    ['GET /approvals', 'approve:timesheets', undefined, 200],
    ['PUT /approvals/1', 'approve:timesheets', undefined, 404],
  ])('%s takes %s, and no other scope', async (line, scope, body, status) => {
    const others = ALL.split(' ').filter((one) => one !== scope);
    expect((await call(line, undefined, body)).status).toBe(401);
    expect((await call(line, { scope: others.join(' ') }, body)).status).toBe(403);
    expect((await call(line, { scope }, body)).status).toBe(status);
  });

  it('GET /health is open to anyone', async () => {
    expect((await call('GET /health', undefined)).status).toBe(200);
  });

  it.each([
    ['the user of the token', { 'https://api.example.com/user_id': 'Míla, 100%' }, 'Míla, 100%'],
    ['the subject of a token without a user', {}, 'user-1'],
  ])('the owner is %s, whatever headers the client sends', async (_who, claims, owner) => {
    const response = await call('POST /timesheets', { ...claims, scope: ALL }, OWN);
    expect(await response.json()).toMatchObject({ user_id: owner });
  });
});
