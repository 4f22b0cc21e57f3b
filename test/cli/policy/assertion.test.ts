/** What the tools say of assertions: explain, diff, routes, and the mutants of cases. */
import { describe, expect, it } from 'vitest';
import { mutantsOf } from '../../../cli/policy/cases/mutants.ts';
import { comparePolicies } from '../../../cli/policy/diff/diff.ts';
import { apiChanges } from '../../../cli/policy/diff/other.ts';
import { routeTable } from '../../../cli/policy/routes/table.ts';
import { createSimulator } from '../../../cli/policy/what-if/simulate.ts';
import { compilePolicy } from '../../../src/policy/compile/compile.ts';
import type { Api, Policy } from '../../../src/policy/policy.ts';

const NOW_SECONDS = 1_800_000_000;
const ISSUER = 'https://api.example.com';

const tables = (assertion: object | undefined, gateway: object = { issuer: ISSUER }) => ({
  ISSUERS: { main: { issuer: 'https://issuer.example/' } },
  GATEWAY: { assertion: gateway },
  API_X: {
    origin: 'https://x.example/v1',
    audience: 'x',
    ...(assertion && { assertion }),
    routes: { 'GET /x/:id': { auth: 'none' } },
  },
});

function compile(...parts: Parameters<typeof tables>): Policy {
  const compiled = compilePolicy(tables(...parts));
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults));
  return compiled.policy;
}

const X = { audience: 'x.internal' };

describe('diff', () => {
  it.each<[string, object | undefined, object | undefined, string[]]>([
    ['none any more', X, undefined, ['widened', 'moved']],
    ['bound to no request any more', X, { ...X, bind: 'none' }, ['widened', 'moved']],
    ['without the body', { ...X, bind: 'body' }, X, ['widened', 'moved']],
    ['with the body', X, { ...X, bind: 'body' }, ['moved']],
    ['one where none was', undefined, X, ['moved']],
    ['for another audience', X, { audience: 'y' }, ['moved']],
    ['the same', X, { ...X, bind: 'request' }, []],
  ])('%s', async (_what, before, after, changes) => {
    const { findings } = await comparePolicies(compile(before), compile(after), NOW_SECONDS);
    expect(findings.map(({ change }) => change)).toEqual(changes);
    const [first] = findings;
    if (first === undefined) return;
    expect(first.before.join()).toContain(before === undefined ? 'none' : 'for x.internal');
    expect(first.example).toBeDefined();
  });

  it('another issuer', async () => {
    const now = compile(X, { issuer: 'https://b.example.com' });
    const { findings } = await comparePolicies(compile(X), now, NOW_SECONDS);
    expect(findings.map(({ change, now: words }) => [change, ...words])).toEqual([
      ['moved', 'the assertion for x.internal by https://b.example.com, bound to the request'],
    ]);
  });

  it('lifetime and size of bodies are listed', async () => {
    const now = compile(X, { issuer: ISSUER, lifetime: 60 });
    const { other } = await comparePolicies(compile(X), now, NOW_SECONDS);
    expect(other).toEqual([{ place: 'GATEWAY.assertion.lifetime', before: '30', now: '60' }]);
    const apiOf = (maxBody: number) => compile({ ...X, bind: 'body', max_body: maxBody }).apis[0] as Api;
    expect(apiChanges(apiOf(5), apiOf(6))).toEqual([
      { place: 'API_X.assertion.max_body', before: '5', now: '6' },
    ]);
  });
});

it('a simulated request has it in words, with the target that the origin gets', async () => {
  const simulate = createSimulator(compile({ ...X, bind: 'body' }));
  const request = { url: 'https://api.example.com/x/1?q', method: 'GET', headers: new Headers() };
  const { outbound } = await simulate(request, () => Promise.reject(new Error('no token is read')));
  expect(outbound?.headers.get('txn-token')).toBe(
    '(signed for x.internal: GET /v1/x/1?q and its body, no caller)',
  );
});

it('the address of the keys is answered by the gateway itself', async () => {
  const simulate = createSimulator(compile(X));
  const request = {
    url: 'https://api.example.com/.well-known/claimgate/jwks.json',
    method: 'GET',
    headers: new Headers(),
  };
  const { kind } = await simulate(request, () => Promise.reject(new Error('no token is read')));
  expect(kind).toBe('self');
});

it('mutants are without it, or bound to nothing', () => {
  const of = (assertion: object | undefined) =>
    [...mutantsOf(tables(assertion), [])].map(({ what }) => what).filter((what) => /assertion/.test(what));
  expect(of(X)).toEqual(['without the assertion for its origin', 'an assertion that is bound to no request']);
  expect(of({ ...X, bind: 'none' })).toEqual(['without the assertion for its origin']);
  expect(of(undefined)).toEqual([]);
});

it('routes list it among the headers', () => {
  const [route] = routeTable(compile(X)).flatMap(({ routes }) => routes);
  expect(route?.headers).toContainEqual(['txn-token', 'signed, for x.internal']);
});
