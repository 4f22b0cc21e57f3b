/** An identity provider with users: clients register themselves, and whoever comes is signed in at once. */
import type { Server } from 'node:http';
import Provider from 'oidc-provider';
import { makeSigningKey } from './identity-provider.ts';

export interface SignInOptions {
  readonly issuer: string;
  /** Audience of its tokens. */
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly user: string;
  /** A program that has been registered by hand. */
  readonly program: { readonly clientId: string; readonly clientSecret: string };
}

export async function startSignIn({
  issuer,
  resource,
  scopes,
  user,
  program,
}: SignInOptions): Promise<Server> {
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: program.clientId,
        client_secret: program.clientSecret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    scopes: [...scopes],
    jwks: { keys: [(await makeSigningKey()) as never] },
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_ctx, { uid }) => `/sign-in/${uid}` },
    loadExistingGrant: async (ctx) => {
      const { client, session } = ctx.oidc;
      const grant = new ctx.oidc.provider.Grant({
        clientId: client?.clientId as string,
        accountId: session?.accountId as string,
      });
      grant.addOIDCScope(scopes.join(' '));
      grant.addResourceScope(resource, scopes.join(' '));
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, indicator) => ({
          audience: indicator,
          scope: indicator === resource ? scopes.join(' ') : '',
          accessTokenFormat: 'jwt',
          accessTokenTTL: 3600,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/sign-in/')) return next();
    ctx.respond = false;
    await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: user } });
  });
  return new Promise((resolve, reject) => {
    const server = provider.listen(Number(new URL(issuer).port), '127.0.0.1', () => resolve(server));
    server.once('error', reject);
  });
}

/** What a browser does: follows redirects with its cookies, up to one that leads to the client. */
export async function browse(start: URL, callback: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let at = start;
  for (let steps = 0; steps < 10; steps++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(at, { redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${at.pathname} is ${response.status}: ${await response.text()}`);
    at = new URL(location, at);
    if (at.href.startsWith(callback)) return at;
  }
  throw new Error('too many redirects');
}
