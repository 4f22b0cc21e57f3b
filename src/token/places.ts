/** The places that a token can be in: one for each API, which `token_from` names. */
import { allowsOrigin } from '../policy/cors.ts';
import { normaliseHeaderName } from '../policy/headers.ts';
import type { Api, TokenPlace } from '../policy/policy.ts';
import {
  B64TOKEN,
  bearerMissing,
  type Credential,
  type CredentialReader,
  MAX_TOKEN_LENGTH,
  readBearer,
} from './bearer.ts';

/** The parts of a request that a place may be in, or depend on. */
export interface CredentialRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Pick<Headers, 'get'>;
}

type Reads = {
  readonly [Kind in TokenPlace['kind']]: (
    request: CredentialRequest,
    place: Extract<TokenPlace, { readonly kind: Kind }>,
    api: Api,
    methods: readonly string[],
  ) => Credential | undefined;
};

const malformed = (place: TokenPlace['kind']): Credential => ({
  reason: { code: 'credential_malformed', place },
});

const READS: Reads = {
  authorization: ({ headers }) => readBearer(headers.get('authorization')),
  header: ({ headers }, { header }) => readPlain(headers.get(header), 'header'),
  access: ({ headers }) => readPlain(headers.get(ACCESS_HEADER), 'access'),
  cookie: readCookie,
  websocket: readProtocol,
};

export const ACCESS_HEADER = 'cf-access-jwt-assertion';

/** Reads the token from the one place that the API names. No other place is looked at, and no query ever. */
export const credentialsOf =
  (request: CredentialRequest) =>
  (api: Api): CredentialReader => ({
    read: (methods = NO_METHODS) => reads(api.tokenFrom)(request, api.tokenFrom, api, methods),
    missing: () =>
      api.tokenFrom.kind === 'authorization'
        ? bearerMissing(request.headers.get('authorization'))
        : { code: 'token_missing' },
  });

const NO_METHODS: readonly string[] = [];

type ReadAny = (
  request: CredentialRequest,
  place: TokenPlace,
  api: Api,
  methods: readonly string[],
) => Credential | undefined;

/** The compiler can't see that a row and its place have one kind. */
const reads = ({ kind }: TokenPlace) => READS[kind] as ReadAny;

/** A header that holds the token, and nothing else; some clients write the scheme before it. */
function readPlain(value: string | null, place: TokenPlace['kind']): Credential | undefined {
  if (value === null) return undefined;
  const text = value.trim().replace(/^bearer[ \t]+/i, '');
  if (text === '') return undefined;
  // Two headers arrive joined by a comma.
  return text.includes(',') ? malformed(place) : checked(text, place);
}

function checked(token: string, place: TokenPlace['kind']): Credential {
  if (token.length > MAX_TOKEN_LENGTH) return { reason: { code: 'token_too_large' } };
  return B64TOKEN.test(token) ? { token } : malformed(place);
}

function readCookie(
  request: CredentialRequest,
  { cookie }: Extract<TokenPlace, { kind: 'cookie' }>,
  { cors }: Api,
  methods: readonly string[],
): Credential | undefined {
  const header = request.headers.get('cookie');
  const [value, ...others] = header === null ? [] : valuesOf(header, cookie);
  if (others.length > 0) return malformed('cookie');
  if (value === undefined || value === '') return undefined;
  if (!isSafe(request, methods) && !isOwnSite(request, cors)) return { reason: { code: 'cross_site' } };
  return checked(value.replace(/^"(.*)"$/, '$1'), 'cookie');
}

/**
 * The values of a cookie (RFC 6265 §4.2.1). One behind a comma counts as a further one: two headers may have been
 * joined there, and another host of the domain can set a cookie with a comma in it, which must not pass for `__Host-…`.
 */
function valuesOf(header: string, cookie: string): string[] {
  return header.split(';').flatMap((pair) => {
    const parts = pair.split(',');
    const hidden = parts.slice(1).filter((one) => nameOf(one) === cookie);
    const own = nameOf(pair) === cookie ? [pair.slice(pair.indexOf('=') + 1).trim()] : [];
    return hidden.length === 0 ? own : [...own, ...hidden, ...hidden];
  });
}

/** The header without one cookie. `undefined`: no other is left. */
function withoutCookie(header: string, cookie: string): string | undefined {
  const kept = header.split(';').filter((part) => !part.split(',').some((one) => nameOf(one) === cookie));
  const text = kept.map((part) => part.trim()).join('; ');
  return text === '' ? undefined : text;
}

/**
 * Browsers cut these blanks (RFC 6265 §5.2) and keep others: `\u2000__Host-s` has no prefix for them, and any host of
 * the domain can set it.
 */
const nameOf = (part: string) => part.split('=', 1)[0]?.replace(/^[ \t]+|[ \t]+$/g, '');

/** RFC 9110 §9.2.1. An upgrade is none: a page of any site may open a WebSocket, and read from it. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const isSafe = ({ method, headers }: CredentialRequest, methods: readonly string[]) =>
  SAFE_METHODS.has(method) &&
  methods.every((one) => SAFE_METHODS.has(one)) &&
  headers.get('upgrade') === null;

/**
 * Whether the browser says that a page of the API's own origin sent the request, or one that `cors` names. A browser
 * sends cookies along whichever page asks; a program that is no browser can send one of these headers itself.
 */
function isOwnSite({ url, headers }: CredentialRequest, cors: Api['cors']): boolean {
  const origin = headers.get('origin');
  const named = cors?.kind === 'gateway' ? cors.origins : undefined;
  if (origin !== null && origin !== 'null' && named && allowsOrigin(named, origin)) return true;
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site === 'same-origin' || site === 'none';
  return origin !== null && origin === url.slice(0, url.indexOf('/', url.indexOf('://') + 3));
}

export const BEARER_PROTOCOL = 'bearer';

/** `new WebSocket(url, ['bearer', token])`: browsers let a page set no other header of an upgrade. */
function readProtocol({ headers }: CredentialRequest): Credential | undefined {
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') return undefined;
  const offered = protocolsOf(headers.get('sec-websocket-protocol'));
  const at = offered.indexOf(BEARER_PROTOCOL);
  if (at === -1) return undefined;
  const token = offered[at + 1];
  if (token === undefined || offered.indexOf(BEARER_PROTOCOL, at + 1) !== -1) return malformed('websocket');
  return checked(token, 'websocket');
}

const protocolsOf = (header: string | null): string[] =>
  (header ?? '').split(',').flatMap((one) => one.trim() || []);

/** The offered protocols without the token behind each `bearer`. */
function withoutToken(header: string): string {
  const offered = protocolsOf(header);
  return offered.filter((_, i) => offered[i - 1] !== BEARER_PROTOCOL).join(', ');
}

/** Takes the token out of the place that the API names, in every spelling of its header, and nothing else. */
export function stripToken(headers: Headers, api: Api): void {
  const place = api.tokenFrom;
  switch (place.kind) {
    case 'authorization': // the route says whether it is sent on
      return;
    case 'header':
    case 'access': {
      const header = headerOf(api);
      for (const name of [...headers.keys()]) if (normaliseHeaderName(name) === header) headers.delete(name);
      return;
    }
    case 'cookie':
      replace(headers, 'cookie', (value) => withoutCookie(value, place.cookie));
      return;
    case 'websocket':
      replace(headers, 'sec-websocket-protocol', withoutToken);
      return;
  }
}

/** What is stripped from every request else, an origin that is on trial goes on reading. */
export function keepToken(inbound: Headers, headers: Headers, { tokenFrom }: Api): void {
  const value = tokenFrom.kind === 'access' ? inbound.get(ACCESS_HEADER) : null;
  if (value !== null) headers.set(ACCESS_HEADER, value);
}

function replace(headers: Headers, name: string, change: (value: string) => string | undefined): void {
  const value = headers.get(name);
  if (value === null) return;
  const changed = change(value);
  if (changed === undefined) headers.delete(name);
  else if (changed !== value) headers.set(name, changed);
}

/** The headers that an API's token may arrive in, as `normaliseHeaderName` gives them, besides cookies. */
function headerOf({ tokenFrom }: Api): string | undefined {
  if (tokenFrom.kind === 'header') return normaliseHeaderName(tokenFrom.header);
  return tokenFrom.kind === 'access' ? ACCESS_HEADER : undefined;
}
