/** The issuer's commands as a user runs them, on the local state of `wrangler dev`. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, exportPKCS8, exportSPKI, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../../issuer/src/records.ts';
import { claimgate, type Run } from '../support/claimgate.ts';

const AUDIENCE = 'https://api.example.com/timesheets';
const folder = mkdtempSync(join(tmpdir(), 'claimgate-issuer-'));
const config = join(folder, 'wrangler.toml');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CONFIG = `name = "issuer"
[vars]
ISSUER = "http://localhost:9/"
[[kv_namespaces]]
binding = "ISSUER_KV"
`;
writeFileSync(config, CONFIG);
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const local = (...args: string[]) => claimgate([...args, '--config', config]);
async function json<T>(run: Promise<Run>): Promise<T> {
  const { stdout, stderr, code } = await run;
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as T;
}

describe('on this machine', () => {
  it('init makes keys that only their owner can read, and leaves those that are there', async () => {
    file('.dev.vars', 'HOOK_X="kept"\n');
    expect((await local('issuer', 'init', '--alg', 'ES256', '--alg', 'RS256')).code).toBe(0);
    const first = readFileSync(join(folder, '.dev.vars'), 'utf8');
    expect(first).toMatch(/^HOOK_X="kept"\nSIGNING_KEYS_ES256='.*'\nSIGNING_KEYS_RS256='.*'\n$/);
    expect((await local('issuer', 'init')).stdout).toContain('(there already)');
    expect(readFileSync(join(folder, '.dev.vars'), 'utf8')).toBe(first);
    expect(await json(local('keys', 'list', '--json'))).toMatchObject([
      { algorithm: 'RS256', status: 'next' },
      { algorithm: 'RS256', status: 'current' },
      { algorithm: 'ES256', status: 'next' },
      { algorithm: 'ES256', status: 'current' },
    ]);
  });

  it('makes an API, a client and a grant, and shows the secret this once', async () => {
    const api = [
      '--scope',
      'read:timesheets=Read own timesheets',
      '--scope',
      'batch:upload',
      '--lifetime',
      '1h',
    ];
    expect(await json(local('api', 'create', AUDIENCE, ...api, '--json'))).toEqual({
      identifier: AUDIENCE,
      name: AUDIENCE,
      scopes: [{ value: 'read:timesheets', description: 'Read own timesheets' }, { value: 'batch:upload' }],
      token_lifetime: 3600,
      signing_alg: 'ES256',
      token_dialect: 'access_token',
    });
    const { stdout } = await local(
      'client',
      'create',
      'Import Job',
      '--id',
      'job',
      '--metadata',
      'tenant=acme',
    );
    const secret = /client_secret {2}(cgs[A-Za-z0-9]{43})/.exec(stdout)?.[1] ?? '';
    expect(secret).not.toBe('');
    expect((await local('client', 'grant', 'Import Job', AUDIENCE, '--scope', 'batch:upload')).code).toBe(0);
    const shown = await local('client', 'show', 'job', '--json');
    expect(shown.stdout).not.toContain(secret);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      client_id: 'job',
      metadata: { tenant: 'acme' },
      secrets: [{ last4: secret.slice(-4), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      grants: { [AUDIENCE]: { scope: ['batch:upload'] } },
    });
    expect((await local('client', 'show', 'job')).stdout).not.toContain(secret);
    expect((await local('client', 'list')).stdout).toMatch(
      /^CLIENT ID +NAME +STATE +CREDENTIALS +APIS\njob +Import Job +enabled +1 secret +https/,
    );
  });

  it('changes an API, and drops removed scopes', async () => {
    const args = [
      '--remove-scope',
      'read:timesheets',
      '--scope',
      'approve:timesheets',
      '--dialect',
      'rfc9068_profile',
    ];
    expect(await json(local('api', 'update', AUDIENCE, ...args, '--json'))).toMatchObject({
      scopes: [{ value: 'batch:upload' }, { value: 'approve:timesheets' }],
      token_dialect: 'rfc9068_profile',
      token_lifetime: 3600,
    });
    expect(await json(local('api', 'update', AUDIENCE, '--disable', '--json'))).toMatchObject({
      disabled: true,
    });
    expect(await json(local('api', 'update', AUDIENCE, '--enable', '--json'))).not.toHaveProperty('disabled');
    expect(await json(local('api', 'show', AUDIENCE, '--json'))).toMatchObject({ clients: ['job'] });
  });

  it('has two secrets and two keys at most, and keeps the last credential', async () => {
    const added = await json<Client & { client_secret: string }>(
      local('client', 'secret', 'add', 'job', '--expires-in', '30d', '--json'),
    );
    expect(added.client_secret).toMatch(/^cgs/);
    expect(added.secrets[1]?.expires_at).toBeGreaterThan(Date.now() / 1000 + 29 * 86_400);
    expect(await local('client', 'secret', 'add', 'job')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`client secret remove job ${added.secrets[0]?.id}`),
    });
    for (const { id } of [added.secrets[0], added.secrets[1]] as { id: string }[]) {
      const { code } = await local('client', 'secret', 'remove', 'job', id);
      expect(code).toBe(id === added.secrets[0]?.id ? 0 : 2);
    }
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const pem = file('public.pem', await exportSPKI(publicKey));
    expect(await json(local('client', 'key', 'add', 'job', pem, '--json'))).toMatchObject({
      jwks: [{ jwk: { kty: 'EC', kid: expect.any(String) } }],
    });
    expect((await local('client', 'key', 'add', 'job', pem)).stderr).toContain('has that key already');
    for (const secret of [
      file('private.pem', await exportPKCS8(privateKey)),
      file('private.json', JSON.stringify(await exportJWK(privateKey))),
    ]) {
      expect(await local('client', 'key', 'add', 'job', secret)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('has a private key'),
      });
    }
  });

  it('disabling a client says what to write into the gateway, and how long its tokens live', async () => {
    const { stdout } = await local('client', 'disable', 'job');
    expect(stdout).toContain('good for up to 1 h');
    expect(stdout).toContain('  [vars.GATEWAY]\n  blocked_clients = ["job"]\n');
    expect(await json(local('client', 'show', 'job', '--json'))).toMatchObject({ disabled: true });
    await local('client', 'enable', 'job');
    expect(await json(local('client', 'show', 'job', '--json'))).not.toHaveProperty('disabled');
  });

  it('rotates after a day only, or if forced, and revokes when tokens have expired, or if told now', async () => {
    const early = await local('keys', 'rotate', '--alg', 'ES256');
    expect(early).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('published for less than a day'),
    });
    const [{ previous, current } = { previous: '', current: '' }] = await json<
      { previous: string; current: string }[]
    >(local('keys', 'rotate', '--alg', 'ES256', '--force', '--json'));
    expect(await local('keys', 'revoke', current)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is the current key'),
    });
    expect(await local('keys', 'revoke', previous)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('may be valid until'),
    });
    expect((await local('keys', 'revoke', previous, '--now')).stdout).toContain(
      `blocked_kids = ["${previous}"]`,
    );
    const kids = (await json<{ kid: string }[]>(local('keys', 'list', '--json'))).map(({ kid }) => kid);
    expect(kids).toContain(current);
    expect(kids).not.toContain(previous);
  });

  it('pull and push: equal is no change, a dry run changes nothing, credentials stay, --prune deletes', async () => {
    const pulled = await local('pull');
    const declared = JSON.parse(pulled.stdout) as { apis: { token_lifetime: number }[]; clients: object[] };
    expect(declared.clients[0]).not.toHaveProperty('secrets');
    expect(await json(local('push', file('issuer.json', pulled.stdout), '--json'))).toEqual({
      applied: true,
      changes: [],
    });
    for (const api of declared.apis) api.token_lifetime = 600;
    const path = file('changed.json', JSON.stringify(declared));
    const dry = await local('push', path, '--dry-run');
    expect(dry.stdout).toBe(
      `~ api ${AUDIENCE}\n    token_lifetime: 3600 → 600\n1 to change; nothing was changed (--dry-run)\n`,
    );
    expect((await local('push', path)).stdout).toContain('1 changed');
    expect(await json(local('client', 'show', 'job', '--json'))).toMatchObject({ secrets: [{}], jwks: [{}] });
    const empty = file('empty.json', '{"apis":[],"clients":[]}');
    expect((await local('push', empty)).stdout).toContain('--prune deletes it');
    expect(await json(local('api', 'list', '--json'))).toHaveLength(1);
    expect((await local('push', empty, '--prune')).stderr).toContain('Import Job (job); disable them first');
    await local('client', 'disable', 'job');
    await local('push', empty, '--prune');
    expect(await json(local('api', 'list', '--json'))).toEqual([]);
  });

  it.each<[string, string[], number, string]>([
    ['an API that is there', ['api', 'create', 'https://twice.example/'], 2, 'api update'],
    ['a scope with a blank', ['api', 'create', 'https://x.example/', '--scope', 'a b'], 2, 'one scope each'],
    [
      'a lifetime of over 30 days',
      ['api', 'create', 'https://x.example/', '--lifetime', '31d'],
      2,
      'at most 2592000',
    ],
    [
      'a lifetime that is none',
      ['api', 'create', 'https://x.example/', '--lifetime', 'soon'],
      2,
      'such as 1h',
    ],
    [
      'an algorithm without a key',
      ['api', 'create', 'https://x.example/', '--alg', 'PS256'],
      2,
      'issuer init --alg PS256',
    ],
    [
      'an algorithm that verifiers could sign with',
      ['api', 'create', 'https://x.example/', '--alg', 'HS256'],
      2,
      'did you mean',
    ],
    [
      'an API that is misspelt',
      ['api', 'show', 'https://twice.exampel/'],
      2,
      'did you mean "https://twice.example/"?',
    ],
    ['a client id that is none', ['client', 'create', 'Odd', '--id', 'a b'], 2, '1 to 64 of'],
    ['an identifier that is too long', ['api', 'create', 'x'.repeat(501)], 2, '1 to 500 bytes'],
    [
      'a scope twice',
      ['api', 'create', 'https://x.example/', '--scope', 'a', '--scope', 'a=b'],
      2,
      'each scope once',
    ],
    ['a name that forges lines', ['client', 'create', 'a\nb'], 2, 'without control characters'],
    [
      'a key file without a key',
      ['client', 'create', 'K', '--key', file('null.json', 'null')],
      2,
      'has no key',
    ],
    ['a client that is not there', ['client', 'show', 'Nobody'], 2, 'there is no client Nobody'],
    [
      'a grant without scopes',
      ['client', 'grant', 'Nobody', 'https://twice.example/'],
      2,
      'there is no client Nobody',
    ],
    ['a command that is misspelt', ['api', 'lst'], 2, 'Did you mean list?'],
    ['a missing argument', ['api', 'create'], 2, "missing required argument 'identifier'"],
    ['both places', ['api', 'list', '--local', '--remote'], 2, 'exclude each other'],
    ['no id of the namespace', ['api', 'list', '--remote'], 2, 'kv namespace create'],
    ['an environment that is not there', ['api', 'list', '--env', 'prod'], 2, 'has no [env.prod]'],
    ['a file that is not JSON', ['push', 'README.md'], 2, 'is not JSON'],
    ['no file', ['push', 'nowhere.json'], 2, 'claimgate pull'],
    ['no secret', ['token', 'job', 'https://twice.example/'], 2, 'CLIENT_SECRET'],
  ])('%s: what to do instead', async (_why, args, code, message) => {
    if (args.includes('https://twice.example/') && args[1] === 'create') await local(...args);
    const run = await local(...args);
    expect([run.code, run.stdout]).toEqual([code, '']);
    expect(run.stderr).toContain(message);
  });

  it('an issuer that does not run: exit code 3, and how to start it', async () => {
    const run = await claimgate(['token', 'job', 'x', '--issuer', 'http://localhost:9/'], {
      env: { CLIENT_SECRET: 'x' },
    });
    expect([run.code, run.stderr]).toEqual([3, expect.stringContaining('npm start')]);
  });

  it('doctor finds what does not fit, and exits with 1', async () => {
    const gateway = file('gateway.toml', GATEWAY.replace('https://auth.example.com/', 'http://localhost:9'));
    const run = await local('doctor', '--gateway', gateway, '--json');
    const findings = JSON.parse(run.stdout) as { state: string; what: string; detail?: string }[];
    expect(run.code).toBe(1);
    const details = findings.filter(({ state }) => state !== 'ok').map(({ what }) => what);
    expect(details).toEqual([
      'metadata of http://localhost:9/',
      'rate limit CLIENT_LIMIT',
      'rate limit FAILURE_LIMIT',
      'client assertions',
      `policy in ${gateway}`,
      // The other issuer that the policy trusts.
      'metadata of http://localhost:9',
    ]);
  });

  const GATEWAY = `
[vars.ISSUERS.own]
issuer = "https://auth.example.com/"
[vars.API_X]
origin = "https://origin.example"
audience = "https://twice.example/"
[vars.API_X.routes]
"GET /x" = {}
`;

  it.each([
    ['issuer', 'init'],
    ['api', 'create'],
    ['api', 'list'],
    ['api', 'show'],
    ['api', 'update'],
    ['api', 'delete'],
    ['client', 'create'],
    ['client', 'list'],
    ['client', 'show'],
    ['client', 'disable'],
    ['client', 'enable'],
    ['client', 'delete'],
    ['client', 'grant'],
    ['client', 'ungrant'],
    ['client', 'secret', 'add'],
    ['client', 'secret', 'remove'],
    ['client', 'key', 'add'],
    ['client', 'key', 'remove'],
    ['keys', 'list'],
    ['keys', 'rotate'],
    ['keys', 'revoke'],
    ['token'],
    ['doctor'],
    ['push'],
    ['pull'],
    ['import', 'auth0'],
    ['check'],
  ])('%s %s %s has help with an example, and a twin for programs', async (...command) => {
    const { code, stdout } = await claimgate([...command.filter(Boolean), '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nExample:\n/);
    expect(stdout).toContain('--json');
  });
});

describe('what one command leaves, another must not undo', () => {
  beforeAll(async () => {
    await local('api', 'create', 'https://undo.example/', '--scope', 'read', '--scope', 'write=Write things');
    await local('client', 'create', 'Undo', '--id', 'undo');
    await local('client', 'grant', 'undo', 'https://undo.example/', '--scope', 'read', '--scope', 'write');
  });
  const grants = async () =>
    (await json<Client>(local('client', 'show', 'undo', '--json'))).grants['https://undo.example/'];

  it('a push does not enable a client that was disabled', async () => {
    const before = file('before.json', (await local('pull')).stdout);
    await local('client', 'disable', 'undo');
    expect((await local('push', before)).stdout).toBe('nothing to change\n');
    expect(await json(local('client', 'show', 'undo', '--json'))).toMatchObject({ disabled: true });
    await local('client', 'enable', 'undo');
  });

  it('a scope that is removed is gone from grants, also when it comes back', async () => {
    await local('api', 'update', 'https://undo.example/', '--remove-scope', 'read');
    await local('api', 'update', 'https://undo.example/', '--scope', 'read', '--scope', 'write');
    expect(await grants()).toEqual({ scope: ['write'] });
    const { scopes } = await json<{ scopes: object[] }>(
      local('api', 'show', 'https://undo.example/', '--json'),
    );
    expect(scopes).toEqual([{ value: 'write', description: 'Write things' }, { value: 'read' }]);
  });

  it('an API that is deleted takes its grants along', async () => {
    await local('api', 'delete', 'https://undo.example/', '--force');
    expect(await grants()).toBeUndefined();
  });

  it('a push refuses what single commands refuse', async () => {
    const api = {
      identifier: 'https://p.example/',
      name: 'P',
      scopes: [],
      token_lifetime: 60,
      signing_alg: 'PS256',
      token_dialect: 'access_token',
    };
    const path = file('ps.json', JSON.stringify({ apis: [api], clients: [] }));
    expect(await local('push', path)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('issuer init --alg PS256'),
    });
    const empty = file('none.json', '{"apis":[],"clients":[]}');
    expect(await local('push', empty, '--prune')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Undo (undo); disable them first'),
    });
  });

  it('after ungrant, disabling still says how to stop tokens', async () => {
    expect((await local('client', 'disable', 'undo')).stdout).toContain('blocked_clients = ["undo"]');
  });

  it('keeps keys from others, and the other lines of .dev.vars as they are', async () => {
    const path = file(
      '.dev.vars',
      `HOOK_TEXT="two\n\nlines"\n${readFileSync(join(folder, '.dev.vars'), 'utf8')}`,
    );
    chmodSync(path, 0o644);
    await local('keys', 'rotate', '--force');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toMatch(/^HOOK_TEXT="two\n\nlines"\n/);
  });
});
