import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { initialCases } from '../../../../cli/policy/cases/init.ts';
import { mutate } from '../../../../cli/policy/cases/mutate.ts';
import { parseCases } from '../../../../cli/policy/cases/read.ts';
import { renderSuite, suiteJunit } from '../../../../cli/policy/cases/report.ts';
import { RULE_MUTANTS } from '../../../../cli/policy/cases/rule-mutants.ts';
import { createJudge, prepareCase } from '../../../../cli/policy/cases/run.ts';
import { CASE_FIELDS } from '../../../../cli/policy/cases/schema.ts';
import { runSuite, type Suite } from '../../../../cli/policy/cases/suite.ts';
import { environmentOf, parsePolicyFile, policyOf } from '../../../../cli/policy/file/config.ts';
import { CommandError } from '../../../../cli/text/terminal.ts';
import { reportSchema } from '../../../../src/policy/compile/schema.ts';
import { CLONE } from '../../../support/clone.ts';
import { claimgate } from '../../support/claimgate.ts';
import { makeFolder } from '../../support/files.ts';
import { SHOP } from '../../support/shop.ts';

const folder = makeFolder();
const shop = folder.write('shop.toml', SHOP);
const NOW_MS = Date.parse('2026-11-24T12:00:00Z');

function setUp(policyText: string) {
  const file = parsePolicyFile('wrangler.toml', policyText);
  return { section: environmentOf(file, undefined), policy: policyOf(file, undefined) };
}

async function suiteOf(casesText: string, policyText = SHOP, mutates = false): Promise<Suite> {
  const { section, policy } = setUp(policyText);
  return runSuite(parseCases('policy.test.toml', casesText), { section, policy, nowMs: NOW_MS, mutates });
}

/** Each case with what does not hold of it. */
async function failuresOf(casesText: string, policyText?: string): Promise<string[]> {
  const { results } = await suiteOf(casesText, policyText);
  return results.flatMap(({ failures }) =>
    failures.map(({ field, expected, got }) => `${field}: expected ${expected}, got ${got}`),
  );
}

const oneCase = (fields: string) => `[[case]]\n${fields}\n`;

describe('the cases of the policy that a clone begins with', () => {
  it.each([[[]], [['--env', 'production']]])('show all of it, and notice every mutant %j', async (env) => {
    const args = ['test', CLONE.cases, '--config', CLONE.config];
    args.push('--mutate', '--fail-on-survivors', '--min-coverage', '100', ...env);
    const { code, stdout, stderr } = await claimgate(args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /: all pass {2}\([0-9]+ ms\)\nCoverage: ([0-9]+) of \1 \(100 %\)\nMutants: ([0-9]+) of \2 noticed \(100 %\)\n$/,
    );
  });
});

describe('a case', () => {
  it.each([
    [
      'what is allowed',
      'request = "GET /orders"\nclaims = { scope = "read:orders orders" }\nexpect = "allow"',
    ],
    ['what is refused', 'request = "GET /orders"\nexpect = "deny"'],
    ['a status and a reason', 'request = "GET /orders"\nexpect = 401\nreason = "token_missing"'],
    [
      'another host',
      'request = "GET https://admin.example.com/admin/x"\nclaims = { scope = "admin" }\nexpect = "allow"\nroute = "* /admin/*"',
    ],
    [
      'claims that are left out',
      'request = "GET /maybe"\nclaims = {}\nwithout = ["aud"]\nexpect = 401\nreason = "audience_mismatch"',
    ],
    [
      'a token as it comes',
      'request = "GET /maybe"\ntoken = "a.b.c"\nexpect = 401\nreason = "token_malformed"',
    ],
    [
      'a time',
      'request = "GET /maybe"\nclaims = { exp = 1000000000 }\nnow = "2001-09-09T00:00:00Z"\nexpect = "allow"',
    ],
    [
      'a rule that is tried',
      'request = "GET /tried"\nclaims = {}\nexpect = "allow"\nwould_deny = "scopes_missing"',
    ],
    [
      'what the origin gets',
      'request = "GET /maybe?x=1"\nclaims = { sub = "u" }\nheaders = { x-claim-sub = "root" }\nexpect = "allow"\norigin = { x-claim-sub = "u", x-origin-secret = true, authorization = false }\norigin_url = "https://shop.internal.example/base/maybe?x=1"',
    ],
    [
      'what the gateway answers itself',
      'request = "GET https://shop.example.com/.well-known/oauth-protected-resource"\nexpect = 200',
    ],
  ])('shows %s', async (_what, fields) => {
    expect(await failuresOf(oneCase(fields))).toEqual([]);
  });

  it.each([
    ['expect', 'request = "GET /orders"\nexpect = "allow"', 'expect: expected allow, got 401 token_missing'],
    ['a status', 'request = "GET /files/a"\nexpect = 401', 'expect: expected 401, got allow'],
    [
      'reason',
      'request = "GET /orders"\nexpect = 401\nreason = "token_expired"',
      'reason: expected 401 token_expired, got 401 token_missing',
    ],
    [
      'route',
      'request = "GET /maybe"\nexpect = "allow"\nroute = "GET /orders"',
      'route: expected "GET /orders", got "GET /maybe"',
    ],
    [
      'would_deny',
      'request = "GET /tried"\nclaims = { scope = "later" }\nexpect = "allow"\nwould_deny = "scopes_missing"',
      'would_deny: expected "scopes_missing", got none',
    ],
    [
      'no would_deny',
      'request = "GET /tried"\nclaims = {}\nexpect = "allow"\nwould_deny = false',
      'would_deny: expected none, got "scopes_missing"',
    ],
    [
      'a header',
      'request = "GET /maybe"\nclaims = { sub = "u" }\nexpect = "allow"\norigin = { x-claim-sub = "v" }',
      'origin.x-claim-sub: expected "v", got "u"',
    ],
    [
      'no header',
      'request = "GET /maybe"\nclaims = { sub = "u" }\nexpect = "allow"\norigin = { x-claim-sub = false }',
      'origin.x-claim-sub: expected none, got "u"',
    ],
    [
      'some header',
      'request = "GET /maybe"\nexpect = "allow"\norigin = { x-claim-sub = true }',
      'origin.x-claim-sub: expected any value, got none',
    ],
    [
      'origin_url',
      'request = "GET /maybe"\nexpect = "allow"\norigin_url = "x"',
      'origin_url: expected "x", got "https://shop.internal.example/base/maybe"',
    ],
  ])('fails by %s', async (_what, fields, failure) => {
    expect(await failuresOf(oneCase(fields))).toEqual([failure]);
  });

  it('is one for each of its requests', async () => {
    const { results } = await suiteOf(
      '[[case]]\nname = "nobody"\nrequest = ["GET /orders", "POST   /orders"]\nexpect = 401\n[[case]]\nrequest = "GET /files/a"\nexpect = "allow"\n',
    );
    expect(results.map(({ prepared }) => prepared.case.title)).toEqual([
      'nobody: GET /orders',
      'nobody: POST /orders',
      'GET /files/a: allow',
    ]);
  });
});

describe('claimgate test', () => {
  const cases = folder.write(
    'shop.test.toml',
    `# first line
[[case]]
name = "buyers see their orders <\\"quick\\" & easy>"
request = "GET /orders"
claims = { scope = "read:orders" }
expect = "allow"

[[case]]
request = "GET /files/a"
expect = "allow"
`,
  );

  it('prints what fails with its place, and exits with 1', async () => {
    const junit = folder.path('junit.xml');
    const { code, stdout, stderr } = await claimgate(['test', cases, '--config', shop, '--junit', junit]);
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toContain(`FAIL  buyers see their orders <"quick" & easy>
      ${cases}:6  expect
        expected  allow
        got       403 scopes_missing
ok    GET /files/a: allow

2 cases: 1 fail `);
    expect(readFileSync(junit, 'utf8')).toContain(
      '<failure message="expect: expected allow, got 403 scopes_missing">',
    );
  });

  it('has a twin for programs', async () => {
    const { code, stdout } = await claimgate(['test', cases, '--config', shop, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      passed: 1,
      failed: 1,
      cases: [
        {
          file: cases,
          line: 2,
          ok: false,
          result: 'deny',
          reason: 'scopes_missing',
          failures: [{ field: 'expect', expected: 'allow', got: '403 scopes_missing' }],
        },
        { ok: true, result: 'allow', reason: null },
      ],
      coverage: { percent: expect.any(Number), missing: expect.any(Array) },
    });
  });

  it('fails where the cases show too little', async () => {
    const good = folder.write('good.toml', oneCase('request = "GET /files/a"\nexpect = "allow"'));
    const { code, stderr } = await claimgate(['test', good, '--config', shop, '--min-coverage', '90']);
    expect([code, stderr]).toEqual([
      1,
      'The coverage is below 90 %; claimgate test --init writes the cases that are missing.\n',
    ]);
  });

  it('lists the mutants that survive, and fails only where it is asked to', async () => {
    const good = folder.write('good.toml', oneCase('request = "GET /files/a"\nexpect = "allow"'));
    const args = ['test', good, '--config', shop, '--mutate'];
    const { code, stdout } = await claimgate(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /Mutants: [0-9]+ of [0-9]+ noticed \([0-9]+ %\); no case notices\n {2}API_SHOP GET \/orders: scopes_all without "read:orders"\n/,
    );
    expect((await claimgate([...args, '--fail-on-survivors'])).code).toBe(1);
  });

  describe('--init', () => {
    const file = folder.path('init.toml');
    const init = () => claimgate(['test', file, '--config', shop, '--init']);
    const covered = () => claimgate(['test', file, '--config', shop, '--min-coverage', '100']);

    it('writes cases that show all of the policy', async () => {
      expect(await init()).toMatchObject({
        code: 0,
        stdout: `${file}: 31 cases; run them with: claimgate test\n`,
      });
      expect(await covered()).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('31 cases: all pass'),
      });
    });

    it('finds nothing to add where the policy is the same', async () => {
      const before = readFileSync(file, 'utf8');
      expect(await init()).toMatchObject({ code: 0, stdout: `${file}: nothing to add\n` });
      expect(readFileSync(file, 'utf8')).toBe(before);
    });

    it('makes its cases anew when routes change, and keeps those of a person, comments too', async () => {
      const own = `# Ours.
[[case]]
name = "the job may read" # asked for by the team
request = "GET /orders"
claims = { scope = "read:orders orders" }
expect = "allow"
`;
      folder.write('init.toml', own + readFileSync(file, 'utf8'));
      folder.write('shop.toml', SHOP.replace('/robots"  ', '/machines"'));
      expect((await claimgate(['test', file, '--config', shop])).code).toBe(1);
      expect(await init()).toMatchObject({
        code: 0,
        stdout: `${file}: 30 cases, beside 1 case of your own; run them with: claimgate test\n`,
      });
      const text = readFileSync(file, 'utf8');
      expect(text.startsWith(own)).toBe(true);
      expect(text).not.toContain('robots lets');
      expect((await covered()).code).toBe(0);
      folder.write('shop.toml', SHOP);
    });

    it('writes nothing where a case of one’s own can’t be read', async () => {
      const broken = folder.write('own.toml', '[[case]]\nrequest = "GET /x"\n');
      const { code, stderr } = await claimgate(['test', broken, '--config', shop, '--init']);
      expect([code, stderr]).toEqual([2, expect.stringContaining('own.toml:1:')]);
      expect(readFileSync(broken, 'utf8')).toBe('[[case]]\nrequest = "GET /x"\n');
    });

    it.each([
      ['an API on trial', 'report_only = true'],
      ['a trial of rules', ''],
    ])('covers %s', async (_what, field) => {
      const config = folder.write(
        'tried.toml',
        `[vars.ISSUERS.a]
issuer = "https://a.example/"
[vars.ISSUERS.b]
issuer = "https://b.example/"
claims = { use = "access" }
[vars.API_X]
origin = "https://o.example"
audience = ["x", "y"]
issuer = "b"
${field}
[vars.API_X.routes]
"GET /a" = { scopes_all = ["a"], report = { clients = ["c"], audience = "y" } }
"GET /orgs/:org" = { claims = { org = { param = "org" }, tier = ["gold", "silver"] }, scopes_any = ["r", "s"] }
"GET /b" = { audience = "y", clients = ["c"] }
"GET /o" = { auth = "optional" }
"GET /p/*" = { auth = "none" }
`,
      );
      const cases = folder.path(`tried-${field === ''}.toml`);
      await claimgate(['test', cases, '--config', config, '--init']);
      const { code, stdout } = await claimgate(['test', cases, '--config', config, '--min-coverage', '100']);
      expect(stdout).toContain('(100 %)');
      expect(code).toBe(0);
    });
  });

  it.each<[string, string, RegExp]>([
    [
      'an unknown field',
      'request = "GET /x"\nexpct = "allow"\nexpect = "allow"',
      /:3:1 {2}expct: there is no field "expct"; did you mean "expect"\?$/,
    ],
    [
      'a field that is missing',
      'request = "GET /x"',
      /:1:\d+ {2}expect: .*; write "allow", "deny" or the status of the answer$/,
    ],
    [
      'no request',
      'request = "orders"\nexpect = "allow"',
      /:2:1 {2}request: .*a method and a URL or path, like "GET \/orders"$/,
    ],
    [
      'an unknown reason',
      'request = "GET /x"\nexpect = "deny"\nreason = "scope_missing"',
      /:4:1 {2}reason: there is no reason "scope_missing"; did you mean "scopes_missing"\?$/,
    ],
    [
      'claims beside a token',
      'request = "GET /x"\nclaims = {}\ntoken = "a"\nexpect = 401',
      /:4:1 {2}token: token and claims exclude each other; keep token or claims$/,
    ],
    [
      'a reason of what is allowed',
      'request = "GET /x"\nexpect = "allow"\nreason = "token_missing"',
      /:4:1 {2}reason: only a refusal has a reason; .*$/,
    ],
    [
      'headers of what is refused',
      'request = "GET /x"\nexpect = 401\norigin = { x-a = "b" }',
      /:3:1 {2}expect: a refused request reaches no origin; .*$/,
    ],
    ['no time', 'request = "GET /x"\nexpect = 401\nnow = "soon"', /:4:1 {2}now: now is not a time; .*$/],
    [
      'a header that can be none',
      'request = "GET /x"\nexpect = 401\nheaders = { "a b" = "c" }',
      /:4 {2}headers: a name or a value can't stand in a header; mend it$/,
    ],
  ])('%s: its place', async (_what, fields, message) => {
    const error: unknown = await suiteOf(oneCase(fields)).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
  });

  it.each<[string, string[], RegExp]>([
    [
      'no file of cases',
      ['test', '--config', shop],
      /^error {2}there is no \S+policy\.test\.toml; claimgate test --init writes first cases\n$/,
    ],
    ['no TOML', ['test', shop.replace('shop.toml', 'broken.toml'), '--config', shop], /is no TOML: /],
    [
      'another table',
      ['test', shop, '--config', shop],
      /vars: a file of cases can have no other table; write them as \[\[case\]\]/,
    ],
    [
      'survivors without mutants',
      ['test', '--fail-on-survivors'],
      /^error {2}--fail-on-survivors is about mutants; give --mutate too\n$/,
    ],
    ['no percentage', ['test', '--min-coverage', 'all'], /Write a number from 0 to 100/],
  ])('%s: what to do, and exit code 2', async (_what, args, message) => {
    folder.write('broken.toml', '[[case]\n');
    const { code, stderr } = await claimgate(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('keeps to 80 columns, and lists many cases only when asked', async () => {
    const many = Array.from({ length: 50 }, () => oneCase('request = "GET /files/a"\nexpect = "allow"')).join(
      '',
    );
    const suite = await suiteOf(many, SHOP, true);
    expect(renderSuite(suite, 5, false).filter((line) => line.length > 80)).toEqual([]);
    expect(renderSuite(suite, 5, false)[0]).toBe('50 cases: all pass  (5 ms)');
    expect(renderSuite(suite, 5, true).length).toBeGreaterThan(70);
  });

  it('JUnit holds what XML can', async () => {
    const suite = await suiteOf(
      oneCase('name = "a \\u0001 ]]> & \\"b\\""\nrequest = "GET /files/a"\nexpect = 404'),
    );
    const xml = suiteJunit(suite);
    expect(xml).toContain('name="a \ufffd ]]&#62; &#38; &#34;b&#34;"');
    expect(xml.match(/<(testsuites|testsuite|testcase|failure) /g)).toHaveLength(4);
  });
});

describe('coverage', () => {
  const missing = async (text: string) =>
    (await suiteOf(text)).coverage.missing.map(
      ({ where, what, passing, refusing }) =>
        `${where}${what && `: ${what}`}${passing ? '' : ' passing'}${refusing ? '' : ' refusing'}`,
    );

  it('wants both of every route and rule, and one of what is public', async () => {
    expect(await missing('')).toMatchInlineSnapshot(`
      [
        "API_SHOP GET /orders passing refusing",
        "API_SHOP GET /orders: needs a token passing refusing",
        "API_SHOP GET /orders: with read:orders and orders passing refusing",
        "API_SHOP: for https://shop.example.com or urn:shop passing refusing",
        "API_SHOP POST|PUT /orders passing refusing",
        "API_SHOP POST|PUT /orders: needs a token passing refusing",
        "API_SHOP POST|PUT /orders: with write:orders passing refusing",
        "API_SHOP POST|PUT /orders: with one of sales, admin passing refusing",
        "API_SHOP GET /orders/:id passing refusing",
        "API_SHOP GET /orders/:id: needs a token passing refusing",
        "API_SHOP GET /orders/:id: for urn:shop passing refusing",
        "API_SHOP GET /orders/:id: of client backoffice or web passing refusing",
        "API_SHOP GET /orgs/:org/orders passing refusing",
        "API_SHOP GET /orgs/:org/orders: needs a token passing refusing",
        "API_SHOP GET /orgs/:org/orders: where org_id is :org passing refusing",
        "API_SHOP GET /orgs/:org/orders: where tier is "gold" or "silver" passing refusing",
        "API_SHOP GET /robots passing refusing",
        "API_SHOP GET /robots: needs a token passing refusing",
        "API_SHOP GET /robots: tokens of its issuers only passing refusing",
        "API_SHOP GET /robots: with beep passing refusing",
        "API_SHOP GET /maybe passing refusing",
        "API_SHOP GET /tried passing refusing",
        "API_SHOP GET /tried: needs a token passing refusing",
        "API_SHOP GET /tried: tried: with later passing refusing",
        "API_SHOP GET /files/* passing",
        "API_ADMIN * /admin/* passing refusing",
        "API_ADMIN * /admin/*: needs a token passing refusing",
        "API_ADMIN * /admin/*: with admin passing refusing",
        "API_ADMIN: for urn:admin passing refusing",
        "API_ADMIN: tokens of its issuers only passing refusing",
        "API_ADMIN GET /new passing",
        "API_ADMIN GET /new: with new passing refusing",
      ]
    `);
  });

  it('counts a rule once a request was refused for it, and one got through', async () => {
    const all = await missing('');
    const text = `
[[case]]
request = "GET /orgs/a/orders"
claims = { org_id = "a", tier = "gold" }
expect = "allow"
[[case]]
request = "GET /orgs/a/orders"
claims = { org_id = "b", tier = "gold" }
expect = "deny"
`;
    const left = await missing(text);
    const where = 'API_SHOP GET /orgs/:org/orders';
    expect(all.filter((one) => one.startsWith(where))).toHaveLength(4);
    expect(left.filter((one) => one.startsWith(where))).toEqual([
      `${where}: needs a token refusing`,
      `${where}: where tier is "gold" or "silver" refusing`,
    ]);
  });

  it('takes no refusal for a sign that the other rules let through', async () => {
    const refused = oneCase(
      'request = "GET /orgs/a/orders"\nclaims = { org_id = "b", tier = "gold" }\nexpect = "deny"',
    );
    expect(await missing(refused)).toContain(
      'API_SHOP GET /orgs/:org/orders: where tier is "gold" or "silver" passing refusing',
    );
  });

  it('takes nothing from a case that fails', async () => {
    expect(await missing(oneCase('request = "GET /files/a"\nexpect = 401'))).toEqual(await missing(''));
  });
});

describe('mutants', () => {
  const survivorsOf = async (text: string, policyText = SHOP) =>
    (await suiteOf(text, policyText, true)).mutation?.survivors.map(({ where, what }) => `${where}: ${what}`);

  it('are these', async () => {
    expect(await survivorsOf('')).toMatchInlineSnapshot(`
      [
        "API_SHOP GET /orders: scopes_all without "read:orders"",
        "API_SHOP GET /orders: scopes_all without "orders"",
        "API_SHOP GET /orders: without scopes_all",
        "API_SHOP GET /orders: scopes_all becomes scopes_any",
        "API_SHOP GET /orders: public",
        "API_SHOP GET /orders: any method",
        "API_SHOP GET /orders: /orders becomes a parameter",
        "API_SHOP GET /orders: removed",
        "API_SHOP POST|PUT /orders: without scopes_all",
        "API_SHOP POST|PUT /orders: scopes_any without "sales"",
        "API_SHOP POST|PUT /orders: scopes_any without "admin"",
        "API_SHOP POST|PUT /orders: without scopes_any",
        "API_SHOP POST|PUT /orders: without all its rules",
        "API_SHOP POST|PUT /orders: public",
        "API_SHOP POST|PUT /orders: any method",
        "API_SHOP POST|PUT /orders: without POST",
        "API_SHOP POST|PUT /orders: without PUT",
        "API_SHOP POST|PUT /orders: /orders becomes a parameter",
        "API_SHOP POST|PUT /orders: removed",
        "API_SHOP GET /orders/:id: clients without "backoffice"",
        "API_SHOP GET /orders/:id: clients without "web"",
        "API_SHOP GET /orders/:id: without clients",
        "API_SHOP GET /orders/:id: without audience",
        "API_SHOP GET /orders/:id: without all its rules",
        "API_SHOP GET /orders/:id: public",
        "API_SHOP GET /orders/:id: any method",
        "API_SHOP GET /orders/:id: /orders becomes a parameter",
        "API_SHOP GET /orders/:id: removed",
        "API_SHOP GET /orgs/:org/orders: without the claim rule org_id",
        "API_SHOP GET /orgs/:org/orders: without the claim rule tier",
        "API_SHOP GET /orgs/:org/orders: claims.tier without "gold"",
        "API_SHOP GET /orgs/:org/orders: claims.tier without "silver"",
        "API_SHOP GET /orgs/:org/orders: public",
        "API_SHOP GET /orgs/:org/orders: any method",
        "API_SHOP GET /orgs/:org/orders: /orgs becomes a parameter",
        "API_SHOP GET /orgs/:org/orders: /orders becomes a parameter",
        "API_SHOP GET /orgs/:org/orders: removed",
        "API_SHOP GET /robots: without scopes_all",
        "API_SHOP GET /robots: without issuer",
        "API_SHOP GET /robots: without all its rules",
        "API_SHOP GET /robots: public",
        "API_SHOP GET /robots: any method",
        "API_SHOP GET /robots: /robots becomes a parameter",
        "API_SHOP GET /robots: removed",
        "API_SHOP GET /maybe: public",
        "API_SHOP GET /maybe: needs a token",
        "API_SHOP GET /maybe: any method",
        "API_SHOP GET /maybe: /maybe becomes a parameter",
        "API_SHOP GET /maybe: removed",
        "API_SHOP GET /tried: public",
        "API_SHOP GET /tried: without report",
        "API_SHOP GET /tried: any method",
        "API_SHOP GET /tried: /tried becomes a parameter",
        "API_SHOP GET /tried: removed",
        "API_SHOP GET /files/*: needs a token",
        "API_SHOP GET /files/*: any method",
        "API_SHOP GET /files/*: /files becomes a parameter",
        "API_SHOP GET /files/*: removed",
        "API_SHOP: takes tokens for another audience",
        "API_SHOP: audience without "https://shop.example.com"",
        "API_SHOP: without forward of tenant",
        "API_SHOP: without forward of /realm/roles",
        "API_SHOP: without the header x-origin-secret for its origin",
        "API_SHOP: sends Authorization on",
        "API_ADMIN * /admin/*: without scopes_all",
        "API_ADMIN * /admin/*: public",
        "API_ADMIN * /admin/*: /admin becomes a parameter",
        "API_ADMIN * /admin/*: removed",
        "API_ADMIN GET /new: without scopes_all",
        "API_ADMIN GET /new: public",
        "API_ADMIN GET /new: without report_only",
        "API_ADMIN GET /new: any method",
        "API_ADMIN GET /new: /new becomes a parameter",
        "API_ADMIN GET /new: removed",
        "API_ADMIN: takes tokens for another audience",
        "API_ADMIN: takes tokens of all issuers",
        "API_ADMIN: keeps Authorization",
        "GATEWAY: blocked_clients without "evil"",
        "ISSUERS.robots: without max_token_age",
        "ISSUERS.robots: without the claim rule token_use",
      ]
    `);
  });

  it('of status lists are noticed by tokens that have none, or a bad place', async () => {
    const text = SHOP.replace('max_token_age', 'status_list = "required"\nmax_token_age');
    const [none, optional] = ['status_list', 'status_list = "required"'].map(
      (what) => `ISSUERS.robots: without ${what}`,
    );
    const without = 'claims = { scope = "beep", access = { scopes = ["beep"] }, status = { other = 1 } }';
    const malformed = 'claims = { access = { scopes = ["beep"] }, status = { status_list = 1 } }';
    const request = (claims: string) => oneCase(`request = "GET /robots"\n${claims}\nexpect = 401`);
    expect(await survivorsOf('', text)).toEqual(expect.arrayContaining([none, optional]));
    expect(await survivorsOf(request(malformed), text)).not.toContain(none);
    expect(await survivorsOf(request(malformed), text)).toContain(optional);
    expect(await survivorsOf(request(without), text)).not.toContain(none);
    expect(await survivorsOf(request(without), text)).not.toContain(optional);
  });

  it('know every rule that there is', () => {
    expect([...Object.keys(RULE_MUTANTS), 'audience', 'issuer'].sort()).toEqual(
      Object.keys(reportSchema.shape).sort(),
    );
  });

  it('that let in the same requests do not count', async () => {
    const mutant = 'API_SHOP GET /orders/:id: without audience';
    expect(await survivorsOf('')).toContain(mutant);
    const all = SHOP.replace('audience = "urn:shop"', 'audience = ["urn:shop", "https://shop.example.com"]');
    expect(all).not.toBe(SHOP);
    expect(await survivorsOf('', all)).not.toContain(mutant);
  });

  it.each([
    [
      'a scope',
      'API_SHOP GET /orders: scopes_all without "orders"',
      'request = "GET /orders"\nclaims = { scope = "read:orders" }\nexpect = 403',
    ],
    ['a method', 'API_SHOP GET /maybe: any method', 'request = "POST /maybe"\nexpect = 405'],
    [
      'a parameter',
      'API_SHOP GET /maybe: /maybe becomes a parameter',
      'request = "GET /other"\nexpect = 404',
    ],
    ['a public route', 'API_SHOP GET /orders: public', 'request = "GET /orders"\nexpect = 401'],
    [
      'an audience',
      'API_ADMIN: takes tokens for another audience',
      'request = "GET https://admin.example.com/admin/x"\nclaims = { aud = "urn:other", scope = "admin" }\nexpect = 401',
    ],
    [
      'an issuer',
      'API_ADMIN: takes tokens of all issuers',
      'request = "GET https://admin.example.com/admin/x"\nclaims = { iss = "https://robots.example/", token_use = "access", access = { scopes = ["admin"] } }\nexpect = 401',
    ],
    [
      'a header',
      'API_SHOP: without forward of tenant',
      'request = "GET /maybe"\nclaims = { tenant = "a" }\nexpect = "allow"\norigin = { x-tenant = "a" }',
    ],
    [
      'a secret',
      'API_SHOP: without the header x-origin-secret for its origin',
      'request = "GET /files/a"\nexpect = "allow"\norigin = { x-origin-secret = true }',
    ],
    [
      'the brake',
      'GATEWAY: blocked_clients without "evil"',
      'request = "GET /maybe"\nclaims = { client_id = "evil" }\nexpect = 401',
    ],
    [
      'what an issuer demands',
      'ISSUERS.robots: without the claim rule token_use',
      'request = "GET /robots"\nclaims = { token_use = "id", access = { scopes = ["beep"] } }\nexpect = 401',
    ],
    ['a route', 'API_SHOP GET /files/*: removed', 'request = "GET /files/a"\nexpect = "allow"'],
    [
      'a rule that is tried',
      'API_SHOP GET /tried: without report',
      'request = "GET /tried"\nclaims = {}\nexpect = "allow"\nwould_deny = "scopes_missing"',
    ],
  ])('%s is noticed by a case about it', async (_what, mutant, fields) => {
    expect(await survivorsOf('')).toContain(mutant);
    expect(await survivorsOf(oneCase(fields))).not.toContain(mutant);
  });

  it('of values that are sent on are noticed by a case about one that is not', async () => {
    const chosen = SHOP.replace('as = "list" }', 'as = "list", only = ["a"] }');
    const mutant = 'API_SHOP: sends all values of /realm/roles';
    const fields =
      'request = "GET /maybe"\nclaims = { realm = { roles = ["a", "b"] } }\nexpect = "allow"\norigin = { x-roles = "a" }';
    expect(await survivorsOf('', chosen)).toContain(mutant);
    expect(await survivorsOf(oneCase(fields), chosen)).not.toContain(mutant);
  });

  it('are judged alike by the routes around them and by the whole policy', async () => {
    const lax = SHOP.replace(
      '"*   /admin/*"',
      '"GET /admin/Secret" = { scopes_all = ["secret"] }\n"*   /admin/*"',
    ).replace(
      '"GET      /maybe" ',
      '"GET /Maybe/" = { auth = "optional" }\n"GET /:any" = { scopes_all = ["any"] }\n"GET      /maybe" ',
    );
    for (const text of [SHOP, lax]) {
      const { section, policy } = setUp(text);
      const judge = createJudge(policy);
      const all = parseCases('init', await initialCases(policy, NOW_MS)).map((one) =>
        prepareCase(policy, one, NOW_MS),
      );
      const odd = ['/Admin/secret', '/orders/', '/maybe/x', '/x', '/files/', '/ORDERS/5'].map((path) =>
        prepareCase(
          policy,
          parseCases(
            'odd',
            oneCase(
              `request = "GET https://shop.example.com${path}"\nclaims = { scope = "admin" }\nexpect = "deny"`,
            ),
          )[0] as never,
          NOW_MS,
        ),
      );
      const cases = [];
      for (const one of [...all, ...odd]) if ((await judge(one)).failures.length === 0) cases.push(one);
      expect(cases.length).toBeGreaterThan(all.length);
      expect(await mutate(section, policy, cases)).toEqual(await mutate(section, policy, cases, true));
    }
  });
});

describe('docs/policy-tests.md', () => {
  const page = readFileSync('docs/policy-tests.md', 'utf8');

  it('has every field of a case', () => {
    const fields = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(fields).toEqual(CASE_FIELDS);
  });

  it('its example holds for the policy of the README', async () => {
    const [, cases = ''] = /```toml cases\n([\s\S]*?)```/.exec(page) ?? [];
    const [, policy = ''] = /```toml\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8')) ?? [];
    const { results } = await suiteOf(cases, policy);
    expect(results.length).toBeGreaterThan(3);
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
  });
});
