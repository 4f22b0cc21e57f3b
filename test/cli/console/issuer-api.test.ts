/** What the issuer's pages do is what the commands do: on a real local store, side by side with the command line. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportSPKI, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConsoleReply } from '../../../cli/console/api.ts';
import { issuerApi } from '../../../cli/console/issuer-api.ts';
import type { IssuerChange, IssuerData } from '../../../cli/console/issuer-data.ts';
import { atPlace } from '../../../cli/issuer/place.ts';
import { claimgate } from '../support/claimgate.ts';

const AUDIENCE = 'https://api.example.com/timesheets';
const folder = mkdtempSync(join(tmpdir(), 'claimgate-issuer-api-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const config = join(folder, 'wrangler.toml');
writeFileSync(
  config,
  `name = "issuer"
[vars]
ISSUER = "https://auth.example.com/"
[dev]
port = 8788
[[kv_namespaces]]
binding = "ISSUER_KV"
`,
);

/** All answers, as text: none may hold a secret but the one that makes it. */
const answers: string[] = [];
let now = Math.floor(Date.now() / 1000);
const api = issuerApi({ config }, () => now);

async function call(name: string, body?: unknown): Promise<ConsoleReply> {
  const handler = api[name];
  if (handler === undefined) throw new Error(`no handler ${name}`);
  const reply = await handler({ query: new URLSearchParams(), body });
  answers.push(JSON.stringify(reply));
  return reply;
}
async function change(action: string, body: unknown): Promise<IssuerChange> {
  const reply = await call(`POST /api/issuer/${action}`, body);
  expect(reply, JSON.stringify(reply.body)).toMatchObject({ status: 200 });
  return reply.body as IssuerChange;
}
async function refusal(action: string, body: unknown): Promise<string> {
  const reply = await call(`POST /api/issuer/${action}`, body);
  expect(reply.status).toBe(400);
  expect(Object.keys(reply.body as object)).toEqual(['error']);
  return (reply.body as { error: string }).error;
}
const state = async () => (await call('GET /api/issuer')).body as IssuerData;
const run = (...args: string[]) => claimgate([...args, '--config', config]);
const clientNamed = async (name: string) => {
  const found = (await state()).clients.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no client ${name}`);
  return found;
};

/** The words that a shell makes of it. */
const wordsOf = (command: string) =>
  execFileSync('bash', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);
/** Runs what an answer says does the same. */
const runCommand = (command: string) => claimgate(wordsOf(command).slice(1));

beforeAll(async () => {
  expect((await run('issuer', 'init')).code).toBe(0);
});

describe('what there is', () => {
  it('an issuer without anything', async () => {
    expect(await state()).toMatchObject({
      issuer: 'https://auth.example.com/',
      tokenEndpoint: 'http://localhost:8788/oauth/token',
      remote: false,
      environment: null,
      flags: ['--config', config],
      apis: [],
      clients: [],
      keys: [
        { algorithm: 'ES256', status: 'next', ready_at: expect.any(Number) },
        { algorithm: 'ES256', status: 'current', ready_at: null },
      ],
      problems: [],
    });
  });

  it('no private key in any of it', async () => {
    const [, set] = /'(\{.*\})'/.exec(readFileSync(join(folder, '.dev.vars'), 'utf8')) ?? [];
    const privates = (JSON.parse(set ?? '{}') as { keys: { jwk: { d: string } }[] }).keys.map(
      ({ jwk }) => jwk.d,
    );
    expect(privates).toHaveLength(2);
    const text = JSON.stringify(await state());
    for (const one of privates) expect(text).not.toContain(one);
  });
});

describe('APIs', () => {
  it('are made as the command makes them, and it says the same', async () => {
    const body = {
      identifier: AUDIENCE,
      name: "Dana's",
      scope: ['read:x=Read', 'batch:upload'],
      lifetime: 3600,
    };
    const made = await change('api/create', body);
    expect(made).toMatchObject({
      command: `claimgate api create ${AUDIENCE} --name 'Dana'\\''s' --scope read:x=Read --scope batch:upload --lifetime 3600 --config ${config}`,
      said: [`made the API ${AUDIENCE}`],
      credentials: null,
      notes: [expect.stringContaining('rfc9068_profile')],
    });
    const [first] = (await state()).apis;
    expect((await run('api', 'delete', AUDIENCE)).code).toBe(0);
    const typed = await runCommand(made.command);
    expect(typed.stdout.trim()).toBe(made.said[0]);
    expect((await state()).apis).toEqual([first]);
  });

  it('are changed, disabled and enabled', async () => {
    expect(
      (await change('api/update', { identifier: AUDIENCE, scope: ['new:x'], removeScope: ['read:x'] }))
        .command,
    ).toBe(`claimgate api update ${AUDIENCE} --scope new:x --remove-scope read:x --config ${config}`);
    await change('api/update', { identifier: AUDIENCE, disable: true });
    expect((await state()).apis).toMatchObject([
      { disabled: true, scopes: [{ value: 'batch:upload' }, { value: 'new:x' }] },
    ]);
    await change('api/update', { identifier: AUDIENCE, enable: true });
    expect((await state()).apis[0]).not.toHaveProperty('disabled');
  });

  it('are refused as the command refuses them', async () => {
    const typed = await run('api', 'create', AUDIENCE);
    expect(typed.stderr).toContain(await refusal('api/create', { identifier: AUDIENCE }));
    expect(await refusal('api/create', { identifier: 'x', alg: 'RS256' })).toContain('has no RS256 key');
    expect(await refusal('api/create', { identifier: 'x', scope: ['a b'] })).toContain('one scope each');
    expect(await refusal('api/create', { identifier: 'x', lifetime: 99_999_999 })).toContain(
      'token_lifetime',
    );
    expect(await refusal('api/update', { identifier: AUDIENCE, removeScope: ['no'] })).toContain(
      'has no scope no',
    );
    expect(await refusal('api/update', { identifier: `${AUDIENCE}s` })).toContain('did you mean');
    expect((await state()).apis).toHaveLength(1);
  });
});

describe('clients', () => {
  const secrets: string[] = [];

  it('are made with a secret that is in this answer only', async () => {
    const made = await change('client/create', { name: 'Import Job', metadata: { tenant: 'acme' } });
    expect(made.command).toBe(
      `claimgate client create 'Import Job' --metadata tenant=acme --config ${config}`,
    );
    expect(made.credentials?.client_secret).toMatch(/^cgs[A-Za-z0-9]{43}$/);
    const secret = made.credentials?.client_secret ?? '';
    secrets.push(secret);
    expect(await clientNamed('Import Job')).toMatchObject({
      client_id: made.credentials?.client_id,
      metadata: { tenant: 'acme' },
      credentials: [{ kind: 'secret', mark: secret.slice(-4), expires_at: null, live: true }],
      grants: [],
    });
    const shown = await run('client', 'show', 'Import Job', '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({ secrets: [{ last4: secret.slice(-4) }] });
  });

  it('are made without one', async () => {
    const made = await change('client/create', { name: 'Later', id: 'later', secret: false });
    expect(made).toMatchObject({
      command: `claimgate client create Later --id later --no-secret --config ${config}`,
      credentials: null,
    });
    expect(await clientNamed('Later')).toMatchObject({ client_id: 'later', credentials: [] });
  });

  it('get grants, and lose them', async () => {
    const granted = await change('client/grant', {
      client: 'Import Job',
      audience: AUDIENCE,
      scope: ['new:x'],
    });
    expect(granted).toMatchObject({
      command: `claimgate client grant 'Import Job' ${AUDIENCE} --scope new:x --config ${config}`,
      said: [`Import Job may have tokens for ${AUDIENCE}: new:x`],
    });
    expect(await clientNamed('Import Job')).toMatchObject({
      grants: [{ audience: AUDIENCE, scope: ['new:x'] }],
    });
    await change('client/grant', { client: 'Import Job', audience: AUDIENCE, allScopes: true });
    expect(await clientNamed('Import Job')).toMatchObject({ grants: [{ audience: AUDIENCE, scope: '*' }] });
    expect(await refusal('api/delete', { identifier: AUDIENCE })).toContain('Import Job may have tokens');
    const taken = await change('client/ungrant', { client: 'Import Job', audience: AUDIENCE });
    expect(taken.said[0]).toContain('no more tokens');
    expect(await clientNamed('Import Job')).toMatchObject({ grants: [] });
    const typed = await run('client', 'ungrant', 'Import Job', AUDIENCE);
    expect(typed.stderr).toContain(
      await refusal('client/ungrant', { client: 'Import Job', audience: AUDIENCE }),
    );
  });

  it('get no scope that the API lacks, nor all by leaving them out', async () => {
    const at = { client: 'Import Job', audience: AUDIENCE };
    expect(await refusal('client/grant', { ...at, scope: ['new:y'] })).toContain('did you mean "new:x"');
    expect(await refusal('client/grant', at)).toContain('name scopes with --scope');
    expect(await refusal('client/grant', { ...at, scope: [] })).toContain('name scopes with --scope');
    expect(await refusal('client/grant', { ...at, scope: ['new:x'], allScopes: true })).toContain('exclude');
  });

  it('have two secrets at most, and keep the last credential', async () => {
    const added = await change('client/secret/add', { client: 'Import Job', expiresIn: 86_400 });
    expect(added.command).toBe(
      `claimgate client secret add 'Import Job' --expires-in 86400 --config ${config}`,
    );
    secrets.push(added.credentials?.client_secret ?? '');
    expect(await refusal('client/secret/add', { client: 'Import Job' })).toContain('has 2 secrets already');
    const { client_id, credentials } = await clientNamed('Import Job');
    expect(credentials).toMatchObject([{ expires_at: null }, { expires_at: now + 86_400 }]);
    const [first, second] = credentials.map(({ id }) => id);
    expect((await change('client/secret/remove', { client: client_id, id: first })).said[0]).toContain(
      'removed',
    );
    expect(await refusal('client/secret/remove', { client: client_id, id: second })).toContain('last live');
    expect(
      (await change('client/secret/remove', { client: client_id, id: second, force: true })).command,
    ).toBe(`claimgate client secret remove ${client_id} ${second} --force --config ${config}`);
    expect(await clientNamed('Import Job')).toMatchObject({ credentials: [] });
  });

  it('show keys by their kid, and lose them', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true });
    const file = join(folder, 'public.pem');
    writeFileSync(file, await exportSPKI(publicKey));
    expect((await run('client', 'key', 'add', 'Import Job', file)).code).toBe(0);
    const [key] = (await clientNamed('Import Job')).credentials;
    expect(key).toMatchObject({ kind: 'key', mark: expect.stringMatching(/^[\w-]{43}$/) });
    await change('client/key/remove', { client: 'Import Job', id: key?.id, force: true });
    expect(await clientNamed('Import Job')).toMatchObject({ credentials: [] });
  });

  it('are disabled, with the lines that stop their tokens, enabled, and deleted', async () => {
    expect(await refusal('client/delete', { client: 'later' })).toContain(
      'run first: claimgate client disable',
    );
    const off = await change('client/disable', { client: 'later' });
    expect(off.gateway).toMatchObject({ what: expect.stringContaining('gateway'), lines: expect.any(Array) });
    expect(off.gateway?.lines.join('\n')).toContain('blocked_clients = ["later"]');
    expect(await clientNamed('Later')).toMatchObject({ disabled: true });
    await change('client/enable', { client: 'later' });
    expect(await clientNamed('Later')).toMatchObject({ disabled: false });
    await change('client/disable', { client: 'later' });
    await change('client/delete', { client: 'later' });
    expect((await state()).clients.map(({ name }) => name)).toEqual(['Import Job']);
    expect(await refusal('client/enable', { client: 'later' })).toContain('there is no client later');
  });

  it('lose nothing where two changes come at once', async () => {
    await Promise.all([
      change('client/secret/add', { client: 'Import Job' }),
      change('client/secret/add', { client: 'Import Job' }),
    ]);
    expect((await clientNamed('Import Job')).credentials).toHaveLength(2);
  });

  it('no secret is in any other answer', () => {
    expect(secrets).toHaveLength(2);
    for (const secret of secrets)
      expect(
        answers.filter((answer) => answer.includes(secret)),
        secret.slice(-4),
      ).toHaveLength(1);
    expect(answers.some((answer) => answer.includes('sha256'))).toBe(false);
  });
});

describe('keys', () => {
  it('rotate after a day, or where it is said, and are revoked', async () => {
    const [next, current] = (await state()).keys;
    const typed = await run('keys', 'rotate');
    expect(typed.stderr).toContain(await refusal('keys/rotate', {}));
    expect((await change('keys/rotate', { force: true })).command).toBe(
      `claimgate keys rotate --force --config ${config}`,
    );
    const { keys } = await state();
    expect(keys.map(({ status, kid }) => [status, kid])).toEqual([
      ['next', expect.any(String)],
      ['current', next?.kid],
      ['previous', current?.kid],
    ]);
    expect(await refusal('keys/revoke', { kid: next?.kid })).toContain('rotate first');
    expect(await refusal('keys/revoke', { kid: current?.kid })).toContain('may be valid until');
    expect((await change('keys/revoke', { kid: current?.kid, now: true })).gateway?.lines.join()).toContain(
      'blocked_kids',
    );
    now = (await state()).keys[0]?.ready_at ?? 0;
    const later = await change('keys/rotate', { alg: ['ES256'] });
    expect(later.said[0]).toContain('signs now');
    now = (await state()).keys[2]?.ready_at ?? 0;
    expect((await change('keys/revoke', { kid: next?.kid })).gateway).toBeNull();
    expect(await refusal('keys/rotate', { alg: ['RS256'] })).toContain('there is no RS256 key');
  });
});

describe('what is no request', () => {
  let before: IssuerData;
  beforeAll(async () => {
    before = await state();
  });

  it.each([
    ['client/enable', undefined],
    ['client/enable', null],
    ['client/enable', []],
    ['client/enable', {}],
    ['client/enable', { client: 1 }],
    ['client/enable', { client: 'a\0b' }],
    ['client/enable', { client: '\ud800' }],
    ['client/enable', { client: 'x'.repeat(2_001) }],
    ['client/enable', { client: 'Import Job', more: 1 }],
    ['client/create', { name: 'x', key: '/etc/passwd' }],
    ['client/create', { name: 'x', metadata: { 'a=b': 'c' } }],
    ['client/create', { name: '' }],
    ['client/create', { name: 'x', id: '../x' }],
    ['client/create', { name: 'a\nb' }],
    ['client/secret/add', { client: 'Import Job', expiresIn: -1 }],
    ['client/secret/add', { client: 'Import Job', expiresIn: 1.5 }],
    ['api/create', { identifier: '' }],
    ['api/create', { identifier: '__proto__' }],
    ['api/create', { identifier: 'x', alg: 'HS256' }],
    ['keys/rotate', { alg: [] }],
    ['keys/rotate', { alg: ['none'] }],
  ])('%s %j is refused', async (action, body) => {
    expect(await refusal(action, body)).not.toBe('');
  });

  it('changes nothing', async () => {
    expect(await state()).toEqual(before);
  });

  it('a configuration that is missing is told, and so is an entry that is no record', async () => {
    const none = issuerApi({ config: join(folder, 'none.toml') });
    const reply = await none['GET /api/issuer']?.({ query: new URLSearchParams(), body: undefined });
    expect(reply).toMatchObject({ status: 400, body: { error: expect.stringContaining('none.toml') } });
    await atPlace({ config }, ({ records }) => records.put('client:odd', { name: 'odd' }));
    expect((await state()).problems).toEqual([expect.stringContaining('client:odd is no valid record')]);
    await change('client/delete', { client: 'odd' });
    expect((await state()).problems).toEqual([]);
  });

  it('what goes wrong otherwise has no details', async () => {
    const broken = issuerApi({ config }, () => {
      throw new Error('the inside of it');
    });
    const reply = await broken['GET /api/issuer']?.({ query: new URLSearchParams(), body: undefined });
    expect(reply?.status).toBe(500);
    expect(JSON.stringify(reply)).not.toContain('inside');
  });
});

describe('hostile names', () => {
  const HOSTILE = [
    '</script><img src=x onerror=alert(1)>',
    '-x',
    '$(touch /tmp/x) `id` "; rm -rf / #',
    "it's \\ and 'quoted'",
    'turned \u202e around \u200b unseen',
    '=ls ~root !! ünï日本🕴',
    '__proto__',
  ];

  it.each(HOSTILE)('%j is a client, and the command acts on it', async (name) => {
    const made = await change('client/create', { name, metadata: { '-k': name } });
    expect(wordsOf(made.command)).toContain(name);
    const off = await change('client/disable', { client: name });
    await change('client/delete', { client: name });
    expect((await runCommand(made.command)).code).toBe(0);
    const typed = await runCommand(off.command);
    expect(typed.code, typed.stderr).toBe(0);
    expect(await clientNamed(name)).toMatchObject({ name, metadata: { '-k': name }, disabled: true });
  });

  it.each(['-x', '$(id)', 'two\nlines\x1b[31m \u202e'])('%j is an API', async (identifier) => {
    const made = await change('api/create', { identifier, name: 'x', scope: ['a', '-b=c d'] });
    expect(wordsOf(made.command)).toContain(identifier);
    const granted = await change('client/grant', {
      client: 'Import Job',
      audience: identifier,
      scope: ['-b'],
    });
    await change('api/delete', { identifier, force: true });
    expect((await runCommand(made.command)).code).toBe(0);
    const typed = await runCommand(granted.command);
    expect(typed.code, typed.stderr).toBe(0);
    expect((await clientNamed('Import Job')).grants).toEqual([{ audience: identifier, scope: ['-b'] }]);
    await change('api/delete', { identifier, force: true });
  });
});
