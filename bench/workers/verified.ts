/** What the Workers that one would write by hand do once a token is verified. */
export interface Env {
  readonly ORIGIN: string;
  readonly ISSUER: string;
  readonly AUDIENCE: string;
  readonly JWKS_URI: string;
}

export const ALGORITHMS: ('RS256' | 'ES256' | 'EdDSA')[] = ['RS256', 'ES256', 'EdDSA'];
export const TOKEN_TYPE = 'at+jwt';
const SCOPE = 'read:bench';

/** Key sets are kept that long where nothing else decides it, as jose's are. */
const KEYS_MS = 600_000;

export const hasScope = ({ scope }: Readonly<Record<string, unknown>>): boolean =>
  typeof scope === 'string' && scope.split(' ').includes(SCOPE);

/** The scope is checked, and the origin gets the subject instead of the token. */
export async function sendOn(
  request: Request,
  claims: Readonly<Record<string, unknown>>,
  env: Env,
): Promise<Response> {
  if (!hasScope(claims)) return new Response('too little scope', { status: 403 });
  const { sub } = claims;
  const { pathname, search } = new URL(request.url);
  const outbound = new Request(env.ORIGIN + pathname + search, request);
  outbound.headers.delete('authorization');
  outbound.headers.set('x-claim-sub', typeof sub === 'string' ? sub : '');
  return fetch(outbound);
}

export function readBearer(request: Request): string | undefined {
  return /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
}

/** What `prepare` makes of the issuer's keys, remembered for ten minutes. */
export function rememberKeys<T>(prepare: (keys: JsonWebKey[]) => Promise<T>) {
  let remembered: { readonly value: T; readonly untilMs: number } | undefined;
  return async (jwksUri: string): Promise<T> => {
    if (remembered !== undefined && Date.now() < remembered.untilMs) return remembered.value;
    const { keys } = (await (await fetch(jwksUri)).json()) as { keys: JsonWebKey[] };
    remembered = { value: await prepare(keys), untilMs: Date.now() + KEYS_MS };
    return remembered.value;
  };
}
