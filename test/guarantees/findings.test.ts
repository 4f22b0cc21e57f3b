/** Holes that there were once, each by the policy that showed it. */
import { describe, expect, it } from 'vitest';
import { comparePolicies } from '../../cli/policy/diff/diff.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { ask, compile, faultsOf, summary } from './support/ask.ts';
import { gatewayFor } from './support/counting.ts';
import { type Caller, ISSUERS, NOW_SECONDS, ORIGIN, type Table, type Token } from './support/model.ts';

const READ = { scopes_all: ['read'] };
const WRITE = { scopes_all: ['write'] };
const OPEN = { auth: 'none' };

const issuers = (one: Table = {}) => ({ one: { issuer: ISSUERS.one, ...one } });
const api = (routes: Table, more: Table = {}) => ({ origin: ORIGIN, audience: 'x', routes, ...more });
const tables = (routes: Table, more: Table = {}) => ({ ISSUERS: issuers(), API_A: api(routes), ...more });

function policyOf(of: Readonly<Record<string, unknown>>): Policy {
  expect(faultsOf(of)).toEqual([]);
  const policy = compile(of);
  if (policy === undefined) throw new Error('a policy with errors');
  return policy;
}

const caller = (more: Partial<Caller> = {}): Caller => ({
  issuer: 'one',
  audiences: ['x'],
  scopes: [],
  client: 'c1',
  claims: {},
  ...more,
});

async function answer(policy: Policy, line: string, token: Token = 'none'): Promise<string> {
  const [method = '', path = ''] = line.split(' ');
  const decision = await ask(policy, { method, host: 'any.example', path, token });
  return decision.kind === 'allow' ? 'allowed' : decision.reason.code;
}

describe('finding 1: two foldings of one path, method by method', () => {
  it('refuses a policy whose * path differs by a slash and says other things', () => {
    const routes = { 'GET /orders': READ, '* /orders': WRITE, 'GET /orders/': READ, '* /orders/': READ };
    expect(faultsOf(tables(routes)).join()).toContain('the rules differ');
  });

  it('refuses a * path with and without a slash in two APIs', () => {
    const both = { ...tables({ '* /orders': READ }), API_B: api({ '* /orders/': READ }) };
    expect(faultsOf(both).join()).toContain('/orders/');
  });
});

describe('finding 2: blanks of every kind', () => {
  const policy = policyOf(tables({ 'GET /admin': WRITE, 'GET /*': OPEN }));

  it.each(['/admin%E2%80%A8', '/admin%E1%9A%80', '/admin%E2%80%A9', '/%20admin', '/%E2%80%A8admin'])(
    'refuses %s without a token',
    async (path) => {
      expect(await answer(policy, `GET ${path}`)).toBe('token_missing');
      expect(await answer(policy, `GET ${path}`, caller({ scopes: ['write'] }))).toBe('allowed');
    },
  );

  it('lets in at what is no spelling of it', async () => {
    expect(await answer(policy, 'GET /admin%E2%80%A8s')).toBe('allowed');
  });

  it('takes two dots and a blank for a step up', async () => {
    const files = policyOf(tables({ 'GET /files/*': OPEN }));
    expect(await answer(files, 'GET /files/..%E2%80%A8/admin')).toBe('path_ambiguous');
    expect(await answer(files, 'GET /files/%20../admin')).toBe('path_ambiguous');
  });
});

describe('finding 3: limits of two spellings', () => {
  const limited = { auth: 'none', rate_limit: 'L1' };

  it('counts /Login for itself and for /login', async () => {
    const count = gatewayFor(tables({ 'POST /login': limited, 'POST /*': limited }));
    const { status, counted } = await count('POST', 'https://any.example/Login');
    expect([status, new Set(counted.map(([, key]) => key)).size]).toEqual([200, 2]);
    expect((await count('POST', 'https://any.example/login')).counted).toHaveLength(1);
  });

  it('counts /login and /login/ for both', async () => {
    const count = gatewayFor(tables({ 'POST /login': limited, 'POST /login/': limited }));
    const one = await count('POST', 'https://any.example/login');
    const other = await count('POST', 'https://any.example/login/');
    const keys = (counted: typeof one.counted) => counted.map(([, key]) => key).sort();
    expect(new Set(keys(one.counted)).size).toBe(2);
    expect(keys(other.counted)).toEqual(keys(one.counted));
  });
});

describe('finding 4: the order of APIs', () => {
  it('says the same to GET /A in either order', async () => {
    const one = { API_A: api({ 'PATCH /a': OPEN, 'GET /:x': OPEN }) };
    const other = { API_B: api({ 'GET /a': OPEN }) };
    const policies = [
      { ISSUERS: issuers(), ...one, ...other },
      { ISSUERS: issuers(), ...other, ...one },
    ].map(policyOf);
    const asked = { method: 'GET', host: 'any.example', path: '/A', token: 'none' } as const;
    const [first, second] = await Promise.all(
      policies.map(async (policy) => summary(await ask(policy, asked))),
    );
    expect(first).toEqual(second);
    expect(first?.['kind']).toBe('deny');
  });
});

describe('finding 5: the brake and the place of the client', () => {
  it('says widened where the blocked client is no longer looked for in sub', async () => {
    const of = (one: Table) => ({
      GATEWAY: { blocked_clients: ['c1'] },
      ISSUERS: issuers(one),
      API_A: api({ 'GET /a': {} }),
    });
    const [old, now] = [policyOf(of({ client_claim: 'sub' })), policyOf(of({}))];
    const blocked = caller({ client: 'c2', claims: { sub: 'c1' } });
    expect(await answer(old, 'GET /a', blocked)).toBe('client_blocked');
    expect(await answer(now, 'GET /a', blocked)).toBe('allowed');
    const { findings } = await comparePolicies(old, now, NOW_SECONDS);
    expect(findings.map(({ change }) => change)).toContain('widened');
  });
});

describe('finding 6: a joiner between a letter and its accent', () => {
  it('takes the path for the one without it', async () => {
    const policy = policyOf(tables({ 'GET /caf\u00e9': WRITE, 'GET /*': OPEN }));
    expect(await answer(policy, 'GET /cafe%CD%8F%CC%81')).toBe('token_missing');
    expect(await answer(policy, 'GET /cafe%CC%81')).toBe('token_missing');
  });
});

describe('finding 7: the order of values', () => {
  it('takes two lists of the same values for one rule', async () => {
    const claims = (...role: string[]) => ({ claims: { role } });
    const policy = policyOf(tables({ 'GET /a': claims('x', 'y'), 'GET /a/': claims('y', 'x') }));
    expect(await answer(policy, 'GET /a/', caller({ claims: { role: 'x' } }))).toBe('allowed');
  });
});

describe('finding 8: __proto__', () => {
  const named = (value: unknown) => JSON.parse(`{ "__proto__": ${JSON.stringify(value)} }`) as Table;

  it.each([
    ['a claim of a route', tables({ 'GET /a': { claims: named('x') } })],
    [
      'a claim beside another',
      tables({ 'GET /a': { claims: { ...named('x'), role: 'x', ['__proto__']: 'x' } } }),
    ],
    ['a claim that is tried', tables({ 'GET /a': { report: { claims: named('x') } } })],
    ['a claim of an issuer', { ...tables({ 'GET /a': {} }), ISSUERS: issuers({ claims: named('x') }) }],
    ['a route', tables(named({}))],
    ['a header', { ...tables({}), API_A: api({ 'GET /a': {} }, { forward: named('x-a') }) }],
    [
      'an issuer',
      { ...tables({ 'GET /a': {} }), ISSUERS: { ...issuers(), ...{ ['__proto__']: issuers().one } } },
    ],
  ])('is an error as %s', (_what, of) => {
    expect(faultsOf(of).join()).toContain('__proto__');
  });
});

describe('finding 9: what is written in the policy, and what folds', () => {
  const policy = policyOf(tables({ 'GET /files/': OPEN, 'GET /:name': {} }));

  it('leaves /files/ open beside a parameter', async () => {
    expect(await answer(policy, 'GET /files/')).toBe('allowed');
    expect(await answer(policy, 'GET /files')).toBe('token_missing');
    expect(await answer(policy, 'GET /files', caller())).toBe('allowed');
  });

  it('answers 405 where a near miss does not have the method', async () => {
    const admin = policyOf(tables({ 'POST /admin': WRITE, 'GET /*': OPEN }));
    expect(await answer(admin, 'GET /Admin')).toBe('method_not_allowed');
  });

  it.each(['/%20admin', '/%E3%80%80admin', '/adm%C4%B1n', '/adm%C4%B0n', '/ADM%C4%B0N', '/ADMIN'])(
    'takes %s for /admin',
    async (path) => {
      const admin = policyOf(tables({ 'GET /admin': WRITE, 'GET /*': OPEN }));
      expect(await answer(admin, `GET ${path}`)).toBe('token_missing');
    },
  );
});
