/** What is compared: Workers that differ in nothing but their code and bindings. */
import { bundle } from '../scripts/workerd.ts';
import { AUDIENCE, ISSUER, SCOPE } from './issuer.ts';
import { prepare, type Variant } from './workerd.ts';

export const BARE = 'bare proxy';
export const BARE_AGAIN = 'bare proxy, again';
export const CLAIMGATE = 'claimgate';
export const HONO_JOSE = 'Hono + jose';

/** The path that needs a token, and the one of claimgate that needs none. */
export const PATH = '/bench';
export const PUBLIC_PATH = '/public';

export async function prepareVariants(origin: string, jwksUri: string, folder: string): Promise<Variant[]> {
  const bareScript = await bundle('bench/workers/bare-proxy.ts');
  const policy = {
    GATEWAY: { log_sample: 0 },
    ISSUERS: { bench: { issuer: ISSUER, algorithms: ['RS256', 'ES256'], jwks_uri: jwksUri } },
    API_BENCH: {
      origin,
      audience: AUDIENCE,
      routes: { [`GET ${PATH}`]: { scopes_all: [SCOPE] }, [`GET ${PUBLIC_PATH}`]: { auth: 'none' } },
    },
  };
  const byHand = { ORIGIN: origin, ISSUER, AUDIENCE, JWKS_URI: jwksUri };
  return [
    prepare(BARE, bareScript, { ORIGIN: origin }, folder),
    prepare(BARE_AGAIN, bareScript, { ORIGIN: origin }, folder),
    prepare(CLAIMGATE, await bundle('src/index.ts'), policy, folder),
    prepare(HONO_JOSE, await bundle('bench/workers/hono-jose.ts'), byHand, folder),
  ];
}
