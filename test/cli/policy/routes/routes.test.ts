import { validate } from '@readme/openapi-parser';
import { describe, expect, it } from 'vitest';
import { parsePolicyFile, policyOf } from '../../../../cli/policy/file/config.ts';
import { renderDot } from '../../../../cli/policy/routes/dot.ts';
import { renderOpenApi } from '../../../../cli/policy/routes/openapi.ts';
import { routeTable } from '../../../../cli/policy/routes/table.ts';
import { renderMarkdown } from '../../../../cli/policy/routes/text.ts';
import { CLONE } from '../../../support/clone.ts';
import { claimgate } from '../../support/claimgate.ts';
import { makeFolder } from '../../support/files.ts';
import { policyText } from '../../support/policies.ts';
import { SHOP } from '../../support/shop.ts';

const folder = makeFolder();
const shop = folder.write('shop.toml', SHOP);
const policy = policyOf(parsePolicyFile('shop.toml', SHOP), undefined);

const who = (filter: string) =>
  routeTable(policy, filter).flatMap(({ routes }) =>
    routes.map((one) => `${one.methods.join('|')}: ${one.who}`),
  );

const TOKENS = 'tokens of auth0 or robots for https://shop.example.com or urn:shop';

describe('rules in words', () => {
  it.each([
    ['/orders/5', 'GET: tokens of auth0 or robots for urn:shop of client backoffice or web'],
    ['/orgs/a/orders', `GET: ${TOKENS} where org_id is :org and tier is "gold" or "silver"`],
    ['/robots', 'GET: tokens of robots for https://shop.example.com or urn:shop with beep'],
    ['/maybe', `GET: anyone without a token, and ${TOKENS}`],
    ['/tried', `GET: ${TOKENS}; tried: tokens with later`],
    ['/files/a/b', 'GET: anyone; no token is read'],
    ['/admin/x', '*: tokens of auth0 for urn:admin with admin'],
    ['/new', 'GET: anyone (only tried: tokens of auth0 for urn:admin with new)'],
  ])('%s', (path, sentence) => {
    expect(who(path)).toContain(sentence);
  });

  it('several lists stand side by side', () => {
    expect(who('/orders').slice(0, 2)).toEqual([
      `GET: ${TOKENS} with read:orders and orders`,
      `POST|PUT: ${TOKENS} with write:orders and one of sales, admin`,
    ]);
  });
});

describe('claimgate routes', () => {
  it('shows the policy that a clone begins with', async () => {
    const { code, stdout, stderr } = await claimgate(['routes', '--env', 'production'], {
      cwd: CLONE.folder,
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`API_TIMESHEETS
  on      api.example.com
  tokens  of own for https://api.example.com/timesheets
  origin  service:TIMESHEETS
  gets    x-claim-iss, x-claim-sub, x-claim-client-id, x-claim-scope,
          x-claim-user-id (https://api.example.com/user_id), txn-token (signed,
          for claimgate-timesheets)

  POST    /timesheets/upload  tokens with batch:upload
  GET     /timesheets         tokens with read:timesheets
  POST    /timesheets         tokens with create:timesheets
  DELETE  /timesheets/:id     tokens with delete:timesheets
  GET     /approvals          tokens with approve:timesheets
  PUT     /approvals/:id      tokens with approve:timesheets
  GET     /health             anyone; no token is read
`);
  });

  it('stays within 80 columns, and names secrets without having them', async () => {
    const { stdout } = await claimgate(['routes', '--config', shop]);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).toContain('x-origin-secret (from secret');
    expect(stdout).toContain('Authorization is sent on');
  });

  it.each([
    ['"origin"', 'pages   preflights go to the origin, without a token', 'origin'],
    [
      '{ origins = ["https://*.example.com", "http://localhost:*"] }',
      'pages   of https://*.example.com and http://localhost:*',
      'gateway',
    ],
    ['{ origins = ["*"] }', 'pages   any', 'gateway'],
  ])('says which pages may call: cors = %s', async (cors, words, kind) => {
    const file = folder.write(
      'pages.toml',
      SHOP.replace('forward = { tenant', `cors = ${cors}\nforward = { tenant`),
    );
    const { stdout } = await claimgate(['routes', '--config', file]);
    expect(stdout).toContain(words);
    const json = await claimgate(['routes', '--config', file, '--json']);
    expect(JSON.parse(json.stdout)[0]).toMatchObject({ cors: kind });
  });

  it('says which values of a list are sent on, and the prefix', async () => {
    const only = '{ header = "x-roles", as = "list", only = ["admins", { prefix = "app-" }] }';
    const file = folder.write('only.toml', SHOP.replace('{ header = "x-roles", as = "list" }', only));
    const { stdout } = await claimgate(['routes', '--config', file, '--json']);
    expect(JSON.parse(stdout)[0].headers).toMatchObject({
      'x-roles': '/realm/roles as list, only admins and app-…',
    });
  });

  it.each<[string | undefined, string | undefined, string[]]>([
    ['/orgs/acme/orders', undefined, ['/orgs/:org/orders']],
    ['robot', undefined, ['/robots']],
    ['/admin/x/y', undefined, ['/admin/*']],
    [undefined, 'API_ADMIN', ['/admin/*', '/new']],
  ])('%s, %s: %j', (filter, api, paths) => {
    expect(routeTable(policy, filter, api).flatMap(({ routes }) => routes.map(({ path }) => path))).toEqual(
      paths,
    );
  });

  it('has a twin for programs', async () => {
    const { stdout } = await claimgate(['routes', '/orders/5', '--config', shop, '--json']);
    expect(JSON.parse(stdout)).toEqual([
      {
        api: 'API_SHOP',
        hosts: ['shop.example.com'],
        methods: ['GET'],
        path: '/orders/:id',
        key: 'GET      /orders/:id',
        auth: 'required',
        who: 'tokens of auth0 or robots for urn:shop of client backoffice or web',
        rules: {
          any_of: null,
          issuer: ['auth0', 'robots'],
          audience: ['urn:shop'],
          scopes_all: [],
          scopes_any: [],
          clients: ['backoffice', 'web'],
          claims: {},
        },
        report: null,
        report_only: false,
        rate_limit: null,
        rate_limit_by: null,
        revocation: null,
        cors: null,
        origin: 'https://shop.internal.example/base',
        headers: {
          'x-claim-iss': 'issuer',
          'x-claim-sub': 'subject',
          'x-claim-client-id': 'client id',
          'x-claim-scope': 'scopes',
          'x-tenant': 'tenant',
          'x-roles': '/realm/roles as list',
          'x-origin-secret': '(from secret SHOP_SECRET)',
        },
      },
    ]);
  });

  it('say which routes are strict, in each form', async () => {
    const strict = folder.write(
      'strict.toml',
      policyText({
        issuer: 'max_token_age = 60',
        routes: '"GET /a" = {}\n"DELETE /a" = { scopes_all = ["a"], revocation = "strict" }',
        more: '[[durable_objects.bindings]]\nname = "R"\nclass_name = "Revocations"\n[vars.GATEWAY]\nrevocation = "R"',
      }),
    );
    const run = async (...more: string[]) =>
      (await claimgate(['routes', '--config', strict, ...more])).stdout;
    const text = await run();
    expect(text).toMatch(/GET +\/a +any such token\n/);
    expect(text).toMatch(/DELETE +\/a +tokens with a; asks each time what is revoked\n/);
    const json = JSON.parse(await run('--json')) as { revocation: unknown }[];
    expect(json.map(({ revocation }) => revocation)).toEqual([null, 'strict']);
    const { paths } = JSON.parse(await run('--format', 'openapi')) as {
      paths: Record<string, Record<string, { 'x-claimgate': object }>>;
    };
    expect(paths['/a']?.['get']?.['x-claimgate']).not.toHaveProperty('revocation');
    expect(paths['/a']?.['delete']?.['x-claimgate']).toHaveProperty('revocation', 'strict');
  });

  it('as Markdown and as a graph', () => {
    const page = renderMarkdown(routeTable(policy)).join('\n');
    expect(page).toContain(
      '## API_SHOP\n\n| method | path | who gets in | what the origin gets |\n|---|---|---|---|\n',
    );
    expect(page).toContain('| POST, PUT | `/orders` | tokens of auth0');
    const graph = renderDot(routeTable(policy));
    expect(graph).toContain('  "issuer robots" -> "route API_SHOP GET      /robots" [label="beep"];');
    expect(graph.at(-1)).toBe('}');
  });
});

describe('as OpenAPI', () => {
  type Document = {
    servers: unknown;
    paths: Record<
      string,
      Record<string, { security?: unknown; parameters?: unknown; 'x-claimgate'?: object }>
    >;
    components: { securitySchemes: unknown };
  };
  const documentOf = (text: string, api?: string) =>
    structuredClone(
      renderOpenApi(routeTable(policyOf(parsePolicyFile('shop.toml', text), undefined), undefined, api), 'x'),
    ) as Document;

  it('names scopes as clients ask for them', () => {
    const text = `[vars.ISSUERS.entra]
issuer = "https://login.example/"
[vars.API_X]
origin = "https://o.example"
audience = "x"
scope_prefix = "api://x/"
[vars.API_X.routes]
"GET /x" = { scopes_all = ["read"] }`;
    expect(documentOf(text).paths['/x']?.['get']?.security).toEqual([{ entra: ['api://x/read'] }]);
  });

  it('is a valid document, with security from the rules', async () => {
    const made = JSON.parse(
      (await claimgate(['routes', '--format', 'openapi', '--config', shop])).stdout,
    ) as Document;
    await expect(validate(structuredClone(made) as never)).resolves.toMatchObject({ valid: true });
    const security = (path: string, method: string) => made.paths[path]?.[method]?.security;
    expect(security('/orders', 'get')).toEqual([
      { auth0: ['read:orders', 'orders'] },
      { robots: ['read:orders', 'orders'] },
    ]);
    expect(security('/orders', 'put')).toEqual([
      { auth0: ['write:orders', 'sales'] },
      { auth0: ['write:orders', 'admin'] },
      { robots: ['write:orders', 'sales'] },
      { robots: ['write:orders', 'admin'] },
    ]);
    expect(security('/maybe', 'get')).toEqual([{}, { auth0: [] }, { robots: [] }]);
    expect(security('/files/{rest1}', 'get')).toEqual([]);
    expect(security('/new', 'get')).toEqual([{}, { auth0: ['new'] }]);
    expect(Object.keys(made.paths['/admin/{rest1}'] ?? {})).toEqual(
      expect.arrayContaining(['get', 'patch', 'delete']),
    );
    expect(made.paths['/orgs/{org}/orders']?.['get']?.['x-claimgate']).toMatchObject({
      claims: ['org_id is :org', 'tier is "gold" or "silver"'],
    });
    expect(made.components.securitySchemes).toMatchObject({
      auth0: {
        type: 'openIdConnect',
        openIdConnectUrl: 'https://auth0.example/.well-known/openid-configuration',
      },
      robots: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    });
  });

  it('paths that look the same to OpenAPI stay apart', async () => {
    const text = SHOP.replace(
      '"GET      /files/*"',
      '"GET /files/:name" = { auth = "none" }\n"PUT /files/:other" = {}\n"GET /files/*"',
    );
    const made = documentOf(text, 'API_SHOP');
    await expect(validate(structuredClone(made) as never)).resolves.toMatchObject({ valid: true });
    const files = Object.entries(made.paths).filter(([path]) => path.startsWith('/files'));
    expect(files.map(([path, item]) => [path, Object.keys(item).filter((name) => name.length < 5)])).toEqual([
      ['/files/{name}', ['get', 'put']],
      ['/files/{rest1}/{rest2}', ['get']],
    ]);
  });

  it('two APIs with one path are told apart by a fragment, and by their servers', async () => {
    const made = documentOf(SHOP.replace('"GET /new"     ', '"GET /orders"'));
    await expect(validate(structuredClone(made) as never)).resolves.toMatchObject({ valid: true });
    const orders = Object.entries(made.paths).filter(([path]) => /^\/orders(#|$)/.test(path));
    expect(orders.map(([path, item]) => [path, item['get']?.['x-claimgate']])).toEqual([
      ['/orders', expect.objectContaining({ api: 'API_SHOP' })],
      ['/orders#API_ADMIN', expect.objectContaining({ api: 'API_ADMIN' })],
    ]);
  });

  it('an operation of another API at the same path says where it is', () => {
    const made = documentOf(SHOP.replace('"GET /new"     ', '"PATCH /orders"'));
    const patch = made.paths['/orders']?.['patch'];
    expect(patch).toMatchObject({ 'x-claimgate': { api: 'API_ADMIN' }, servers: [expect.anything()] });
  });
});

describe('wrong use: exit code 2, and one line that says what to do', () => {
  const broken = folder.write('broken.toml', 'vars = {');
  const faulty = folder.write('faulty.toml', SHOP.replace('{ clients =', '{ cleints ='));
  it.each<[string, string[], RegExp]>([
    [
      'no file',
      ['routes', '--config', 'nowhere.toml'],
      /^error {2}there is no nowhere\.toml; name the file with --config\n$/,
    ],
    ['no TOML', ['routes', '--config', broken], /^error {2}\S+ is no TOML: /],
    [
      'no such environment',
      ['routes', '--env', 'nope'],
      /^error {2}wrangler\.toml has no \[env\.nope\]; it has production\n$/,
    ],
    [
      'a faulty policy',
      ['routes', '--config', faulty],
      /cleints: there is no field "cleints"; did you mean "clients"\?\n$/,
    ],
    [
      'no such route',
      ['routes', '/nothing', '--config', shop],
      /^error {2}no route has \/nothing; claimgate routes lists all\n$/,
    ],
    ['no such API', ['routes', '--api', 'SHOP', '--config', shop], /^error {2}there is no API "SHOP"; .*\n$/],
    ['no such format', ['routes', '--format', 'pdf'], /There is no such choice/],
  ])('%s', async (_what, args, message) => {
    const { code, stdout, stderr } = await claimgate(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
