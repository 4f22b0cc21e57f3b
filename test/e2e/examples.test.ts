/**
 * Every folder of examples/ that has a wrangler configuration can be deployed, its cases hold, and with a typo in its
 * policy it can't be. Small examples are run, too.
 */
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestHarness } from 'wrangler';
import { parseConfig } from '../../cli/formats/formats.ts';
import { claimgate } from '../cli/support/claimgate.ts';

const CONFIGS = globSync('examples/**/wrangler.{toml,json,jsonc}', {
  exclude: (name) => /node_modules|\.wrangler|dist/.test(name),
});
/** Those with a policy: the others are origins and clients. */
const GATEWAYS = CONFIGS.filter((config) => /\bISSUERS\b/.test(readFileSync(config, 'utf8')));

interface Deployed {
  readonly code: number;
  readonly output: string;
}

/** Each wrangler takes a processor: two run at once. */
const atOnce = 2;
const results = new Map<string, Deployed>();
const copies = mkdtempSync(join(tmpdir(), 'claimgate-examples-'));

beforeAll(async () => {
  // A copy finds beside it what the examples find in the repository.
  for (const name of ['src', 'cli', 'bin', 'docs', 'node_modules', 'package.json', 'tsconfig.json'])
    symlinkSync(resolve(name), join(copies, name));
  for (const config of GATEWAYS) {
    mkdirSync(join(copies, dirname(config)), { recursive: true });
    cpSync(dirname(config), join(copies, dirname(config)), {
      recursive: true,
      filter: (file) => !/node_modules|\.wrangler/.test(file),
    });
    const text = readFileSync(config, 'utf8');
    writeFileSync(join(copies, config), text.replace(/\baudience\b(?="?\s*[=:])/, 'audiense'));
  }
  const jobs = [...CONFIGS.map((one) => resolve(one)), ...GATEWAYS.map((one) => join(copies, one))];
  const work = async () => {
    for (let job = jobs.pop(); job !== undefined; job = jobs.pop()) results.set(job, await dryRun(job));
  };
  await Promise.all(Array.from({ length: atOnce }, work));
});
afterAll(() => rmSync(copies, { recursive: true, force: true }));

const dryRun = (config: string): Promise<Deployed> =>
  new Promise((done) => {
    const env = { ...process.env, CLOUDFLARE_ENV: undefined, NO_COLOR: '1', CI: '1' };
    const options = { cwd: dirname(config), env: { ...env, WRANGLER_SEND_METRICS: 'false' } };
    execFile('wrangler', ['deploy', '--dry-run'], options, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });

it('there are examples', () => {
  expect(GATEWAYS.length).toBeGreaterThanOrEqual(8);
  expect(CONFIGS.length).toBeGreaterThan(GATEWAYS.length);
});

it.each(CONFIGS)('%s can be deployed', (config) => {
  const { code, output } = results.get(resolve(config)) ?? {};
  expect(code, output).toBe(0);
  if (GATEWAYS.includes(config)) expect(output).toMatch(/ok {5}wrangler\.(toml|jsonc?): \d+ routes?/);
});

describe.each(GATEWAYS)('%s', (config) => {
  it('can not be deployed with a typo in its policy', () => {
    const { code, output } = results.get(join(copies, config)) ?? {};
    expect(output).toContain('did you mean "audience"?');
    expect(code).not.toBe(0);
  });

  it('has a page of some ten lines', () => {
    const lines = readFileSync(join(dirname(config), 'README.md'), 'utf8')
      .trim()
      .split('\n');
    expect(lines[0]).toMatch(/^# /);
    expect(lines.length).toBeLessThanOrEqual(15);
  });

  it.runIf(existsSync(join(dirname(config), 'policy.test.toml')))('lets in whom its cases say', async () => {
    const { code, stdout } = await claimgate(['test', '--config', config], { cwd: '.' });
    expect(stdout).toMatch(/\d cases: all pass/);
    expect(code).toBe(0);
  });
});

describe('in the runtime', () => {
  const refused = [401, expect.stringContaining('"token_missing"')];
  const ANSWERS: Readonly<
    Record<string, readonly (readonly [path: string, answer: unknown, headers?: Record<string, string>])[]>
  > = {
    'plain-worker': [
      ['/version', [200, '1.0.0']],
      ['/orders', refused],
    ],
    access: [
      ['/reports', refused],
      ['/reports', [401, expect.stringContaining('"token_malformed"')], { 'cf-access-jwt-assertion': 'x' }],
    ],
    'hono-app': [
      ['/health', [200, 'ok']],
      ['/orders/7', refused],
      ['/nowhere', [404, expect.stringContaining('"route_unknown"')]],
    ],
    jsonc: [['/orders', refused]],
    'multi-issuer': [['/orgs/acme/orders', refused]],
    'static-assets': [
      ['/', [200, expect.stringContaining('<title>Reports</title>')]],
      ['/reports/2026.txt', refused],
      ['/%72eports/2026.txt', refused],
      ['/index.html', [404, expect.stringContaining('"route_unknown"')]],
    ],
  };

  /** As it stands in the file, but for the check and the route: paths from the file's folder. */
  function workerOf(name: string) {
    const folder = resolve('examples', name);
    const [file = ''] = globSync('wrangler.{toml,jsonc}', { cwd: folder });
    const config = parseConfig(file, readFileSync(join(folder, file), 'utf8')) as {
      main: string;
      assets?: { directory: string };
      vars: Record<string, never>;
    };
    const { build: _, routes: __, ...rest } = config as typeof config & Record<'build' | 'routes', unknown>;
    return {
      config: {
        ...rest,
        name,
        compatibility_date: '2026-10-01',
        main: join(folder, config.main),
        alias: { 'claimgate/hono': resolve('src/hono.ts'), claimgate: resolve('src/gateway.ts') },
        ...(config.assets && {
          assets: { ...config.assets, directory: join(folder, config.assets.directory) },
        }),
      },
    };
  }

  const server = createTestHarness({ workers: Object.keys(ANSWERS).map(workerOf) });
  beforeAll(async () => void (await server.listen()));
  afterAll(() => server.close());

  it.each(Object.entries(ANSWERS))('%s', async (name, requests) => {
    for (const [path, want, headers = {}] of requests) {
      const answer = await server.getWorker(name).fetch(`https://api.example.com${path}`, { headers });
      expect([answer.status, await answer.text()], path).toEqual(want);
    }
  });
});
