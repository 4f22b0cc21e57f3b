/** What is compared. Workers differ in nothing but their code and bindings; the native proxies are for scale. */
import { makeAssertionKey } from '../cli/assertion/rotation.ts';
import { bundle } from '../scripts/workerd.ts';
import { atRev } from './against.ts';
import { ALGORITHMS, type Algorithm, AUDIENCE, ISSUER, type Issuer } from './issuer.ts';
import { findProgram, startHaproxy, startNginx } from './native.ts';
import { makePolicy } from './policies.ts';
import { prepare, type RunningServer, start, type WorkerFiles } from './workerd.ts';

export const BARE = 'bare proxy';
export const BARE_AGAIN = 'bare proxy, again';
export const FLOOR = 'the floor';
export const CLAIMGATE = 'claimgate';
export const CLAIMGATE_LOGGING = 'claimgate, log lines on';
export const ASSERTED_ES256 = 'claimgate, assertion (ES256)';
export const ASSERTED_EDDSA = 'claimgate, assertion (EdDSA)';
export const ASSERTED_UNBOUND = 'claimgate, assertion bound to no request';
export const HONO_JOSE = 'Hono + jose';
export const HONO_JWK = 'hono/jwk, keys kept';
export const HONO_JWK_URI = 'hono/jwk, jwks_uri';
export const SUBTLE = 'crypto.subtle by hand';
export const OWN_APP = 'Hono app, no check';
export const OWN_NEXT = 'the app behind claimgate()';
export const OWN_JWK = 'the app behind hono/jwk, keys kept';
export const NGINX = 'nginx, proxy only';
export const HAPROXY = 'HAProxy jwt_verify';

export const withRoutes = (count: number, isFlat = false) =>
  `claimgate, ${count.toLocaleString('en')} routes${isFlat ? ', each with its own first segment' : ''}`;

/** The policies that are compared by their size. */
export const SIZES = [
  { routes: 10, isFlat: false },
  { routes: 100, isFlat: false },
  { routes: 2_000, isFlat: false },
  { routes: 2_000, isFlat: true },
].map(({ routes, isFlat }) => {
  const variant = withRoutes(routes, isFlat);
  return { routes, isFlat, variant, name: variant.replace('claimgate, ', '') };
});
export const routesRow = (routes: number, isFlat = false) =>
  withRoutes(routes, isFlat).replace('claimgate, ', '');

export interface Variant {
  readonly name: string;
  /** The algorithms whose tokens it verifies; none: it only proxies. */
  readonly verifies: readonly Algorithm[];
  /** The commit that it is of, where that is another one. */
  readonly rev?: string;
  launch(): Promise<RunningServer>;
}

/** What the variants are made of and talk to. */
export interface Surroundings {
  readonly originPort: number;
  readonly issuer: Issuer;
  readonly kvPort: number;
  /** For files of theirs. */
  readonly folder: string;
}

/** What is bundled. */
export type Scripts = Awaited<ReturnType<typeof bundleAll>>;

/** Bundles everything at once: what is edited during a run is not part of it. */
export async function bundleAll() {
  const byHand = (name: string) => bundle(`bench/workers/${name}.ts`);
  return {
    claimgate: await bundle('src/index.ts'),
    compile: await bundle('src/policy/compile/compile.ts'),
    cron: await bundle('bench/workers/cron.js'),
    bare: await byHand('bare-proxy'),
    floor: await byHand('floor'),
    honoJose: await byHand('hono-jose'),
    honoJwk: await byHand('hono-jwk'),
    subtle: await byHand('subtle'),
    ownApp: await byHand('own-app'),
    ownNext: await bundle('bench/workers/own-next.js'),
    ownJwk: await byHand('own-jwk'),
  };
}

/**
 * Makes variants.
 *
 * @param jwksUri of the key set, by the name that its fetches are counted under
 */
export function variantMaker(
  { originPort, issuer, kvPort, folder }: Surroundings,
  scripts: Scripts,
  jwksUri: (name: string) => string,
) {
  const origin = `http://127.0.0.1:${originPort}`;
  const worker = (files: WorkerFiles, verifies: readonly Algorithm[]): Variant => ({
    name: files.name,
    verifies,
    launch: () => start(files),
  });
  const proxy = (name: string, script: string) =>
    worker(prepare(name, script, { ORIGIN: origin }, folder), []);
  const byHand = (name: string, script: string, more: object = {}) => {
    const bindings = {
      ORIGIN: origin,
      ISSUER,
      AUDIENCE,
      JWKS_URI: jwksUri(name.replaceAll(/\W/g, '-')),
      ...more,
    };
    return worker(prepare(name, script, bindings, folder), ALGORITHMS);
  };
  const haproxy = findProgram('haproxy');
  const nginx = findProgram('nginx');
  return {
    bare: (name = BARE) => proxy(name, scripts.bare),
    floor: () => proxy(FLOOR, scripts.floor),
    honoJose: () => byHand(HONO_JOSE, scripts.honoJose),
    honoJwk: () => byHand(HONO_JWK, scripts.honoJwk, { REMEMBER_KEYS: true }),
    honoJwkUri: () => byHand(HONO_JWK_URI, scripts.honoJwk, { REMEMBER_KEYS: false }),
    subtle: () => byHand(SUBTLE, scripts.subtle),
    ownApp: () => proxy(OWN_APP, scripts.ownApp),
    ownJwk: () => byHand(OWN_JWK, scripts.ownJwk),
    ownNext(keysName: string): Variant {
      const policy = makePolicy({ origin: 'next', jwksUri: jwksUri(keysName), logSample: 0 });
      return worker(prepare(OWN_NEXT, scripts.ownNext, policy, folder, kvPort), ALGORITHMS);
    },
    /** @param keysName variants with the same one find the same keys in KV */
    claimgate(name: string, keysName: string, options: ClaimgateOptions = {}): Variant {
      const {
        logSample = 0,
        routes = 0,
        isFlat = false,
        hasKv = true,
        isCron = false,
        bind,
        assertionKey,
      } = options;
      const policy = {
        ...makePolicy({
          origin,
          jwksUri: jwksUri(keysName),
          logSample,
          routes,
          isFlat,
          ...(bind && { bind }),
        }),
        ...(assertionKey && { ASSERTION_KEY: assertionKey }),
      };
      const script = isCron ? scripts.cron : scripts.claimgate;
      return worker(prepare(name, script, policy, folder, hasKv ? kvPort : undefined), ALGORITHMS);
    },
    /** `undefined` where the program isn't installed. */
    haproxy: (): Variant | undefined =>
      haproxy === undefined
        ? undefined
        : {
            name: HAPROXY,
            verifies: ['RS256', 'ES256'],
            launch: () => startHaproxy(HAPROXY, haproxy, originPort, issuer, folder),
          },
    nginx: (): Variant | undefined =>
      nginx === undefined
        ? undefined
        : { name: NGINX, verifies: [], launch: () => startNginx(NGINX, nginx, originPort, folder) },
  };
}

export interface ClaimgateOptions {
  /** Share of allowed requests that are logged. Default here: 0; the product's is 1. */
  readonly logSample?: number;
  /** Routes besides those of the bench. */
  readonly routes?: number;
  /** Each of these routes has a first segment of its own. */
  readonly isFlat?: boolean;
  readonly hasKv?: boolean;
  /** Signs an assertion for each request, or for each token. */
  readonly bind?: 'request' | 'none';
  /** The secret with the key. */
  readonly assertionKey?: string;
  /** Runs the cron's part for each request, instead of the gateway. */
  readonly isCron?: boolean;
}

export type VariantMaker = ReturnType<typeof variantMaker>;

/** The key set of all that are under load. */
export const LOAD_KEYS = 'load';

/** What the secrets with the keys of assertions hold. */
export interface AssertionKeys {
  readonly es256: string;
  readonly eddsa: string;
}

export async function makeAssertionKeys(): Promise<AssertionKeys> {
  const [es256, eddsa] = await Promise.all([makeAssertionKey('ES256', 0), makeAssertionKey('EdDSA', 0)]);
  return { es256: es256.secret, eddsa: eddsa.secret };
}

/** All that are put under load. */
export function makeVariants(make: VariantMaker, assertionKeys: AssertionKeys): Variant[] {
  return [
    make.bare(),
    make.bare(BARE_AGAIN),
    make.floor(),
    ...ownVariants(make, assertionKeys),
    make.honoJose(),
    make.honoJwk(),
    make.honoJwkUri(),
    make.subtle(),
    make.ownApp(),
    make.ownNext(LOAD_KEYS),
    make.ownJwk(),
    make.nginx(),
    make.haproxy(),
  ].filter((variant) => variant !== undefined);
}

/** Those of claimgate. */
export function ownVariants(make: VariantMaker, assertionKeys: AssertionKeys): Variant[] {
  const asserted = (name: string, bind: 'request' | 'none', assertionKey: string) =>
    make.claimgate(name, LOAD_KEYS, { bind, assertionKey });
  return [
    make.claimgate(CLAIMGATE, LOAD_KEYS),
    asserted(ASSERTED_ES256, 'request', assertionKeys.es256),
    asserted(ASSERTED_EDDSA, 'request', assertionKeys.eddsa),
    asserted(ASSERTED_UNBOUND, 'none', assertionKeys.es256),
    make.claimgate(CLAIMGATE_LOGGING, LOAD_KEYS, { logSample: 1 }),
    ...SIZES.map(({ routes, isFlat, variant }) => make.claimgate(variant, LOAD_KEYS, { routes, isFlat })),
  ];
}

/** The same at another commit. */
export const otherVariants = (make: VariantMaker, assertionKeys: AssertionKeys, rev: string): Variant[] =>
  ownVariants(make, assertionKeys).map((variant) => ({ ...variant, name: atRev(variant.name, rev), rev }));
