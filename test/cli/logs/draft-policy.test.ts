/** A draft beside the policy that it is for: what is pasted compiles, and no request is lost. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderTable } from '../../../cli/formats/inline-toml.ts';
import { FILE_CHECKS } from '../../../cli/policy/check/file-checks.ts';
import { compileSection, environmentOf, parsePolicyFile } from '../../../cli/policy/file/config.ts';
import { claimgate } from '../support/claimgate.ts';
import { denied, line, lines, useFolder } from './support.ts';

const file = useFolder();

interface Api {
  readonly fields: object;
  readonly routes: Readonly<Record<string, object>>;
}

const policyText = (apis: Readonly<Record<string, Api>>): string =>
  [
    renderTable('[vars.ISSUERS.main]', { issuer: 'https://issuer.example/' }),
    ...Object.entries(apis).flatMap(([name, { fields, routes }]) => [
      renderTable(`[vars.${name}]`, {
        origin: `https://${name.slice(4)}.internal`,
        audience: 'a',
        ...fields,
      }),
      ...(Object.keys(routes).length === 0 ? [] : [renderTable(`[vars.${name}.routes]`, routes)]),
    ]),
  ].join('\n');

/** The draft, the policy with it, and whatever the check says of that once it is filled in. */
async function draftBeside(policy: string, log: readonly object[]) {
  const [config, path] = [file('wrangler.toml', policy), file('day.log', lines(...log))];
  const args = ['logs', path, '--draft', '--config', config];
  const { code, stdout, stderr } = await claimgate(args);
  expect([code, stderr]).toEqual([0, '']);
  const pasted = `${policy}\n${stdout}`.replaceAll('scopes_all = []', 'scopes_all = ["to-be-named"]');
  const section = environmentOf(parsePolicyFile('pasted.toml', pasted), undefined);
  const compiled = compileSection(section);
  const faults = [
    ...(compiled.ok ? [] : compiled.faults),
    ...FILE_CHECKS.flatMap((check) => check.find(section)),
  ];
  const json = JSON.parse((await claimgate([...args, '--json'])).stdout);
  return { draft: stdout, faults: faults.map((one) => JSON.stringify(one)), json };
}

type Counted = { requests: number };
const sum = (list: readonly Counted[]) => list.reduce((total, { requests }) => total + requests, 0);

/** A trial of a whole API, with nothing in the policy but that. */
const trial = (fields: object = {}, routes: Api['routes'] = {}): Api => ({
  fields: { report_only: true, forward_authorization: true, ...fields },
  routes,
});
const tried = (path: string, fields: object = {}) =>
  line(0, {
    host: 'api.example.com',
    route: 'API_A',
    would_deny: 'route_unknown',
    path,
    client: 'shop',
    issuer: 'main',
    ...fields,
  });
const keysOf = (draft: string) => draft.split('\n').flatMap((one) => /^"([^"]*)"/.exec(one)?.[1] ?? []);

describe('a draft beside its policy', () => {
  it('has one table for an API, whatever its hosts are called', async () => {
    const hosts = ['api.example.com', 'API.example.com:8443', 'api.example.com.', 'x.workers.dev'];
    const log = hosts.map((host) => tried('/orders', { host, scopes: ['read'] }));
    const { draft, faults, json } = await draftBeside(policyText({ API_A: trial() }), log);
    expect(faults).toEqual([]);
    expect(draft).toContain(
      '# API_A: 4 requests for api.example.com (3), x.workers.dev (1)\n[vars.API_A.routes]\n',
    );
    expect(json.apis).toMatchObject([
      { hosts: [{ requests: 3 }, { requests: 1 }], routes: [{ requests: 4 }] },
    ]);
  });

  it.each([
    ['Admin User', '"GET /x" = { clients = ["shop"] }'],
    ['a"b', '"GET /x" = { clients = ["shop"] }'],
    ['\u00e9', '"GET /x" = { clients = ["shop"] }'],
    ['', '"GET /x" = { clients = ["shop"] }'],
  ])('leaves out the scope %j, and says so', async (scope, rule) => {
    const { draft, faults } = await draftBeside(policyText({ API_A: trial() }), [
      tried('/x', { scopes: [scope] }),
    ]);
    expect(faults).toEqual([]);
    expect(draft).toContain(
      `# 1 request; 1 value left out that no rule can have (scopes, clients); route_unknown 1\n${rule}`,
    );
  });

  it('names no client where one of those that came can not be named', async () => {
    const log = [tried('/x'), tried('/x', { client: '' })];
    const { draft, faults } = await draftBeside(policyText({ API_A: trial() }), log);
    expect(faults).toEqual([]);
    expect(draft).toContain('"GET /x" = { scopes_all = [] }');
  });

  it('goes into as many tables as it takes', async () => {
    const letters = (i: number) => String.fromCharCode(97 + (i % 26), 97 + (Math.floor(i / 26) % 26));
    const log = Array.from({ length: 400 }, (_, i) =>
      tried(`/${letters(i)}/${'sub'.repeat(5)}${letters(i)}`, { scopes: [`read:${letters(i)}`] }),
    );
    const policy = `${policyText({ API_A: trial() })}\n[vars.API_A_2]\nextends = "API_A"\nroutes = { "GET /" = {} }\n`;
    const { draft, faults, json } = await draftBeside(policy, log);
    expect(faults).toEqual([]);
    expect(draft).toMatch(/# In [5-9] tables: a variable holds 5,000 bytes\.\n\[vars\.API_A\.routes\]/);
    expect(draft).toContain('[vars.API_A_3]\nextends = "API_A"\n\n[vars.API_A_3.routes]\n');
    expect(keysOf(draft)).toHaveLength(json.apis[0].routes.length);
  });

  it('continues an API that has routes in another table', async () => {
    const { draft, faults } = await draftBeside(policyText({ API_A: trial({}, { 'GET /y': {} }) }), [
      tried('/x'),
    ]);
    expect(faults).toEqual([]);
    expect(draft).toContain(
      '# API_A has routes already: this continues it.\n[vars.API_A_2]\nextends = "API_A"\n\n[vars.API_A_2.routes]\n',
    );
  });

  it('lists what an API with a prefix can not serve', async () => {
    const log = [
      tried('/api/x'),
      tried('/%61pi/y'),
      denied(0, 'route_unknown', { host: 'api.example.com', path: '/other', status: 404, route: undefined }),
      tried('/API/z'),
    ];
    const { draft, faults } = await draftBeside(policyText({ API_A: trial({ strip_prefix: '/api' }) }), log);
    expect(faults).toEqual([]);
    expect(keysOf(draft)).toEqual(['GET /api/x', 'GET /api/y']);
    expect(draft).toContain('# No API of this host can serve these (strip_prefix): GET /other (1)');
    expect(draft).toContain(
      '# Not drafted, as the check says "the path does not begin with the strip_prefix "/api"": GET /API/z (1)',
    );
  });

  it('takes other spellings of a route for that route', async () => {
    const routes = { 'GET /orders/:id': {}, 'GET /Files/*': {} };
    const log = ['/orders/1/', '/ORDERS/2', '/orders/3'].map((path) => tried(path));
    const put = tried('/Orders/4/', { method: 'PUT' });
    const { draft, faults } = await draftBeside(policyText({ API_A: trial({}, routes) }), [...log, put]);
    expect(faults).toEqual([]);
    expect(draft).toContain('# Routes already: GET /orders/:id (3)');
    expect(keysOf(draft)).toEqual(['PUT /orders/:id']);
  });

  it('of a host with two APIs: each request goes to its own', async () => {
    const on = (name: string) => ({ ...trial({ hosts: ['api.example.com'] }), name });
    const enforced = (routes: Api['routes']): Api => ({ fields: { hosts: ['api.example.com'] }, routes });
    const refused = (method: string, path: string, status: number) =>
      denied(0, status === 405 ? 'method_not_allowed' : 'route_unknown', {
        host: 'api.example.com',
        method,
        path,
        status,
        route: undefined,
      });
    const log = [tried('/a'), tried('/a'), tried('/a'), refused('PUT', '/b', 405), refused('GET', '/B', 404)];
    const two = { API_A: on('A'), API_B: enforced({ 'GET /b': {} }) };
    const { draft, faults, json } = await draftBeside(policyText(two), log);
    expect(faults).toEqual([]);
    expect(json.apis).toMatchObject([
      { api: 'API_A', routes: [{ key: 'GET /a' }] },
      { api: 'API_B', routes: [{ key: 'PUT /b' }] },
      { api: null, unclaimed: { apis: ['API_A', 'API_B'], routes: [{ key: 'GET /B', requests: 1 }] } },
    ]);
    expect(draft).toContain('# No route served these, and they could be of API_A or API_B: GET /B (1)');
  });

  it('without a policy, a refused request goes to the API whose route it nearly is, or to a comment', async () => {
    const refused = (path: string, near_miss?: string[]) =>
      denied(0, 'route_unknown', { host: 'api.example.com', path, near_miss, status: 404, route: undefined });
    const log = [
      ...[tried('/a'), tried('/b', { route: 'API_B' })],
      ...[refused('/B/', ['API_B GET /b']), refused('/c')],
    ];
    const args = ['logs', file('day.log', lines(...log)), '--draft', '--json', '--config', 'none.toml'];
    const { apis } = JSON.parse((await claimgate(args)).stdout);
    expect(apis).toMatchObject([
      { api: 'API_B', routes: [{ key: 'GET /b', requests: 2 }] },
      { api: 'API_A', routes: [{ key: 'GET /a' }] },
      { api: null, unclaimed: { apis: ['API_A', 'API_B'], routes: [{ key: 'GET /c' }] } },
    ]);
  });

  it('counts what no route can serve: a path without its slash, and methods that are not sent on', async () => {
    const log = [tried('foo'), tried(''), tried('/x', { method: 'TRACE' }), tried('/x')];
    const { draft } = await draftBeside(policyText({ API_A: trial() }), log);
    expect(draft).toContain('# Left out: 3 requests that no route can serve (path or method)');
    expect(keysOf(draft)).toEqual(['GET /x']);
  });

  it.each([
    ['has errors', '[vars.API_A]\norigin = 5\n', 'has errors, which claimgate check shows'],
    ['has no policy', 'name = "x"\n', 'has none'],
  ])('says so where the file %s', async (_what, policy, why) => {
    const args = ['--draft', '--config', file('bad.toml', policy)];
    const { code, stdout } = await claimgate(['logs', file('one.log', lines(tried('/x'))), ...args]);
    expect(code).toBe(0);
    expect(stdout).toContain('# No policy was read: ');
    expect(stdout).toContain(why);
    expect(stdout).toContain('[vars.API_A.routes]');
  });
});

const word = fc.constantFrom(
  'a',
  'b',
  'A',
  'B%20',
  'a.',
  'b;x=1',
  '%61',
  'v',
  'V',
  '17',
  '18',
  '\u00df',
  ':x',
  '*',
  '#',
);
const path = fc
  .tuple(fc.array(word, { maxLength: 3 }), fc.constantFrom('', '', '/'))
  .map(([words, end]) => `/${words.join('/')}${words.length > 0 ? end : ''}`);
const METHODS = ['GET', 'GET', 'PUT', 'HEAD', 'TRACE', 'PROPFIND'];
const key = fc
  .tuple(
    fc.constantFrom('GET', 'PUT', '*', 'GET|PUT'),
    fc.array(fc.constantFrom('a', 'b', 'A', 'v', ':id', '17'), { maxLength: 3 }),
    fc.constantFrom('', '', '/', '/*'),
  )
  .map(([method, words, end]) =>
    `${method} /${words.join('/')}${words.length > 0 ? end : ''}`.replace('//', '/'),
  )
  .filter((text) => (text.match(/:id/g) ?? []).length < 2);
const api: fc.Arbitrary<Api> = fc.record({
  fields: fc
    .record({
      hosts: fc.constantFrom(undefined, undefined, ['h.example'], ['h.example', 'i.example']),
      strip_prefix: fc.constantFrom(undefined, undefined, undefined, '/v'),
      report_only: fc.constantFrom(undefined, true, true),
    })
    .map((fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))),
  routes: fc.dictionary(key, fc.constantFrom({}, { scopes_all: ['r'] }, { auth: 'none' }), { maxKeys: 4 }),
});
const NAMES = ['API_A', 'API_B', 'API_C'] as const;
const text = fc.constantFrom('r', 'w', 'Admin User', 'a"b', '\u00e9', '', 'x'.repeat(300));
const request = fc.record({
  host: fc.constantFrom(
    'h.example',
    'H.example:8443',
    'i.example.',
    'other.example',
    'x.workers.dev',
    undefined,
  ),
  method: fc.constantFrom(...METHODS),
  path: fc.oneof(
    { weight: 9, arbitrary: path },
    { weight: 1, arbitrary: fc.constantFrom('foo', '', undefined) },
  ),
  /** Which API, and which of its routes. */
  api: fc.option(fc.nat(3), { nil: undefined }),
  route: fc.nat(4),
  near: fc.boolean(),
  decision: fc.constantFrom('allow', 'allow', 'deny'),
  would_deny: fc.constantFrom(undefined, 'route_unknown'),
  status: fc.constantFrom(200, 200, 404, 401),
  client: fc.option(text, { nil: undefined }),
  scopes: fc.option(fc.array(text, { maxLength: 3 }), { nil: undefined }),
});

it('every draft compiles where it is pasted, and tells of every request', async () => {
  let drafted = 0;
  const cases = fc.tuple(fc.tuple(api, api, api), fc.array(request, { minLength: 1, maxLength: 40 }));
  await fc.assert(
    fc.asyncProperty(cases, async ([apis, requests]) => {
      const named = Object.fromEntries(NAMES.map((name, i) => [name, apis[i] as Api]));
      const policy = policyText(named);
      fc.pre(compileSection(environmentOf(parsePolicyFile('w.toml', policy), undefined)).ok);
      const log = requests.map(({ api: index, route, near, ...one }) => {
        const name = index === undefined ? undefined : (NAMES[index] ?? 'API_GONE');
        const keys = Object.keys(named[name ?? '']?.routes ?? {});
        const full = name && [name, keys[route]].filter(Boolean).join(' ');
        return line(0, {
          ...one,
          issuer: 'main',
          route: near ? undefined : full,
          ...(near && full && { near_miss: [full] }),
        });
      });
      const { draft, faults, json } = await draftBeside(policy, log);
      expect(faults, draft).toEqual([]);
      const told = json.apis.map(
        (one: Record<string, Counted[]> & { unclaimed: { routes: Counted[] } | null }) =>
          ['routes', 'existing', 'missing', 'rejected'].reduce(
            (n, list) => n + sum(one[list] ?? []),
            sum(one.unclaimed?.routes ?? []),
          ),
      );
      const { pathless, unroutable, tooMany } = json.left_out;
      const all = told.reduce((one: number, other: number) => one + other, pathless + unroutable + tooMany);
      expect(all, draft).toBe(log.length);
      drafted += keysOf(draft).length;
    }),
    { numRuns: 100, seed: 20_261_127 },
  );
  expect(drafted).toBeGreaterThan(200);
}, 120_000);
