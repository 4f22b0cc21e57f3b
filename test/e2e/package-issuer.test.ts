/** The issuer of the package, in a project of an outsider: from `init --issuer` to a token. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installInto, pack, run } from './support/package.ts';
import { freePort } from './support/ports.ts';

const AUDIENCE = 'https://api.example.com/orders';
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'claimgate-own-issuer-')));
const project = join(folder, 'orders-gateway');

let dev: ChildProcess | undefined;
afterAll(() => {
  if (dev?.pid !== undefined) process.kill(-dev.pid, 'SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

beforeAll(async () => {
  const { tarball } = await pack(folder);
  mkdirSync(project);
  await installInto(project, tarball);
  const flags = [
    '--issuer',
    '--audience',
    AUDIENCE,
    '--origin',
    'service:orders',
    '--host',
    'api.example.com',
  ];
  const { code, output } = await run(project, 'npx', ['claimgate', 'init', ...flags]);
  expect(code, output).toBe(0);
});

const npx = (...args: string[]) => run(project, 'npx', args);
async function claimgate(...args: string[]): Promise<string> {
  const { code, output } = await npx('claimgate', ...args);
  expect(code, output).toBe(0);
  return output;
}

const write = (path: string, text: string) => {
  mkdirSync(join(project, path, '..'), { recursive: true });
  writeFileSync(join(project, path), text);
};

/** `docs/hooks.md` has it. */
const HOOKED = /## In a project of your own[\s\S]*?```ts\n([\s\S]*?)```/.exec(
  readFileSync('docs/hooks.md', 'utf8'),
)?.[1];

describe('the issuer of the package', () => {
  it('is deployed as it is, and the gateway beside it', async () => {
    for (const config of ['issuer/wrangler.toml', 'wrangler.toml']) {
      const { code, output } = await npx('wrangler', 'deploy', '--dry-run', '--config', config);
      expect(code, output).toBe(0);
    }
  });

  it('is a Worker of one’s own with hooks, as docs/hooks.md has it, with types', async () => {
    expect(HOOKED).toContain("from 'claimgate/issuer'");
    write('issuer/src/index.ts', HOOKED ?? '');
    write('issuer/src/wrong.ts', "import { createIssuer } from 'claimgate/issuer';\ncreateIssuer({});\n");
    const compilerOptions = {
      target: 'es2024',
      lib: ['es2024'],
      module: 'es2022',
      moduleResolution: 'bundler',
      types: ['@cloudflare/workers-types'],
      strict: true,
      noEmit: true,
    };
    write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['issuer/src/index.ts'] }));
    write('tsconfig.wrong.json', JSON.stringify({ compilerOptions, include: ['issuer/src/wrong.ts'] }));
    expect(await npx('tsc', '-p', 'tsconfig.json')).toEqual({ code: 0, output: '' });
    expect((await npx('tsc', '-p', 'tsconfig.wrong.json')).output).toContain("'env'");
    const config = readFileSync(join(project, 'issuer/wrangler.toml'), 'utf8');
    write('issuer/own.toml', config.replace('../node_modules/claimgate/dist/issuer.js', 'src/index.ts'));
    const args = ['deploy', '--dry-run', '--config', 'issuer/own.toml', '--outdir', 'out'];
    const { code, output } = await npx('wrangler', ...args);
    expect(code, output).toBe(0);
    const text = readFileSync(join(project, 'issuer/out/index.js'), 'utf8');
    expect(text).toContain('https://api.example.com/tenant');
    expect(text).toContain('AssertionReplay');
  });

  it('issues a token that the policy takes, on this machine', async () => {
    await claimgate('issuer', 'init');
    await claimgate('api', 'create', AUDIENCE, '--scope', 'read:orders', '--lifetime', '1h');
    const client = JSON.parse(await claimgate('client', 'create', 'My Job', '--id', 'job', '--json'));
    await claimgate('client', 'grant', 'My Job', AUDIENCE, '--all-scopes');
    const at = await startIssuer();
    const args = ['claimgate', 'token', 'job', AUDIENCE, '--at', at, '--json'];
    const { code, output } = await run(project, 'npx', args, { CLIENT_SECRET: client.client_secret });
    expect(code, output).toBe(0);
    const { claims, gateway, response } = JSON.parse(output);
    expect(claims).toMatchObject({ iss: 'https://auth.example.com/', aud: AUDIENCE, scope: 'read:orders' });
    // The keys are asked for at the same place: by its name, nobody answers.
    expect(gateway).toContainEqual(expect.objectContaining({ route: 'API_ORDERS GET /orders', status: 200 }));

    write('token.txt', response.access_token);
    const judged = await npx('claimgate', 'doctor', '--at', at, '--token', 'token.txt');
    expect(judged.output).toContain(`${at}/.well-known/jwks.json  200`);
    expect(judged.output).toMatch(/token: passes on \d+ routes?/);

    // The doctor asks it at the port of `wrangler dev`, whatever its name is. The running one has its file to itself.
    const { port } = new URL(at);
    const text = readFileSync(join(project, 'issuer/wrangler.toml'), 'utf8');
    write('issuer/asked.toml', text.replace('port = 8788', `port = ${port}`));
    const found = await npx(
      'claimgate',
      'doctor',
      '--config',
      'issuer/asked.toml',
      '--gateway',
      'nowhere.toml',
      '--json',
    );
    const symptoms = JSON.parse(found.output) as { state: string; what: string; detail?: string }[];
    expect(symptoms.filter(({ state }) => state !== 'ok')).toEqual([]);
    const metadata = symptoms.find(({ what }) => what === 'metadata of https://auth.example.com/');
    expect(metadata?.detail).toContain(`http://localhost:${port}/.well-known/openid-configuration  200`);
  });
});

async function startIssuer(): Promise<string> {
  const port = await freePort();
  const args = ['wrangler', 'dev', '--config', 'issuer/wrangler.toml', '--ip', '127.0.0.1'];
  const options = ['--port', String(port), '--inspector-port', '0', '--show-interactive-dev-session=false'];
  dev = spawn('npx', [...args, ...options], {
    cwd: project,
    detached: true, // so that all that it starts ends with it
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_REGISTRY_PATH: join(folder, 'registry') },
  });
  for await (const line of createInterface({ input: dev.stdout as NodeJS.ReadableStream }))
    if (line.includes('Ready on')) return `http://127.0.0.1:${port}`;
  throw new Error('the issuer did not start');
}
