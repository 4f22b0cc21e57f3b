/** The same app behind Hono's own middleware, which imports the key for every request; the key set is kept. */
import { Hono, type MiddlewareHandler } from 'hono';
import { jwk } from 'hono/jwk';
import { addHandlers } from './own-handlers.ts';
import { ALGORITHMS, type Env, hasScope, rememberKeys, TOKEN_TYPE } from './verified.ts';

type Claims = Readonly<Record<string, unknown>>;

const getKeys = rememberKeys(async (keys) => keys as (JsonWebKey & { kid?: string })[]);
const app = new Hono<{ Bindings: Env; Variables: { jwtPayload: Claims } }>();

// Made once, at the first request: issuer and audience are in the environment.
let middleware: MiddlewareHandler | undefined;
app.use((c, next) => {
  const { JWKS_URI, ISSUER, AUDIENCE } = c.env;
  middleware ??= jwk({
    keys: () => getKeys(JWKS_URI),
    alg: ALGORITHMS,
    verification: { iss: ISSUER, aud: AUDIENCE, typ: TOKEN_TYPE },
  });
  return middleware(c, next);
});
app.use(async (c, next) => {
  if (!hasScope(c.get('jwtPayload'))) return c.text('too little scope', 403);
  await next();
});

export default addHandlers(app, (c) => String(c.get('jwtPayload')['sub'] ?? ''));
