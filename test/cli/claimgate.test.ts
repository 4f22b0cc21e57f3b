/**
 * The command as a process of its own. Most other tests run it in theirs: that both do the same is tested here, once
 * for each command, and what only a process has.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { claimgate, type Run, spawnClaimgate } from './support/claimgate.ts';
import { policyText } from './support/policies.ts';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FILES = {
  'wrangler.toml': policyText(),
  'faulty.toml': policyText().replace('audience = "x"', ''),
  'open.toml': policyText({ routes: '"GET /x" = { auth = "none" }' }),
  'policy.test.toml': '[[case]]\nname = "nobody"\nrequest = "GET /x"\nexpect = 401\n',
  'day.log':
    '{"time":"2026-11-24T12:00:00.000Z","request_id":"r","method":"GET","route":"API_X GET /x","decision":"allow","status":200}\n',
  'issuer.toml':
    'name = "issuer"\n[vars]\nISSUER = "http://localhost:9/"\n[[kv_namespaces]]\nbinding = "ISSUER_KV"\n',
  secret: 'cgs',
  'openapi.yaml':
    'openapi: 3.0.3\ninfo: { title: X, version: "1" }\npaths: { /x: { get: { responses: { "200": { description: x } } } } }\n',
};
for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);

const AT_ISSUER = ['--config', 'issuer.toml'];

/** Of each command a use, and the code that it ends with. */
const USES: readonly [code: number, ...args: string[]][] = [
  [2, 'init', '.', '--yes'],
  [0, 'check'],
  [1, 'check', '--config', 'faulty.toml'],
  [0, 'schema'],
  [0, 'routes'],
  [1, 'explain', 'GET', '/x', '--offline'],
  [1, 'diff', 'wrangler.toml', 'open.toml', '--fail-on', 'any'],
  [0, 'test'],
  [0, 'logs', 'day.log'],
  [0, 'assertion', 'keys', 'list'],
  [2, 'origin-test', 'https://stranger.example/x'],
  [0, 'page'],
  [2, 'console', '--port', '0'],
  [2, 'issuer', 'init', '--config', 'nowhere.toml'],
  [0, 'keys', 'list', ...AT_ISSUER],
  [0, 'api', 'list', ...AT_ISSUER],
  [2, 'client', 'show', 'nobody', ...AT_ISSUER],
  [3, 'token', 'nobody', 'x', '--secret-file', 'secret', ...AT_ISSUER],
  [1, 'doctor', ...AT_ISSUER, '--gateway', 'nowhere.toml'], // its policy has an issuer that is asked
  [2, 'push', 'nowhere.json', ...AT_ISSUER],
  [0, 'pull', ...AT_ISSUER],
  [0, 'import', 'openapi', 'openapi.yaml'],
  [2, 'revoke', '--sub', 'x', '--why', 'y'], // the policy has no revocation
  [2, 'unrevoke', '--sub', 'x', '--why', 'y'],
  [0, 'close', 'API_X', '--dry-run', '--log', 'day.log'],
  [2, 'open', 'API_X', '--why', 'y'],
  [2, 'switches'],
  [0, '--version'],
  [2, 'chekc'],
];

/** Without what no two runs have in common: ids of requests, and times. */
const comparable = (run: Run): Run => ({
  ...run,
  stdout: run.stdout
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
    .replace(/[0-9.]+ m?s\b/g, 'TIME'),
});

it.each(USES.map(([code, ...args]) => ({ code, args, title: args.join(' ') })))(
  'claimgate $title: $code, in a process of its own and in the one of a test',
  async ({ code, args }) => {
    const own = await spawnClaimgate(args, { cwd: folder });
    expect(own, own.stderr).toMatchObject({ code });
    expect(own.stdout + own.stderr).not.toBe('');
    expect(comparable(await claimgate(args, { cwd: folder }))).toEqual(comparable(own));
  },
);

it('each command is among them, and has help', async () => {
  const { code, stdout } = await spawnClaimgate(['--help']);
  expect(code).toBe(0);
  const commands = [...(stdout.split('\nCommands:\n')[1] ?? '').matchAll(/^ {2}([a-z-]+)/gm)].map(
    ([, name]) => name,
  );
  expect(commands.length).toBeGreaterThan(10);
  const used = new Set(USES.map(([, name]) => name));
  expect(commands.filter((name) => name !== 'help' && !used.has(name ?? ''))).toEqual([]);
});

it('a reader that has seen enough is no failure', async () => {
  const child = spawn(process.execPath, ['cli/claimgate.ts', 'schema']);
  child.stdout.destroy();
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect([code, errors]).toEqual([0, '']);
});
