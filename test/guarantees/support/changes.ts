/** Two policies of which one may have become of the other, and tokens that the change may matter to. */
import fc from 'fast-check';
import { type ApiModel, clean, ISSUERS, keyOf, NOW_SECONDS, type Table, type World } from './model.ts';
import { rule, worlds } from './policies.ts';

/** Most policies have none of a setting, or what everybody has. */
const setting = (...values: unknown[]) =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );

const SETTINGS = {
  scope_claim: setting('scope', 'scp', 'permissions', '/in/scope'),
  client_claim: setting('sub', 'cid', 'azp', 'client_id', '/in/client'),
  audience_claim: setting('aud', 'client_id', 'resource'),
  algorithms: setting(['RS256'], ['ES256', 'RS256'], ['RS256', 'EdDSA'], ['Ed25519', 'RS256']),
  token_types: setting(['at+jwt'], ['at+jwt', 'jwt', 'odd'], ['AT+JWT', 'application/jwt']),
  clock_tolerance: setting(0, 60, 90),
  max_token_age: setting(100, 130, 1_000),
  not_before: setting('2027-01-15T07:58:00Z', '2027-01-01', '2027-01-14'),
  status_list: setting('required', 'optional'),
  claims: setting(
    { use: { not: 'id' } },
    { role: { present: true } },
    { use: 'access' },
    { role: 'x' },
    { role: ['x', 'y'] },
    { '/in/role': 'x' },
  ),
};
const issuer: fc.Arbitrary<Table> = fc.record(SETTINGS);
const gateway: fc.Arbitrary<Table> = fc.record({
  blocked_clients: fc.constantFrom(undefined, ['c1'], ['c2'], ['c1', 'c2'], ['someone']),
  blocked_kids: setting(['k1'], ['k2', 'k1']),
});

/** What becomes of all routes that have the same rule. */
interface RouteChange {
  readonly pick: number;
  readonly becomes: Table | undefined;
}
const routeChange: fc.Arbitrary<RouteChange> = fc.record({
  pick: fc.nat(20),
  becomes: fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 4, arbitrary: rule }),
});

/** Those that matter together with others stand twice. */
const FIELDS = [
  ...Object.keys(SETTINGS),
  ...['client_claim', 'client_claim', 'scope_claim', 'audience_claim', 'routes', 'routes', 'routes'],
  ...['trial', 'trial', 'clock_tolerance', 'blocked_clients', 'blocked_kids', 'audience', 'issuer', 'hosts'],
];

export interface Change {
  readonly old: World;
  readonly now: World;
}

function changeRoutes(apis: readonly ApiModel[], changes: readonly RouteChange[]): ApiModel[] {
  const all = [...new Set(apis.flatMap(({ entries }) => entries.map((entry) => entry.rule)))];
  const becomes = new Map(changes.map((one) => [all[one.pick % all.length], one.becomes]));
  return apis
    .map((api) => ({
      ...api,
      entries: api.entries.flatMap((entry) => {
        if (!becomes.has(entry.rule)) return [entry];
        const after = becomes.get(entry.rule);
        // A claim that must equal a parameter is about paths, and those stay as they are.
        return after === undefined || /"param"|:p0/.test(JSON.stringify(after))
          ? []
          : [{ ...entry, rule: after }];
      }),
    }))
    .filter(({ entries }) => entries.length > 0);
}

/** A route for a certain query, beside one that is there. */
interface QueryRoute {
  readonly pick: number;
  readonly query: string;
  readonly rule: Table;
  readonly sides: readonly ('old' | 'now')[];
}
const queryRoute: fc.Arbitrary<QueryRoute> = fc.record({
  pick: fc.nat(20),
  query: fc.constantFrom('?q=1', '?q=2', '?q=1&r=2', '?r=2', '?Q=1'),
  rule,
  sides: fc.subarray(['old', 'now'] as const, { minLength: 1 }),
});

function withQueries(
  apis: readonly ApiModel[],
  routes: readonly QueryRoute[],
  side: 'old' | 'now',
): readonly ApiModel[] {
  return apis.map((api) => {
    const more = routes
      .filter(({ sides }) => sides.includes(side))
      .flatMap(({ pick, query, rule: its }) => {
        const beside = api.entries[pick % api.entries.length];
        const isBound = JSON.stringify(its).includes('param');
        return beside === undefined || isBound ? [] : [{ ...beside, path: beside.path + query, rule: its }];
      });
    const taken = new Map([...api.entries, ...more].map((entry) => [keyOf(entry), entry]));
    return { ...api, entries: [...taken.values()] };
  });
}

const pair = <T>(arbitrary: fc.Arbitrary<T>) => fc.tuple(arbitrary, arbitrary);

export const change: fc.Arbitrary<Change> = fc
  .record({
    world: worlds({ most: 3 }),
    // Of the second issuer only some routes think anything.
    first: pair(issuer),
    second: issuer,
    settings: pair(gateway),
    fields: fc.oneof(
      { weight: 3, arbitrary: fc.subarray(FIELDS, { minLength: 1, maxLength: 1 }) },
      { weight: 2, arbitrary: fc.subarray(FIELDS, { minLength: 1, maxLength: 4 }) },
    ),
    routes: fc.array(routeChange, { minLength: 1, maxLength: 2 }),
    audience: fc.constantFrom(['x'], ['x', 'y', 'z'], ['z', 'x']),
    hosts: fc.constantFrom(undefined, ['c.example'], ['b.example'], [':v.x.example'], ['zq.x.example']),
    trials: pair(fc.subarray([0, 1, 2])),
    queries: fc.array(queryRoute, { maxLength: 3 }),
  })
  .map(({ world, first, second, settings, fields, routes, audience, hosts, trials, queries }) => {
    const mixed = ([before, after]: readonly [Table, Table]) =>
      Object.fromEntries(
        Object.keys(before).map((name) => [name, (fields.includes(name) ? after : before)[name]]),
      );
    const build = (one: Table, set: Table, apis: readonly ApiModel[]): World => ({
      apis,
      settings: clean(set),
      issuers: {
        one: clean({ issuer: ISSUERS.one, ...one }),
        two: clean({ issuer: ISSUERS.two, ...second }),
      },
    });
    const changed = fields.includes('routes') ? changeRoutes(world.apis, routes) : world.apis;
    const apis = changed.map((api, i) => ({
      ...api,
      ...(fields.includes('audience') && { audience }),
      ...(fields.includes('issuer') && { issuer: ['one'] }),
      ...(fields.includes('hosts') && i === 0 && { hosts }),
    }));
    const tried = (some: readonly ApiModel[], indexes: readonly number[]) =>
      fields.includes('trial')
        ? some.map((api, i) => ({ ...api, onTrial: indexes.includes(i) || undefined }))
        : some;
    return {
      old: build(first[0], settings[0], tried(withQueries(world.apis, queries, 'old'), trials[0])),
      now: build(mixed(first), mixed(settings), tried(withQueries(apis, queries, 'now'), trials[1])),
    };
  });

export interface Sketch {
  readonly header: { readonly alg: string; readonly typ: string; readonly kid?: string };
  readonly claims: Table;
}

/** Meets nearly every rule, whatever claim it is looked for in. */
const GOOD: Table = {
  iss: ISSUERS.one,
  sub: 'someone',
  aud: ['x', 'y', 'z'],
  resource: ['x', 'y', 'z'],
  scope: 'r s t',
  scp: ['r', 's', 't'],
  permissions: ['r', 's', 't'],
  client_id: 'c1',
  role: ['x', 'y'],
  n: [7, '7'],
  in: { role: ['x'], scope: 'r s t', client: 'c1' },
  org: ['a', 'b', 'café', 'ss', 'i', 'σ', 'v', 7],
  use: 'access',
  status: { status_list: { idx: 1, uri: `${ISSUERS.one}lists/1` } },
  exp: NOW_SECONDS + 300,
  iat: NOW_SECONDS - 10,
};
const client = fc.constantFrom('c1', 'c2', 'c3', undefined);
const flaw: fc.Arbitrary<Table> = fc.oneof(
  fc.constant({ iss: ISSUERS.two }),
  fc.subarray(['x', 'y', 'z']).map((aud) => ({ aud })),
  fc.constantFrom('x', 'z', undefined).map((resource) => ({ resource })),
  fc.constantFrom('r', 's t', 'r s', undefined, ['r']).map((scope) => ({ scope })),
  fc.constantFrom('r', ['s'], undefined).map((scp) => ({ scp })),
  fc.constantFrom(['r'], ['s', 't'], undefined).map((permissions) => ({ scope: undefined, permissions })),
  client.map((client_id) => ({ client_id })),
  client.map((azp) => ({ azp })),
  client.map((cid) => ({ cid })),
  client.map((appid) => ({ appid })),
  fc.tuple(client, client).map(([azp, client_id]) => ({ azp, client_id })),
  fc.constantFrom('c1', 'c2', 'someone', undefined).map((sub) => ({ sub })),
  fc.constantFrom('x', 'y', ['y'], [], undefined).map((role) => ({ role })),
  fc.constantFrom(7, '7', undefined).map((n) => ({ n })),
  fc.constantFrom({}, { role: 'x' }, { client: 'c2', scope: 'r' }, undefined).map((inner) => ({ in: inner })),
  fc.constantFrom<unknown>({ a: 'x', b: true, 7: {} }, { a: false }, 'role').map((inner) => ({ in: inner })),
  fc.constantFrom<unknown>({ x: true, y: {} }, { x: 0 }, ['x', {}], 'Y', null).map((role) => ({ role })),
  fc.constantFrom<unknown>('a', 'b', ['A'], 7, undefined).map((org) => ({ org })),
  fc.constant({ use: undefined }),
  fc.constantFrom<unknown>(undefined, 'x', {}, { status_list: 1 }).map((status) => ({ status })),
  fc.constantFrom(60, 110, 140, 170, 900_000, -20, -50, -90).map((ago) => ({ iat: NOW_SECONDS - ago })),
  fc.constant({ iat: undefined }),
  fc.constantFrom(0, -20, -40, -70).map((left) => ({ exp: NOW_SECONDS + left })),
  fc.constantFrom(20, 40, 70).map((later) => ({ nbf: NOW_SECONDS + later })),
);
const header = fc.constantFrom(
  ...[{}, {}, {}, { alg: 'ES256' }, { alg: 'EdDSA' }, { alg: 'Ed25519' }],
  ...[{ typ: 'jwt' }, { typ: 'odd' }, { typ: 'application/at+jwt' }, { kid: 'k1' }, { kid: 'k2' }],
);
/** `undefined`: no token. */
export const sketch: fc.Arbitrary<Sketch | undefined> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.tuple(fc.array(flaw, { maxLength: 3 }), header).map(([flaws, its]) => ({
      header: { alg: 'RS256', typ: 'at+jwt', ...its },
      claims: clean(Object.assign({}, GOOD, ...flaws)),
    })),
  },
  { weight: 1, arbitrary: fc.constant(undefined) },
);
