/** The plugin in the real Vite, in a project of its own. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, createBuilder, createServer, type InlineConfig, type Logger } from 'vite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimgate } from '../../../cli/vite/plugin.ts';
import type { ClaimgateOptions } from '../../../cli/vite/public.d.ts';
import { policyText } from '../support/policies.ts';

let root: string;
let said: string[];
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'claimgate-vite-')));
  said = [];
  write('main.js', 'export default 1;');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(join(root, name), text);

const say = (text: string) => void said.push(text);
const logger = {
  info: say,
  warn: say,
  error: say,
  warnOnce: say,
  clearScreen() {},
  hasErrorLogged: () => false,
  hasWarned: false,
} as Logger;

const project = (options?: ClaimgateOptions, more: InlineConfig = {}): InlineConfig => ({
  root,
  configFile: false,
  customLogger: logger,
  plugins: [claimgate(options)],
  build: { lib: { entry: 'main.js', formats: ['es'] } },
  ...more,
});

const TYPO = policyText().replace('audience', 'audiense');
const LOCAL = policyText({ api: 'origin = "http://localhost:8080"' });
const environment = (name: string, text: string) =>
  text
    .replaceAll('[vars', `[env.${name}.vars`)
    .replace('[triggers]', `[env.${name}.triggers]`)
    .replace('[[kv_namespaces]]', `[[env.${name}.kv_namespaces]]`)
    .replace('[[services]]', `[[env.${name}.services]]`);

describe('vite build', () => {
  it('checks the policy, once for client and Worker', async () => {
    write('wrangler.toml', policyText());
    const build = { rolldownOptions: { input: join(root, 'main.js') } };
    const environments = { client: { build }, worker: { build } };
    await (await createBuilder(project({}, { build, environments, builder: {} }))).buildApp();
    expect(said.filter((text) => text.includes('wrangler.toml'))).toHaveLength(1);
  });

  it('fails where it has an error, with its place', async () => {
    write('wrangler.toml', TYPO);
    await expect(build(project())).rejects.toThrow(/wrangler\.toml:\d+:1[\s\S]*did you mean "audience"\?/);
  });

  it('fails for a URL of this machine, unless nothing is deployed', async () => {
    write('wrangler.toml', LOCAL);
    await expect(build(project())).rejects.toThrow('localhost:8080 is this machine');
    await expect(build(project({ deploy: false }))).resolves.toBeDefined();
  });

  it('fails for a warning where it is strict', async () => {
    write('wrangler.toml', policyText().replace('[triggers]\ncrons = ["*/5 * * * *"]', ''));
    await expect(build(project())).resolves.toBeDefined();
    await expect(build(project({ strict: true }))).rejects.toThrow('no-key-refresh');
  });

  it('checks the environment that CLOUDFLARE_ENV names, in an .env file of the mode too', async () => {
    write('wrangler.toml', `${policyText()}\n${environment('staging', TYPO)}`);
    await expect(build(project())).resolves.toBeDefined();
    write('.env.staging', 'CLOUDFLARE_ENV=staging\n');
    await expect(build(project({}, { mode: 'staging' }))).rejects.toThrow('[env.staging]');
  });

  it('takes the file that it is told', async () => {
    mkdirSync(join(root, 'gateway'));
    write('wrangler.toml', TYPO);
    write('gateway/wrangler.toml', policyText());
    await expect(build(project({ config: 'gateway/wrangler.toml' }))).resolves.toBeDefined();
  });

  it('fails without a file', async () => {
    await expect(build(project())).rejects.toThrow(
      /there is no wrangler\.jsonc, wrangler\.json, wrangler\.toml in .*; name the file with the policy/,
    );
  });
});

describe('vite dev', () => {
  const serve = () => createServer(project({}, { server: { middlewareMode: true } }));

  it('prints errors and goes on, and looks again when the file changes', async () => {
    write('wrangler.toml', TYPO);
    const server = await serve();
    expect(said.join('\n')).toContain('did you mean "audience"?');
    said.length = 0;
    write('wrangler.toml', LOCAL); // on this machine it may be
    server.watcher.emit('change', join(root, 'wrangler.toml'));
    await expect.poll(() => said.join('\n')).toContain('1 route');
    expect(said.join('\n')).not.toContain('is this machine');
    await server.close();
  });

  it('goes on without a file', async () => {
    const server = await serve();
    expect(said.join('\n')).toContain('there is no wrangler.jsonc');
    await server.close();
  });
});
