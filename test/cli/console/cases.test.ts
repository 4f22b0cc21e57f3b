import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { addCase } from '../../../cli/console/cases.ts';
import { draftCase } from '../../../page/case.ts';
import { compilePolicy } from '../../../src/policy/compile/compile.ts';
import { claimgate } from '../support/claimgate.ts';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-cases-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'policy.test.toml');

const CONFIG = `name = "x"
main = "x.ts"
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
jwks_uri = "https://issuer.example/keys"
[vars.API_X]
origin = "https://x.example"
audience = "x"
[vars.API_X.routes]
"GET /x" = { scopes_all = ["a"] }
"GET /open" = { auth = "none" }
`;
const compiled = compilePolicy({
  ISSUERS: { main: { issuer: 'https://issuer.example/', jwks_uri: 'https://issuer.example/keys' } },
  API_X: {
    origin: 'https://x.example',
    audience: 'x',
    routes: { 'GET /x': { scopes_all: ['a'] }, 'GET /open': { auth: 'none' } },
  },
});
if (!compiled.ok) throw new Error('the policy has faults');
const { policy } = compiled;
const NOW = 1_795_800_000_000;

const HOSTILE = '"]]\n[[case]]\nexpect = "allow" \u007f</script>';
const asked = (more: object = {}) => ({
  method: 'GET',
  url: '/x',
  token: '',
  keys: '',
  headers: '',
  ...more,
});
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const TOKEN = `${part({ alg: 'RS256' })}.${part({ iss: 'https://issuer.example/', aud: 'x', scope: 'b', exp: 1, jti: 'j' })}.c2ln`;

describe('what was asked, as a case', () => {
  it.each([
    ['no token', asked(), { expect: 401, reason: 'token_missing' }],
    ['claims', asked({ token: '{"scope":"b","odd":null}' }), { expect: 403, reason: 'scopes_missing' }],
    ['what gets through', asked({ token: '{"scope":"a"}' }), { expect: 'allow' }],
    ['a token', asked({ token: `Bearer ${TOKEN}` }), { expect: 403, reason: 'scopes_missing' }],
    ['what is no token', asked({ token: 'hunter2' }), { expect: 401, reason: 'token_missing' }],
    ['hostile text', asked({ token: JSON.stringify({ sub: HOSTILE, scope: HOSTILE }) }), { expect: 403 }],
    ['a header', asked({ url: '/open', headers: 'X-A: "1"\nCookie: hunter2' }), { expect: 'allow' }],
    ['a request that nobody serves', asked({ url: '/none' }), { expect: 404, reason: 'route_unknown' }],
    ["the gateway's own answer", asked({ method: 'POST' }), { expect: 405 }],
  ])('%s: the case holds, as claimgate test says', async (_what, question, want) => {
    const { text } = await draftCase(policy, question, 'now', NOW);
    for (const secret of ['hunter2', 'c2ln', 'eyJ', '"j"']) expect(text).not.toContain(secret);
    rmSync(path, { force: true });
    expect(await addCase(path, text, policy, NOW)).toMatchObject({ path, failure: null });
    for (const [name, value] of Object.entries(want))
      expect(text).toContain(`${name} = ${JSON.stringify(value)}`);
    writeFileSync(join(folder, 'wrangler.toml'), CONFIG);
    const run = await claimgate(['test', '--config', join(folder, 'wrangler.toml')]);
    expect(run.stdout + run.stderr).toContain('1 case');
    expect(run.code).toBe(0);
  });

  it('may want what the policy refuses', async () => {
    rmSync(path, { force: true });
    const { text } = await draftCase(policy, asked({ token: '{"scope":"b"}' }), 'allow', NOW);
    expect(text).not.toContain('reason');
    expect((await addCase(path, text, policy, NOW)).failure).toBe('expected allow, got 403 scopes_missing');
  });

  it('says what it leaves out', async () => {
    const { notes } = await draftCase(
      policy,
      asked({ token: TOKEN, headers: 'Authorization: x' }),
      'now',
      NOW,
    );
    expect(notes).toHaveLength(2);
    await expect(draftCase(policy, asked({ url: '/x y' }), 'now', NOW)).rejects.toThrow('%20');
  });
});

describe('a case that is appended', () => {
  const one = '[[case]]\nrequest = "GET /x"\nexpect = 401\n';

  it('begins a file, and stands above what claimgate test --init made', async () => {
    rmSync(path, { force: true });
    writeFileSync(join(folder, 'wrangler.toml'), CONFIG);
    expect((await addCase(path, one, policy, NOW)).line).toBe(3);
    await claimgate(['test', '--init', '--config', join(folder, 'wrangler.toml')]);
    const second = '[[case]]\nname = "second"\nrequest = "GET /x"\nexpect = 401\n';
    const { line } = await addCase(path, second, policy, NOW);
    const text = readFileSync(path, 'utf8');
    expect(text.split('\n')[line - 1]).toBe('[[case]]');
    expect(text.indexOf('second')).toBeLessThan(text.indexOf('--- Made by'));
    await claimgate(['test', '--init', '--config', join(folder, 'wrangler.toml')]);
    expect(readFileSync(path, 'utf8')).toContain('second');
    expect((await claimgate(['test', '--config', join(folder, 'wrangler.toml')])).code).toBe(0);
  });

  it.each([
    ['no case', 'x = 1'],
    ['no TOML', '[[case'],
    ['two', `${one}\n${one}`],
    ['nothing', ''],
    ['an unknown field', `${one}exec = "x"\n`],
  ])('is one, not %s', async (_what, text) => {
    rmSync(path, { force: true });
    await expect(addCase(path, text, policy, NOW)).rejects.toThrow();
    expect(existsSync(path)).toBe(false);
  });

  it('leaves a file alone that is broken', async () => {
    writeFileSync(path, 'broken = [');
    await expect(addCase(path, one, policy, NOW)).rejects.toThrow(`${path} is no TOML`);
    expect(readFileSync(path, 'utf8')).toBe('broken = [');
  });
});
