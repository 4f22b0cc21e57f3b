/** What one would write by hand: Hono, jose's remote key set, issuer, audience and algorithms checked. */
import { Hono } from 'hono';
import { createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify } from 'jose';

interface Env {
  readonly ORIGIN: string;
  readonly ISSUER: string;
  readonly AUDIENCE: string;
  readonly JWKS_URI: string;
}

let keys: JWTVerifyGetKey | undefined;
const app = new Hono<{ Bindings: Env }>();

app.get('/bench', async (c) => {
  const token = /^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (token === undefined) return c.text('no token', 401);
  keys ??= createRemoteJWKSet(new URL(c.env.JWKS_URI));
  let subject: string | undefined;
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: c.env.ISSUER,
      audience: c.env.AUDIENCE,
      algorithms: ['RS256', 'ES256'],
    });
    subject = payload.sub;
  } catch {
    return c.text('bad token', 401);
  }
  const { pathname, search } = new URL(c.req.url);
  const outbound = new Request(c.env.ORIGIN + pathname + search, c.req.raw);
  outbound.headers.delete('authorization');
  outbound.headers.set('x-claim-sub', subject ?? '');
  return fetch(outbound);
});

export default app;
