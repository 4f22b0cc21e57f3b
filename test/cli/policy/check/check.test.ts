/** `claimgate check` as people and pipelines run it. What it looks for is in lints.test.ts and typos.test.ts. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import { CLONE } from '../../../support/clone.ts';
import { claimgate } from '../../support/claimgate.ts';
import { makeFolder, policyText } from '../../support/policies.ts';

const write = makeFolder();
const GOOD = policyText();
const WARNED = policyText({ routes: '"GET /x" = { report_only = true }' });

describe('claimgate check', () => {
  it('finds nothing in the wrangler.toml that a clone begins with, not even strictly', async () => {
    expect(await claimgate(['check', '--strict'], { cwd: CLONE.folder })).toEqual({
      code: 0,
      stdout: 'ok     wrangler.toml: 7 routes\nok     wrangler.toml [env.production]: 7 routes\n',
      stderr: '',
    });
  });

  it('prints each error with its line, its place and its remedy, and exits with 1', async () => {
    const text = GOOD.replace('audience = "x"', 'audiance = "x"').replace('["read:things"]', '[]');
    const file = write('bad.toml', text);
    const { code, stdout } = await claimgate(['check', '--config', file]);
    expect(code).toBe(1);
    expect(stdout).toBe(`error: audience is missing
  --> ${file}:12:7  API_X.audience
   |
12 | [vars.API_X]
   |       ^^^^^
   = fix: write a string or a list

error: there is no field "audiance"
  --> ${file}:13:1  API_X.audiance
   |
13 | audiance = "x"
   | ^^^^^^^^^^^^^^
   = fix: did you mean "audience"?

error: scopes_all is empty
  --> ${file}:16:14${`${file}API_X.routes."GET /x".scopes_all`.length > 64 ? '\n      ' : '  '}API_X.routes."GET /x".scopes_all
   |
16 | "GET /x" = { scopes_all = [] }
   |              ^^^^^^^^^^^^^^^
   = fix: name at least one scope, or leave the field out

error  ${file}: 3 errors
       the gateway would answer 503 to every request
`);
  });

  it('warns of what works and may not be meant, says why, and exits with 0, but strictly with 1', async () => {
    const file = write('warn.toml', WARNED);
    const { code, stdout } = await claimgate(['check', '--config', file]);
    expect(code).toBe(0);
    expect(stdout).toContain(`warning[report-only]: the route is open to anonymous requests\n`);
    expect(stdout).toContain(`
16 | "GET /x" = { report_only = true }
   |              ^^^^^^^^^^^^^^^^^^
   = fix: remove it when the log shows no would_deny
   = why: whoever its rules would refuse is let through, without a token too

ok     ${file}: 1 route, 1 warning

To accept a warning, write "# claimgate: allow NAME" on its line or above it.
docs/check.md has them all.
`);
    expect((await claimgate(['check', '--strict', '--config', file])).code).toBe(1);
  });

  it('only prints under `wrangler dev`: a typo must not end it', async () => {
    const file = write('dev.toml', GOOD.replace('audience = "x"', ''));
    const run = (command: string) =>
      claimgate(['check', '--config', file], { env: { WRANGLER_COMMAND: command } });
    expect((await run('dev')).code).toBe(0);
    expect((await run('deploy')).code).toBe(1);
  });

  it('checks all environments, or the one that is named; "" is the top level', async () => {
    const file = write('env.toml', `${GOOD}\n[env.staging]\nname = "x"\n`);
    const all = await claimgate(['check', '--config', file]);
    // Nobody may deploy it, so that it must not stop a build; who names it wants its policy.
    expect([all.code, all.stdout.replace(/\s+/g, ' ')]).toEqual([
      0,
      expect.stringContaining(
        `${file} [env.staging] has no policy: a gateway that is deployed from there answers 503`,
      ),
    ]);
    const staging = await claimgate(['check', '--config', file, '--env', 'staging']);
    expect(staging.stdout).not.toContain('1 route');
    expect(staging.code).toBe(1);
    expect(staging.stdout).toContain(`error  ${file} [env.staging]: 2 errors`);
    expect(staging.stdout).toMatch(/\[env\.staging\]\n {3}\| {6}\^{7}/);
    const none = await claimgate([
      'check',
      '--config',
      write('none.toml', '[vars]\nSTAGE = "dev"\n[env.p]\nname = "x"\n'),
    ]);
    expect([none.code, none.stdout]).toEqual([1, expect.stringContaining('there is no API')]);
    expect(await claimgate(['check', '--config', file, '--env', ''])).toMatchObject({
      code: 0,
      stdout: `ok     ${file}: 1 route\n`,
    });
  });

  it('prints the same for programs', async () => {
    const file = write('json.toml', WARNED);
    const { stdout } = await claimgate(['check', '--json', '--config', file]);
    expect(JSON.parse(stdout)).toEqual([
      {
        policy: true,
        routes: 1,
        faults: [],
        warnings: [
          {
            place: ['API_X', 'routes', 'GET /x', 'report_only'],
            at: 'API_X.routes."GET /x".report_only',
            problem: 'the route is open to anonymous requests',
            remedy: 'remove it when the log shows no would_deny',
            rule: 'report-only',
            severity: 'warning',
            why: 'whoever its rules would refuse is let through, without a token too',
            file,
            line: 16,
            column: 14,
            endLine: 16,
            endColumn: 32,
          },
        ],
      },
    ]);
  });

  it('needs no wrangler', async () => {
    const { stdout } = await claimgate(['check', '--json'], {
      env: { NODE_OPTIONS: `--import ${new URL('../../support/no-wrangler.ts', import.meta.url).href}` },
    });
    expect(JSON.parse(stdout)).toHaveLength(2);
  });
});

describe('bad input', () => {
  it.each<[string, string[], string]>([
    ['a missing file', ['--config', 'nowhere.toml'], 'there is no nowhere.toml; name the file with --config'],
    ['a folder', ['--config', 'src'], "src can't be read (EISDIR)"],
    [
      'an unknown environment',
      ['--env', 'prodution'],
      'wrangler.toml has no [env.prodution]; it has production',
    ],
    ['the name of a method as environment', ['--env', 'toString'], 'wrangler.toml has no [env.toString]'],
    ['an unknown format', ['--format', 'jsn'], 'did you mean "json"?'],
    ['two formats', ['--json', '--format', 'sarif'], 'exclude each other'],
    ['an unknown flag', ['--jsn'], '(Did you mean --json?)'],
    ['a missing token', ['--token', 'nowhere'], "nowhere can't be read (ENOENT)"],
    ['a token that is none', ['--token', 'package.json'], 'package.json holds no JWT'],
    [
      'a missing file of the issuer',
      ['--issuer-file', 'nowhere.json'],
      "nowhere.json can't be read (ENOENT)",
    ],
    ['a file of the issuer that is none', ['--issuer-file', 'README.md'], 'README.md is not JSON'],
  ])('%s: exit code 2, what to do, no stack', async (_why, args, message) => {
    const { code, stdout, stderr } = await claimgate(['check', ...args]);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect([code, stdout]).toEqual([2, '']);
  });

  it('an unknown command: what was meant', async () => {
    expect(await claimgate(['chekc'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('(Did you mean check?)'),
    });
  });

  it('no TOML: the place, without what stands there', async () => {
    const file = write('broken.toml', 'a = 1\nSECRET = "hunter2\nb = 2\n');
    const { code, stdout, stderr } = await claimgate(['check', '--config', file]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /is no TOML: .*; mend line 2, column \d+\n {4}\|\n {2}2 \| SECRET = "\*{7}\n {4}\| +\^\n$/,
    );
    const text = write('text.toml', 'KEY = """\nhunter2 \\q\n"""\n');
    expect((await claimgate(['check', '--config', text])).stderr).not.toContain('hunter2');
  });

  it('prints help', async () => {
    expect(await claimgate(['check', '--help'])).toMatchObject({ code: 0, stderr: '' });
    expect((await claimgate([])).code).toBe(2);
  });
});

describe('--online', () => {
  it('no network is a finding, and no stack', async () => {
    const text = policyText({ api: 'origin = "http://127.0.0.1:9"' }).replace(
      'https://issuer.example/',
      'http://127.0.0.1:9/',
    );
    const { code, stdout, stderr } = await claimgate([
      'check',
      '--online',
      '--config',
      write('offline.toml', text),
    ]);
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toContain("error[issuer-keys]: the issuer can't be reached (network_error)");
    expect(stdout).toContain("warning[origin-unreachable]: the origin can't be reached from here");
  });

  it('asks issuers for keys, and origins without a token', async () => {
    const asked: string[] = [];
    const { publicKey } = await generateKeyPair('ES256');
    const key = { ...(await exportJWK(publicKey)), kid: '1', alg: 'ES256' };
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? 'no token'}`);
      const url = `http://${request.headers.host}`;
      if (request.url === '/.well-known/openid-configuration') {
        response.end(
          JSON.stringify({ issuer: `${url}/`, jwks_uri: `${url}/jwks`, claims_supported: ['sub'] }),
        );
      } else if (request.url === '/jwks') response.end(JSON.stringify({ keys: [key] }));
      else response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const text = policyText({
        issuer: 'algorithms = ["ES256", "RS256"]',
        api: `origin = "${url}/base"\nforward = { tenant = "x-tenant", sub = "x-sub" }\nstrip_prefix = "/v1"`,
        routes: '"GET /v1/x" = { scopes_all = ["read:things"] }',
      }).replace('https://issuer.example/', `${url}/`);
      const run = await claimgate(['check', '--online', '--json', '--config', write('online.toml', text)]);
      expect(run).toMatchObject({ code: 0, stderr: '' });
      const [{ faults, warnings }] = JSON.parse(run.stdout);
      expect(faults).toEqual([]);
      expect(warnings.map(({ rule, at }: { rule: string; at: string }) => `${rule} ${at}`)).toEqual([
        'unknown-claim API_X.forward.tenant',
        'unused-algorithm ISSUERS.main.algorithms[1]',
        'open-origin API_X.origin',
      ]);
      expect(asked).toContain('HEAD /base/x no token');
    } finally {
      server.close();
    }
  });
});

describe('--token', () => {
  const jwt = (claims: object) =>
    `${[{ alg: 'ES256' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.c2lnbmF0dXJl`;
  const config = () =>
    write(
      'token.toml',
      policyText({ api: 'origin = "service:X"\nforward = { tenant = "x-tenant", org = "x-org" }' }),
    );

  it('names forwarded claims that it lacks, and is never printed', async () => {
    const input = jwt({ iss: 'https://issuer.example/', aud: ['x'], org: 'acme' });
    const run = await claimgate(['check', '--config', config(), '--token', '-'], {
      input: `Bearer ${input}\n`,
    });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('warning[unknown-claim]: the example token has no such claim');
    expect(run.stdout).toContain('API_X.forward.tenant');
    expect(run.stdout).not.toContain('API_X.forward.org');
    for (const part of input.split('.')) expect(run.stdout).not.toContain(part);
  });

  it.each([
    ['another issuer', { iss: 'https://other.example/', aud: 'x' }, 'it has https://issuer.example/'],
    ['another API', { iss: 'https://issuer.example/', aud: 'y' }, 'take one for x'],
  ])('of %s is wrong use', async (_whose, claims, message) => {
    const run = await claimgate(['check', '--config', config(), '--token', '-'], { input: jwt(claims) });
    expect([run.code, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toContain(message);
  });
});
