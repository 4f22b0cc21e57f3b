/** The file that commands read is the one that wrangler reads; a policy that wrangler does not read is an error. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { experimental_readRawConfig as readRawConfig } from 'wrangler';
import { findConfig } from '../../../cli/formats/find.ts';
import { claimgate } from '../support/claimgate.ts';
import { policyText } from '../support/policies.ts';

const root = mkdtempSync(join(tmpdir(), 'claimgate-find-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const TOML = policyText();
const WORKER = '{\n\t"name": "depot", // what create-cloudflare writes\n\t"vars": { "STAGE": "live" },\n}';
const POLICY = {
  ISSUERS: { main: { issuer: 'https://issuer.example/' } },
  API_X: { origin: 'https://x.example', audience: 'x', routes: { 'GET /x': { scopes_all: ['a'] } } },
};
const AROUND = { kv_namespaces: [{ binding: 'KEYS' }], triggers: { crons: ['*/5 * * * *'] } };
const JSONC = JSON.stringify({ ...AROUND, vars: POLICY }, null, '\t');

let projects = 0;
function project(files: Readonly<Record<string, string>>): string {
  const at = join(root, `${projects++}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(at, name)), { recursive: true });
    writeFileSync(join(at, name), text);
  }
  return at;
}

describe('the file that is read', () => {
  const NAMES = ['wrangler.json', 'wrangler.jsonc', 'wrangler.toml'];
  const places = ['', 'a/', 'a/b/'];
  const files = places.flatMap((place) => NAMES.map((name) => place + name));
  const pairs = files.flatMap((one, i) => files.slice(i).map((other) => [one, other] as const));

  it.each(pairs)('is that of wrangler, with %s and %s', (one, other) => {
    const at = project({
      [one]: one.endsWith('toml') ? '' : '{}',
      [other]: other.endsWith('toml') ? '' : '{}',
    });
    const folder = join(at, 'a/b');
    mkdirSync(folder, { recursive: true });
    const { configPath } = readRawConfig({ script: join(folder, 'index.js') });
    const found = findConfig(folder);
    expect(found && join(process.cwd(), found.path)).toBe(configPath);
  });
});

describe('claimgate check', () => {
  it.each(['wrangler.json', 'wrangler.jsonc', 'wrangler.toml'])(
    'finds %s by itself, from below too',
    async (name) => {
      const at = project({ [name]: name.endsWith('toml') ? TOML : JSONC, 'src/index.ts': '' });
      for (const cwd of [at, join(at, 'src')]) {
        const { code, stdout } = await claimgate(['check'], { cwd });
        expect([code, stdout]).toEqual([0, `ok     ${relative(cwd, join(at, name))}: 1 route\n`]);
      }
    },
  );

  it('is an error where the policy is in a file that wrangler does not read', async () => {
    const at = project({ 'wrangler.jsonc': WORKER, 'wrangler.toml': TOML });
    const { code, stdout } = await claimgate(['check'], { cwd: at });
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^error\[unread-file\]: wrangler\.toml:\d+ has a policy, and wrangler does not read\n {2}that file: it reads wrangler\.jsonc\n/,
    );
    expect(stdout).toContain('--> wrangler.jsonc:1:1  file');
    const json = JSON.parse((await claimgate(['check', '--json'], { cwd: at })).stdout);
    expect(json[0].faults).toContainEqual(
      expect.objectContaining({ rule: 'unread-file', file: 'wrangler.jsonc' }),
    );
  });

  it('is one, too, where both files have a policy', async () => {
    const at = project({ 'wrangler.jsonc': JSONC, 'wrangler.json': JSONC });
    const { code, stdout } = await claimgate(['check'], { cwd: at });
    expect([code, stdout]).toEqual([1, expect.stringContaining('wrangler.jsonc:12 has a policy')]);
  });

  it('is one where an API is continued in a file of another format', async () => {
    const more = '[vars.API_X_2]\nextends = "API_X"\n[vars.API_X_2.routes]\n"GET /y" = {}\n';
    const at = project({ 'wrangler.jsonc': JSONC, 'wrangler.toml': more });
    const { code, stdout } = await claimgate(['check'], { cwd: at });
    expect([code, stdout]).toEqual([1, expect.stringContaining('wrangler.toml:1 has a policy')]);
    const { stderr } = await claimgate(['routes', '--config', 'wrangler.toml'], { cwd: at });
    expect(stderr).toContain('API_X_2.extends');
  });

  it('says which file wrangler reads, where the other has no policy', async () => {
    const at = project({ 'wrangler.jsonc': JSONC, 'wrangler.toml': 'name = "x"' });
    const { code, stdout } = await claimgate(['check'], { cwd: at });
    expect([code, stdout]).toEqual([
      0,
      'note   wrangler reads wrangler.jsonc, and not wrangler.toml\nok     wrangler.jsonc: 1 route\n',
    ]);
    writeFileSync(join(at, 'wrangler.toml'), 'name = ');
    expect((await claimgate(['check'], { cwd: at })).stdout).toContain(
      "not wrangler.toml, which can't be read",
    );
  });

  it('warns of a file that only --config of wrangler would name', async () => {
    const at = project({ 'wrangler.jsonc': WORKER, 'wrangler.toml': TOML });
    const { code, stdout } = await claimgate(['check', '--config', 'wrangler.toml'], { cwd: at });
    expect(code).toBe(0);
    expect(stdout).toContain('warning[unread-file]: wrangler reads wrangler.jsonc, unless its own --config');
  });

  it('leaves alone what lives further up, or has a name of its own', async () => {
    const at = project({ 'a/wrangler.jsonc': JSONC, 'wrangler.toml': TOML, 'a/policy.toml': TOML });
    expect((await claimgate(['check'], { cwd: join(at, 'a') })).stdout).toBe(
      'ok     wrangler.jsonc: 1 route\n',
    );
    const named = await claimgate(['check', '--config', 'policy.toml'], { cwd: join(at, 'a') });
    expect(named.stdout).toBe('ok     policy.toml: 1 route\n');
  });

  it('sees that a file further up is read in place of the one that is here', async () => {
    const at = project({ 'wrangler.json': WORKER, 'a/wrangler.toml': TOML });
    const { code, stdout } = await claimgate(['check'], { cwd: join(at, 'a') });
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining(
        'wrangler.toml:9 has a policy, and wrangler does not read\n  that file: it reads ../wrangler.json\n',
      ),
    ]);
  });

  it('tells whoever names a file that is not there of the one that is', async () => {
    const at = project({ 'wrangler.jsonc': JSONC });
    const { code, stderr } = await claimgate(['routes', '--config', 'wrangler.toml'], { cwd: at });
    expect([code, stderr]).toEqual([
      2,
      'error  there is no wrangler.toml; there is wrangler.jsonc: name that with --config, or leave --config out\n',
    ]);
  });

  it('accepts warnings by comments, in JSON', async () => {
    const warned = JSONC.replace('"GET /x": {', '"GET /x": { "report_only": true,');
    const at = project({ 'wrangler.jsonc': warned });
    expect((await claimgate(['check', '--strict'], { cwd: at })).stdout).toContain(
      '"// claimgate: allow NAME"',
    );
    const rule = /warning\[([\w-]+)\]/.exec((await claimgate(['check'], { cwd: at })).stdout)?.[1];
    for (const comment of [`// claimgate: allow ${rule} -- a trial`, `/* claimgate: allow ${rule} */`]) {
      writeFileSync(join(at, 'wrangler.jsonc'), warned.replace('"GET /x"', `${comment}\n"GET /x"`));
      expect(await claimgate(['check', '--strict'], { cwd: at })).toMatchObject({ code: 0 });
    }
  });
});

describe('a configuration that a build tool put in place', () => {
  // As @cloudflare/vite-plugin writes them (its src/deploy-config.ts), and the Worker's own wrangler.json in dist.
  const built = (vars: object) => ({
    'wrangler.jsonc': JSONC,
    '.wrangler/deploy/config.json': JSON.stringify({
      configPath: '../../dist/x/wrangler.json',
      auxiliaryWorkers: [],
    }),
    'dist/x/wrangler.json': JSON.stringify({ configPath: 'wrangler.jsonc', ...AROUND, vars }),
  });

  it('is what is checked with --deploy, and is said else', async () => {
    const at = project(built({ ...POLICY, API_X: { ...POLICY.API_X, audiense: 'x' } }));
    const plain = await claimgate(['check'], { cwd: at });
    expect([plain.code, plain.stdout]).toEqual([
      0,
      'note   .wrangler/deploy/config.json makes wrangler deploy dist/x/wrangler.json, which was built from wrangler.jsonc; claimgate check --deploy reads that\nok     wrangler.jsonc: 1 route\n',
    ]);
    const deployed = await claimgate(['check', '--deploy'], { cwd: at });
    expect(deployed.code).toBe(1);
    expect(deployed.stdout).toContain('dist/x/wrangler.json:1:');
    expect(deployed.stdout).toContain('there is no field "audiense"');
  });

  it('is said to be missing', async () => {
    const { 'dist/x/wrangler.json': _, ...rest } = built(POLICY);
    const at = project(rest);
    expect((await claimgate(['check'], { cwd: at })).stdout).toContain(
      'wrangler would not deploy: .wrangler/deploy/config.json names dist/x/wrangler.json, which is not there',
    );
    expect((await claimgate(['check', '--deploy'], { cwd: at })).code).toBe(2);
  });
});

describe('a project of the cf command line', () => {
  // As wrangler 4.155 writes it: build --experimental-new-config --experimental-cf-build-output.
  const OUTPUT = '.cloudflare/output/v0/workers/default/worker.config.json';
  const worker = (api: object) =>
    JSON.stringify({
      name: 'x',
      compatibilityDate: '2026-10-01',
      env: {
        ISSUERS: { type: 'json', value: POLICY.ISSUERS },
        API_X: { type: 'json', value: { ...POLICY.API_X, origin: 'service:ORIGIN', ...api } },
        ORIGIN: { type: 'worker', worker: 'origin' },
        KEYS: { type: 'kv' },
        PLAIN: { type: 'text', value: 'hunter2' },
      },
      triggers: [{ type: 'scheduled', schedule: '*/5 * * * *' }],
      manifest: { type: 'complete', mainModule: 'index.js', modules: {} },
    });

  it('is read as its last build has written it', async () => {
    const at = project({ 'cloudflare.config.ts': '', [OUTPUT]: worker({}) });
    utimesSync(join(at, 'cloudflare.config.ts'), 1, 1);
    expect(await claimgate(['check'], { cwd: at })).toMatchObject({
      code: 0,
      stdout: `ok     ${OUTPUT}: 1 route\n`,
    });
    writeFileSync(join(at, OUTPUT), worker({ audiense: 'x' }));
    const { code, stdout } = await claimgate(['check'], { cwd: at });
    const column = worker({ audiense: 'x' }).indexOf('"audiense"') + 1;
    expect([code, stdout]).toEqual([1, expect.stringContaining(`worker.config.json:1:${column}\n`)]);
    expect(stdout).not.toContain('hunter2');
  });

  it('must be built, and built again after a change', async () => {
    const at = project({ 'cloudflare.config.ts': '' });
    const unbuilt = await claimgate(['routes'], { cwd: at });
    expect([unbuilt.code, unbuilt.stderr]).toEqual([
      2,
      expect.stringMatching(
        /cloudflare\.config\.ts is code, and there is no build of it; build it with `npx cf build`/,
      ),
    ]);
    mkdirSync(dirname(join(at, OUTPUT)), { recursive: true });
    writeFileSync(join(at, OUTPUT), worker({}));
    utimesSync(join(at, OUTPUT), 1, 1);
    expect((await claimgate(['check'], { cwd: at })).stderr).toContain('was changed after its last build');
  });
});

describe('other commands', () => {
  it('compare formats, and a revision in which the file had another one', async () => {
    const at = project({ 'wrangler.toml': TOML });
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], {
        cwd: at,
        stdio: 'pipe',
      });
    git('init', '-q', '-b', 'main');
    git('add', '.');
    git('commit', '-q', '-m', 'first');
    rmSync(join(at, 'wrangler.toml'));
    const vars = {
      ...POLICY,
      API_X: {
        ...POLICY.API_X,
        origin: 'service:X',
        routes: { 'GET /x': { scopes_all: ['read:things'] }, 'GET /y': {} },
      },
    };
    writeFileSync(
      join(at, 'wrangler.jsonc'),
      JSON.stringify({ ...AROUND, services: [{ binding: 'X', service: 'x' }], vars }),
    );
    const { code, stdout } = await claimgate(['diff', '--json'], { cwd: at });
    const found = JSON.parse(stdout);
    expect([code, found.old, found.new]).toEqual([0, 'HEAD:wrangler.toml', 'wrangler.jsonc']);
    expect(found.environments[0].findings).toMatchObject([{ change: 'opened' }]);
    expect(found.environments[0].findings).toHaveLength(1);
    writeFileSync(join(at, 'old.toml'), TOML);
    const files = JSON.parse(
      (await claimgate(['diff', 'old.toml', 'wrangler.jsonc', '--json'], { cwd: at })).stdout,
    );
    expect(files.environments).toEqual(found.environments);
  });

  it('init writes no wrangler.toml that wrangler would not read', async () => {
    const at = project({ 'wrangler.jsonc': WORKER, 'apps/x.txt': '' });
    const inside = join(at, 'apps');
    const { code, stderr } = await claimgate(['init', '--yes'], { cwd: inside });
    expect([code, stderr]).toEqual([2, expect.stringContaining('wrangler reads ../wrangler.jsonc here')]);
    expect(readdirSync(inside)).toEqual(['x.txt']);
    expect((await claimgate(['init', '--yes'], { cwd: at })).code).toBe(0);
    expect(readdirSync(at)).not.toContain('wrangler.toml');
  });

  it('routes, explain, test and doctor read the same file', async () => {
    const at = project({ 'wrangler.jsonc': JSONC });
    const run = (...args: string[]) => claimgate(args, { cwd: at });
    expect((await run('routes')).stdout).toContain('/x');
    expect((await run('explain', 'GET', '/x', '--claims', '{"scope":"a"}')).code).toBe(0);
    expect((await run('test', '--init')).code).toBe(0);
    expect(await run('test')).toMatchObject({ code: 0 });
    expect(existsSync(join(at, 'policy.test.toml'))).toBe(true);
    cpSync(join(at, 'wrangler.jsonc'), join(at, 'issuer/wrangler.json'));
    expect((await run('doctor')).stderr).toContain('issuer/wrangler.json has no ISSUER');
  });
});
