/** Cases that chance seldom makes: where two ways to write a policy mean the same, and where they nearly do. */
import { describe, expect, it } from 'vitest';
import { comparePolicies } from '../../../../cli/policy/diff/diff.ts';
import { compilePolicy } from '../../../../src/policy/compile/compile.ts';
import type { Policy } from '../../../../src/policy/policy.ts';

const NOW = 1_800_000_000;
type Table = Record<string, unknown>;

function compile(
  routes: Table,
  {
    issuer = {},
    api = {},
    names = ['main', 'API_X'],
  }: { issuer?: Table; api?: Table; names?: [string, string] | string[] } = {},
): Policy {
  const [issuerName = '', apiName = ''] = names;
  const result = compilePolicy({
    ISSUERS: { [issuerName]: { issuer: 'https://issuer.example/', ...issuer } },
    [apiName]: { origin: 'https://x.example', audience: 'x', ...api, routes },
  });
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.policy;
}

async function changes(old: Policy, now: Policy): Promise<string[]> {
  const { findings } = await comparePolicies(old, now, NOW);
  return findings.map(
    ({ change, place, routes }) => `${change} ${place ?? routes.map(({ pattern }) => pattern).join()}`,
  );
}

describe('diff: what is the same', () => {
  const org = (want: unknown) => ({ claims: { org: want } });

  it.each<[string, Table, Table]>([
    [
      'the order of routes, scopes and values',
      { 'GET /a': { scopes_all: ['r', 's'] }, 'GET /b': org(['x', 'y']) },
      { 'GET /b': org(['y', 'x']), 'GET /a': { scopes_all: ['s', 'r'] } },
    ],
    ['names of parameters', { 'GET /:a': org({ param: 'a' }) }, { 'GET /:b': org({ param: 'b' }) }],
    ['one route for two methods, or two', { 'GET|PUT /a': {} }, { 'GET /a': {}, 'PUT /a': {} }],
    [
      'a rule that another one implies',
      { 'GET /a': { scopes_all: ['r'] } },
      { 'GET /a': { scopes_all: ['r'], scopes_any: ['r', 's'] } },
    ],
    ['one scope of one', { 'GET /a': { scopes_all: ['r'] } }, { 'GET /a': { scopes_any: ['r'] } }],
    [
      'a claim by its name, or by a pointer',
      { 'GET /a': org('x') },
      { 'GET /a': { claims: { '/org': 'x' } } },
    ],
    [
      'another spelling with the same rules',
      { 'GET /*': { auth: 'none' }, 'GET /a': { scopes_all: ['r'] } },
      { 'GET /*': { auth: 'none' }, 'GET /a': { scopes_all: ['r'] }, 'GET /a/': { scopes_all: ['r'] } },
    ],
    ['a route that says what the wildcard says', { 'GET /*': {} }, { 'GET /*': {}, 'GET /a': {} }],
  ])('%s', async (_what, old, now) => {
    expect(await changes(compile(old), compile(now))).toEqual([]);
    expect(await changes(compile(now), compile(old))).toEqual([]);
  });

  it('the names of an issuer and of an API', async () => {
    const routes = { 'GET /a': {} };
    expect(await changes(compile(routes), compile(routes, { names: ['other', 'API_OTHER'] }))).toEqual([]);
  });

  it('a claim that the issuer demands of every token anyway', async () => {
    const issuer = { claims: { org: 'x' } };
    const now = compile({ 'GET /a': org(['x', 'y']) }, { issuer });
    expect(await changes(compile({ 'GET /a': {} }, { issuer }), now)).toEqual([]);
  });

  it('two names of one algorithm', async () => {
    const one = compile({ 'GET /a': {} }, { issuer: { algorithms: ['EdDSA'] } });
    expect(await changes(one, compile({ 'GET /a': {} }, { issuer: { algorithms: ['Ed25519'] } }))).toEqual(
      [],
    );
  });

  it('a shorter tolerance that a longer age makes up for is told once', async () => {
    const old = compile({ 'GET /a': {} }, { issuer: { clock_tolerance: 30, max_token_age: 100 } });
    const now = compile({ 'GET /a': {} }, { issuer: { clock_tolerance: 20, max_token_age: 110 } });
    expect(await changes(old, now)).toEqual(['narrowed ISSUERS.main.clock_tolerance']);
  });
});

describe('diff: what is nearly the same', () => {
  it.each<[string, Table, Table, string[]]>([
    [
      'a number is not its text',
      { 'GET /a': { claims: { org: 1 } } },
      { 'GET /a': { claims: { org: '1' } } },
      ['widened /a', 'narrowed /a'],
    ],
    [
      'two parameters are not one',
      { 'GET /:a/:b': { claims: { org: { param: 'a' } } } },
      { 'GET /:a/:b': { claims: { org: { param: 'b' } } } },
      ['widened /:a/:b', 'narrowed /:a/:b'],
    ],
    ['a final slash', { 'GET /a': {} }, { 'GET /a': {}, 'GET /a/': {} }, ['opened /a/']],
  ])('%s', async (_what, old, now, wanted) => {
    expect(await changes(compile(old), compile(now))).toEqual(wanted);
  });

  it.each([
    // Only of /7;x: it may be read as /7, and must satisfy the rule of :org as well.
    ['a segment that is a number, as text or number', ['7', 7], '/7%3Bx'],
    ['a segment that is a number, as text only', '7', '/7'],
  ])('%s', async (_what, want, path) => {
    const bound = { 'GET /:org': { claims: { org: { param: 'org' } } } };
    const now = compile({ ...bound, 'GET /7': { claims: { org: want } } });
    const { findings } = await comparePolicies(compile(bound), now, NOW);
    expect(findings.map(({ change, example }) => `${change} ${example?.request.path}`)).toEqual([
      `narrowed ${path}`,
    ]);
  });

  it('tokens without a date of issue, and with one that lies ahead', async () => {
    const old = compile({ 'GET /a': {} }, { issuer: { not_before: '2027-01-15T07:59:59Z' } });
    const now = compile(
      { 'GET /a': {} },
      { issuer: { not_before: '2027-01-15T07:59:59Z', max_token_age: 1_000 } },
    );
    expect(await changes(old, now)).toEqual(['narrowed ISSUERS.main.max_token_age']);
    expect(await changes(now, old)).toEqual(['widened ISSUERS.main.max_token_age']);
  });
});

describe('diff: status lists', () => {
  const listed = (issuer: Table) => compile({ 'GET /a': {} }, { issuer });
  const [none, optional, required] = [{}, { status_list: 'optional' }, { status_list: 'required' }];
  const on = (...hosts: string[]) => ({ ...required, status_list_hosts: hosts });

  it.each<[string, Table, Table, string[]]>([
    ['required', none, required, ['status_list']],
    ['optional', none, optional, ['status_list']],
    ['optional, then required', optional, required, ['status_list']],
    ['one host less', on('a.example', 'b.example'), on('a.example'), ['status_list_hosts']],
    [
      'both',
      { ...optional, status_list_hosts: ['a.example'] },
      required,
      ['status_list', 'status_list_hosts'],
    ],
    ['the same', on('a.example', 'b.example'), on('b.example', 'a.example'), []],
  ])('asking for them is narrower, and no longer doing so wider: %s', async (_, old, now, fields) => {
    const told = (change: string) => fields.map((field) => `${change} ISSUERS.main.${field}`);
    expect(await changes(listed(old), listed(now))).toEqual(told('narrowed'));
    expect(await changes(listed(now), listed(old))).toEqual(told('widened'));
  });

  it('says what it was and what it is', async () => {
    const { findings } = await comparePolicies(listed(none), listed(required), NOW);
    expect(findings[0]).toMatchObject({ before: ['not looked at'], now: ['required'] });
    const hosts = await comparePolicies(listed(required), listed(on('a.example')), NOW);
    expect(hosts.findings[0]).toMatchObject({
      before: ['issuer.example'],
      now: ['a.example, issuer.example'],
    });
  });
});

describe('diff: hosts', () => {
  it('a change on one host does not hide another spelling’s on another host', async () => {
    const policy = (b: Table, c: Table) => {
      const api = { origin: 'https://x.example', audience: ['x', 'y'], issuer: ['one', 'two'] };
      const result = compilePolicy({
        ISSUERS: { one: { issuer: 'https://one.example/' }, two: { issuer: 'https://two.example/' } },
        API_B: { ...api, hosts: ['b.example'], routes: b },
        API_C: { ...api, hosts: ['c.example'], routes: c },
      });
      if (!result.ok) throw new Error(JSON.stringify(result.faults));
      return result.policy;
    };
    // On c.example, GET /A fell under both routes, and no token is of both issuers.
    const old = policy({ 'GET /z': {} }, { 'GET /a': { issuer: 'two' }, 'GET /:p': { issuer: 'one' } });
    const now = policy({ 'GET /z': {}, 'GET /a': {} }, { 'GET /:p': { issuer: 'one' } });
    const { findings } = await comparePolicies(old, now, NOW);
    const opened = findings.filter(({ change }) => change === 'opened');
    expect(opened.flatMap(({ routes }) => routes.flatMap(({ hosts }) => hosts)).sort()).toEqual([
      'b.example',
      'c.example',
    ]);
  });
});

describe('diff: where claims are looked for', () => {
  it.each<[string, Table, Table, string[]]>([
    [
      'a client, by one of the usual names',
      { clients: ['x'] },
      { client_claim: 'cid' },
      ['narrowed', 'widened'],
    ],
    [
      'scopes, by one of the usual names',
      { scopes_all: ['s'] },
      { scope_claim: 'scp' },
      ['narrowed', 'widened'],
    ],
    // A number there is nothing to a gateway that guesses, and malformed to one that was told.
    ['a client that nobody asks for', {}, { client_claim: 'cid' }, ['narrowed']],
    ['scopes that nobody asks for', {}, { scope_claim: 'scp' }, ['narrowed']],
  ])('%s', async (_what, rules, issuer, wanted) => {
    const [guessed, named] = [compile({ 'GET /a': rules }), compile({ 'GET /a': rules }, { issuer })];
    const [field = ''] = Object.keys(issuer);
    const told = (kinds: string[]) => kinds.map((kind) => `${kind} ISSUERS.main.${field}`);
    expect((await changes(guessed, named)).sort()).toEqual(told(wanted));
    const back = wanted.map((kind) => (kind === 'narrowed' ? 'widened' : 'narrowed')).sort();
    expect((await changes(named, guessed)).sort()).toEqual(told(back));
  });
});
