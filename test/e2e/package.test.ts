/** The package in a project of an outsider: the gateway as it is, in a Worker of one's own, and the command. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { brokenLinks } from './support/links.ts';
import { installInto, pack, run } from './support/package.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'claimgate-package-')));
const project = join(folder, 'outsider');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let tarball: string;
let files: string[];
beforeAll(async () => {
  ({ tarball, files } = await pack(folder));
  mkdirSync(project);
  await installInto(project, tarball);
});

const POLICY = `
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
[vars.API_X]
origin = "https://x.example"
audience = "x"
[vars.API_X.routes]
"GET /x" = { scopes_all = ["read:x"] }
`;

const config = (main: string) => `name = "gateway"
main = "${main}"
compatibility_date = "2026-10-01"
[build]
command = "npx claimgate check"
[[kv_namespaces]]
binding = "KEYS"
${POLICY}`;

const OWN_WORKER = `import { env } from 'cloudflare:workers';
import { createGateway, createKeyRefresh, type GatewayOptions, type LogLine } from 'claimgate';
import { Hono } from 'hono';

const options: GatewayOptions = { env, log: (line: LogLine) => console.log(JSON.stringify(line)) };
const app = new Hono();
app.get('/version', (c) => c.text('1.0.0'));
app.route('/', createGateway(options));

export default { fetch: app.fetch, scheduled: createKeyRefresh(options) } satisfies ExportedHandler;
`;

const readInstalled = (name: string) => readFileSync(join(project, 'node_modules/claimgate', name), 'utf8');

function write(path: string, text: string): void {
  writeFileSync(join(project, path), text);
}

const compilerOptions = {
  target: 'es2024',
  lib: ['es2024'],
  module: 'es2022',
  moduleResolution: 'bundler',
  types: ['@cloudflare/workers-types'],
  strict: true,
  noEmit: true,
};

describe('what is in the package', () => {
  it('is the gateway, the command, their documents, and nothing of development', () => {
    for (const name of [
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'SECURITY.md',
      'bin/claimgate.js',
      'dist/worker.js',
      'dist/index.js',
      'dist/hono.js',
      'dist/revocation.js',
      'dist/origin.js',
      'dist/page.js',
      'dist/page.css',
      'dist/types/origin/index.d.ts',
      'docs/assertion-vectors.json',
      'origin/python/claimgate_origin.py',
      'origin/go/claimgate_origin.go',
      'origin/java/ClaimgateOrigin.java',
      'dist/types/gateway.d.ts',
      'dist/types/hono.d.ts',
      'dist/types/revocation/library.d.ts',
      'dist/issuer.js',
      'dist/create-issuer.js',
      'dist/types/claimgate-issuer/issuer/src/library.d.ts',
      'docs/policy.md',
      'docs/policy.schema.json',
      'docs/upgrading.md',
    ])
      expect(files).toContain(name);
    const odd = files.filter(
      (name) =>
        !/^(bin|dist|docs|origin\/(python|go|java))\/|^(LICENSE|(README|ARCHITECTURE|CHANGELOG|CONTRIBUTING|SECURITY)\.md|package\.json)$/.test(
          name,
        ),
    );
    expect(odd).toEqual([]);
    expect(
      files.filter((name) => /(^|\/)tests?\/|\.test\.|\.dev\.vars|\.env|\.pem|(?<!\.d)\.ts$/.test(name)),
    ).toEqual([]);
  });

  it('has pages that link to nothing that is missing there', () => {
    const pages = files.filter((name) => name.endsWith('.md'));
    expect(pages).toContain('docs/issuer.md');
    const broken = pages.flatMap((page) => brokenLinks(page, files, readInstalled));
    expect(broken).toEqual([]);
  });

  it('names no version but its own', async () => {
    const { version } = JSON.parse(readInstalled('package.json')) as { version: string };
    const texts = files.filter((name) => name.endsWith('.md')).map(readInstalled);
    const named = texts.flatMap(
      (text) => text.match(/claimgate-[0-9]+\.[0-9]+\.[0-9]+|claimgate@[\w.^~-]+/g) ?? [],
    );
    expect([...new Set(named)]).toEqual([`claimgate-${version}`]);
  });

  it('declares every package that it imports, and needs each', async () => {
    const installed = join(project, 'node_modules/claimgate');
    const { dependencies, peerDependencies } = JSON.parse(
      readFileSync(join(installed, 'package.json'), 'utf8'),
    ) as Record<'dependencies' | 'peerDependencies', Record<string, string>>;
    const scripts = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' });
    const { metafile } = await build({
      entryPoints: scripts
        .filter((name) => name.endsWith('.js'))
        .map((name) => join(installed, 'dist', name)),
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      write: false,
      outdir: 'out',
      metafile: true,
    });
    const imported = Object.values(metafile.outputs).flatMap(({ imports }) =>
      imports.map(({ path }) => /^(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path),
    );
    const packages = [...new Set(imported)].filter((name) => !/^(node|cloudflare):/.test(name));
    // Vite is there for the plugin only, which who has no Vite doesn't import.
    expect(packages.sort()).toEqual([...Object.keys(dependencies), 'vite'].sort());
    expect(Object.keys(peerDependencies)).toEqual(['vite', 'wrangler']);
  });
});

describe('the plugin for Vite', () => {
  const viteConfig = `import { claimgate } from 'claimgate/vite';
import { defineConfig } from 'vite';
export default defineConfig({
  plugins: [claimgate({ config: 'vite.toml' })],
  build: { rollupOptions: { input: 'main.js' }, outDir: 'vite-out' },
});
`;
  const buildWith = (policy: string) => {
    write('vite.toml', policy);
    write('main.js', 'console.log(1);');
    write('vite.config.ts', viteConfig);
    return run(project, join(process.cwd(), 'node_modules/.bin/vite'), ['build']);
  };

  it('checks the policy in `vite build`, and has types', async () => {
    const good = await buildWith(config('main.js'));
    expect(good.output).toContain('ok     vite.toml: 1 route');
    expect(good.code, good.output).toBe(0);
    const bad = await buildWith(config('main.js').replace('audience', 'audiense'));
    expect(bad.output).toContain('did you mean "audience"?');
    expect(bad.code).not.toBe(0);
    const tsc = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--types',
      '',
      'vite.config.ts',
    ];
    const types = await run(project, 'npx', ['tsc', ...tsc]);
    expect(types.output).toBe('');
  });
});

describe('the gateway as it is', () => {
  it('is deployed, with the check in front', async () => {
    write('wrangler.toml', config('node_modules/claimgate/dist/worker.js'));
    const { code, output } = await run(project, 'npx', [
      'wrangler',
      'deploy',
      '--dry-run',
      '--outdir',
      'out',
    ]);
    expect(output).toContain('ok     wrangler.toml: 1 route');
    expect(code, output).toBe(0);
    expect(readFileSync(join(project, 'out/worker.js'), 'utf8')).toContain('keys_refreshed');
  });

  it('is not deployed with an error in the policy', async () => {
    write('broken.toml', config('node_modules/claimgate/dist/worker.js').replace('audience', 'audiense'));
    write(
      'broken.toml',
      readFileSync(join(project, 'broken.toml'), 'utf8').replace('check"', 'check --config broken.toml"'),
    );
    const { code, output } = await run(project, 'npx', [
      'wrangler',
      'deploy',
      '--dry-run',
      '-c',
      'broken.toml',
    ]);
    expect(code).not.toBe(0);
    expect(output).toContain('did you mean "audience"?');
  });
});

describe('in a Worker of one’s own', () => {
  it('has types, those of its declarations included', async () => {
    write('index.ts', OWN_WORKER);
    const [, readme = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8')) ?? [];
    write('readme.ts', readme);
    write('wrong.ts', "import { createGateway } from 'claimgate';\ncreateGateway({ environment: {} });\n");
    write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['index.ts', 'readme.ts'] }));
    write('tsconfig.wrong.json', JSON.stringify({ compilerOptions, include: ['wrong.ts'] }));
    expect(await run(project, 'npx', ['tsc', '-p', 'tsconfig.json'])).toEqual({ code: 0, output: '' });
    expect((await run(project, 'npx', ['tsc', '-p', 'tsconfig.wrong.json'])).output).toContain(
      "'environment'",
    );
  });

  it('is deployed', async () => {
    write('own.toml', config('index.ts'));
    const { code, output } = await run(project, 'npx', [
      'wrangler',
      'deploy',
      '--dry-run',
      '-c',
      'own.toml',
      '--outdir',
      'out-own',
    ]);
    expect(code, output).toBe(0);
    const text = readFileSync(join(project, 'out-own/index.js'), 'utf8');
    expect(text).toContain('/version');
    expect(text).toContain('keys_refreshed');
  });
});

describe('in a Worker of one’s own with revocation', () => {
  const needed = `${config('revoking.ts')
    .replace('issuer.example/"', 'issuer.example/"\nmax_token_age = 3600')
    .replace('check"', 'check --config revoking.toml"')}
[vars.GATEWAY]
revocation = "REVOCATIONS"
[[durable_objects.bindings]]
name = "REVOCATIONS"
class_name = "Revocations"
`;
  const migration = '[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["Revocations"]\n';
  const exported = "export { RevocationAdmin, Revocations } from 'claimgate/revocation';\n";
  const deploy = async (worker: string, text: string) => {
    write('revoking.ts', worker);
    write('revoking.toml', text);
    const args = ['wrangler', 'deploy', '--dry-run', '-c', 'revoking.toml', '--outdir', 'out-revoking'];
    return run(project, 'npx', args);
  };

  it('is deployed with the classes of the package, whose types are there', async () => {
    const { code, output } = await deploy(OWN_WORKER + exported, needed + migration);
    expect(code, output).toBe(0);
    expect(output).toContain('ok     revoking.toml: 1 route');
    const text = readFileSync(join(project, 'out-revoking/revoking.js'), 'utf8');
    expect(text).toMatch(/class extends DurableObject|class \w+ extends DurableObject/);
    write('tsconfig.revoking.json', JSON.stringify({ compilerOptions, include: ['revoking.ts'] }));
    const types = await run(project, 'npx', ['tsc', '-p', 'tsconfig.revoking.json']);
    expect(types).toEqual({ code: 0, output: '' });
  });

  it('is not deployed without its migration, nor without the class', async () => {
    const unmade = await deploy(OWN_WORKER + exported, needed);
    expect(unmade.code).not.toBe(0);
    expect(unmade.output).toContain('no migration makes the class "Revocations"');
    // wrangler's own: no check of ours is needed.
    const unexported = await deploy(OWN_WORKER, needed + migration);
    expect(unexported.code).not.toBe(0);
    expect(unexported.output).toContain('not exported in your entrypoint file: Revocations');
  });
});

describe('in a Hono app, as docs/hono.md says', () => {
  const page = readFileSync('docs/hono.md', 'utf8');
  const [app = '', single = '', plain = '', policy = ''] = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(
    ([, code = '']) => code,
  );
  const [, toml = ''] = /```toml\n([\s\S]*?)```/.exec(page) ?? [];
  const withoutPolicy = config('hono.ts').replace(POLICY, '');

  it('has types', async () => {
    write('hono.ts', app);
    write('single.ts', single);
    write('plain.ts', plain);
    write('policy.ts', policy);
    const include = ['hono.ts', 'single.ts', 'plain.ts', 'policy.ts'];
    write('tsconfig.hono.json', JSON.stringify({ compilerOptions, include }));
    expect(await run(project, 'npx', ['tsc', '-p', 'tsconfig.hono.json'])).toEqual({ code: 0, output: '' });
  });

  it('is deployed, with the check in front; a typo stops it', async () => {
    const deploy = () =>
      run(project, 'npx', ['wrangler', 'deploy', '--dry-run', '-c', 'hono.toml', '--outdir', 'out-hono']);
    write(
      'hono.toml',
      withoutPolicy
        .replace('[[kv_namespaces]]\nbinding = "KEYS"\n', '')
        .replace('check"', 'check --config hono.toml"') + toml,
    );
    const { code, output } = await deploy();
    expect(code, output).toBe(0);
    expect(output).toContain('ok     hono.toml: 2 routes');
    write('hono.toml', readFileSync(join(project, 'hono.toml'), 'utf8').replace('scopes_all', 'scopes_al'));
    expect((await deploy()).output).toContain('did you mean "scopes_all"?');
  });

  it('has its policy in code checked', async () => {
    write('code.toml', withoutPolicy);
    const args = ['claimgate', 'check', '--config', 'code.toml', '--module'];
    const { code, output } = await run(project, 'npx', [...args, 'policy.ts']);
    expect([code, output]).toEqual([0, expect.stringContaining('ok     policy.ts: 1 route')]);
    write('typo.ts', policy.replace('audience', 'audiense'));
    expect((await run(project, 'npx', [...args, 'typo.ts'])).output).toContain('did you mean "audience"?');
  });
});

describe('the verifier for origins', () => {
  const script = `import { createVerifier, createSecretVerifier, ASSERTION_CODES } from 'claimgate/origin';
console.log(ASSERTION_CODES.length);
try { createVerifier({ issuer: process.env.NOBODY }); } catch (error) { console.log(error.message); }
createSecretVerifier({ secrets: ['a secret of some length'], header: 'x-origin-secret' })
  .verify({ method: 'GET', target: '/', headers: {} }).catch(({ code }) => console.log(code));
`;

  it('runs where nothing else is installed', async () => {
    const bare = join(folder, 'bare-origin');
    const installed = join(bare, 'node_modules/claimgate');
    mkdirSync(join(installed, 'dist'), { recursive: true });
    for (const name of ['package.json', 'dist/origin.js'])
      writeFileSync(join(installed, name), readInstalled(name));
    writeFileSync(join(bare, 'run.mjs'), script);
    expect(await run(bare, process.execPath, ['run.mjs'])).toEqual({
      code: 0,
      output: '21\nissuer: the verifier needs it; it is not set\nmissing\n',
    });
  });

  it.each([
    ['Workers', { types: ['@cloudflare/workers-types'], lib: ['es2024'] }],
    ['Deno, Bun and Node', { types: [], lib: ['es2024', 'dom', 'dom.iterable'] }],
  ])('has types for %s', async (_where, options) => {
    const types = {
      strict: true,
      noEmit: true,
      module: 'es2022',
      moduleResolution: 'bundler',
      target: 'es2024',
    };
    write(
      'origin.ts',
      `import { createVerifier, expressGuard, fetchGuard, honoGuard, userKey } from 'claimgate/origin';
import { Hono } from 'hono';
const variables: Record<string, string | undefined> = {};
const verifier = createVerifier({ issuer: variables['A'], audience: variables['B'], keys: variables['C'] });
export const app = new Hono().use(honoGuard(verifier)).get('/', (c) => c.text(c.var.verified.caller?.issuer ?? ''));
export const handle = fetchGuard(verifier, (_request, { caller }, env: { A: string }) =>
  new Response(caller === undefined ? env.A : userKey(caller)));
export const guard = expressGuard(verifier);
`,
    );
    write(
      'wrong-origin.ts',
      "import { createVerifier } from 'claimgate/origin';\ncreateVerifier({ issuer: 'x' });\n",
    );
    const check = (file: string) => {
      write(
        'tsconfig.origin.json',
        JSON.stringify({ compilerOptions: { ...types, ...options }, include: [file] }),
      );
      return run(project, 'npx', ['tsc', '-p', 'tsconfig.origin.json']);
    };
    expect(await check('origin.ts')).toEqual({ code: 0, output: '' });
    expect((await check('wrong-origin.ts')).output).toContain('audience, keys');
  });
});

describe('the command', () => {
  it('checks the policy of the project', async () => {
    const { code, output } = await run(project, 'npx', ['claimgate', 'check']);
    expect(output).toContain('ok     wrangler.toml: 1 route');
    expect(code).toBe(0);
  });

  it('knows its version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect((await run(project, 'npx', ['claimgate', '--version'])).output).toBe(`${version}\n`);
  });

  it('acts on an issuer with the wrangler of the project', async () => {
    write(
      'issuer.toml',
      'name = "issuer"\n[vars]\nISSUER = "https://auth.example/"\n[[kv_namespaces]]\nbinding = "ISSUER_KV"\n',
    );
    const { code, output } = await run(project, 'npx', [
      'claimgate',
      'api',
      'list',
      '--config',
      'issuer.toml',
    ]);
    expect(code, output).toBe(0);
  });

  it('says what is missing where there is no wrangler', async () => {
    const bare = join(folder, 'bare');
    mkdirSync(bare);
    await installInto(bare, tarball);
    rmSync(join(bare, 'node_modules/wrangler'));
    write('../bare/issuer.toml', readFileSync(join(project, 'issuer.toml'), 'utf8'));
    const { code, output } = await run(bare, 'npx', ['claimgate', 'api', 'list', '--config', 'issuer.toml']);
    expect(output).toBe('error  wrangler is not installed here; npm install --save-dev wrangler brings it\n');
    expect(code).toBe(3);
    write('../bare/wrangler.toml', config('x.js'));
    expect(await run(bare, 'npx', ['claimgate', 'logs', '--env', 'x'])).toEqual({ code: 3, output });
    expect((await run(bare, 'npx', ['claimgate', 'check'])).code).toBe(0);
  });
});

describe('claimgate init', () => {
  const shop = join(folder, 'orders-gateway');
  const git = (...args: string[]) =>
    run(shop, 'git', ['-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args]);

  it('writes a gateway that is deployed as it is', async () => {
    mkdirSync(shop);
    await installInto(shop, tarball);
    await git('init', '-q', '-b', 'main');
    const flags = [
      '--issuer',
      'https://issuer.example/',
      '--audience',
      'orders',
      '--origin',
      'service:orders',
    ];
    const init = await run(shop, 'npx', ['claimgate', 'init', ...flags, '--host', 'api.example.com']);
    expect(init.code, init.output).toBe(0);
    const { code, output } = await run(shop, 'npx', ['wrangler', 'deploy', '--dry-run']);
    expect(code, output).toBe(0);
    expect(output).toContain('ok     wrangler.toml: 4 routes');
    expect(output).toMatch(/env\.KEYS/);
    expect(output).toMatch(/env\.ORDERS \(orders\)/);
  });

  it('writes a workflow whose steps pass, and which tells what a change means', async () => {
    const text = readFileSync(join(shop, '.github/workflows/policy.yml'), 'utf8');
    const { steps } = (parse(text) as { jobs: { policy: { steps: { run?: string }[] } } }).jobs.policy;
    const commands = steps.flatMap((step) =>
      step.run === undefined || step.run === 'npm ci' ? [] : [step.run],
    );
    expect(commands).toHaveLength(4);
    const summary = join(folder, 'summary.md');
    const env = { BASE: 'main', FILE: 'wrangler.toml', GITHUB_STEP_SUMMARY: summary };
    const runAll = async () => {
      writeFileSync(summary, '');
      for (const command of commands) {
        const { code, output } = await run(shop, 'bash', ['-e', '-c', command], env);
        expect(code, `${command}\n${output}`).toBe(0);
      }
      return readFileSync(summary, 'utf8');
    };
    writeFileSync(join(shop, '.gitignore'), 'node_modules\n');
    await git('add', '.gitignore');
    await git('commit', '-qm', 'nothing yet');
    await git('checkout', '-qb', 'change');
    await git('add', '.');
    await git('commit', '-qm', 'a gateway');
    expect(await runAll()).toBe('The policy is new.\n');

    await git('branch', '-f', 'main');
    const policy = join(shop, 'wrangler.toml');
    const before = readFileSync(policy, 'utf8');
    const wider = before.replaceAll(
      'scopes_all = ["write:orders"] }',
      'scopes_any = ["write:orders", "admin"] }',
    );
    expect(wider).not.toBe(before);
    writeFileSync(policy, wider);
    await git('commit', '-qam', 'admins write');
    expect(await runAll()).toMatch(/widened[\s\S]*POST \/orders[\s\S]*admin/);

    // And they fail where something is wrong.
    writeFileSync(policy, before.replace('["read:orders"]', '["write:orders"]'));
    const { code, output } = await run(shop, 'bash', ['-e', '-c', commands[1] ?? ''], env);
    expect([code, output]).toEqual([1, expect.stringContaining('FAIL  GET /orders lets through who may')]);
  });
});
