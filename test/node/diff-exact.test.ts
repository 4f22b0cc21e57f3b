/** What `diff` says, against the gateway's own decisions about requests that were made without looking at it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePolicies } from '../../cli/policy/diff/diff.ts';
import type { Comparison } from '../../cli/policy/diff/finding.ts';
import type { TokenSketch } from '../../cli/policy/diff/token-sketch.ts';
import { type TriedRequest, tryRequest } from '../../cli/policy/diff/trial.ts';
import { compilePolicy } from '../../src/policy/compile.ts';
import { match } from '../../src/policy/match.ts';
import { parsePath } from '../../src/policy/path.ts';
import type { Policy, Route } from '../../src/policy/policy.ts';

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
const methods = fc.constantFrom('GET', 'GET', '*', 'POST', 'GET|PUT', 'HEAD');
const claimWant = fc.constantFrom<unknown>('a', '7', 7, ['a', 'b'], [7, 'a'], 'b');
const rules = fc
  .record({
    scopes_all: optional(some('r', 's', 't')),
    scopes_any: optional(some('r', 's', 't')),
    clients: optional(some('x', 'y')),
    audience: optional(some('one', 'two')),
    issuer: optional(some('one', 'two')),
    claims: optional(
      fc.record({ org: optional(claimWant), '/org': optional(claimWant), '/in/org': optional(claimWant) }),
    ),
  })
  .map(({ claims, ...rest }) => {
    const wanted = clean(claims ?? {});
    return clean({ ...rest, claims: Object.keys(wanted).length === 0 ? undefined : wanted });
  });
const route = fc.oneof(
  { weight: 6, arbitrary: rules },
  { weight: 1, arbitrary: fc.constant<Table>({ auth: 'none' }) },
  { weight: 1, arbitrary: fc.constant<Table>({ auth: 'optional' }) },
  { weight: 1, arbitrary: fc.constant<Table>({ report_only: true, scopes_all: ['r'] }) },
  { weight: 1, arbitrary: fc.constant<Table>({ forward_authorization: true }) },
);
/** A rule about a segment of the path, where there is one. */
const bound = fc.boolean();
const entry = fc
  .tuple(methods, pattern, route, bound)
  .map(([method, path, rule, isBound]): [string, Table] => {
    const param = /:(p[0-9])/.exec(path)?.[1];
    const isChecked = !('auth' in rule);
    const claims = isBound && isChecked && param !== undefined ? { claims: { org: { param } } } : {};
    return [`${method} ${path}`, { ...rule, ...claims }];
  });
const routes = fc.array(entry, { minLength: 1, maxLength: 5 });

const issuer = fc
  .record(
    {
      algorithms: fc.constantFrom(['RS256'], ['RS256', 'ES256'], ['EdDSA'], ['Ed25519', 'ES256']),
      token_types: fc.constantFrom(['at+jwt'], ['at+jwt', 'jwt']),
      clock_tolerance: fc.constantFrom(0, 30, 60),
      max_token_age: fc.constantFrom(100, 130, 1_000),
      not_before: fc.constantFrom('2027-01-15T07:58:00Z', '2027-01-01', '2027-01-14'),
      claims: fc.constantFrom<Table>({ org: 'a' }, { org: ['a', 'b'] }, { use: 'access' }),
      scope_claim: fc.constantFrom('scp', 'scope'),
      client_claim: fc.constantFrom('cid', 'client_id'),
      audience_claim: fc.constantFrom('client_id', 'aud'),
    },
    { requiredKeys: [] },
  )
  .map((table) => table as Table);

const policyTables = fc.record({
  issuers: fc.tuple(issuer, issuer),
  first: routes,
  second: optional(routes),
  host: fc.constantFrom('both', 'apart'),
  audience: fc.constantFrom(['one', 'two'], ['two', 'one', 'three']),
  origin: fc.constantFrom('https://o.example', 'https://p.example'),
  forward: optional(fc.constantFrom({ org: 'x-org' }, { org: 'x-tenant' })),
  blocked: optional(some('x', 'y')),
  kids: optional(fc.constant(['k'])),
});
type Tables = typeof policyTables extends fc.Arbitrary<infer T> ? T : never;

function compile(tables: Tables): Policy | undefined {
  const { issuers, first, second, host, audience, origin, forward, blocked, kids } = tables;
  const api = { audience, issuer: ['one', 'two'] };
  const result = compilePolicy({
    GATEWAY: clean({ blocked_clients: blocked, blocked_kids: kids }),
    ISSUERS: {
      one: { issuer: ISSUERS[0], ...issuers[0] },
      two: { issuer: ISSUERS[1], ...issuers[1] },
    },
    API_FIRST: clean({ ...api, origin, forward, routes: Object.fromEntries(first) }),
    ...(second !== undefined && {
      API_SECOND: clean({
        ...api,
        origin: 'https://second.example',
        hosts: host === 'apart' ? ['second.example'] : undefined,
        routes: Object.fromEntries(second),
      }),
    }),
  });
  return result.ok ? result.policy : undefined;
}

/** Two policies that have most in common. */
const pair = fc
  .tuple(
    policyTables,
    policyTables,
    fc.subarray(
      ['issuers', 'first', 'second', 'host', 'audience', 'origin', 'forward', 'blocked', 'kids'] as const,
      { minLength: 1, maxLength: 2 },
    ),
    fc.boolean(),
  )
  .map(([old, other, changed, wholly]) => {
    const now: Tables = { ...old };
    for (const name of changed) Object.assign(now, { [name]: other[name] });
    // One more route, or one with other rules.
    if (!wholly && changed.includes('first')) now.first = [...old.first.slice(1), ...other.first.slice(0, 1)];
    if (changed.includes('issuers') && !wholly) now.issuers = [old.issuers[0], other.issuers[1]];
    return [old, now] as const;
  });

// --- Requests --------------------------------------------------------------------------------------------------

const spelling = fc.constantFrom('a', 'A', 'a;x', 'a.', 'b', 'B', '7', 'c', 'c.');
const path = fc
  .tuple(fc.array(spelling, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '', '', '/'))
  .map(([words, end]) => `/${words.join('/')}${end}`);
const oneOrList = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof(arbitrary, fc.array(arbitrary, { maxLength: 3 }));
const orgs = oneOrList(fc.constantFrom<unknown>('a', '7', 7, 'b', 'c', 'a;x'));
const token = fc
  .record({
    alg: fc.constantFrom('RS256', 'RS256', 'RS256', 'ES256', 'EdDSA'),
    typ: fc.constantFrom('at+jwt', 'at+jwt', 'jwt'),
    kid: optional(fc.constantFrom('k', 'l')),
    claims: fc.record(
      {
        iss: fc.constantFrom(ISSUERS[0], ISSUERS[0], ISSUERS[1], 'https://three.example/'),
        aud: oneOrList(fc.constantFrom('one', 'two', 'three')),
        scope: fc.constantFrom('r', 's', 'r s', 'r s t', 't'),
        scp: fc.constantFrom<unknown>(['r', 's', 't'], ['r'], 1),
        azp: fc.constantFrom('x', 'y'),
        client_id: fc.constantFrom('x', 'y', 'z', 'one'),
        cid: fc.constantFrom('x', 'y'),
        org: orgs,
        in: fc.record({ org: orgs }),
        use: fc.constant('access'),
        iat: fc.constantFrom(0, 60, 90, 110, 140, 170, -20, -50, 900_000, -900_000).map((ago) => NOW - ago),
        exp: fc.constantFrom(300, 0, -20, -40).map((left) => NOW + left),
      },
      { requiredKeys: ['iss', 'aud', 'iat'] },
    ),
  })
  .map(
    ({ alg, typ, kid, claims }): TokenSketch => ({
      header: { alg, typ, ...(kid !== undefined && { kid }) },
      claims,
    }),
  );
const request: fc.Arbitrary<TriedRequest> = fc.record({
  method: fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'PUT', 'BREW', 'get', 'TRACE'),
  host: fc.constantFrom('first.example', 'first.example', 'second.example'),
  path,
  token: fc.oneof({ weight: 8, arbitrary: token }, fc.constantFrom(undefined, 'bad' as const)),
});

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

/** Whether a finding of this kind is about these routes, or about all. */
function tells({ findings }: Comparison, changes: readonly string[], concerned: readonly Route[]): boolean {
  const shapes = new Set(concerned.map(({ key }) => shape(key)));
  return findings.some(
    ({ change, place, routes: named }) =>
      changes.includes(change) &&
      ((place !== undefined && change !== 'moved') ||
        named.some((one) => shapes.has(shape(`- ${one.pattern}`)))),
  );
}

function sentOf(policy: Policy, asked: TriedRequest): unknown {
  const [first, ...near] = routesFor(policy, asked);
  if (first === undefined) return undefined;
  const { origin, forward } = first.api;
  const passesOn = [first, ...near].every((one) => one.forwardAuthorization);
  return [origin, forward.map(({ claim, header }) => [claim.text, header]), passesOn];
}

describe('diff, against what the gateway decides', () => {
  it('tells of every request that is decided otherwise, and shows of each finding that it is one', async () => {
    const seen = { opened: 0, widened: 0, narrowed: 0, closed: 0, moved: 0, equal: 0, differing: 0 };
    await fc.assert(
      fc.asyncProperty(
        pair,
        fc.array(request, { minLength: 120, maxLength: 120 }),
        async (tables, requests) => {
          const [old, now] = tables.map(compile);
          fc.pre(old !== undefined && now !== undefined);
          const comparison = await comparePolicies(old, now, NOW);
          if (comparison.findings.length === 0) seen.equal++;

          for (const asked of requests) {
            const [before, after] = [await tryRequest(old, asked, NOW), await tryRequest(now, asked, NOW)];
            const concerned = [...routesFor(old, asked), ...routesFor(now, asked)];
            const what = JSON.stringify({
              asked,
              before,
              after,
              concerned: concerned.map(({ key }) => key),
              tables,
            });
            if (before.letIn !== after.letIn) {
              seen.differing++;
              const wanted = after.letIn ? ['opened', 'widened'] : ['closed', 'narrowed'];
              expect(tells(comparison, wanted, concerned), what).toBe(true);
            } else if (before.letIn && after.letIn) {
              const isMoved =
                JSON.stringify(sentOf(old, asked)) !== JSON.stringify(sentOf(now, asked)) ||
                before.identified !== after.identified;
              if (isMoved) expect(tells(comparison, ['moved'], concerned), what).toBe(true);
            }
          }

          for (const finding of comparison.findings) {
            seen[finding.change]++;
            const { example, change, place } = finding;
            if (finding.routes.length === 0) continue; // about a header, on all routes
            const what = JSON.stringify({ finding, tables });
            // Where one claim is client and audience, rules about both can leave nobody.
            if (!what.includes('"audience_claim":"client_id"')) expect(example, what).toBeDefined();
            if (example === undefined || change === 'moved') continue;
            const { request: shown } = example;
            const [before, after] = [await tryRequest(old, shown, NOW), await tryRequest(now, shown, NOW)];
            const isGain = change === 'opened' || change === 'widened';
            expect([before.letIn, after.letIn], what).toEqual(isGain ? [false, true] : [true, false]);
            if (place !== undefined) continue;
            // Opened: nobody got in before. Closed: nobody gets in now.
            for (const { token: other } of requests.slice(0, 30)) {
              const with_ = { ...shown, token: other };
              if (change === 'opened') expect((await tryRequest(old, with_, NOW)).letIn, what).toBe(false);
              if (change === 'closed') expect((await tryRequest(now, with_, NOW)).letIn, what).toBe(false);
            }
          }
        },
      ),
      // The policies are small as they are, and shrinking the requests takes minutes.
      { numRuns: Number(process.env['DIFF_RUNS'] ?? 250), endOnFailure: true },
    );
    // The cases must be such that something is found.
    for (const [kind, count] of Object.entries(seen))
      expect(count, `${kind} in ${JSON.stringify(seen)}`).toBeGreaterThan(3);
  });
});
