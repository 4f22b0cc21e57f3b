/** The policies that claimgate runs with. */
import { AUDIENCE, ISSUER, SCOPE } from './issuer.ts';

export const PATH = '/bench';
/** Needs no token. */
export const PUBLIC_PATH = '/public';
/** Where the origin tells what it got. */
export const SEEN_PATH = '/seen';
export const bytesPath = (bytes: number | string) => `/bytes/${bytes}`;

export interface PolicyOptions {
  readonly origin: string;
  readonly jwksUri: string;
  /** Share of allowed requests that are logged; refused ones always are. */
  readonly logSample: number;
  /** What the assertion of each request is bound to; without, there is none. */
  readonly bind?: 'request' | 'none';
  /** More routes, besides those that every scenario uses. */
  readonly routes?: number;
  /** Each of them has a first segment of its own, as where one gateway stands before many small services. */
  readonly isFlat?: boolean;
}

type Routes = Record<string, object>;

/** Routes of a table: with more, a variable of a Worker would be too large. */
const TABLE_ROUTES = 80;

export function makePolicy({ origin, jwksUri, logSample, bind, routes = 0, isFlat = false }: PolicyOptions) {
  const more = Object.entries(makeRoutes(routes, isFlat));
  const tables = Array.from({ length: Math.ceil(more.length / TABLE_ROUTES) }, (_, i): [string, object] => [
    `API_BENCH_${i + 1}`,
    {
      extends: 'API_BENCH',
      routes: Object.fromEntries(more.slice(i * TABLE_ROUTES, (i + 1) * TABLE_ROUTES)),
    },
  ]);
  return {
    GATEWAY: {
      log_sample: logSample,
      ...(bind && { assertion: { issuer: 'https://gateway.example' } }),
    },
    ISSUERS: { bench: { issuer: ISSUER, jwks_uri: jwksUri } },
    API_BENCH: {
      origin,
      audience: AUDIENCE,
      ...(bind && { assertion: { audience: 'origin.example', bind } }),
      routes: {
        [`GET|POST ${PATH}`]: { scopes_all: [SCOPE] },
        [`GET ${SEEN_PATH}`]: { scopes_all: [SCOPE] },
        [`GET ${bytesPath(':n')}`]: { scopes_all: [SCOPE] },
        [`GET ${PUBLIC_PATH}`]: { auth: 'none' },
      },
    },
    ...Object.fromEntries(tables),
  };
}

const SHAPES: readonly ((service: string) => [string, object])[] = [
  (service) => [`GET /${service}/items`, { scopes_all: [SCOPE] }],
  (service) => [`POST /${service}/items`, { scopes_all: ['write:bench'] }],
  (service) => [`GET /${service}/items/:id`, { scopes_any: [SCOPE, 'admin'] }],
  (service) => [
    `PUT|DELETE /${service}/items/:id`,
    { scopes_all: ['write:bench'], clients: ['bench-client'] },
  ],
  (service) => [`GET /${service}/items/:id/lines/:line`, { scopes_all: [SCOPE] }],
];

/** Routes as APIs have them: some services, each with the same few shapes. */
function makeRoutes(count: number, isFlat: boolean): Routes {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => {
      const shape = SHAPES[i % SHAPES.length] as (typeof SHAPES)[number];
      return shape(`service-${isFlat ? i : Math.floor(i / SHAPES.length)}`);
    }),
  );
}

/** A path for each of these routes that can be read. */
export function routePaths(count: number, isFlat = false): string[] {
  return Object.keys(makeRoutes(count, isFlat))
    .filter((key) => key.startsWith('GET '))
    .map((key, i) =>
      key
        .slice('GET '.length)
        .replace(':id', `item-${i}`)
        .replace(':line', `${i % 10}`),
    );
}
