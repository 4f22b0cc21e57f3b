import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { claimgate } from './support/claimgate.ts';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-check-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function configFile(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const GOOD = `
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
[vars.API_X]
origin = "service:X"
audience = "x"
[vars.API_X.routes]
"GET /x" = {}
[[services]]
binding = "X"
service = "x"
`;

describe('claimgate check', () => {
  it('finds nothing in the wrangler.toml of this repository', async () => {
    expect(await claimgate(['check'])).toMatchObject({
      code: 0,
      stdout: 'ok     wrangler.toml: 7 routes\nok     wrangler.toml [env.production]: 7 routes\n',
      stderr: '',
    });
  });

  it('prints each error with its place and its remedy, and exits with 1', async () => {
    const file = configFile(
      'bad.toml',
      GOOD.replace('audience = "x"', 'audiance = "x"').replace(
        '"GET /x" = {}',
        '"GET /x" = { scopes_all = [] }',
      ),
    );
    const { code, stdout } = await claimgate(['check', '--config', file]);
    expect(code).toBe(1);
    expect(stdout).toBe(`error  ${file}: 3 errors in the policy
       API_X.audience
         this is missing; write a string or a list
       API_X.audiance
         there is no such field; did you mean "audience"?
       API_X.routes."GET /x".scopes_all
         this is empty; name at least one scope, or leave the field out
`);
  });

  it('only prints them under `wrangler dev`: a typo must not end it', async () => {
    const file = configFile('dev.toml', GOOD.replace('audience = "x"', ''));
    expect((await claimgate(['check', '--config', file], { env: { WRANGLER_COMMAND: 'dev' } })).code).toBe(0);
    expect((await claimgate(['check', '--config', file], { env: { WRANGLER_COMMAND: 'deploy' } })).code).toBe(
      1,
    );
  });

  it('warns of what works and may not be meant, and exits with 0', async () => {
    const file = configFile('warn.toml', GOOD.replace('"GET /x" = {}', '"GET /x" = { report_only = true }'));
    expect(await claimgate(['check', '--config', file])).toMatchObject({
      code: 0,
      stdout: `ok     ${file}: 1 routes
warning
       API_X.routes."GET /x".report_only
         the route is open to anonymous requests; remove it when the log shows no would_deny
`,
    });
  });

  it('knows that wrangler passes routes on to environments, and nothing else', async () => {
    const zone = (prefix: string) => `[${prefix}vars.ISSUERS.main]
issuer = "https://issuer.example/"
[${prefix}vars.API_Z]
hosts = ["api.example.com"]
origin = "zone"
zone_unprotected = true
audience = "x"
[${prefix}vars.API_Z.routes]
"GET /x" = {}
`;
    const routes = 'routes = [{ pattern = "api.example.com/*", zone_name = "example.com" }]\n';
    const inherited = configFile('inherited.toml', `${routes}${zone('')}${zone('env.production.')}`);
    expect((await claimgate(['check', '--config', inherited])).code).toBe(0);
    const own = configFile(
      'own.toml',
      `${routes}${zone('')}[env.production]\nroutes = []\n${zone('env.production.')}`,
    );
    expect((await claimgate(['check', '--config', own])).stdout).toContain(
      'has no route "api.example.com/*"',
    );
  });

  it.each([
    [
      'a secret that stands in the file',
      'origin = "service:X"\norigin_headers = { x-s = "secret:S" }',
      'API_X.origin_headers.x-s',
    ],
  ])('finds %s', async (_what, fields, at) => {
    const text = GOOD.replace('origin = "service:X"', fields).replace(
      '[vars.ISSUERS',
      '[vars]\nS = "in the file"\n[vars.ISSUERS',
    );
    expect((await claimgate(['check', '--config', configFile('plain.toml', text)])).stdout).toContain(at);
  });

  it('leaves to wrangler what is no list', async () => {
    const odd = GOOD.replace('[[services]]\nbinding = "X"\nservice = "x"\n', '').replace(
      '[vars.ISSUERS',
      'services = {}\nratelimits = "L"\nroutes = 5\n[vars.ISSUERS',
    );
    const { code, stderr } = await claimgate(['check', '--config', configFile('odd.toml', odd)]);
    expect([code, stderr]).toEqual([1, '']);
  });

  it('checks every environment: wrangler passes no vars on to them', async () => {
    const file = configFile('env.toml', `${GOOD}\n[env.staging]\nname = "x"\n`);
    const { code, stdout } = await claimgate(['check', '--config', file]);
    expect(code).toBe(1);
    expect(stdout).toContain(`error  ${file} [env.staging]: 2 errors in the policy\n       ISSUERS`);
  });

  it('knows the service bindings', async () => {
    const file = configFile('service.toml', GOOD.replace('binding = "X"', 'binding = "Y"'));
    expect((await claimgate(['check', '--config', file])).stdout).toContain(
      'there is no service binding "X"',
    );
  });

  it('has a twin for programs', async () => {
    const { stdout } = await claimgate(['check', '--json', '--config', configFile('json.toml', GOOD)]);
    expect(JSON.parse(stdout)).toEqual([{ faults: [], warnings: [], routes: 1 }]);
  });

  it.each<[string, string[], string]>([
    [
      'a missing file',
      ['check', '--config', 'nowhere.toml'],
      'there is no nowhere.toml; name the file with --config',
    ],
    ['an unknown command', ['chekc'], '(Did you mean check?)'],
    ['an unknown flag', ['check', '--jsn'], '(Did you mean --json?)'],
    ['a folder', ['check', '--config', 'src'], "src can't be read (EISDIR)"],
  ])('%s: exit code 2 and what to do', async (_why, args, message) => {
    const { code, stderr } = await claimgate(args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('says where a file is no TOML', async () => {
    const { code, stderr } = await claimgate(['check', '--config', configFile('broken.toml', 'a = \n')]);
    expect(code).toBe(2);
    expect(stderr).toContain('is no TOML');
  });

  it('prints help', async () => {
    expect(await claimgate(['--help'])).toMatchObject({ code: 0, stderr: '' });
    expect((await claimgate([])).code).toBe(2);
  });
});
