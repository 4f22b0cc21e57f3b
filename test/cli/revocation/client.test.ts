/** What the issuer's commands do about tokens that are out. That they are refused then: test/e2e/revocation.test.ts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { claimgate, type Run } from '../support/claimgate.ts';
import { POLICY } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-client-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ISSUER = 'https://issuer.example/';
writeFileSync(
  join(folder, 'issuer.toml'),
  `name = "issuer"\n[vars]\nISSUER = "${ISSUER}"\n[[kv_namespaces]]\nbinding = "ISSUER_KV"\n`,
);
writeFileSync(join(folder, 'wrangler.toml'), POLICY);
writeFileSync(join(folder, 'without.toml'), POLICY.replaceAll('revocation = "REVOCATIONS"', ''));
writeFileSync(join(folder, 'stranger.toml'), POLICY.replace(ISSUER, 'https://stranger.example/'));

const run = (...args: string[]): Promise<Run> =>
  claimgate([...args, '--config', 'issuer.toml'], { cwd: folder });
const shown = async () => JSON.parse((await run('client', 'show', 'job', '--json')).stdout);

/** Of two secrets the first: one must stay. */
let secret: string;

beforeAll(async () => {
  expect(await run('client', 'create', 'Job', '--id', 'job')).toMatchObject({ code: 0 });
});

beforeEach(async () => {
  await run('client', 'enable', 'job');
  if ((await shown()).secrets.length < 2) await run('client', 'secret', 'add', 'job');
  secret = (await shown()).secrets[0].id;
});

const COMMAND = 'claimgate revoke --issuer main --client=job --and-next 60s --why';

it('disable prints the command that refuses the tokens, in place of lines for the policy', async () => {
  const { code, stdout } = await run('client', 'disable', 'job');
  expect([code, stdout]).toEqual([
    0,
    `disabled the client Job: no new tokens, a minute from now at the latest
Tokens that it has are good until they expire.
To refuse all tokens that it has, everywhere within a minute:

  ${COMMAND} 'job: the client is disabled'
`,
  ]);
  const { stdout: text } = await run('client', 'disable', 'job', '--json');
  expect(JSON.parse(text)).toMatchObject({
    disabled: 'job',
    revoke: `${COMMAND} 'job: the client is disabled'`,
  });
});

it('secret remove prints it too: tokens do not say by which secret they were had', async () => {
  const { code, stdout } = await run('client', 'secret', 'remove', 'job', secret);
  expect([code, stdout]).toEqual([
    0,
    expect.stringContaining(`  ${COMMAND} 'job: the secret ${secret} is removed'\n`),
  ]);
});

it('secret remove says nothing of it where the gateway can’t revoke', async () => {
  const removed = await run('client', 'secret', 'remove', 'job', secret, '--gateway', 'without.toml');
  expect(removed).toMatchObject({ code: 0, stdout: expect.not.stringContaining('claimgate revoke') });
});

it.each([
  ['a policy without revocation', 'without.toml', 'has no revocation: docs/revocation.md says how to add it'],
  [
    'a policy without the issuer',
    'stranger.toml',
    `has no issuer ${ISSUER}; name another file with --gateway`,
  ],
  ['no configuration', 'nowhere.toml', 'there is no nowhere.toml'],
])('%s: lines for the policy as before, and --revoke changes nothing', async (_case, file, said) => {
  const refused = await run('client', 'disable', 'job', '--revoke', '--gateway', file);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain(said);
  expect(refused.stderr).toContain('Nothing was changed; without --revoke the issuer is');
  expect(await shown()).not.toHaveProperty('disabled');
  const { code, stdout } = await run('client', 'disable', 'job', '--gateway', file);
  expect([code, stdout]).toEqual([0, expect.stringContaining('blocked_clients = ["job"]')]);
  expect(await shown()).toMatchObject({ disabled: true });
});

it('where revoking fails the change stands, and what is left to do is said', async () => {
  const { code, stdout, stderr } = await run('client', 'disable', 'job', '--revoke', '--why', 'leaked');
  expect(code).toBe(3);
  expect(stdout).toContain('disabled the client Job');
  expect(stderr).toContain(
    'the client is disabled, but its tokens are not revoked: no `wrangler dev` of shop runs',
  );
  expect(stderr).toContain(`To do it then: ${COMMAND} leaked\n`);
  expect(await shown()).toMatchObject({ disabled: true });
  const removed = await run('client', 'secret', 'remove', 'job', secret, '--revoke', '--json');
  expect(removed.code).toBe(3);
  expect(JSON.parse(removed.stdout)).toMatchObject({ client_id: 'job', revoked: null });
  expect((await shown()).secrets.map(({ id }: { id: string }) => id)).not.toContain(secret);
});

it('a slip changes nothing', async () => {
  for (const [said, ...args] of [
    ['--why is for --revoke', '--why', 'leaked'],
    ['--why is missing', '--revoke', '--why', ' '],
    ['--why has 501 characters', '--revoke', '--why', 'w'.repeat(501)],
  ] as const) {
    const { code, stderr } = await run('client', 'disable', 'job', ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
  }
  expect(await run('client', 'disable', 'jbo', '--revoke')).toMatchObject({ code: 2 });
  expect(await shown()).not.toHaveProperty('disabled');
});
