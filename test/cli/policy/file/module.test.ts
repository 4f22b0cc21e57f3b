/** A policy in code, for the commands that read policies. */
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { claimgate } from '../../support/claimgate.ts';
import { makeFolder } from '../../support/files.ts';

const GATEWAY = join(import.meta.dirname, '../../../../src/gateway.ts');
const folder = makeFolder();
const config = folder.write(
  'wrangler.toml',
  `name = "own"
main = "src/index.ts"
workers_dev = false
preview_urls = false
routes = [{ pattern = "api.example.com", custom_domain = true }]
[[services]]
binding = "ORDERS"
service = "orders"
[[kv_namespaces]]
binding = "KEYS"
[triggers]
crons = ["*/5 * * * *"]
[env.staging]
`,
);

const moduleOf = (
  routes: string,
  api = 'origin: "service:ORDERS"',
) => `import { definePolicy } from '${GATEWAY}';

const AUDIENCE = 'https://api.example.com/orders';

export const policy = definePolicy({
  ISSUERS: { main: { issuer: 'https://issuer.example/' } },
  API_ORDERS: {
    hosts: ['api.example.com'],
    ${api},
    audience: AUDIENCE,
    routes: {
      ${routes}
    },
  },
});
`;

let n = 0;
let name: string;
beforeEach(() => {
  name = `policy-${++n}.ts`;
});
const write = (text: string) => folder.write(name, text);
const run = (command: string, module: string, ...more: string[]) =>
  claimgate([command, ...more, '--module', module, '--config', config]);

describe('--module', () => {
  it('checks what the module exports, with the bindings of the file', async () => {
    const module = write(moduleOf(`'GET /orders': { scopes_all: ['read:orders'] },`));
    const { code, stdout } = await run('check', module, '--env', '');
    expect([code, stdout]).toEqual([0, `ok     ${module}: 1 route\n`]);
  });

  it('finds a binding that the file lacks, in each of its environments', async () => {
    const module = write(moduleOf(`'GET /orders': { scopes_all: ['read:orders'] },`));
    const { code, stdout } = await run('check', module, '--json');
    expect(code).toBe(1);
    expect(stdout).toContain('there is no service binding \\"ORDERS\\"');
    expect(stdout).toContain('"staging"');
  });

  it('shows an error at its line', async () => {
    const module = write(moduleOf(`'GET /orders': {\n        scopes_al: ['read:orders'],\n      },`));
    const { code, stdout } = await run('check', module, '--env', '');
    expect(code).toBe(1);
    expect(stdout).toContain('there is no field "scopes_al"');
    expect(stdout).toContain(`${module}:13:9`);
    expect(stdout).toMatch(/13 \| +scopes_al: \['read:orders'\],\n +\| +\^{9}\n/);
  });

  it('has no limit of its size, other than variables', async () => {
    const many = Array.from({ length: 200 }, (_, i) => `'GET /orders/${i}/lines': { scopes_all: ['x'] },`);
    const { code, stdout } = await run('check', write(moduleOf(many.join('\n'))), '--env', '');
    expect([code, stdout]).toEqual([0, expect.stringContaining(': 200 routes\n')]);
  });

  it('covers what may be a secret', async () => {
    const api = "origin: 'https://u:swordfish@x.example',\n    origin_headers: { 'x-proof': 'swordfish' }";
    const { stdout } = await run('check', write(moduleOf(`'GET /orders': {},`, api)), '--env', '');
    expect(stdout).toContain('x-proof names no secret');
    expect(stdout).toMatch(/\| +origin_headers: \{ 'x-proof': '\*{9}' \}/);
    expect(stdout).not.toContain('swordfish');
  });

  it('shows it in the right one of two APIs, and not in a comment', async () => {
    const module = write(
      moduleOf(`'GET /orders': { scopes_all: ['x'] },`).replace(
        '  },\n});',
        `  },
  // API_MORE: { audience: [] }
  API_MORE: {
    hosts: ['more.example.com'],
    origin: 'https://more.internal.example',
    audience: [],
    routes: { 'GET /orders': {} },
  },
});`,
      ),
    );
    const { stdout } = await run('check', module, '--env', '');
    expect(stdout).toContain(`${module}:19:5`);
    expect(stdout).toContain('audience is empty');
  });

  it('takes a comment that accepts a warning', async () => {
    const rulesOf = async (comment: string) => {
      const api = `${comment}\n    origin: 'http://orders.internal.example'`;
      name = `policy-${++n}.ts`;
      const module = write(moduleOf(`'GET /orders': { scopes_all: ['x'] },`, api));
      const { stdout } = await run('check', module, '--env', '', '--json');
      return [...stdout.matchAll(/"rule": "([a-z-]+)"/g)].map((found) => found[1]);
    };
    expect(await rulesOf('')).toEqual(['http-origin']);
    expect(await rulesOf('// claimgate: allow http-origin -- a test')).toEqual([]);
    expect(await rulesOf('// claimgate: allow http-origen')).toEqual(['http-origin', 'unknown-allow']);
  });

  it('is read by routes, explain and test, too', async () => {
    const module = write(moduleOf(`'GET /orders': { scopes_all: ['read:orders'] },`, "origin: 'next'"));
    const routes = (await run('routes', module)).stdout;
    expect(routes).toMatch(/origin +next\n +gets +the caller as an object, and no headers\n/);
    expect(routes).not.toContain('Authorization');
    const explained = await run('explain', module, 'GET', '/orders', '--claims', '{"scope":"read:orders"}');
    expect(explained.stdout).toContain('handed to the next handler');
    expect(explained.stdout).toContain('The next handler gets');
    expect(explained.stdout).not.toContain('x-claim-');
    expect(explained.stdout).not.toContain('cache-control');
    const cases = folder.path(`cases-${n}.toml`);
    expect((await run('test', module, cases, '--init')).code).toBe(0);
    const tested = await run('test', module, cases, '--mutate', '--min-coverage', '100');
    expect([tested.code, tested.stdout + tested.stderr]).toEqual([0, expect.stringContaining('(100 %)')]);
  });

  it('is a side of diff', async () => {
    const old = write(moduleOf(`'GET /orders': { scopes_all: ['read:orders'] },`));
    name = `policy-${++n}.ts`;
    const now = write(moduleOf(`'GET /orders': {},`, "origin: 'next'"));
    const { stdout, stderr } = await claimgate(['diff', old, now, '--config', config, '--env', '']);
    expect(stderr).toBe('');
    expect(stdout).toContain('to the next handler');
    expect(stdout).toContain('widened');
  });

  it.each([
    [
      'imports of the platform',
      `import { env } from 'cloudflare:workers';\nexport default { ISSUERS: env.ISSUERS };\n`,
      /imports cloudflare:workers, which is there in a Worker only; keep the policy in a module that imports nothing of the platform/,
    ],
    [
      'no policy',
      'export const other = 1;\n',
      /exports no policy \(only other\); write export default definePolicy/,
    ],
    ['a mistake', 'export default {\n  ISSUERS: {{ };\n', /policy-\d+\.ts:2: .*; mend it/],
    [
      'a failure',
      'export default nothing.ISSUERS;\n',
      /fails when it is run \(ReferenceError: nothing is not defined\)/,
    ],
    ['a missing module', "export { x as default } from './missing';\n", /Could not resolve "\.\/missing"/],
  ])('says what is wrong: %s', async (_what, text, message) => {
    const { code, stderr, stdout } = await run('check', write(text));
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.replace(/\s+/g, ' ')).toMatch(message);
  });

  it('says where there is no such module', async () => {
    const { code, stderr } = await run('check', folder.path('none.ts'));
    expect(code).toBe(2);
    expect(stderr).toContain('name the module that exports the policy');
  });
});

describe('origin = "next" of the gateway as it is', () => {
  it.each([
    ['node_modules/claimgate/dist/worker.js', 1],
    ['src/index.ts', 0],
  ])('main = %s', async (main, want) => {
    const file = folder.write(
      `main-${want}.toml`,
      `main = "${main}"
[[kv_namespaces]]
binding = "KEYS"
[triggers]
crons = ["*/5 * * * *"]
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
[vars.API_X]
hosts = ["api.example.com"]
origin = "next"
audience = "x"
[vars.API_X.routes]
"GET /x" = { scopes_all = ["x"] }
`,
    );
    const { code, stdout } = await claimgate(['check', '--config', file]);
    expect([code, stdout]).toEqual([
      want,
      expect.stringContaining(want === 1 ? 'this Worker has none' : 'ok'),
    ]);
  });
});
