/** Nothing of a token is in an answer or in the log: not the whole, and no eight characters of it in a row. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ReasonCode } from '../src/decision.ts';
import { makeRig } from './support/gateway.ts';
import { base64url, makeKey, NOW_SECONDS, type SigningKey, sign, usualClaims } from './support/issuer.ts';
import { AUDIENCE } from './support/policy.ts';

/** A run of so many characters is a part of the token, and no chance. */
const RUN = 8;

/** All but those that no token plays a part in: without a policy, an origin or a body there is none to tell of. */
const PROVOKED: readonly ReasonCode[] = [
  'path_ambiguous',
  'route_unknown',
  'method_not_allowed',
  'destination_invalid',
  'source_header',
  'authorization_malformed',
  'credential_malformed',
  'cross_site',
  'token_missing',
  'token_too_large',
  'token_malformed',
  'algorithm_not_allowed',
  'critical_header_unsupported',
  'token_type_not_allowed',
  'issuer_not_allowed',
  'claims_malformed',
  'token_expired',
  'token_not_yet_valid',
  'token_too_old',
  'audience_mismatch',
  'sender_constrained',
  'issuer_claim_mismatch',
  'key_unknown',
  'signature_invalid',
  'client_blocked',
  'key_blocked',
  'scopes_missing',
  'client_not_allowed',
  'claim_mismatch',
  'alternatives_unmet',
  'rate_limited',
  'claims_too_large',
  'keys_unavailable',
  'origin_unreachable',
  'internal_error',
];

const ROUTES = {
  'GET /open': { auth: 'none' },
  'GET /maybe': { auth: 'optional' },
  'GET|PUT|COPY|DELETE /x': {},
  'GET /scopes': { scopes_all: ['a'], scopes_any: ['b', 'c'] },
  'GET /client': { clients: ['somebody'] },
  'GET /claim': { claims: { org: 'acme' } },
  'GET /any': { any_of: [{ claims: { org: 'acme' } }, { clients: ['somebody'] }] },
  'GET /limited': { rate_limit: 'LIMIT' },
  'GET /broken': { rate_limit: 'BROKEN' },
  'GET /tried': { report_only: true, scopes_all: ['a'] },
};

const api = (host: string, more: Record<string, unknown>) => ({
  hosts: [host],
  origin: 'https://o.example',
  audience: AUDIENCE,
  routes: { 'GET|POST /x': {} },
  ...more,
});

const makeWorld = (key: SigningKey) =>
  makeRig({
    routes: ROUTES,
    api: {
      issuer: ['main', 'gone'],
      forward: { big: 'x-big' },
      scope_prefix: 'api://x/',
      tell_audience: true,
    },
    keys: [key.publicJwk],
    origin: (request) => {
      if (request.url.includes('/maybe')) throw new Error('no connection');
      return new Response('from the origin');
    },
    env: {
      LIMIT: { limit: async () => ({ success: false }) },
      BROKEN: { limit: () => Promise.reject(new Error('broken')) },
    },
    more: {
      GATEWAY: { log_requests: 'all', blocked_clients: ['blocked'], blocked_kids: ['blocked'] },
      ISSUERS: {
        main: {
          issuer: 'https://issuer.example/',
          jwks_uri: 'https://issuer.example/keys',
          token_types: ['at+jwt'],
          max_token_age: 3600,
          claims: { use: 'access' },
        },
        gone: { issuer: 'https://gone.example/', jwks_uri: 'https://gone.example/keys' },
      },
      API_COOKIE: api('cookie.example', { token_from: 'cookie:__Host-s', issuer: 'main' }),
      API_HEADER: api('header.example', { token_from: 'header:x-t', issuer: 'main' }),
      API_SOCKET: api('socket.example', { token_from: 'websocket', issuer: 'main' }),
    },
  });

interface Made {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly isForged?: boolean;
}

/** Tokens that are good, or bad in one way. `id` makes each one different throughout. */
const MADE: readonly ((id: string) => Made)[] = [
  () => ({}),
  () => ({}),
  () => ({ claims: { scope: 'a c', big: 'x'.repeat(9_000) } }),
  () => ({ claims: { exp: NOW_SECONDS - 900 } }),
  () => ({ claims: { nbf: NOW_SECONDS + 900 } }),
  () => ({ claims: { iat: NOW_SECONDS - 9_000 } }),
  () => ({ claims: { exp: 'soon' } }),
  () => ({ claims: { aud: 'other' } }),
  () => ({ claims: { iss: 'https://other.example/' } }),
  () => ({ claims: { iss: 'https://gone.example/' } }),
  () => ({ claims: { use: 'id' } }),
  () => ({ claims: { cnf: { jkt: 'x' } } }),
  () => ({ claims: { client_id: 'blocked' } }),
  () => ({ header: { kid: 'blocked' } }),
  () => ({ header: { kid: 'other' } }),
  () => ({ header: { typ: 'other' } }),
  () => ({ header: { alg: 'none' }, isForged: true }),
  () => ({ header: { crit: ['x'], x: 1 }, isForged: true }),
  () => ({ isForged: true }),
];

async function tokenOf(key: SigningKey, id: string, how: number | 'opaque' | 'large'): Promise<string> {
  if (how === 'opaque') return id;
  if (how === 'large') return `${id}.${id}.`.padEnd(17_000, id);
  const { claims, header, isForged } = (MADE[how] as (typeof MADE)[number])(id);
  const all = usualClaims({ use: 'access', jti: id, sub: 'user', ...claims });
  if (isForged !== true) return sign(key, all, { ...header });
  const protectedHeader = { alg: 'ES256', kid: 'key-1', typ: 'at+jwt', ...header };
  return `${base64url(JSON.stringify(protectedHeader))}.${base64url(JSON.stringify(all))}.${base64url(id.repeat(2))}`;
}

const REQUESTS: readonly (readonly [request: string, headers: Record<string, string>])[] = [
  ...Object.keys(ROUTES).map((route): [string, Record<string, string>] => [`GET ${route.split(' ')[1]}`, {}]),
  ['POST /x', {}],
  ['GET /X/', {}],
  ['GET /Scopes', {}],
  ['GET /none', {}],
  ['GET /open/..', {}],
  ['COPY /x', { destination: 'https://other.example/' }],
  ['PUT /x', { 'x-amz-copy-source': '/y' }],
];
const HOSTS = ['cookie', 'header', 'socket'] as const;

/** How people write a token into `Authorization`. */
const WRITTEN: readonly ((token: string) => string)[] = [
  ...Array(6).fill((token: string) => `Bearer ${token}`),
  (token) => token,
  (token) => `Bearer "${token}"`,
  (token) => `Bearer ${token}, Bearer ${token}`,
  (token) => `Bearer Bearer ${token}`,
  (token) => `Bearer ${token} ${token}`,
  (token) => `Basic ${token}`,
  (token) => `DPoP ${token}`,
  (token) => `Bearer: ${token}`,
  (token) => `Token token="${token}"`,
];

/** The same for the other places. */
const PLACED = {
  cookie: [
    (t: string) => ({ cookie: `__Host-s=${t}` }),
    (t: string) => ({ cookie: `__Host-s=${t}; __Host-s=${t}` }),
    (t: string) => ({ cookie: `__Host-s={"t":"${t}"}`, 'sec-fetch-site': 'same-origin' }),
    (t: string) => ({ authorization: `Bearer ${t}` }),
  ],
  header: [
    (t: string) => ({ 'x-t': t }),
    (t: string) => ({ 'x-t': `${t}, ${t}` }),
    (t: string) => ({ 'x-t': `"${t}"` }),
    (t: string) => ({ authorization: `Bearer ${t}` }),
  ],
  socket: [
    (t: string) => ({ upgrade: 'websocket', 'sec-websocket-protocol': `bearer, ${t}` }),
    (t: string) => ({ upgrade: 'websocket', 'sec-websocket-protocol': `bearer, bearer, ${t}` }),
    (t: string) => ({ 'sec-websocket-protocol': `bearer, ${t}` }),
  ],
} satisfies Record<(typeof HOSTS)[number], readonly ((token: string) => Record<string, string>)[]>;

const asked = fc.record({
  id: fc.uint8Array({ minLength: 24, maxLength: 40 }).map(base64url),
  how: fc.oneof(
    { weight: 8, arbitrary: fc.nat(MADE.length - 1) },
    { weight: 1, arbitrary: fc.constantFrom('opaque' as const, 'large' as const) },
  ),
  at: fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        request: fc.constantFrom(...REQUESTS),
        write: fc
          .constantFrom(...WRITTEN)
          .map((write) => (token: string) => ({ authorization: write(token) })),
      }),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...HOSTS), fc.nat(3), fc.constantFrom('GET', 'POST'))
        .map(([host, which, method]) => ({
          request: [`${method} https://${host}.example/x`, {}] as const,
          write: PLACED[host][which % PLACED[host].length] as (token: string) => Record<string, string>,
        })),
    },
  ),
});

/** The first part of a token that the text has. */
function leak(token: string, text: string): string | undefined {
  for (let i = 0; i + RUN <= token.length; i++)
    if (text.includes(token.slice(i, i + RUN))) return token.slice(i, i + RUN);
  return undefined;
}

const SEED = 20_261_124;
const RUNS = 4_000;
/** A day: nothing is cut short because a machine is slow. */
const TIMEOUT_MS = 86_400_000;

it(
  'no answer and no line of the log has a part of the token',
  async () => {
    const key = await makeKey();
    const seen = new Set<string | undefined>();
    await fc.assert(
      fc.asyncProperty(asked, async ({ id, how, at }) => {
        const rig = makeWorld(key);
        const token = await tokenOf(key, id, how);
        const [request, headers] = at.request;
        const response = await rig.ask(request, { ...headers, ...at.write(token) });
        const body = await response.text();
        const text = [...response.headers].flat().join('\n') + body + JSON.stringify(rig.logs);
        const found = leak(token, text);
        if (found !== undefined) throw new Error(`${request} ${token}: ${found} is in ${text}`);
        seen.add(rig.lastLog().reason);
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(PROVOKED.filter((code) => !seen.has(code))).toEqual([]);
    expect(seen).toContain(undefined);
  },
  TIMEOUT_MS,
);
