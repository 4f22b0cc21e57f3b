/** The issuer's commands on Cloudflare, by wrangler, which asks a stand-in for Cloudflare's API. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimgate } from '../support/claimgate.ts';
import { type CloudflareApi, startCloudflareApi } from '../support/cloudflare-api.ts';

const AUDIENCE = 'https://api.example.com/timesheets';
const folder = mkdtempSync(join(tmpdir(), 'claimgate-issuer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CONFIG = `name = "issuer"
[vars]
ISSUER = "http://localhost:9/"
[[kv_namespaces]]
binding = "ISSUER_KV"
`;
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('on Cloudflare', () => {
  let api: CloudflareApi;
  beforeAll(async () => {
    api = await startCloudflareApi();
  });
  afterAll(() => api.close());

  const remoteConfig = file(
    'remote.toml',
    `${CONFIG.replace('http://localhost:9/', 'https://auth.example.com/')}id = "0123456789abcdef0123456789abcdef"\n`,
  );
  const keyFile = join(folder, 'keys.json');
  const remote = (...args: string[]) =>
    claimgate([...args, '--remote', '--config', remoteConfig, '--key-file', keyFile], { env: api.env });

  it('puts keys into a secret, and a copy from which they can be rotated into a file of the owner', async () => {
    const { code, stderr } = await remote('issuer', 'init');
    expect([code, stderr]).toEqual([0, expect.stringContaining('only copy')]);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    const kept = JSON.parse(readFileSync(keyFile, 'utf8')) as Record<string, unknown>;
    expect(JSON.parse(api.secrets.get('SIGNING_KEYS_ES256') ?? '')).toEqual(kept['SIGNING_KEYS_ES256']);
    await remote('keys', 'rotate', '--force');
    expect(JSON.parse(api.secrets.get('SIGNING_KEYS_ES256') ?? '').keys).toHaveLength(3);
  });

  it('keeps a new folder of keys out of git, and leaves one that is there alone', async () => {
    const api2 = await startCloudflareApi();
    try {
      const at = (path: string) =>
        claimgate(['issuer', 'init', '--remote', '--config', remoteConfig, '--key-file', path], {
          env: api2.env,
        });
      expect((await at(join(folder, 'made/keys.json'))).code).toBe(0);
      expect(readFileSync(join(folder, 'made/.gitignore'), 'utf8')).toBe('*\n');
      expect(existsSync(join(folder, '.gitignore'))).toBe(false);
    } finally {
      api2.close();
    }
  });

  it('notices an old copy, and a missing one, before it replaces the keys that sign', async () => {
    const old = file('old-keys.json', readFileSync(keyFile, 'utf8'));
    await remote('keys', 'rotate', '--force');
    const live = api.secrets.get('SIGNING_KEYS_ES256');
    const withFile = (path: string, ...args: string[]) =>
      claimgate([...args, '--remote', '--config', remoteConfig, '--key-file', path], { env: api.env });
    for (const [path, word] of [
      [old, 'is not the latest copy'],
      [join(folder, 'gone.json'), 'does not have them'],
    ] as const) {
      const refused = await withFile(path, 'issuer', 'init', '--alg', 'ES256');
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(word) });
    }
    expect(await withFile(old, 'keys', 'rotate', '--force')).toMatchObject({ code: 2 });
    expect(api.secrets.get('SIGNING_KEYS_ES256')).toBe(live);
    expect((await withFile(join(folder, 'new.json'), 'issuer', 'init', '--replace')).code).toBe(0);
    expect((await withFile(keyFile, 'issuer', 'init', '--replace')).code).toBe(0);
  });

  it('loses no key where the upload fails', async () => {
    const before = readFileSync(keyFile, 'utf8');
    api.failing = /\/secrets/;
    const { code, stderr } = await remote('keys', 'rotate', '--force');
    api.failing = undefined;
    expect([code, stderr]).toEqual([3, expect.stringContaining('npx wrangler whoami')]);
    expect(readFileSync(keyFile, 'utf8')).toBe(before);
    expect(stderr).toContain(`${keyFile}.new`);
    expect((await remote('keys', 'list')).stderr).toContain('did not end well');
    rmSync(`${keyFile}.new`);
  });

  it('reads and writes records', async () => {
    await remote('api', 'create', AUDIENCE, '--scope', 'batch:upload');
    await remote('client', 'create', 'Job', '--id', 'job');
    expect((await remote('client', 'grant', 'Job', AUDIENCE, '--all-scopes')).code).toBe(0);
    expect(JSON.parse(api.kv.get('client:job') ?? '')).toMatchObject({
      name: 'Job',
      grants: { [AUDIENCE]: { scope: '*' } },
    });
    expect((await remote('api', 'delete', AUDIENCE)).stderr).toContain('client ungrant');
    expect((await remote('api', 'delete', AUDIENCE, '--force')).code).toBe(0);
    expect([...api.kv.keys()].sort()).toEqual(['client:job', 'keys:ES256']);
    expect(JSON.parse(api.kv.get('client:job') ?? '')).toMatchObject({ grants: {} });
  });

  it('an entry that is no record holds nothing up, and can be deleted', async () => {
    api.kv.set('client:broken', '{"client_id":');
    const listed = await remote('client', 'list', '--json');
    expect([JSON.parse(listed.stdout).length, listed.stderr]).toEqual([
      1,
      expect.stringContaining('client:broken'),
    ]);
    expect((await remote('client', 'disable', 'Job')).code).toBe(0);
    expect((await remote('client', 'delete', 'broken')).code).toBe(0);
    expect(api.kv.has('client:broken')).toBe(false);
  });

  it('in an environment, says so in the lines for the gateway', async () => {
    const environment = `${CONFIG}[env.production]\n[env.production.vars]\nISSUER = "https://auth.example.com/"\n[[env.production.kv_namespaces]]\nbinding = "ISSUER_KV"\nid = "0123456789abcdef0123456789abcdef"\n`;
    const args = [
      'client',
      'disable',
      'Job',
      '--remote',
      '--env',
      'production',
      '--config',
      file('env.toml', environment),
    ];
    // The policy of a clone has revocation and this issuer; a gateway without takes lines.
    const { stdout } = await claimgate([...args, '--gateway', 'nowhere.toml'], { env: api.env });
    expect(stdout).toContain('  [env.production.vars.GATEWAY]\n  blocked_clients = ["job"]\n');
    expect((await claimgate(args, { env: api.env })).stdout).toMatch(
      /^ {2}claimgate revoke --issuer own --client=job .* --env production --remote$/m,
    );
  });

  it('refuses an issuer that is on this machine', async () => {
    const localhost = file('localhost.toml', `${CONFIG}id = "0123456789abcdef0123456789abcdef"\n`);
    const { code, stderr } = await claimgate(['issuer', 'init', '--remote', '--config', localhost], {
      env: api.env,
    });
    expect([code, stderr]).toEqual([2, expect.stringContaining('write the public URL')]);
  });
});
