/** An API on trial, in every tool that shows a policy. */
import { describe, expect, it } from 'vitest';
import { claimgate } from '../support/claimgate.ts';
import { makeFolder } from '../support/files.ts';

const folder = makeFolder();
const ROUTES = `[vars.API_X.routes]
"GET /orders" = { scopes_all = ["read:orders"] }
"GET /open" = { auth = "none" }
`;
const policy = (gateway = '', routes = ROUTES) => `name = "gateway"
[vars.GATEWAY]
${gateway}
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
[vars.API_X]
origin = "https://origin.example/base"
audience = "x"
hosts = ["api.example.com"]
${routes}`;
const enforced = folder.write('enforced.toml', policy());
const tried = folder.write('tried.toml', policy('report_only = true'));
const bare = folder.write('bare.toml', policy('report_only = true', ''));

describe('check', () => {
  it('passes, in one line for the API', async () => {
    const { code, stdout, stderr } = await claimgate(['check', '--config', tried]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.match(/is open to anyone/g)).toHaveLength(1);
    expect(stdout).toContain('API_X is open to anyone: it is on trial');
  });

  it('fails after the last day', async () => {
    const over = folder.write('over.toml', policy('report_only = true\nreport_only_until = "2001-01-31"'));
    const { code, stdout } = await claimgate(['check', '--config', over]);
    expect(code).toBe(1);
    expect(stdout).toContain('its trial ended on 2001-01-31');
  });
});

describe('explain', () => {
  const explain = async (request: string[], config = tried) => {
    const args = ['explain', ...request, '--config', config, '--json', '--offline'];
    return JSON.parse((await claimgate(args)).stdout) as {
      result: string;
      would_deny?: string;
      steps: { step: string; verdict: string; decided: string }[];
    };
  };

  it.each([
    ['GET', 'https://api.example.com/nowhere', 'route_unknown', 'route', '/nowhere'],
    ['DELETE', 'https://api.example.com/orders', 'method_not_allowed', 'route', '/orders'],
    ['GET', 'https://api.example.com//orders', 'path_ambiguous', 'target', '//orders'],
    ['GET', 'https://api.example.com/orders', 'token_missing', 'authorization', '/orders'],
  ])('%s %s: what would refuse it, and where it goes', async (method, url, reason, refuses, path) => {
    const told = await explain([method, url]);
    expect(told).toMatchObject({ result: 'allowed', would_deny: reason });
    expect(told.steps.filter(({ verdict }) => verdict === 'would_refuse').map(({ step }) => step)).toEqual([
      refuses,
    ]);
    expect(told.steps.at(-1)?.decided).toBe(`sent to https://origin.example/base${path}`);
  });

  it('the same without any route', async () => {
    expect(await explain(['GET', '/'], bare)).toMatchObject({
      result: 'allowed',
      would_deny: 'route_unknown',
    });
  });
});

describe('diff', () => {
  it('an API that is put on trial is opened, with all that it lacks', async () => {
    const { stdout, code } = await claimgate(['diff', enforced, tried, '--fail-on', 'opened']);
    expect(code).toBe(1);
    expect(stdout).toContain('opened      * /* on api.example.com');
    expect(stdout).toContain('opened      paths that can be read in two ways on api.example.com');
    expect(stdout).toContain('widened     GET /orders on api.example.com');
    expect(stdout).toContain('API_X.report_only: enforced -> on trial');
  });

  it('a trial that ends closes it', async () => {
    const { stdout } = await claimgate(['diff', tried, enforced]);
    expect(stdout).toContain('closed      * /* on api.example.com');
    expect(stdout).toContain('closed      paths that can be read in two ways on api.example.com');
    expect(stdout).toContain('narrowed    GET /orders on api.example.com');
  });

  it('the end of a trial is no matter of who gets in', async () => {
    const dated = folder.write('dated.toml', policy('report_only = true\nreport_only_until = "2027-01-31"'));
    const { stdout } = await claimgate(['diff', tried, dated]);
    expect(stdout).toContain('API_X.report_only: on trial -> on trial until 2027-01-31');
    expect(stdout).not.toMatch(/^(opened|widened|closed|narrowed|moved) /m);
  });
});

describe('test', () => {
  const cases = folder.write(
    'policy.test.toml',
    `[[case]]
request = "GET /orders"
expect = "deny"
[[case]]
request = "DELETE /orders"
expect = 405
[[case]]
request = "GET /open"
expect = "allow"
`,
  );

  it('judges as the gateway does, and says why a request passes', async () => {
    const { code, stdout } = await claimgate(['test', cases, '--config', tried]);
    expect(code).toBe(1);
    expect(stdout).toContain('got       allow (would_deny token_missing)');
  });

  it('judges the rules to come with --enforced', async () => {
    const { code, stdout } = await claimgate(['test', cases, '--config', tried, '--enforced']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('3 cases: all pass')]);
    const none = await claimgate(['test', cases, '--config', bare, '--enforced']);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('vars: there is no API')]);
  });

  it('can show what is only reported, and a mutant notices the end of the trial', async () => {
    const shown = folder.write(
      'shown.toml',
      `[[case]]
request = "GET /nowhere"
expect = "allow"
would_deny = "route_unknown"
[[case]]
request = "GET //nowhere"
expect = "allow"
would_deny = "path_ambiguous"
`,
    );
    const { code, stdout } = await claimgate(['test', shown, '--config', tried, '--mutate']);
    expect(code).toBe(0);
    expect(stdout).not.toContain('without report_only');
    const blind = folder.write('blind.toml', '[[case]]\nrequest = "GET /open"\nexpect = "allow"\n');
    const other = await claimgate(['test', blind, '--config', tried, '--mutate']);
    expect(other.stdout).toContain('without report_only');
  });
});

describe('logs --suggest', () => {
  const at = (i: number) => new Date(Date.UTC(2026, 10, 24, 12) + i * 300_000).toISOString();
  const line = (i: number, fields: object) =>
    JSON.stringify({
      time: at(i),
      request_id: 'r',
      method: 'GET',
      decision: 'allow',
      status: 200,
      ...fields,
    });
  const log = folder.write(
    'day.log',
    [
      ...Array.from({ length: 400 }, (_, i) => line(i, { route: 'API_X GET /orders', client: 'web' })),
      line(400, { route: 'API_X', would_deny: 'route_unknown', unverified_client: 'job', path: '/nowhere' }),
      line(401, { route: 'API_X', would_deny: 'route_unknown', path: '/other' }),
    ].join('\n'),
  );

  it('says for each route of an API on trial, and for all that has none, whether it is ready', async () => {
    const { stdout, code } = await claimgate(['logs', log, '--suggest', '--config', tried]);
    expect(code).toBe(1);
    expect(stdout).toBe(`API_X GET /orders  (report_only)
  ready: 400 requests in 1 d 9 h, none would be refused
  To enforce it, in ${tried} at line 11:
  - "GET /orders" = { scopes_all = ["read:orders"] }
  + "GET /orders" = { scopes_all = ["read:orders"], report_only = false }

API_X GET /open  (report_only)
  too little traffic: 0 requests in 0 s, none would be refused
  0 of 100 requests (--min-requests)

API_X  (report_only)
  not ready: 2 requests in 5 min, 2 would be refused
         1  route_unknown                           job (unverified)
         1  route_unknown                           (nobody was asked)
`);
  });
});

it('routes says that anyone gets in', async () => {
  const { stdout } = await claimgate(['routes', '--config', tried]);
  expect(stdout).toContain('anyone (only tried');
});
