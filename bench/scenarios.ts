/** What is measured under load: one thing varied at a time, the rest as in the first scenario. */
import type { Amounts } from './amounts.ts';
import { ALGORITHMS, type Algorithm, type Issuer, spoil } from './issuer.ts';
import type { Load, Row, Scenario } from './measure.ts';
import { bytesPath, PATH, PUBLIC_PATH, routePaths } from './policies.ts';
import { count } from './text.ts';
import {
  ASSERTED_EDDSA,
  ASSERTED_ES256,
  ASSERTED_UNBOUND,
  BARE,
  BARE_AGAIN,
  CLAIMGATE,
  CLAIMGATE_LOGGING,
  HAPROXY,
  HONO_JOSE,
  HONO_JWK,
  HONO_JWK_URI,
  HONO_PROXY,
  NGINX,
  OWN_APP,
  OWN_JWK,
  OWN_NEXT,
  ROUTE_COUNTS,
  SUBTLE,
  type Variant,
  withRoutes,
} from './variants.ts';

export const CONNECTIONS = 32;
/** For megabytes: more would fill buffers only. */
const FEW_CONNECTIONS = 8;

/** Ids of scenarios, and names of rows in them, that goals look up. */
export const repeatedId = (alg: Algorithm) => `repeated-${alg}`;
export const firstSightId = (alg: Algorithm) => `first-sight-${alg}`;
export const ONE_BY_ONE_ID = 'one-by-one';
export const ROUTES_ID = 'routes';
export const DENIED_ID = 'denied-401';
export const routesRow = (routes: number) => `${count(routes)} routes`;
export const ALLOWED_ROW = 'claimgate, the same tokens unspoilt';

const KILOBYTE = 1_000;
const MEGABYTE = 1_000_000;
const FEW_TOKENS = 100;
/** Fewer than claimgate remembers. */
const MANY_TOKENS = 5_000;
/** Of tokens that go round, one a round is sent. */
const SLICES = 5;

export function makeScenarios(variants: readonly Variant[], issuer: Issuer, amounts: Amounts): Scenario[] {
  const { repeated, firstSight, circulating, large } = amounts;

  /** The rows for these variants, of which some may not be installed, or not know the algorithm. */
  const rowsFor = (names: readonly string[], alg?: Algorithm): Row[] =>
    names
      .filter((name) => variants.some((variant) => variant.name === name && knows(variant, alg)))
      .map((name) => ({ name, variant: name }));
  const load = (requests: number, tokens?: readonly string[], more: Partial<Load> = {}): Load => ({
    connections: CONNECTIONS,
    requests,
    paths: [PATH],
    status: 200,
    ...(tokens && { tokens }),
    ...more,
  });
  const side = { isMain: false, warmUp: 0.25 } as const;

  const namesFor = (alg: Algorithm) => (alg === 'RS256' ? ALL : COMPARED);
  const one = (alg: Algorithm): Scenario => ({
    id: repeatedId(alg),
    title: `${alg}, one token again and again`,
    isMain: true,
    warmUp: 1,
    rows: rowsFor(namesFor(alg), alg),
    round: async () => ({ all: load(repeated, await issuer.makeTokens(alg, 1)) }),
  });
  const each = (alg: Algorithm): Scenario => ({
    id: firstSightId(alg),
    title: `${alg}, ${count(firstSight)} tokens, each seen for the first time`,
    isMain: true,
    warmUp: 0.5,
    rows: rowsFor(namesFor(alg), alg),
    // No two variants share memory: the same tokens are new to each.
    round: async () => ({ all: load(firstSight, await issuer.makeTokens(alg, firstSight)) }),
  });

  const own = (['RS256', 'ES256'] as const).flatMap((alg): Scenario[] =>
    [one(alg), each(alg)].map((scenario) => ({
      ...scenario,
      id: `own-${scenario.id}`,
      title: `An app with handlers of its own: ${scenario.title}`,
      rows: rowsFor(OWN),
    })),
  );

  const remembered = (tokenCount: number): Scenario => {
    let known: Promise<string[]> | undefined;
    return {
      ...side,
      id: `remembered-${tokenCount}`,
      title: `RS256, ${count(tokenCount)} tokens that come again`,
      // Once round, unmeasured: then they are known.
      warmUp: tokenCount / repeated,
      rows: rowsFor([BARE, CLAIMGATE, HONO_JOSE, HONO_JWK, SUBTLE]),
      round: async () => {
        known ??= issuer.makeTokens('RS256', Math.min(tokenCount, repeated));
        return { all: load(repeated, await known) };
      },
    };
  };

  const circulation: Scenario = {
    id: 'circulating',
    title: `RS256, ${count(circulating)} tokens that go round, ${count(circulating / SLICES)} a time`,
    isMain: true, // in fewer rounds not all of them would come
    warmUp: 0,
    rows: rowsFor([BARE, CLAIMGATE, HONO_JOSE, HONO_JWK, SUBTLE]),
    round: async (number) => {
      circulatingTokens ??= issuer.makeTokens('RS256', circulating);
      const size = circulating / SLICES;
      const from = (number % SLICES) * size;
      return { all: load(size, (await circulatingTokens).slice(from, from + size)) };
    },
  };
  let circulatingTokens: Promise<string[]> | undefined;

  const oneByOne: Scenario = {
    ...side,
    id: ONE_BY_ONE_ID,
    title: 'RS256, one token again and again, one request at a time',
    rows: rowsFor([BARE, BARE_AGAIN, CLAIMGATE, HONO_JOSE, HONO_JWK, NGINX]),
    round: async () => ({
      all: load(Math.ceil(repeated / 4), await issuer.makeTokens('RS256', 1), { connections: 1 }),
    }),
  };

  const asserted: Scenario = {
    id: 'asserted',
    title: 'RS256, one token again and again, and an assertion for the origin',
    isMain: true,
    warmUp: 0.5,
    rows: rowsFor([CLAIMGATE, ASSERTED_UNBOUND, ASSERTED_ES256, ASSERTED_EDDSA]),
    round: async () => ({ all: load(repeated, await issuer.makeTokens('RS256', 1)) }),
  };

  const open: Scenario = {
    ...side,
    id: 'public',
    title: 'A public route, no token',
    rows: rowsFor([BARE, BARE_AGAIN, CLAIMGATE, HONO_PROXY, NGINX]),
    round: async () => ({ all: load(repeated, undefined, { paths: [PUBLIC_PATH] }) }),
  };

  const denied: Scenario = {
    id: DENIED_ID,
    title: `401: RS256, ${count(firstSight)} tokens with a bad signature`,
    isMain: true,
    warmUp: 0.25,
    rows: [
      { name: ALLOWED_ROW, variant: CLAIMGATE, load: 'good' },
      ...rowsFor([CLAIMGATE, HONO_JOSE, HONO_JWK, SUBTLE, HAPROXY]),
    ],
    round: async () => {
      const good = await issuer.makeTokens('RS256', firstSight);
      return { bad: load(firstSight, good.map(spoil), { status: 401 }), good: load(firstSight, good) };
    },
  };

  const forbidden: Scenario = {
    ...side,
    id: 'denied-403',
    title: '403: one token with too little scope, again and again',
    rows: rowsFor([CLAIMGATE, HONO_JOSE, HONO_JWK, SUBTLE, HAPROXY]),
    round: async () => ({
      all: load(repeated, [await issuer.makeToken('RS256', { scope: 'openid' })], { status: 403 }),
    }),
  };

  const routes: Scenario = {
    id: ROUTES_ID,
    title: 'Policies by size, all their paths asked for, one token',
    isMain: true,
    warmUp: 0.5,
    rows: ROUTE_COUNTS.map((routeCount) => ({
      name: routesRow(routeCount),
      variant: withRoutes(routeCount),
      load: String(routeCount),
    })),
    round: async () => {
      const token = await issuer.makeTokens('RS256', 1);
      const loads = ROUTE_COUNTS.map((routeCount): [string, Load] => [
        String(routeCount),
        load(repeated, token, { paths: routePaths(routeCount) }),
      ]);
      return Object.fromEntries(loads);
    },
  };

  const bodies = (['answers', 'requests'] as const).flatMap((way) =>
    [KILOBYTE, MEGABYTE].map(
      (bytes): Scenario => ({
        ...side,
        id: `${way}-${bytes}`,
        title: `${bytes === KILOBYTE ? '1 KB' : '1 MB'} in ${way}, one token`,
        rows: rowsFor([BARE, CLAIMGATE, HONO_JOSE, NGINX, HAPROXY]),
        round: async () => {
          const size = bytes === KILOBYTE ? repeated / 2 : large;
          const more: Partial<Load> =
            way === 'answers'
              ? { paths: [bytesPath(bytes)] }
              : { post: { headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(bytes) } };
          const connections = bytes === KILOBYTE ? CONNECTIONS : FEW_CONNECTIONS;
          return { all: load(size, await issuer.makeTokens('RS256', 1), { ...more, connections }) };
        },
      }),
    ),
  );

  // Repeated tokens first, while no Worker remembers thousands of others.
  return [
    ...ALGORITHMS.map(one),
    oneByOne,
    asserted,
    open,
    routes,
    ...bodies,
    ...ALGORITHMS.map(each),
    ...own,
    denied,
    forbidden,
    remembered(FEW_TOKENS),
    ...(circulating > 0 ? [remembered(MANY_TOKENS), circulation] : []),
  ];
}

/** One that verifies nothing takes any token. */
const knows = ({ verifies }: Variant, alg: Algorithm | undefined) =>
  alg === undefined || verifies.length === 0 || verifies.includes(alg);

/** No proxies: the app itself is the first row. */
const OWN = [OWN_APP, OWN_JWK, OWN_NEXT];
const COMPARED = [BARE, CLAIMGATE, HONO_JOSE, HONO_JWK, SUBTLE, HAPROXY];
const ALL = [
  BARE,
  BARE_AGAIN,
  HONO_PROXY,
  CLAIMGATE,
  CLAIMGATE_LOGGING,
  HONO_JOSE,
  HONO_JWK,
  HONO_JWK_URI,
  SUBTLE,
  NGINX,
  HAPROXY,
];
