/** Cases that state what is revoked and closed. */
import { describe, expect, it } from 'vitest';
import { initialCases } from '../../../../cli/policy/cases/init.ts';
import { parseCases } from '../../../../cli/policy/cases/read.ts';
import { runSuite, type Suite } from '../../../../cli/policy/cases/suite.ts';
import { environmentOf, parsePolicyFile, policyOf } from '../../../../cli/policy/file/config.ts';
import { policyText } from '../../support/policies.ts';

const NOW_MS = Date.parse('2026-11-24T12:00:00Z');
const ROUTES = `"GET /things" = {}
"DELETE /things" = { revocation = "strict" }
"GET /open" = { auth = "none" }`;
const POLICY = policyText({
  issuer: 'max_token_age = 3600',
  routes: ROUTES,
  more: `[[durable_objects.bindings]]
name = "REVOCATIONS"
class_name = "Revocations"
[vars.GATEWAY]
revocation = "REVOCATIONS"`,
});
const PLAIN = policyText({ routes: '"GET /things" = {}' });

async function suiteOf(cases: string, text = POLICY, mutates = false): Promise<Suite> {
  const file = parsePolicyFile('wrangler.toml', text);
  const [section, policy] = [environmentOf(file, undefined), policyOf(file, undefined)];
  const read = parseCases('policy.test.toml', cases);
  return runSuite(read, { section, policy, nowMs: NOW_MS, mutates });
}

const one = (fields: string) => `[[case]]\n${fields}\n`;
const GET = 'request = "GET /things"\n';
const refused = (reason: string) => `\nexpect = "deny"\nreason = "${reason}"`;
const OTHER = 'issuer = "https://other.example/"';

describe('a case of what is revoked', () => {
  it.each([
    ['its subject', `claims = { sub = "ada" }\nrevoked = ["subject"]${refused('token_revoked')}`],
    ['its token', `claims = { jti = "t1" }\nrevoked = ["token"]${refused('token_revoked')}`],
    ['its session', `claims = { sid = "s1" }\nrevoked = ["session"]${refused('token_revoked')}`],
    ['its client', `claims = { client_id = "job" }\nrevoked = ["client"]${refused('token_revoked')}`],
    ['its issuer', `claims = {}\nrevoked = ["issuer"]${refused('token_revoked')}`],
    [
      'a subject by name',
      `claims = { sub = "ada" }\nrevoked = [{ kind = "subject", id = "ada" }]${refused('token_revoked')}`,
    ],
    [
      'another subject',
      'claims = { sub = "ada" }\nrevoked = [{ kind = "subject", id = "bob" }]\nexpect = "allow"',
    ],
    [
      'the subject of another issuer',
      `claims = { sub = "ada" }\nrevoked = [{ kind = "subject", id = "ada", ${OTHER} }]\nexpect = "allow"`,
    ],
    ['another issuer', `claims = {}\nrevoked = [{ kind = "issuer", ${OTHER} }]\nexpect = "allow"`],
    [
      'tokens before a time, with one that is younger',
      'claims = { sub = "ada" }\nrevoked = [{ kind = "subject", id = "ada", before = "2026-11-24T11:00:00Z" }]\nexpect = "allow"',
    ],
    [
      'the same with one that is older',
      `claims = { sub = "ada", iat = 1795518900 }\nrevoked = [{ kind = "subject", id = "ada", before = "2026-11-24T11:30:00Z" }]${refused('token_revoked')}`,
    ],
    ['an API that is closed', `claims = {}\nclosed = ["API_X"]\nexpect = 503\nreason = "closed"`],
    ['an API that is closed to anyone', `closed = ["API_X"]\nexpect = 503\nreason = "closed"`],
    ['a route that is closed', `claims = {}\nclosed = ["API_X GET  /things"]${refused('closed')}`],
    ['another route', 'claims = {}\nclosed = ["API_X DELETE /things"]\nexpect = "allow"'],
    [
      'a route that is closed with 403',
      'claims = {}\nclosed = [{ target = "API_X GET /things", status = 403 }]\nexpect = 403\nreason = "closed_to_all"',
    ],
    ['a route that is not strict', 'claims = {}\nstrict = false\nexpect = "allow"'],
  ])('%s', async (_what, fields) => {
    const { results } = await suiteOf(one(GET + fields));
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
  });

  it('fails where it says more than its token has', async () => {
    const { results } = await suiteOf(one(`${GET}claims = {}\nrevoked = ["session"]\nexpect = "allow"`));
    expect(results.flatMap(({ failures }) => failures)).toEqual([
      { field: 'revoked', expected: 'a token with a sid, which "session" is about', got: 'a token without' },
    ]);
  });

  it('fails where a route is not strict', async () => {
    const { results } = await suiteOf(one(`${GET}claims = {}\nstrict = true\nexpect = "allow"`));
    expect(results.flatMap(({ failures }) => failures)).toEqual([
      { field: 'strict', expected: 'true', got: 'false' },
    ]);
  });
});

describe('a case that can’t be', () => {
  it.each([
    ['claims = {}\nrevoked = ["user"]\nexpect = "deny"', /revoked\.0: .*; write a list of token, subject/],
    [
      'revoked = ["subject"]\nexpect = "deny"',
      /revoked is about the token of the case, and the case sends none/,
    ],
    ['claims = {}\nrevoked = [{ kind = "subject" }]\nexpect = "deny"', /a subject needs an id/],
    ['revoked = [{ kind = "issuer", id = "x" }]\nexpect = "deny"', /an issuer has no id of its own/],
    [
      'revoked = [{ kind = "token", id = "x", before = "noon" }]\nexpect = "deny"',
      /revoked: before is not a time/,
    ],
    ['closed = [{ target = "API_X", status = 404 }]\nexpect = "deny"', /closed.*write a list of APIs/],
    ['strict = true\nexpect = "deny"', /leave origin, would_deny and strict out/],
    [
      'closed = ["API_Y"]\nexpect = "deny"',
      /^policy.test.toml:3 {2}closed: there is no API or route "API_Y"/,
    ],
  ])('%j', async (fields, message) => {
    await expect(suiteOf(one(GET + fields))).rejects.toThrow(message);
  });

  it.each([
    ['revoked', 'claims = { sub = "a" }\nrevoked = ["subject"]\nexpect = "deny"'],
    ['closed', 'closed = ["API_X"]\nexpect = "deny"'],
  ])('%s, where the policy has none', async (field, fields) => {
    await expect(suiteOf(one(GET + fields), PLAIN)).rejects.toThrow(
      `${field}: the policy has no revocation; add revocation = "REVOCATIONS" to [vars.GATEWAY]`,
    );
  });
});

describe('coverage and mutants of revocation', () => {
  const what = 'what is revoked or closed is refused';

  it('want one case for the whole policy', async () => {
    const cases = one(`${GET}claims = {}\nexpect = "allow"`);
    const { coverage } = await suiteOf(cases);
    expect(coverage.missing.find((item) => item.what === what)).toMatchObject({ refusing: false });
    for (const more of ['claims = {}\nrevoked = ["issuer"]', 'closed = ["API_X"]']) {
      const suite = await suiteOf(`${cases}${one(`${GET}${more}\nexpect = "deny"`)}`);
      expect(suite.coverage.missing.find((item) => item.what === what)).toBeUndefined();
    }
    expect((await suiteOf(cases, PLAIN)).coverage.items.some((item) => item.what === what)).toBe(false);
  });

  const GATEWAY = 'GATEWAY: without revocation';
  const STRICT = 'API_X DELETE /things: without revocation';
  const survivorsOf = async (cases: string) => {
    const { mutation } = await suiteOf(cases, POLICY, true);
    return mutation?.survivors.map(({ where, what: change }) => `${where}: ${change}`);
  };

  it('survive unless a case states them', async () => {
    const allowed = one('request = ["GET /things", "DELETE /things"]\nclaims = {}\nexpect = "allow"');
    expect(await survivorsOf(allowed)).toEqual(expect.arrayContaining([GATEWAY, STRICT]));
    const strict = one('request = "DELETE /things"\nclaims = {}\nstrict = true\nexpect = "allow"');
    const closed = one(`${GET}closed = ["API_X GET /things"]\nexpect = 503`);
    const survivors = await survivorsOf(allowed + strict + closed);
    expect(survivors).not.toContain(GATEWAY);
    expect(survivors).not.toContain(STRICT);
    // A closed route is closed by whatever key: that is no sign that somebody has looked at its methods.
    expect(survivors).toContain('API_X GET /things: any method');
  });

  it('are covered and noticed by what --init writes, but for what it never notices', async () => {
    const file = parsePolicyFile('wrangler.toml', POLICY);
    const text = await initialCases(policyOf(file, undefined), NOW_MS);
    expect(text).toContain('revoked = ["subject"]');
    expect(text).toContain('strict = true');
    const { coverage, results } = await suiteOf(text);
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
    expect(coverage.missing).toEqual([]);
    const survivors = await survivorsOf(text);
    expect(survivors).not.toContain(GATEWAY);
    expect(survivors).not.toContain(STRICT);
  });

  it('closes an API where no route takes tokens', async () => {
    const open = POLICY.replace(ROUTES, '"GET /open" = { auth = "none" }');
    const file = parsePolicyFile('wrangler.toml', open);
    expect(await initialCases(policyOf(file, undefined), NOW_MS)).toContain('closed = ["API_X"]');
  });
});
