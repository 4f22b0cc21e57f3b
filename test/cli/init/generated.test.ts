/** Files that commands write run no command that a registry could answer: whoever took the name would run there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimgate } from '../support/claimgate.ts';
import { makeFolder } from '../support/files.ts';

const folder = makeFolder();

/** Also in comments: they are there to be pasted. */
const BARE = /\b(npx|npm exec|pnpm dlx|yarn dlx|bunx)\b(?! --no-install (claimgate|wrangler)\b).*/g;

const filesIn = (root: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name));

async function init(name: string, ...flags: string[]): Promise<string> {
  const root = folder.path(name);
  const { code, stderr } = await claimgate(['init', root, '--yes', ...flags]);
  expect(code, stderr).toBe(0);
  return root;
}

async function output(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await claimgate(args);
  expect(code, stderr).toBe(0);
  return stdout;
}

describe('a generated file runs nothing that npx would fetch', () => {
  it.each<[string, string[]]>([
    ['for an issuer elsewhere', []],
    ['with an issuer of its own', ['--issuer', '--host', 'api.example.com']],
    ['in front of a service', ['--origin', 'service:orders']],
  ])('init %s', async (name, flags) => {
    const root = await init(name, ...flags);
    const files = filesIn(root);
    expect(files.length).toBeGreaterThanOrEqual(3);
    for (const file of files) expect(readFileSync(file, 'utf8').match(BARE), file).toBeNull();
    const all = files.map((file) => readFileSync(file, 'utf8')).join('\n');
    expect(all).toContain('command = "npx --no-install claimgate check"');
    expect(all).toContain('run: npx --no-install claimgate test');
  });

  it('what other commands write', async () => {
    const config = join(await init('others'), 'wrangler.toml');
    const cases = folder.path('first.test.toml');
    await output('test', cases, '--init', '--config', config);
    const description = folder.write(
      'openapi.yaml',
      'openapi: 3.0.3\ninfo: { title: X, version: "1" }\npaths: { /x: { get: { responses: { "200": { description: x } } } } }\n',
    );
    const log = folder.write(
      'day.log',
      '{"time":"2026-11-24T12:00:00.000Z","request_id":"r","method":"GET","host":"api.example.com","path":"/x","decision":"deny","status":404,"reason":"route_unknown"}\n',
    );
    const tenant = folder.write(
      'tenant.yaml',
      'resourceServers: [{ name: X, identifier: "https://x.example", scopes: [{ value: "read:x" }] }]\n',
    );
    const texts = [
      readFileSync(cases, 'utf8'),
      await output('import', 'openapi', description),
      await output('import', 'auth0', tenant),
      await output('logs', log, '--draft'),
      await output('schema'),
    ];
    for (const text of texts) {
      expect(text).not.toBe('');
      expect(text.match(BARE), text).toBeNull();
    }
  });
});
