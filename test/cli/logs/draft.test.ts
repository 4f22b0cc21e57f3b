/** Routes from traffic: what is proposed, what is left out, and that it can be pasted. */
import { describe, expect, it } from 'vitest';
import { isData, parameterName } from '../../../cli/logs/count/segments.ts';
import { claimgate } from '../support/claimgate.ts';
import { denied, line, lines, useFolder } from './support.ts';

const file = useFolder();

const HOST = { host: 'api.example.com' };
const ids = (count: number) => Array.from({ length: count }, (_, i) => 1_000 + i);
/** A catch-all on trial serves everything, until there are routes. */
const on = (method: string, path: string, fields: object = {}) =>
  line(0, { ...HOST, method, path, route: 'API_SHOP * /*', ...fields });
const known = { client: 'web', issuer: 'main' };

const TRAFFIC = [
  ...ids(20).map((id) => on('GET', `/orders/${id}`, known)),
  on('GET', '/orders/1000', { ...known, client: 'shop' }),
  ...ids(3).map((id) => on('PUT', `/orders/${id}/items/${id * 2}`, known)),
  on('GET', '/orders/export', known),
  on('GET', '/Orders/export/', known),
  ...ids(2).map((id) => on('POST', `/hooks/${id}`, { would_deny: 'token_missing' })),
  on('POST', '/hooks/7', known),
  ...ids(30).map((id) => on('GET', `/p/blue-shirt-${id}-xl`, known)),
  on('GET', '/v1/me', { ...known, route: 'API_SHOP GET    /v1/me' }),
  on('GET', '/wp-login.php', { ...known, status: 404 }),
  on('GET', '/a//b', { would_deny: 'path_ambiguous' }),
  line(1, known),
  denied(2, 'route_unknown', { ...HOST, method: 'DELETE', path: '/carts/9', status: 404, route: undefined }),
  denied(3, 'route_unknown', { host: 'other.example', path: '/x', status: 404, route: undefined }),
];

/** Without a policy, unless one is named. */
const drafted = async (log: readonly object[], ...args: readonly string[]) => {
  const { code, stdout, stderr } = await claimgate([
    'logs',
    file('day.log', lines(...log)),
    '--draft',
    ...(args.includes('--config') ? args : ['--config', 'none.toml', ...args]),
  ]);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
};

describe('claimgate logs --draft', () => {
  it('proposes the scopes that every token had, verified or taken by the origin', async () => {
    const verified = { ...known, scopes: ['read:a', 'openid'], audiences: ['https://api.example.com'] };
    const trial = (method: string, path: string, fields: object) =>
      on(method, path, { route: 'API_SHOP', would_deny: 'route_unknown', ...fields });
    const unverified = { unverified_client: 'web', unverified_scope: 'read:b write:b', unverified_aud: 'b' };
    const draft = await drafted([
      on('GET', '/a', verified),
      on('GET', '/a', { ...verified, scopes: ['read:a', 'write:a'] }),
      trial('GET', '/b', { ...unverified, status: 200 }),
      trial('GET', '/b', { ...unverified, unverified_scope: 'write:b', status: 200 }),
      trial('GET', '/b', { ...unverified, unverified_scope: 'made-up', status: 401 }),
      trial('GET', '/c', { status: 200 }),
      trial('GET', '/d', { ...unverified, unverified_scope: 'x'.repeat(128), status: 200 }),
    ]);
    expect(draft).toContain('"GET /a" = { scopes_all = ["read:a"] }');
    // One that the origin refused has no say.
    expect(draft).toContain(
      '# 3 requests; 1 turned away by the origin; route_unknown 3\n"GET /b" = { scopes_all = ["write:b"] }',
    );
    expect(draft).toContain('"GET /c" = { scopes_all = [] }');
    expect(draft).toContain('"GET /d" = { clients = ["web"] }');
    expect(draft).toContain('# Audiences of tokens that were let through: b, https://api.example.com');
  });

  it('proposes routes, each with its count, and says what it leaves out', async () => {
    expect(
      await drafted(TRAFFIC),
    ).toBe(`# Routes that 65 requests suggest, 2026-11-24 12:00:00 to 12:00:03 UTC. Review each line.
# \`scopes_all\` are the scopes that every token had which came; where there are none, \`clients\` are those that came.
# \`scopes_all = []\` is to be filled in: the check refuses it until then.
# No policy was read: there is no none.toml (--config). Hosts, prefixes and routes that it has are not known here.
# Left out: 1 request without a path in the log (log_requests = "all" has it)
# Left out: 1 request that no route can serve (path or method)

# API_SHOP: 62 requests for api.example.com
# Routes already: GET /v1/me (1)
# Not there: the origin answered 404 or 405 to: GET /wp-login.php (1)
[vars.API_SHOP.routes]
# 30 requests
"GET /p/:p_id" = { clients = ["web"] }
# 21 requests
"GET /orders/:order_id" = { clients = ["shop", "web"] }
# 3 requests
"PUT /orders/:order_id/items/:item_id" = { clients = ["web"] }
# 3 requests; 2 without a client id; token_missing 2; fill in a rule
"POST /hooks/:hook_id" = { scopes_all = [] }
# 2 requests
"GET /orders/export" = { clients = ["web"] }
# 1 request; 1 refused; route_unknown 1; fill in a rule
"DELETE /carts/:cart_id" = { scopes_all = [] }

# 1 request for other.example
# No API serves this host: these routes need a table of their own, with origin and audience.
# 1 request; 1 refused; route_unknown 1; fill in a rule
# "GET /x" = { scopes_all = [] }
`);
  });

  it('compiles, but for what is to be filled in: the check names each of those', async () => {
    const policy = `name = "gateway"
main = "src/index.ts"
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
[vars.API_SHOP]
origin = "https://shop.example"
audience = "shop"
${await drafted(TRAFFIC)}`;
    const { code, stdout } = await claimgate(['check', '--config', file('pasted.toml', policy)]);
    expect(code).toBe(1);
    const errors = stdout.split('\n').filter((one) => one.startsWith('error: '));
    expect(errors).toEqual(['error: scopes_all is empty', 'error: scopes_all is empty']);
    const filled = file('filled.toml', policy.replaceAll('scopes_all = []', 'scopes_all = ["x"]'));
    expect(await claimgate(['check', '--config', filled])).toMatchObject({ code: 0 });
  });

  it('never opens a route, whoever came', async () => {
    const log = [
      on('GET', '/open'),
      on('GET', '/any', { issuer: 'main' }),
      ...ids(40).map((id) => on('GET', '/many', { client: `c${id}` })),
      denied(0, 'scopes_missing', { ...HOST, path: '/refused', ...known, route: 'API_SHOP * /*' }),
    ];
    const routes = (await drafted(log)).split('\n').filter((one) => one.startsWith('"'));
    expect(routes.sort()).toEqual(
      ['any', 'many', 'open', 'refused'].map((path) => `"GET /${path}" = { scopes_all = [] }`),
    );
  });

  it('writes into an environment, and as JSON', async () => {
    expect(await drafted([on('GET', '/a', known)], '--env', 'live')).toContain(
      '[env.live.vars.API_SHOP.routes]\n',
    );
    expect(JSON.parse(await drafted(TRAFFIC, '--json'))).toMatchObject({
      requests: 65,
      sampled: false,
      left_out: { pathless: 1, unroutable: 1, tooMany: 0 },
      apis: [
        {
          api: 'API_SHOP',
          hosts: [{ host: 'api.example.com', requests: 62 }],
          routes: [{ key: 'GET /p/:p_id', requests: 30, clients: ['web'] }, {}, {}, {}, {}, {}],
        },
        { api: null, hosts: [{ host: 'other.example' }], routes: [{ key: 'GET /x', clients: null }] },
      ],
    });
  });

  it('says so where the log has no paths', async () => {
    const draft = await drafted([line(0, known)]);
    expect(draft).toContain('# Left out: 1 request without a path in the log (log_requests = "all" has it)');
    expect(draft).not.toContain('[vars');
  });

  it('is TOML, and no command of a terminal, whatever paths and clients are called', async () => {
    const evil = [
      '/a"b',
      "/it's/x",
      '/:x/*',
      '/%1b%5b2J',
      '/\u001b[2J',
      '/%E2%82%AC',
      '/x;y=1',
      '/#',
      '/a b',
    ];
    const log = evil.map((path, i) => on('GET', path, { client: `"${i}\u001b[2J\n`, issuer: 'main' }));
    const draft = await drafted([
      ...log,
      denied(0, 'audience_mismatch', { ...HOST, path: '/n', unverified_aud: 'x\n"GET /*" = {}' }),
    ]);
    expect(draft).not.toMatch(/\u001b/);
    const keys = draft
      .split('\n')
      .filter((one) => !one.startsWith('#') && one !== '' && !one.startsWith('['));
    for (const one of keys)
      expect(one).toMatch(/^"GET \/\S*" = \{ (clients = \["\S+"\]|scopes_all = \[\]) \}$/);
  });

  it('has a size that does not grow with made-up paths', async () => {
    const log = Array.from({ length: 30_000 }, (_, i) =>
      on('GET', `/${i.toString(36)}x/y`, { ...known, status: 404 }),
    );
    const { left_out, apis } = JSON.parse(await drafted(log, '--json'));
    expect(left_out.tooMany).toBeGreaterThan(20_000);
    expect(apis[0].routes).toEqual([]);
  });
});

describe('a segment', () => {
  it.each([
    '17',
    '0b3e6f6c-1b7e-4a52-9f0a-3a9d6e4a9c11',
    '5f2b8c1de4',
    '507f1f77bcf86cd799439011',
    '01KSMH5W6QSFSPTDKQKZ4RD9Y6',
    '2026-11-24',
    'ann@example.com',
    'ann%40example.com',
    'cus_9s6XKzkNRiZ8i3',
    'aGVsbG8gd29ybGQxMjM0NTY',
    'REDACTED',
  ])('%s is data', (segment) => expect(isData(segment)).toBe(true));

  it.each(['orders', 'v1', 'v2.1', 'oauth2', 'well-known', 'facade', 'deadbeef', 'index.html', 'sha256', ''])(
    '%s is a name',
    (segment) => expect(isData(segment)).toBe(false),
  );

  it.each([
    ['orders', [], 'order_id'],
    ['companies', [], 'company_id'],
    ['boxes', [], 'box_id'],
    ['address', [], 'address_id'],
    ['line-items', ['line_item_id'], 'line_item_id2'],
    ['2024', [], 'id'],
    [undefined, ['id'], 'id2'],
  ] as const)('a parameter behind %s', (before, taken, name) => {
    expect(parameterName(before, taken)).toBe(name);
  });
});
