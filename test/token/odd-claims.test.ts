/** Claims of every form under every name: nothing of them is a 5xx, and what nobody uses changes nothing. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/gateway.ts';
import { makeRig } from '../support/gateway.ts';
import { makeKey, type SigningKey, signRaw, usualClaims } from '../support/issuer.ts';
import { AUDIENCE, ISSUER } from '../support/policy.ts';

type Claims = Record<string, unknown>;

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});

const RUNS = 400;

/** Text in which halves of characters stand alone, as where a display name is cut in the middle of an emoji. */
const brokenText = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0xd83d, 0xdc00, 0x20, 0x61)), {
    maxLength: 6,
  })
  .map((units) => String.fromCharCode(...units));
const deep = fc.integer({ min: 1, max: 2000 }).map((depth): unknown => {
  let value: unknown = 'x';
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
});
const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    '',
    ' ',
    '  a  b ',
    0,
    -1,
    1.5,
    2 ** 53,
    1e308,
    42,
    'User Admin',
  ),
  brokenText,
  fc.string(),
);
const hostile = fc.constantFrom<unknown>(
  { toString: 1 },
  { toString: null, valueOf: null },
  [{ toString: 1 }],
  { length: 3 },
  { code: 'claims_malformed' },
  [[['a']]],
  ['a', null],
  [1, 2],
  {},
  [],
);
const odd = fc.oneof(
  scalar,
  hostile,
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(brokenText, scalar, { maxKeys: 3, noNullPrototype: true }),
  fc.jsonValue(),
  deep,
);

/** Names that the policies below use, that others use by guess, and that nobody knows. */
const REGISTERED = ['iss', 'aud', 'exp', 'nbf', 'iat', 'sub', 'jti', 'cnf'];
const GUESSED = ['scope', 'scp', 'permissions', 'azp', 'client_id', 'cid', 'appid'];
const OWN = ['tenant', 'email', 'groups', 'profile', 'team', 'grants', 'app', 'audience', 'token_use'];
const STRANGE = [
  'name',
  'roles',
  'act',
  '__proto__',
  'constructor',
  'toString',
  'length',
  'code',
  '',
  '\ud800',
];
const anyName = fc.constantFrom(...REGISTERED, ...GUESSED, ...OWN, ...STRANGE);

const FORWARD = {
  email: 'x-email',
  groups: { header: 'x-groups', as: 'list' },
  profile: { header: 'x-profile', as: 'json' },
};
const ROUTES = {
  'GET /open': {},
  'GET /scoped': { scopes_all: ['read:orders'] },
  'GET /tenant': { claims: { tenant: 't1' } },
  'GET /client': { clients: ['client-1'] },
};

const counted: string[] = [];
const ENV = {
  LOG_KEY: 'log-key',
  LIMIT: { limit: async ({ key: one }: { key: string }) => ({ success: counted.push(one) > 0 }) },
  ANALYTICS: { writeDataPoint: (point: unknown) => new TextEncoder().encode(JSON.stringify(point)) },
};
const GATEWAY = { log_requests: 'all', log_subject: 'hash' };

/** Nobody says where claims are. */
const usual = () =>
  makeRig({
    routes: ROUTES,
    keys: [key.publicJwk],
    api: { forward: FORWARD, rate_limit: 'LIMIT' },
    more: { GATEWAY },
    env: ENV,
  });

const NAMED = {
  scope_claim: 'grants',
  client_claim: 'app',
  audience_claim: 'audience',
  max_token_age: 3600,
  claims: { token_use: 'access' },
};
const named = () =>
  makeRig({
    routes: ROUTES,
    keys: [key.publicJwk],
    api: { forward: FORWARD },
    more: {
      GATEWAY: { ...GATEWAY, log_subject: 'plain' },
      ISSUERS: { main: { issuer: ISSUER, jwks_uri: `${ISSUER}keys`, ...NAMED } },
    },
    env: ENV,
  });

const callers: Caller[] = [];
const inOneWorker = () =>
  makeRig({
    routes: ROUTES,
    keys: [key.publicJwk],
    api: { origin: 'next' },
    options: {
      next: (_request, caller) => {
        callers.push(caller);
        return new Response(null);
      },
    },
  });

/** Claims of a token that passes everywhere in each of these. */
const goodClaims = () =>
  usualClaims({
    tenant: 't1',
    email: 'a@example.com',
    groups: ['g'],
    profile: { a: 1 },
    grants: 'read:orders',
    app: 'client-1',
    audience: AUDIENCE,
    token_use: 'access',
  });

/** As JSON has it: `__proto__` is a name like any other. */
const payloadOf = (claims: Claims, name: string, value: unknown): string => {
  const rest = Object.entries(claims).filter(([one]) => one !== name);
  const members = [...rest, [name, value] as const].filter(([, one]) => one !== undefined);
  return `{${members.map(([one, what]) => `${JSON.stringify(one)}:${JSON.stringify(what)}`).join(',')}}`;
};

type Rig = ReturnType<typeof makeRig>;

/** All that a client and an origin can see of a token, on each route. */
async function seen(rig: Rig, payload: string): Promise<unknown[]> {
  const token = await signRaw(key, payload);
  const answers: unknown[] = [];
  for (const route of Object.keys(ROUTES)) {
    rig.received.length = 0;
    const response = await rig.call(route, token);
    const { request_id: _id, ...body } = response.headers.get('content-type')?.includes('problem')
      ? ((await response.json()) as Claims)
      : {};
    const headers = rig.received.flatMap((request) =>
      [...request.headers].filter(([name]) => name !== 'x-request-id' && name !== 'authorization'),
    );
    answers.push({ route, status: response.status, body, headers });
  }
  const errors = rig.logs.filter((line) => 'event' in line && line.event === 'error');
  expect(errors).toEqual([]);
  return answers;
}

const statuses = (answers: unknown[]) => answers.map((one) => (one as { status: number }).status);
const bodies = (answers: unknown[]) => answers.map((one) => (one as { body: Claims }).body);

/** The claims that each gateway uses, as its policy and the documents name them. */
const USED: Readonly<Record<string, readonly [make: () => Rig, used: readonly string[]]>> = {
  'nobody says where claims are': [
    usual,
    ['iss', 'aud', 'exp', 'nbf', 'cnf', 'sub', ...GUESSED, 'tenant', 'email', 'groups', 'profile'],
  ],
  'the issuer’s table names the claims': [
    named,
    [
      'iss',
      'audience',
      'exp',
      'nbf',
      'iat',
      'cnf',
      'sub',
      'grants',
      'app',
      'token_use',
      'tenant',
      'email',
      'groups',
      'profile',
    ],
  ],
  'handlers of the same Worker': [
    inOneWorker,
    ['iss', 'aud', 'exp', 'nbf', 'cnf', 'sub', ...GUESSED, 'tenant'],
  ],
};

describe.each(Object.entries(USED))('%s', (_what, [make, used]) => {
  it('no token is a 5xx, and what is malformed is named', async () => {
    const rig = make();
    await fc.assert(
      fc.asyncProperty(anyName, odd, fc.boolean(), async (name, value, alone) => {
        const payload = payloadOf(
          alone ? { iss: ISSUER, exp: goodClaims()['exp'] } : goodClaims(),
          name,
          value,
        );
        const answers = await seen(rig, payload);
        for (const status of statuses(answers)) expect([200, 401, 403, 431]).toContain(status);
        for (const { reason, claim } of bodies(answers))
          if (reason === 'claims_malformed') expect(used).toContain(claim);
      }),
      { numRuns: RUNS },
    );
  });

  it('a claim that no rule, header, audience or time uses never changes the answer', async () => {
    const rig = make();
    const without = await seen(rig, payloadOf(goodClaims(), '', undefined));
    expect(statuses(without)).toEqual([200, 200, 200, 200]);
    const unused = [...REGISTERED, ...GUESSED, ...OWN, ...STRANGE, 'x'].filter(
      (name) => !used.includes(name),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...unused), odd, async (name, value) => {
        expect(await seen(rig, payloadOf(goodClaims(), name, value))).toEqual(without);
      }),
      { numRuns: RUNS },
    );
  });
});

it('a claim that is looked at by guess refuses on no route that does not ask for it', async () => {
  const rig = usual();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('sub', 'iat', ...GUESSED), odd, async (name, value) => {
      const [open, scoped, tenant, client] = statuses(await seen(rig, payloadOf(goodClaims(), name, value)));
      expect([open, tenant].every((status) => status === 200 || status === 431)).toBe(true);
      if (name.startsWith('sc') || name === 'permissions') expect([200, 403, 431]).toContain(scoped);
      else expect([200, 431]).toContain(scoped);
      expect([200, 403, 431]).toContain(client);
    }),
    { numRuns: RUNS },
  );
});

it('null is as good as nothing, in every claim but those that are demanded', async () => {
  for (const [make] of Object.values(USED)) {
    const rig = make();
    for (const name of [...REGISTERED, ...GUESSED, ...OWN]) {
      const absent = await seen(rig, payloadOf(goodClaims(), name, undefined));
      expect(await seen(rig, payloadOf(goodClaims(), name, null)), name).toEqual(absent);
    }
  }
});

it('what an origin reads in a header is what the issuer signed', async () => {
  const rig = usual();
  await fc.assert(
    fc.asyncProperty(brokenText, async (text) => {
      const [open] = await seen(rig, payloadOf(goodClaims(), 'email', text));
      const { status, body, headers } = open as { status: number; body: Claims; headers: [string, string][] };
      if (!text.isWellFormed()) expect(body).toMatchObject({ reason: 'claims_malformed', claim: 'email' });
      else {
        expect(status).toBe(200);
        expect(decodeURIComponent(Object.fromEntries(headers)['x-email'] ?? '')).toBe(text);
      }
    }),
    { numRuns: RUNS },
  );
});

it.each<[string, Claims]>([
  ['email', { email: 'Zoe \ud83d' }],
  ['groups', { groups: ['g', 'Zoe \ud83d'] }],
  ['groups', { groups: 'Zoe \ud83d' }],
  ['profile', { profile: { name: 'Zoe \ud83d' } }],
  ['profile', { profile: { '\ud83d': 1 } }],
])(
  'a forwarded claim that is cut in the middle of a character is refused by its name: %s',
  async (claim, more) => {
    const rig = usual();
    const response = await rig.call(
      'GET /open',
      await signRaw(key, JSON.stringify({ ...goodClaims(), ...more })),
    );
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ reason: 'claims_malformed', claim });
    expect(rig.lastLog()).toMatchObject({ reason: 'claims_malformed', reason_detail: claim });
  },
);

it('a subject that is not text is left out, and the log says so once', async () => {
  const rig = usual();
  for (const sub of [42, { id: 1 }, ['a'], 'Zoe \ud83d', true]) {
    const response = await rig.call(
      'GET /open',
      await signRaw(key, JSON.stringify({ ...goodClaims(), sub })),
    );
    expect(response.status).toBe(200);
    expect(rig.lastReceived().headers.has('x-claim-sub')).toBe(false);
    expect(rig.lastLog().subject).toBeUndefined();
  }
  const told = rig.logs.filter((line) => 'event' in line && line.event === 'claim_skipped');
  expect(told).toEqual([{ event: 'claim_skipped', api: 'API_ORDERS', claim: 'sub', as: 'text' }]);
});
