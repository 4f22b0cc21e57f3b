/** `claimgate assertion keys` as a user runs it: on this machine, and on Cloudflare by way of wrangler. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { calculateJwkThumbprint, importJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PublicKey, planRotation } from '../../../cli/assertion/rotation.ts';
import { publicKeySet, readAssertionKeys, signingKey, stateOf } from '../../../src/origin/assertion-keys.ts';
import { claimgate, type Run } from '../support/claimgate.ts';
import { type CloudflareApi, startCloudflareApi } from '../support/cloudflare-api.ts';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-assertion-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CONFIG = `name = "gateway"
main = "x.ts"
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
[vars.GATEWAY]
assertion = { issuer = "https://api.example.com" }
[vars.API_X]
origin = "https://x.example"
audience = "x"
assertion = { audience = "x.internal" }
[vars.API_X.routes]
"GET /x" = {}
`;
const config = join(folder, 'wrangler.toml');
writeFileSync(config, CONFIG);
const devVars = join(folder, '.dev.vars');

const keys = (...args: string[]) => claimgate(['assertion', 'keys', ...args, '--config', config]);
const json = async <T>(run: Promise<Run>): Promise<T> => {
  const { stdout, stderr, code } = await run;
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as T;
};
const secretsNow = () => parseEnv(readFileSync(devVars, 'utf8'));
/** As if it had been made so long ago. */
function age(name: string, seconds: number): void {
  const value = JSON.parse(secretsNow()[name] ?? '') as { from: number };
  const text = readFileSync(devVars, 'utf8');
  writeFileSync(devVars, text.replace(`"from":${value.from}`, `"from":${value.from - seconds}`));
}

describe('on this machine', () => {
  it('init makes a key that signs at once, whose id is its thumbprint, and leaves the rest of the file', async () => {
    writeFileSync(devVars, 'OTHER="kept"\n');
    const { made } = await json<{ made: string }>(keys('init', '--json'));
    const text = readFileSync(devVars, 'utf8');
    expect(text).toMatch(/^OTHER="kept"\nASSERTION_KEY='\{.*\}'\n$/);
    expect(statSync(devVars).mode & 0o777).toBe(0o600);
    const jwk = JSON.parse(secretsNow()['ASSERTION_KEY'] ?? '');
    expect(await calculateJwkThumbprint(jwk)).toBe(made);
    await importJWK(jwk, 'ES256');
    const read = readAssertionKeys((name) => secretsNow()[name]);
    expect(signingKey(read.keys, Math.ceil(Date.now() / 1000))?.kid).toBe(made);
    expect((await keys('init')).stdout).toContain('there already: ASSERTION_KEY in');
    expect(readFileSync(devVars, 'utf8')).toBe(text);
  });

  it('list shows states, and nothing secret', async () => {
    const { stdout } = await keys('list');
    expect(stdout).toMatch(/ASSERTION_KEY {2}current {2}ES256/);
    const { d } = JSON.parse(secretsNow()['ASSERTION_KEY'] ?? '');
    expect(stdout + (await keys('list', '--json')).stdout).not.toContain(d);
  });

  it('rotate is one step: the new key is published first, and takes over by itself', async () => {
    const [{ kid: first }] = await json<[{ kid: string }]>(keys('list', '--json'));
    const { stdout } = await keys('rotate');
    expect(stdout).toContain('Nothing else is to be done.');
    const states = async () =>
      (await json<{ secret: string; state: string }[]>(keys('list', '--json'))).map(
        ({ secret, state }) => `${secret} ${state}`,
      );
    expect(await states()).toEqual(['ASSERTION_KEY current', 'ASSERTION_KEY_2 next']);
    const again = await keys('rotate');
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('a rotation is under way')]);
    age('ASSERTION_KEY', 10_000);
    age('ASSERTION_KEY_2', 800);
    expect(await states()).toEqual(['ASSERTION_KEY previous', 'ASSERTION_KEY_2 current']);
    const early = await keys('rotate');
    expect([early.code, early.stderr]).toEqual([
      2,
      expect.stringContaining(`assertions that ${first} signed`),
    ]);
    age('ASSERTION_KEY_2', 300);
    const third = await json<{ secret: string }>(keys('rotate', '--alg', 'eddsa', '--json'));
    expect(third.secret).toBe('ASSERTION_KEY');
    expect(await states()).toEqual(['ASSERTION_KEY next', 'ASSERTION_KEY_2 current']);
  });

  it('a key that wrangler dev does not read is named', async () => {
    writeFileSync(config, `${CONFIG}[secrets]\nrequired = ["ASSERTION_KEY"]\n`);
    const { code, stderr } = await keys('list');
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('wrangler dev does not read ASSERTION_KEY_2,'),
    ]);
    expect(stderr).not.toContain('ASSERTION_KEY,');
    writeFileSync(config, `${CONFIG}[secrets]\nrequired = ["ASSERTION_KEY", "ASSERTION_KEY_2"]\n`);
    expect((await keys('list')).stderr).toBe('');
    writeFileSync(config, CONFIG);
  });

  it('init --replace leaves no other key', async () => {
    const { made } = await json<{ made: string }>(keys('init', '--replace', '--json'));
    const rows = await json<{ kid: string; state: string }[]>(keys('list', '--json'));
    expect(rows).toMatchObject([{ kid: made, state: 'current' }]);
    expect(secretsNow()).not.toHaveProperty('ASSERTION_KEY_2');
    expect(secretsNow()['OTHER']).toBe('kept');
  });

  it.each<[string, string[], RegExp]>([
    ['both places', ['list', '--local', '--remote'], /exclude each other/],
    ['--url without --remote', ['list', '--url', 'https://x.example'], /--url is for --remote/],
    ['another algorithm', ['rotate', '--alg', 'RS256'], /ES256 or EdDSA/],
    ['an environment that is none', ['list', '--env', 'prodution'], /prodution/],
    ['a URL that is none', ['list', '--remote', '--url', 'api'], /--url api is not a URL/],
  ])('%s: says what to write', async (_what, args, message) => {
    expect(await keys(...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
  });

  it('a secret that is not a key is named, and not shown', async () => {
    const text = readFileSync(devVars, 'utf8');
    writeFileSync(devVars, "ASSERTION_KEY='hunter2'\n");
    const { code, stderr } = await keys('list');
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('ASSERTION_KEY is not a key: it is not JSON'),
    ]);
    expect(stderr).not.toContain('hunter2');
    writeFileSync(devVars, text);
  });
});

describe('on Cloudflare', () => {
  let api: CloudflareApi;
  /** Publishes as the gateway does. */
  const gateway = createServer((request, response) => {
    const { keys: read } = readAssertionKeys((name) => api.secrets.get(name));
    response.statusCode = request.url === '/.well-known/claimgate/jwks.json' && read.length > 0 ? 200 : 404;
    response.end(JSON.stringify(publicKeySet(read, Date.now() / 1000)));
  });
  let url: string;
  beforeAll(async () => {
    api = await startCloudflareApi();
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    api.close();
    gateway.close();
  });
  const remote = (...args: string[]) =>
    claimgate(['assertion', 'keys', ...args, '--remote', '--url', url, '--config', config], { env: api.env });

  it('rotates with what the gateway publishes: no copy of a private key is kept', async () => {
    const none = await remote('rotate');
    expect([none.code, none.stderr]).toEqual([3, expect.stringContaining('assertion keys init --remote')]);
    const { made } = await json<{ made: string }>(remote('init', '--json'));
    expect(JSON.parse(api.secrets.get('ASSERTION_KEY') ?? '').kid).toBe(made);
    expect((await remote('init')).stdout).toContain('there already');
    expect((await remote('rotate')).code).toBe(0);
    expect([...api.secrets.keys()]).toEqual(['ASSERTION_KEY', 'ASSERTION_KEY_2']);
    expect(JSON.parse(api.secrets.get('ASSERTION_KEY') ?? '').kid).toBe(made);
    expect((await remote('list')).stdout).toMatch(/ASSERTION_KEY_2 {2}next/);
    expect((await remote('init', '--replace')).code).toBe(0);
    expect([...api.secrets.keys()]).toEqual(['ASSERTION_KEY']);
  });

  it('says so where the gateway can not be asked', async () => {
    const { code, stderr } = await claimgate(
      ['assertion', 'keys', 'list', '--remote', '--url', 'http://127.0.0.1:9', '--config', config],
      { env: api.env },
    );
    expect([code, stderr]).toEqual([3, expect.stringContaining('name the gateway with --url')]);
  });
});

describe('planRotation', () => {
  const NOW = 1_800_000_000;
  const key = (slot: number, from: number): PublicKey => ({ slot, alg: 'ES256', kid: `kid-${slot}`, from });

  it('never takes the secret of a key that signs, or whose assertions are still on their way', () => {
    const froms = [-10_000, -301, -299, -1, 0, 1, 700];
    for (const one of froms)
      for (const other of [undefined, ...froms]) {
        const held = [key(1, NOW + one), ...(other === undefined ? [] : [key(2, NOW + other)])];
        const plan = planRotation(held, NOW);
        if (plan.kind !== 'go') continue;
        const slot = plan.secret === 'ASSERTION_KEY' ? 1 : 2;
        const replaced = held.find((held) => held.slot === slot);
        const kept = held.find((one) => one.slot !== slot);
        expect(kept && stateOf(kept, held, NOW)).toBe('current');
        // 120 s of life, and what an origin's clock may differ, after the other one took over.
        if (replaced !== undefined) expect((kept?.from ?? 0) + 120 + 5).toBeLessThan(NOW);
        // Origins keep a key set for five minutes.
        expect(plan.from - NOW).toBeGreaterThan(300 + 60);
      }
  });

  it('has nothing to rotate where no key signs', () => {
    expect(planRotation([], NOW)).toEqual({ kind: 'none' });
  });
});
