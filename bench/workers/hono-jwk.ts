/**
 * Hono's own middleware, `hono/jwk`. With `jwks_uri` alone, as its page shows it, it fetches the key set for every
 * request; who reads on gives it a function that remembers them. It imports the key for every request either way.
 */
import { Hono, type MiddlewareHandler } from 'hono';
import { jwk } from 'hono/jwk';
import { ALGORITHMS, type Env, rememberKeys, sendOn, TOKEN_TYPE } from './verified.ts';

type OwnEnv = Env & { readonly REMEMBER_KEYS: boolean };

const getKeys = rememberKeys(async (keys) => keys as (JsonWebKey & { kid?: string })[]);
const app = new Hono<{ Bindings: OwnEnv; Variables: { jwtPayload: Record<string, unknown> } }>();

// Made once, at the first request: issuer and audience are in the environment.
let middleware: MiddlewareHandler | undefined;
app.use('*', (c, next) => {
  const { JWKS_URI, REMEMBER_KEYS, ISSUER, AUDIENCE } = c.env;
  middleware ??= jwk({
    ...(REMEMBER_KEYS ? { keys: () => getKeys(JWKS_URI) } : { jwks_uri: JWKS_URI }),
    alg: ALGORITHMS,
    verification: { iss: ISSUER, aud: AUDIENCE, typ: TOKEN_TYPE },
  });
  return middleware(c, next);
});
app.all('*', (c) => sendOn(c.req.raw, c.get('jwtPayload'), c.env));

export default app;
