/** What is measured under load: one thing varied at a time, the rest as in the first scenario. */
import { atRev } from './against.ts';
import type { Amounts } from './amounts.ts';
import { ALGORITHMS, type Algorithm, type Issuer, spoil } from './issuer.ts';
import type { Load, Row, Scenario } from './measure.ts';
import { bytesPath, PATH, PUBLIC_PATH, routePaths } from './policies.ts';
import {
  ASSERTED_ID,
  BODIES_IDS,
  DENIED_ID,
  FORBIDDEN_ID,
  firstSightId,
  MIXED_ID,
  ONE_BY_ONE_ID,
  OWN_ID,
  PUBLIC_ID,
  ROUTES_ID,
  repeatedId,
} from './selection.ts';
import { count } from './text.ts';
import { BROWSER_HEADERS, mixTokens } from './traffic.ts';
import {
  ASSERTED_EDDSA,
  ASSERTED_ES256,
  ASSERTED_UNBOUND,
  BARE,
  BARE_AGAIN,
  CLAIMGATE,
  CLAIMGATE_LOGGING,
  FLOOR,
  HAPROXY,
  HONO_JOSE,
  HONO_JWK,
  HONO_JWK_URI,
  NGINX,
  OWN_APP,
  OWN_JWK,
  OWN_NEXT,
  SIZES,
  SUBTLE,
  type Variant,
  withRoutes,
} from './variants.ts';

export const CONNECTIONS = 32;
/** For megabytes: more would fill buffers only. */
const FEW_CONNECTIONS = 8;

/** Names of rows that goals look up. */
export const ALLOWED_ROW = 'claimgate, the same tokens unspoilt';

const MEGABYTE = 1_000_000;
/** The callers of the mixed traffic, and the share of its requests whose token nobody has seen. */
const CALLERS = 1_000;
const NEW_SHARE = 0.02;

/** @param rev another commit that is measured beside each row of claimgate's */
export function makeScenarios(
  variants: readonly Variant[],
  issuer: Issuer,
  { repeated, firstSight, large }: Amounts,
  rev?: string,
): Scenario[] {
  const known = new Map(variants.map((variant) => [variant.name, variant]));

  /** The rows for these variants, of which some may not be installed, or not know the algorithm. */
  const rowsFor = (names: readonly string[], alg?: Algorithm): Row[] =>
    names.filter((name) => knows(known.get(name), alg)).map((name) => ({ name, variant: name }));
  const withOther = (row: Row): Row[] => {
    const other = rev === undefined ? undefined : known.get(atRev(row.variant, rev));
    if (other === undefined) return [row];
    return [row, { ...row, name: atRev(row.name, other.rev ?? ''), variant: other.name }];
  };
  const load = (requests: number, tokens?: readonly string[], more: Partial<Load> = {}): Load => ({
    connections: CONNECTIONS,
    requests,
    paths: [PATH],
    status: 200,
    ...(tokens && { tokens }),
    ...more,
  });
  const side = { isMain: false, warmUp: 0.25 } as const;

  // Whoever verifies each time is quickest with RS256; what is remembered has no algorithm.
  const one: Scenario = {
    id: repeatedId('RS256'),
    title: 'RS256, one token again and again',
    isMain: true,
    warmUp: 1,
    rows: rowsFor(ALL),
    round: async () => ({ all: load(repeated, await issuer.makeTokens('RS256', 1)) }),
  };
  const each = (alg: Algorithm): Scenario => ({
    id: firstSightId(alg),
    title: `${alg}, each token seen for the first time`,
    isMain: true,
    warmUp: 0.5,
    rows: rowsFor(alg === 'RS256' ? ALL : COMPARED, alg),
    // No two variants share memory: the same tokens are new to each.
    round: async () => ({ all: load(firstSight, await issuer.makeTokens(alg, firstSight)) }),
  });

  let callers: Promise<string[]> | undefined;
  const mixed: Scenario = {
    id: MIXED_ID,
    title: `As in use: ${count(CALLERS)} callers, some often, ${NEW_SHARE * 100} % new tokens, 60 paths of 100 routes, a browser's headers`,
    isMain: true,
    warmUp: 1,
    rows: [
      ...rowsFor([BARE, FLOOR]),
      { name: CLAIMGATE, variant: withRoutes(100) },
      ...rowsFor([HONO_JOSE, HONO_JWK]),
    ],
    round: async () => {
      callers ??= issuer.makeTokens('RS256', CALLERS);
      const fresh = await issuer.makeTokens('RS256', Math.ceil(repeated * NEW_SHARE));
      const tokens = mixTokens(await callers, fresh, repeated);
      return { all: load(repeated, tokens, { paths: routePaths(100), headers: BROWSER_HEADERS }) };
    },
  };

  const routes: Scenario = {
    id: ROUTES_ID,
    title: 'Policies by size, all their paths asked for, one token',
    isMain: true,
    warmUp: 1,
    rows: SIZES.map(({ name, variant }) => ({ name, variant, load: name })),
    round: async () => {
      const token = await issuer.makeTokens('RS256', 1);
      return Object.fromEntries(
        SIZES.map(({ name, routes: size, isFlat }): [string, Load] => [
          name,
          load(repeated, token, { paths: routePaths(size, isFlat) }),
        ]),
      );
    },
  };

  const bodies = (['answers', 'requests'] as const).map(
    (way): Scenario => ({
      ...side,
      id: BODIES_IDS[way],
      title: `1 MB in ${way}, one token`,
      rows: rowsFor([BARE, CLAIMGATE, HONO_JOSE, NGINX, HAPROXY]),
      round: async () => {
        const post = { headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(MEGABYTE) };
        const more = way === 'answers' ? { paths: [bytesPath(MEGABYTE)] } : { post };
        const token = await issuer.makeTokens('RS256', 1);
        return { all: load(large, token, { ...more, connections: FEW_CONNECTIONS }) };
      },
    }),
  );

  const denied: Scenario = {
    id: DENIED_ID,
    title: '401: RS256, each token with another bad signature',
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

  const scenarios: Scenario[] = [
    // Repeated tokens first, while no Worker remembers thousands of others.
    one,
    {
      ...side,
      id: ONE_BY_ONE_ID,
      title: 'RS256, one token again and again, one request at a time',
      rows: rowsFor([BARE, BARE_AGAIN, FLOOR, CLAIMGATE, HONO_JOSE, HONO_JWK, NGINX]),
      round: async () => ({
        all: load(Math.ceil(repeated / 4), await issuer.makeTokens('RS256', 1), { connections: 1 }),
      }),
    },
    {
      id: ASSERTED_ID,
      title: 'RS256, one token again and again, and an assertion for the origin',
      isMain: false,
      warmUp: 0.5,
      rows: rowsFor([CLAIMGATE, ASSERTED_UNBOUND, ASSERTED_ES256, ASSERTED_EDDSA]),
      round: async () => ({ all: load(repeated, await issuer.makeTokens('RS256', 1)) }),
    },
    {
      id: PUBLIC_ID,
      title: 'A public route, no token',
      isMain: true,
      warmUp: 0.5,
      rows: rowsFor([BARE, FLOOR, CLAIMGATE, NGINX]),
      round: async () => ({ all: load(repeated, undefined, { paths: [PUBLIC_PATH] }) }),
    },
    routes,
    mixed,
    ...bodies,
    ...ALGORITHMS.map(each),
    { ...one, id: OWN_ID, title: 'An app with handlers of its own', rows: rowsFor(OWN) },
    denied,
    {
      ...side,
      id: FORBIDDEN_ID,
      title: '403: one token with too little scope, again and again',
      rows: rowsFor([CLAIMGATE, HONO_JOSE, HONO_JWK, SUBTLE, HAPROXY]),
      round: async () => ({
        all: load(repeated, [await issuer.makeToken('RS256', { scope: 'openid' })], { status: 403 }),
      }),
    },
  ];
  return scenarios.map((scenario) => ({ ...scenario, rows: scenario.rows.flatMap(withOther) }));
}

/** One that verifies nothing takes any token. */
const knows = (variant: Variant | undefined, alg: Algorithm | undefined) =>
  variant !== undefined &&
  (alg === undefined || variant.verifies.length === 0 || variant.verifies.includes(alg));

/** No proxies: the app itself is the first row. */
const OWN = [OWN_APP, OWN_JWK, OWN_NEXT];
const COMPARED = [BARE, FLOOR, CLAIMGATE, HONO_JOSE, HONO_JWK];
const ALL = [
  BARE,
  BARE_AGAIN,
  FLOOR,
  CLAIMGATE,
  CLAIMGATE_LOGGING,
  HONO_JOSE,
  HONO_JWK,
  HONO_JWK_URI,
  SUBTLE,
  NGINX,
  HAPROXY,
];
