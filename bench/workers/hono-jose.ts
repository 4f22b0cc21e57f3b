/** What one would write by hand: Hono, jose's remote key set, issuer, audience, type and algorithms checked. */
import { Hono } from 'hono';
import { createRemoteJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { ALGORITHMS, type Env, readBearer, sendOn, TOKEN_TYPE } from './verified.ts';

let keys: JWTVerifyGetKey | undefined;
const app = new Hono<{ Bindings: Env }>();

app.all('*', async (c) => {
  const token = readBearer(c.req.raw);
  if (token === undefined) return c.text('no token', 401);
  keys ??= createRemoteJWKSet(new URL(c.env.JWKS_URI));
  let claims: JWTPayload;
  try {
    const options = {
      issuer: c.env.ISSUER,
      audience: c.env.AUDIENCE,
      typ: TOKEN_TYPE,
      algorithms: ALGORITHMS,
    };
    ({ payload: claims } = await jwtVerify(token, keys, options));
  } catch {
    return c.text('bad token', 401);
  }
  return sendOn(c.req.raw, claims, c.env);
});

export default app;
