/** What `diff` says, against the gateway's own decisions about requests that were made without looking at it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePolicies } from '../../../../cli/policy/diff/diff.ts';
import type { Comparison, Difference } from '../../../../cli/policy/diff/difference.ts';
import { type TriedRequest, tryRequest } from '../../../../cli/policy/diff/trial.ts';
import type { TokenSketch } from '../../../../cli/policy/what-if/token.ts';
import { compilePolicy } from '../../../../src/policy/compile/compile.ts';
import { match } from '../../../../src/policy/match.ts';
import { parsePath } from '../../../../src/policy/path.ts';
import type { Policy, Route } from '../../../../src/policy/policy.ts';

const NOW = 1_800_000_000;
const ISSUERS = ['https://one.example/', 'https://two.example/'] as const;

type Table = Record<string, unknown>;

// --- Policies: a few words, so that patterns and rules meet ----------------------------------------------------

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const some = <T>(...items: T[]) => fc.subarray(items, { minLength: 1 });
const clean = (table: Table): Table =>
  Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined));

const word = fc.constantFrom('a', 'A', 'b', 'a.', '7', ':');
const pattern = fc
  .tuple(fc.array(word, { maxLength: 3 }), fc.constantFrom('', '', '*', '/'))
  .map(([words, end]) => {
    const path = words.map((text, i) => (text === ':' ? `:p${i}` : text)).join('/');
    if (path === '') return end === '*' ? '/*' : '/';
    return end === '*' ? `/${path}/*` : `/${path}${end}`;
  });
const methods = fc.constantFrom('GET', 'GET', 'GET', '*', 'POST', 'GET|PUT', 'HEAD');

interface Tables {
  readonly issuers: readonly [Table, Table];
  readonly first: readonly (readonly [string, Table])[];
  readonly second: readonly (readonly [string, Table])[] | undefined;
  readonly secondHost: string | undefined;
  readonly audience: readonly string[];
  readonly origin: string;
  readonly forward: Table | undefined;
  readonly settings: Table;
}

const PLAIN: Omit<Tables, 'first'> = {
  issuers: [{}, {}],
  second: undefined,
  secondHost: undefined,
  audience: ['one', 'two'],
  origin: 'https://o.example',
  forward: undefined,
  settings: {},
};

function compile(tables: Tables): Policy | undefined {
  const { issuers, first, second, secondHost, audience, origin, forward, settings } = tables;
  const api = { audience, issuer: ['one', 'two'] };
  const result = compilePolicy({
    GATEWAY: settings,
    ISSUERS: {
      one: { issuer: ISSUERS[0], ...issuers[0] },
      two: { issuer: ISSUERS[1], ...issuers[1] },
    },
    API_FIRST: clean({ ...api, origin, forward, routes: Object.fromEntries(first) }),
    ...(second !== undefined && {
      API_SECOND: clean({
        ...api,
        origin: 'https://second.example',
        hosts: secondHost === undefined ? undefined : [secondHost],
        routes: Object.fromEntries(second),
      }),
    }),
  });
  return result.ok ? result.policy : undefined;
}

/** A change of some of the parts. */
const changeOf = <T extends object>(whole: fc.Arbitrary<T>) =>
  fc.tuple(whole, whole, fc.infiniteStream(fc.boolean())).map(([old, other, takes]): [T, T] => {
    const now = { ...old };
    for (const name of Object.keys(other) as (keyof T)[]) if (takes.next().value) now[name] = other[name];
    return [old, now];
  });

// Many routes with few rules: which of them a request falls under.
const simpleRoute = fc.constantFrom<Table>(
  { auth: 'none' },
  { auth: 'optional' },
  { scopes_all: ['r'] },
  { scopes_all: ['r'] },
  { scopes_any: ['s', 'r'] },
  { scopes_all: ['r'], forward_authorization: true },
  { scopes_all: ['r'], report_only: true },
);
const simpleRoutes = fc.array(fc.tuple(methods, pattern, simpleRoute), { minLength: 1, maxLength: 5 });
const toRoutes = (list: readonly (readonly [string, string, Table])[]) =>
  list.map(([method, path, rule]): [string, Table] => [`${method} ${path}`, rule]);
const manyRoutes = fc
  .tuple(
    simpleRoutes,
    simpleRoutes,
    optional(simpleRoutes),
    fc.constantFrom(undefined, undefined, 'second.example'),
    fc.nat(4),
    fc.nat(3),
  )
  .map(([old, more, second, secondHost, drops, adds]): [Tables, Tables] => {
    const rest = { ...PLAIN, second: second && toRoutes(second), secondHost };
    const now = [...old.slice(Math.min(drops, 2)), ...more.slice(0, adds)];
    return [
      { ...rest, first: toRoutes(old) },
      { ...rest, first: toRoutes(now), second: drops === 4 ? undefined : rest.second },
    ];
  });

// Few routes with many rules: whom they let in.
const claimWant = fc.constantFrom<unknown>('a', '7', 7, ['a', 'b'], [7, 'a'], 'b', { param: 'p0' });
const rules = fc.record({
  scopes_all: optional(some('r', 's')),
  scopes_any: optional(some('r', 's', 't')),
  clients: optional(some('x', 'y')),
  audience: optional(some('one', 'two')),
  issuer: optional(some('one', 'two')),
  org: optional(claimWant),
  slashOrg: optional(claimWant),
  inOrg: optional(claimWant),
  report_only: fc.constantFrom(undefined, undefined, undefined, undefined, true),
});
const toRule = ({ org, slashOrg, inOrg, ...rest }: Table): Table => {
  const claims = clean({ org, '/org': slashOrg, '/in/org': inOrg });
  return clean({ ...rest, claims: Object.keys(claims).length === 0 ? undefined : claims });
};
const issuer: fc.Arbitrary<Table> = fc.record({
  algorithms: fc.constantFrom(undefined, ['RS256'], ['RS256', 'ES256'], ['Ed25519', 'RS256']),
  token_types: fc.constantFrom(undefined, undefined, ['at+jwt']),
  clock_tolerance: fc.constantFrom(undefined, 0, 30, 60),
  max_token_age: fc.constantFrom(undefined, undefined, 100, 130, 1_000),
  not_before: fc.constantFrom(undefined, undefined, '2027-01-15T07:58:00Z', '2027-01-01', '2027-01-14'),
  status_list: fc.constantFrom(undefined, undefined, undefined, 'required', 'optional'),
  claims: fc.constantFrom<unknown>(
    undefined,
    undefined,
    { org: 'a' },
    { org: ['a', 'b'] },
    { use: 'access' },
  ),
  scope_claim: fc.constantFrom(undefined, undefined, 'scp', 'scope'),
  client_claim: fc.constantFrom(undefined, undefined, 'cid', 'client_id'),
  audience_claim: fc.constantFrom(undefined, undefined, undefined, 'aud', 'client_id'),
});
const surroundings = fc.record({
  audience: fc.constantFrom(['one', 'two'], ['two', 'one', 'three']),
  origin: fc.constantFrom('https://o.example', 'https://p.example'),
  forward: fc.constantFrom<Table | undefined>(undefined, { org: 'x-org' }, { org: 'x-tenant' }),
  settings: fc.constantFrom<Table>(
    {},
    {},
    { blocked_clients: ['x'] },
    { blocked_clients: ['y'], blocked_kids: ['k'] },
  ),
});
/** Either the rules change, or what is around them, or both. */
const manyRules = fc
  .tuple(
    changeOf(rules),
    changeOf(rules),
    changeOf(issuer),
    changeOf(issuer),
    changeOf(surroundings),
    fc.constantFrom(1, 2, 4, 8, 15),
  )
  .map((sides): [Tables, Tables] => {
    const [one, two, first, second, around, changed] = sides;
    const build = (now: 0 | 1): Tables => ({
      ...PLAIN,
      ...around[changed & 8 ? now : 0],
      issuers: [clean(first[changed & 4 ? now : 0]), clean(second[changed & 4 ? now : 0])],
      first: [
        ['GET /:p0', toRule(one[changed & 1 ? now : 0])],
        ['GET /:p0/a', toRule(two[changed & 2 ? now : 0])],
      ],
    });
    return [build(0), build(1)];
  });

// Few routes with rules about claims in all their forms, and with alternatives.
const oddValue = fc.constantFrom<unknown>('a', 'b', 'A', 7, '7', true);
const someValues = fc.array(oddValue, { minLength: 1, maxLength: 2 });
const bound = fc.constant({ param: 'p0' });
const want = fc.oneof(
  oddValue,
  someValues,
  fc.constant({ present: true }),
  someValues.map((all) => ({ all })),
  fc.oneof(oddValue, someValues).map((not) => ({ not })),
  fc.tuple(oddValue, oddValue).map(([one, not]) => ({ all: [one], not })),
);
const named = fc.tuple(fc.constantFrom('org', '/org', '/in/org'), fc.oneof(want, want, bound));
const inside = fc.tuple(
  fc.constantFrom('in', '/in', '/in/:p0', '/in/a', '/in/:p0/role', '/in/a/role'),
  fc.oneof(want, want, bound),
);
const claimRules = fc
  .array(fc.oneof(named, inside), { minLength: 1, maxLength: 2 })
  .map((all) => ({ claims: Object.fromEntries(all) }));
const clientRules = some('x', 'y').map((clients) => ({ clients }));
const alternative = fc
  .array(
    fc.oneof(
      claimRules,
      claimRules,
      some('r', 's').map((scopes_all) => ({ scopes_all })),
      some('r', 's').map((scopes_any) => ({ scopes_any })),
      clientRules,
    ),
    { minLength: 1, maxLength: 2 },
  )
  .map((all): Table => Object.assign({}, ...all));
const claimsAndAlternatives = fc
  .tuple(
    optional(claimRules),
    optional(fc.array(alternative, { minLength: 1, maxLength: 3 })),
    fc.constantFrom(undefined, undefined, ['x'], ['x', 'y']),
  )
  .map(([claims, any_of, clients]) => clean({ ...claims, any_of, clients }));
const issuerClaims = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom('org', 'in', '/in/a'), want).map(([name, one]) => ({
      claims: { [name]: one },
    })),
  },
);
const manyClaims = fc
  .tuple(
    changeOf(fc.record({ one: claimsAndAlternatives, two: claimsAndAlternatives })),
    changeOf(fc.record({ claims: issuerClaims })),
    fc.constantFrom<Table>({}, {}, { blocked_clients: ['x'] }),
  )
  .map(([routes, issuers, settings]): [Tables, Tables] => {
    const build = (now: 0 | 1): Tables => ({
      ...PLAIN,
      settings,
      issuers: [issuers[now].claims as Table, {}],
      first: [
        ['GET /:p0', routes[now].one],
        ['GET /:p0/a', routes[now].two],
      ],
    });
    return [build(0), build(1)];
  });

// --- Requests --------------------------------------------------------------------------------------------------

const spelling = fc.constantFrom('a', 'A', 'a;x', 'a.', 'b', 'B', '7', 'c', 'c.');
const anyPath = fc
  .tuple(fc.array(spelling, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '', '', '/'))
  .map(([words, end]) => `/${words.join('/')}${end}`);

/** A token that meets nearly every rule. */
const GOOD = {
  iss: ISSUERS[0],
  aud: ['one', 'two', 'three'],
  scope: 'r s t',
  scp: ['r', 's', 't'],
  cid: 'x',
  client_id: 'x',
  org: ['a', 'b', '7', 7],
  in: { org: ['a', 'b', '7', 7] },
  use: 'access',
  iat: NOW,
};
const orgs = fc.subarray<unknown>(['a', 'b', '7', 7, 'c']);
const flaw: fc.Arbitrary<Table> = fc.oneof(
  fc.constantFrom('one', 'two', 'three', ['one'], ['two', 'three'], []).map((aud) => ({ aud })),
  fc.constantFrom('r', 's', 't', 'r s', 's t', 'r t', undefined, 1).map((scope) => ({ scope })),
  fc.constantFrom(['r'], ['s'], ['r', 't'], undefined, 1).map((scp) => ({ scp })),
  fc.constantFrom('x', 'y', 'z', undefined).map((client) => ({ cid: client, client_id: client })),
  fc.constantFrom('x', 'y', 'z', 1).map((client_id) => ({ client_id })),
  fc.constantFrom('x', 'y').map((azp) => ({ azp })),
  orgs.map((org) => ({ org })),
  orgs.map((org) => ({ in: { org } })),
  fc.constantFrom('a', 7, 'b').map((org) => ({ org })),
  fc.constant({ use: undefined }),
  fc.constantFrom(60, 90, 110, 140, 170, -20, -50, 900_000, -900_000).map((ago) => ({ iat: NOW - ago })),
  fc.constant({ iat: undefined }),
  fc.constantFrom(0, -20, -40, -70).map((left) => ({ exp: NOW + left })),
);
const token: fc.Arbitrary<TokenSketch> = fc
  .record({
    iss: fc.constantFrom(...ISSUERS, ISSUERS[0]),
    flaws: fc.array(flaw, { maxLength: 3 }),
    header: fc.constantFrom({}, {}, {}, {}, { alg: 'ES256' }, { alg: 'EdDSA' }, { typ: 'jwt' }, { kid: 'k' }),
  })
  .map(({ iss, flaws, header }) => ({
    header: { alg: 'RS256', typ: 'at+jwt', ...header },
    claims: clean(Object.assign({}, GOOD, { iss }, ...flaws)),
  }));
const oddClaim = fc.oneof(
  oddValue,
  fc.array(fc.constantFrom<unknown>('a', 'b', 'A', 7, '7', true, ' b', null, {}), { maxLength: 4 }),
  fc.constantFrom<unknown>(null, undefined, '', false, 'c', 'some-value'),
  fc.dictionary(
    fc.constantFrom('a', 'b', 'A', '7', 'c', 'x1', 'org'),
    fc.constantFrom<unknown>('a', 'b', 7, true, false, null, { role: 'a' }, { role: ['b', 7] }, { role: '' }),
  ),
);
const claimToken: fc.Arbitrary<TokenSketch> = fc
  .record({
    org: oddClaim,
    in: oddClaim,
    scope: fc.constantFrom('r', 's', 'r s', undefined),
    client_id: fc.constantFrom('x', 'y', 'z', undefined),
    iss: fc.constantFrom(...ISSUERS, ISSUERS[0]),
  })
  .map((claims) => ({
    header: { alg: 'RS256', typ: 'at+jwt' },
    claims: clean({ aud: 'one', iat: NOW, ...claims }),
  }));
const noGoodToken = fc.constantFrom(undefined, 'bad' as const);

const requestsFor: Record<'routes' | 'rules' | 'claims', fc.Arbitrary<TriedRequest>> = {
  routes: fc.record({
    method: fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'PUT', 'BREW', 'get', 'TRACE'),
    host: fc.constantFrom('first.example', 'first.example', 'second.example'),
    path: anyPath,
    token: fc.oneof(
      fc.constantFrom('r', 's', 'r s', 't').map((scope) => ({
        header: { alg: 'RS256', typ: 'at+jwt' },
        claims: { ...GOOD, scope },
      })),
      noGoodToken,
    ),
  }),
  rules: fc.record({
    method: fc.constant('GET'),
    host: fc.constant('first.example'),
    path: fc.constantFrom('/a', '/7', '/b', '/c', '/a/a', '/7/a', '/c/a', '/7/A'),
    token: fc.oneof({ weight: 9, arbitrary: token }, { weight: 1, arbitrary: noGoodToken }),
  }),
  claims: fc.record({
    method: fc.constant('GET'),
    host: fc.constant('first.example'),
    path: fc.constantFrom('/a', '/7', '/b', '/x1', '/a/a', '/7/a', '/c/a', '/0'),
    token: claimToken,
  }),
};

// --- The two, side by side -------------------------------------------------------------------------------------

const shape = (key: string) => (key.split(/\s+/)[1] ?? '').replace(/:p[0-9]/g, ':');

/** Routes that had a say. */
function routesFor(policy: Policy, { host, method, path: text }: TriedRequest): Route[] {
  const parsed = parsePath(text);
  if (typeof parsed === 'string') return [];
  const found = match(policy, host, method, parsed);
  if (found.kind === 'match') return [found.route, ...found.nearMisses];
  return found.nearMiss === undefined ? [] : [found.nearMiss];
}

/** Whether a finding of this kind is about such requests: these routes, this method, this host. */
function tells(
  { findings }: Comparison,
  changes: readonly string[],
  { method, host }: TriedRequest,
  concerned: readonly Route[],
): boolean {
  const shapes = new Set(concerned.map(({ key }) => shape(key)));
  return findings.some(
    ({ change, routes }) =>
      changes.includes(change) &&
      routes.some(
        (one) =>
          shapes.has(shape(`- ${one.pattern}`)) &&
          (one.methods.includes(method) || one.methods.includes('*')) &&
          (one.hosts.includes(host) || one.hosts.includes('')),
      ),
  );
}

function sentOf(policy: Policy, asked: TriedRequest): unknown {
  const [first, ...near] = routesFor(policy, asked);
  if (first === undefined) return undefined;
  const { origin, forward } = first.api;
  const passesOn = [first, ...near].every((one) => one.forwardAuthorization);
  return [origin, forward.map(({ claim, header }) => [claim.text, header]), passesOn];
}

const KINDS = { opened: 0, widened: 0, narrowed: 0, closed: 0, moved: 0 };

describe('diff, against what the gateway decides', () => {
  it.each([
    [
      'which route a request falls under',
      'routes',
      manyRoutes,
      100,
      ['opened', 'widened', 'narrowed', 'closed', 'moved'],
    ],
    ['whom routes and issuers let in', 'rules', manyRules, 100, ['widened', 'narrowed', 'moved']],
    ['whom claims and alternatives let in', 'claims', manyClaims, 100, ['widened', 'narrowed']],
  ] as const)('%s', async (_what, kind, pairs, count, wanted) => {
    const seen = { ...KINDS, equal: 0 };
    const told = { ...KINDS };
    await fc.assert(
      fc.asyncProperty(
        pairs,
        fc.array(requestsFor[kind], { minLength: count, maxLength: count }),
        async (tables, requests) => {
          const [old, now] = tables.map(compile);
          fc.pre(old !== undefined && now !== undefined);
          const comparison = await comparePolicies(old, now, NOW);
          if (comparison.findings.length === 0) seen.equal++;
          for (const asked of requests) await demandTold(old, now, asked, comparison, tables, seen);
          for (const finding of comparison.findings) {
            told[finding.change]++;
            await demandShown(old, now, finding, requests, tables);
          }
        },
      ),
      // The policies are small as they are, and shrinking the requests takes minutes.
      { numRuns: Number(process.env['DIFF_RUNS'] ?? 400), endOnFailure: true },
    );
    // The cases must be such that something is found, by requests too.
    const counts = JSON.stringify({ seen, told });
    expect(seen.equal, counts).toBeGreaterThan(3);
    for (const change of wanted) expect(Math.min(seen[change], told[change]), counts).toBeGreaterThan(20);
  });
});

/** A request that is decided otherwise is among the findings. */
async function demandTold(
  old: Policy,
  now: Policy,
  asked: TriedRequest,
  comparison: Comparison,
  tables: unknown,
  seen: Record<string, number>,
): Promise<void> {
  const [before, after] = [await tryRequest(old, asked, NOW), await tryRequest(now, asked, NOW)];
  const concerned = [...routesFor(old, asked), ...routesFor(now, asked)];
  const what = () =>
    JSON.stringify({
      asked,
      before,
      after,
      tables,
      findings: comparison.findings.map(({ example: _, ...rest }) => rest),
    });
  const demand = (changes: readonly string[]) => {
    for (const change of changes) seen[change] = (seen[change] ?? 0) + 1;
    if (!tells(comparison, changes, asked, concerned))
      expect.fail(`not told: ${changes.join(', ')} ${what()}`);
  };
  if (before.letIn !== after.letIn) demand(after.letIn ? ['opened', 'widened'] : ['closed', 'narrowed']);
  else if (before.letIn && after.letIn) {
    const isMoved =
      JSON.stringify(sentOf(old, asked)) !== JSON.stringify(sentOf(now, asked)) ||
      before.identified !== after.identified;
    if (isMoved) demand(['moved']);
  }
}

/** A finding has a request that shows it. */
async function demandShown(
  old: Policy,
  now: Policy,
  finding: Difference,
  requests: readonly TriedRequest[],
  tables: unknown,
): Promise<void> {
  const { example, change, routes } = finding;
  if (routes.length === 0) return; // about a header, on all routes
  const what = JSON.stringify({ finding, tables });
  // Where one claim is client and audience, rules about both can leave nobody.
  if (!what.includes('"audience_claim":"client_id"')) expect(example, what).toBeDefined();
  if (example === undefined || change === 'moved') return;
  const { request: shown } = example;
  const [before, after] = [await tryRequest(old, shown, NOW), await tryRequest(now, shown, NOW)];
  const isGain = change === 'opened' || change === 'widened';
  expect([before.letIn, after.letIn], what).toEqual(isGain ? [false, true] : [true, false]);
  // Opened: nobody got in before. Closed: nobody gets in now.
  for (const { token: other } of requests.slice(0, 30)) {
    const asked = { ...shown, token: other };
    if (change === 'opened') expect((await tryRequest(old, asked, NOW)).letIn, what).toBe(false);
    if (change === 'closed') expect((await tryRequest(now, asked, NOW)).letIn, what).toBe(false);
  }
}
