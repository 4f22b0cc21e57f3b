/** Policies, files and names that try to make a tool say "fine", or to speak through it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { claimgate } from './support/claimgate.ts';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-hostile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const POLICY = `
[[services]]
binding = "ISSUER"
service = "my-issuer"
[[services]]
binding = "ORDERS"
service = "orders"
[[kv_namespaces]]
binding = "KEYS"
id = "aaaa"
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
service = "ISSUER"
[vars.API_ORDERS]
origin = "service:ORDERS"
audience = "orders"
[vars.API_ORDERS.routes]
"GET /orders" = { scopes_all = ["read:orders"] }
`;
const OPENED = POLICY.replace('{ scopes_all = ["read:orders"] }', '{ auth = "none" }');

let count = 0;
function place(files: Readonly<Record<string, string>>): string {
  const own = join(folder, String(++count));
  mkdirSync(own);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(own, name), text);
  return own;
}

function commit(cwd: string): void {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd });
  git('init', '-q');
  git('add', '.');
  git('commit', '-q', '-m', 'first');
}

describe('claimgate diff', () => {
  it('compares with the commit, though a file is called HEAD', async () => {
    const cwd = place({ 'wrangler.toml': POLICY });
    commit(cwd);
    for (const name of ['wrangler.toml', 'HEAD']) writeFileSync(join(cwd, name), OPENED);
    expect(await claimgate(['diff', '--fail-on', 'widened'], { cwd })).toMatchObject({ code: 1 });
    const named = await claimgate(['diff', 'HEAD', '--fail-on', 'widened'], { cwd });
    expect([named.code, named.stderr]).toEqual([
      2,
      expect.stringContaining('a file, and a git revision too'),
    ]);
  });

  it.each([
    ["the issuer's service", '"my-issuer"', '"evil"', 'widened', 'services.ISSUER'],
    ['the keys', '"aaaa"', '"bbbb"', 'widened', 'kv_namespaces.KEYS'],
    ['the origin', 'service = "orders"', 'service = "evil"', 'moved', 'services.ORDERS'],
  ])('tells that %s became another under its name', async (_what, from, to, change, at) => {
    const cwd = place({ 'old.toml': POLICY, 'new.toml': POLICY.replace(from, to) });
    const { code, stdout } = await claimgate(
      ['diff', 'old.toml', 'new.toml', '--fail-on', change, '--json'],
      { cwd },
    );
    const { environments } = JSON.parse(stdout) as { environments: { findings: unknown[] }[] };
    expect([code, environments[0]?.findings]).toEqual([1, [expect.objectContaining({ change, place: at })]]);
  });

  it('tells of what is around the policy', async () => {
    const around = `main = "src/evil.ts"\nworkers_dev = true\nroutes = ["api.example.com/v2/*"]\n${POLICY}`;
    const cwd = place({ 'old.toml': POLICY, 'new.toml': around });
    const { code, stdout } = await claimgate(['diff', 'old.toml', 'new.toml', '--fail-on', 'any'], { cwd });
    expect(code).toBe(1);
    for (const field of ['main', 'workers_dev', 'routes']) expect(stdout).toContain(`${field}: none ->`);
  });
});

it.each([
  ['diff', 'old.toml', 'new.toml'],
  ['diff', 'old.toml', 'new.toml', '--format', 'markdown'],
  ['routes', '--config', 'new.toml'],
  ['routes', '--config', 'new.toml', '--format', 'markdown'],
  ['check', '--config', 'new.toml'],
  ['routes', '--config', 'new.toml', '--env', 'a\u001b[2J\n::error::b'],
])('claimgate %s %s %s %s %s: text of a policy stays text', async (...args) => {
  const evil = String.raw`"a\u001b]0;x\u0007\n::error::pwn\n\n# forged"`;
  const cwd = place({
    'old.toml': POLICY,
    'new.toml': POLICY.replace('audience = "orders"', `audience = ${evil}`).replace(
      '["read:orders"]',
      `["read:orders"], clients = [${evil}]`,
    ),
  });
  const { stdout, stderr } = await claimgate(args, { cwd });
  const printed = stdout + stderr;
  expect(printed.replaceAll('\n', '')).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
  if (args.at(-1)?.includes('::error') !== true) expect(printed).not.toMatch(/^\s*(::error|# forged)/m);
});

describe('claimgate test', () => {
  it('an empty file of cases is no success', async () => {
    const cwd = place({ 'wrangler.toml': POLICY, 'policy.test.toml': '' });
    const { code, stderr } = await claimgate(['test'], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringContaining('there is no case in policy.test.toml')]);
  });

  it('a path that is on several hosts is not asked on the first', async () => {
    const other =
      '[vars.API_OPEN]\nhosts = ["open.example.com"]\norigin = "service:ORDERS"\naudience = "open"\n[vars.API_OPEN.routes]\n"GET /orders" = { auth = "none" }\n';
    const cwd = place({
      'wrangler.toml': `${POLICY}${other}`,
      'policy.test.toml': '[[case]]\nname = "closed"\nrequest = "GET /orders"\nexpect = 401\n',
    });
    for (const args of [['test'], ['explain', 'GET', '/orders', '--offline']]) {
      const { code, stderr } = await claimgate(args, { cwd });
      expect([code, stderr]).toEqual([2, expect.stringContaining('write the whole URL')]);
    }
  });
});

it('what follows a word without = is not shown: it may be a secret', async () => {
  const cwd = place({ 'wrangler.toml': `${POLICY}\nDB_PASSWORD hunter2\n` });
  const { code, stdout, stderr } = await claimgate(['check'], { cwd });
  expect(code).toBe(2);
  expect(stdout + stderr).toContain('DB_PASSWORD');
  expect(stdout + stderr).not.toContain('hunter2');
});
