/**
 * Requests of every kind, with a policy for them: sent to the real Worker, and explained by the command. Each takes
 * another turn somewhere.
 */
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export const AUDIENCE = 'https://api.example.com/orders';
export const MAIN = 'https://main.example/';
export const STRICT = 'https://strict.example/';
export const DEAD = 'https://dead.example/';

/** @param jwksUri where the keys of `makeTokens` are @param origin records what it gets */
export const makePolicy = (jwksUri: string, origin: string) => ({
  GATEWAY: { blocked_clients: ['blocked'], blocked_kids: ['blocked-key'], health_path: '/up' },
  ISSUERS: {
    main: { issuer: MAIN, jwks_uri: jwksUri },
    strict: {
      issuer: STRICT,
      jwks_uri: jwksUri,
      token_types: ['at+jwt'],
      max_token_age: 600,
      claims: { token_use: 'access' },
      scope_claim: '/access/scopes',
      client_claim: 'client',
    },
    dead: { issuer: DEAD, jwks_uri: 'http://127.0.0.1:9/keys' },
  },
  API_ORDERS: {
    hosts: ['api.example.com', '127.0.0.1'],
    origin: `${origin}/base`,
    audience: AUDIENCE,
    issuer: ['main', 'strict', 'dead'],
    forward: {
      'https://example.com/tenant': 'x-tenant',
      '/realm/roles': { header: 'x-roles', as: 'list' },
      realm: { header: 'x-realm', as: 'json' },
    },
    cors: { origins: ['https://app.example.com'], expose: ['etag'] },
    strip_prefix: '/v1',
    routes: {
      'GET /v1/orders': { scopes_all: ['read:orders'] },
      'POST|PUT /v1/orders': { scopes_all: ['write:orders', 'read:orders'], scopes_any: ['sales', 'admin'] },
      'GET /v1/orders/:id': { scopes_all: ['read:orders'], clients: ['backoffice', 'shop'] },
      'GET /v1/orgs/:org/orders': { claims: { org_id: { param: 'org' }, tier: ['gold', 'silver'] } },
      'GET /v1/orgs/:org/users': {
        any_of: [
          { claims: { '/orgs/:org/roles': { all: ['admin'], not: 'guest' } } },
          { claims: { staff: { present: true } }, clients: ['backoffice'] },
        ],
      },
      '* /v1/any/*': {},
      'GET /v1/any/Secret': { scopes_all: ['secret'] },
      'GET /v1/maybe': { auth: 'optional' },
      'GET /v1/open/*': { auth: 'none' },
      'GET /v1/sent-on': { forward_authorization: true },
      'GET /v1/strict': { issuer: 'strict', scopes_all: ['deep'] },
      'GET /v1/tried': { report: { scopes_all: ['more'] } },
      'GET /v1/maybe-tried': { auth: 'optional', report: { scopes_all: ['more'] } },
      'GET /v1/open-for-now': { scopes_all: ['later'], report_only: true },
    },
  },
  API_BOUND: {
    hosts: ['bound.example.com'],
    origin: 'service:ORIGIN',
    issuer: 'main',
    audience: [AUDIENCE, 'other'],
    routes: { 'GET /*': { audience: 'other' }, 'GET /public': { auth: 'none' } },
  },
});

export type Claims = Readonly<Record<string, unknown>>;

export interface Sample {
  readonly what: string;
  readonly method: string;
  /** As it is sent. */
  readonly target: string;
  readonly host?: string;
  readonly headers?: readonly string[];
  /** Claims of a signed token; those that are `undefined` stay out. */
  readonly claims?: Claims;
  /** Its header, where it differs. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Which key signs: the issuer's own, or one that it does not publish. */
  readonly key?: 'own' | 'foreign';
}

const read = { scope: 'read:orders' };
const get = (what: string, target: string, more: Partial<Sample> = {}): Sample => ({
  what,
  method: 'GET',
  target,
  ...more,
});
const withToken = (what: string, claims: Claims, more: Partial<Sample> = {}): Sample =>
  get(what, '/v1/orders', { claims: { ...read, ...claims }, ...more });
const strict = (what: string, claims: Claims, more: Partial<Sample> = {}): Sample =>
  get(what, '/v1/strict', {
    claims: {
      iss: STRICT,
      token_use: 'access',
      access: { scopes: ['deep'] },
      client: 'deep-client',
      ...claims,
    },
    ...more,
  });

export const SAMPLES: readonly Sample[] = [
  // Paths
  get('no route', '/v1/nothing'),
  get('no host', '/v1/orders', { host: 'elsewhere.example' }),
  get('another method', '/v1/strict', { method: 'DELETE' }),
  get('HEAD by GET', '/v1/open/x', { method: 'HEAD' }),
  get('HEAD, refused', '/v1/orders', { method: 'HEAD' }),
  get('dots', '/v1/open/../orders'),
  get('an encoded slash', '/v1/open/a%2Fb'),
  get('encoded twice', '/v1/open/%2541'),
  get('no UTF-8', '/v1/open/%ff'),
  get('an empty segment', '/v1//orders'),
  get('a final slash', '/v1/orders/'),
  get('an encoded letter, written in its one spelling', '/v1/open/%61%2B?q=%61&x=1'),
  get('a near miss that has other rules', '/v1/any/secret', { claims: { scope: 'other' } }),
  get('a near miss whose rules hold', '/v1/any/SECRET', { claims: { scope: 'secret' } }),
  get('a near miss that lacks the method', '/v1/any/secret', { method: 'POST', claims: {} }),
  get('any method', '/v1/any/x', { method: 'PATCH', claims: {} }),
  // The Authorization header
  get('no token', '/v1/orders'),
  get('another scheme', '/v1/orders', { headers: ['Authorization: Basic eDp5'] }),
  get('two tokens', '/v1/orders', {
    headers: ['Authorization: Bearer a.b.c', 'Authorization: Bearer a.b.c'],
  }),
  get('a blank in the token', '/v1/orders', { headers: ['Authorization: Bearer a b'] }),
  get('no JWT', '/v1/orders', { headers: ['Authorization: Bearer abc'] }),
  get('no JWT on a public route', '/v1/open/x', { headers: ['Authorization: Bearer abc'] }),
  get('a token that is too large', '/v1/orders', {
    headers: [`Authorization: Bearer ${'a'.repeat(17_000)}`],
  }),
  // The token
  withToken('a good token', {}),
  withToken(
    'a good token with forged headers',
    { sub: 'Míla, 100%' },
    {
      headers: [
        'X-Claim-Sub: root',
        'X_Tenant: root',
        'X-Forwarded-For: 1.2.3.4',
        'Cookie: a=b',
        'Accept: text/csv',
      ],
    },
  ),
  withToken('an unknown issuer', { iss: 'https://nobody.example/' }),
  withToken('no issuer', { iss: undefined }),
  withToken('another audience', { aud: 'https://api.example.com/other' }),
  withToken('no audience', { aud: undefined }),
  withToken('expired', { exp: 1_000_000_000 }),
  withToken('no exp', { exp: undefined }),
  withToken('an exp that is text', { exp: '2000000000' }),
  withToken('not valid yet', { nbf: 4_000_000_000 }),
  withToken('a sub that is a number', { sub: 5 }),
  withToken('scopes that are none', { scope: 'a  b' }),
  withToken('bound to a key', { cnf: { jkt: 'x' } }),
  withToken('a blocked client', { client_id: 'blocked' }),
  withToken('a blocked key', {}, { header: { kid: 'blocked-key' } }),
  withToken('an unknown key', {}, { header: { kid: 'unknown' } }),
  withToken('a foreign signature', {}, { key: 'foreign' }),
  withToken('a typ that is not taken', {}, { header: { typ: 'id+jwt' } }),
  withToken('a critical header', {}, { header: { crit: ['b64'], b64: true } }),
  withToken('an issuer without keys', { iss: DEAD }),
  strict('claims inside claims', {}),
  strict('the wrong kind of token', { token_use: 'id' }),
  strict('no date of issue', { iat: undefined }),
  strict('too old', { iat: 1_000_000_000 }),
  strict('a plain JWT', {}, { header: { typ: 'JWT' } }),
  strict('an issuer that the route does not take', { iss: MAIN }),
  // The rules
  get('a scope is missing', '/v1/orders', { claims: { scope: 'other' } }),
  get('all scopes and none of any', '/v1/orders', {
    method: 'POST',
    claims: { scope: 'read:orders write:orders' },
  }),
  get('all scopes and one of any', '/v1/orders', {
    method: 'PUT',
    claims: { scope: 'read:orders write:orders sales' },
  }),
  get('a client that may', '/v1/orders/5', { claims: { ...read, client_id: 'shop' } }),
  get('a client that may not', '/v1/orders/5', { claims: { ...read, client_id: 'other' } }),
  get('no client', '/v1/orders/5', { claims: { ...read, client_id: undefined } }),
  get("one's own org", '/v1/orgs/acme/orders', { claims: { org_id: 'acme', tier: 'gold' } }),
  get('an org by its number', '/v1/orgs/7/orders', { claims: { org_id: 7, tier: ['x', 'silver'] } }),
  get('another org', '/v1/orgs/acme/orders', { claims: { org_id: 'other', tier: 'gold' } }),
  get('a role in this org', '/v1/orgs/acme/users', { claims: { orgs: { acme: { roles: ['admin'] } } } }),
  get('a role in another org', '/v1/orgs/acme/users', { claims: { orgs: { other: { roles: ['admin'] } } } }),
  get('a role that is unwanted', '/v1/orgs/acme/users', {
    claims: { orgs: { acme: { roles: ['admin', 'Guest'] } }, staff: null, client_id: 'backoffice' },
  }),
  get('another tier', '/v1/orgs/acme/orders', { claims: { org_id: 'acme', tier: 'tin' } }),
  get('no token where none is needed', '/v1/maybe'),
  get('a token where none is needed', '/v1/maybe', { claims: {} }),
  get('a bad token where none is needed', '/v1/maybe', { claims: { exp: 5 } }),
  get('a rule that is tried, and refuses', '/v1/tried', { claims: {} }),
  get('a rule that is tried, and holds', '/v1/tried', { claims: { scope: 'more' } }),
  get('a rule that is tried without a token', '/v1/maybe-tried'),
  get('a route that is tried, without a token', '/v1/open-for-now'),
  get('a route that is tried, with a bad token', '/v1/open-for-now', { claims: { exp: 5 } }),
  get('a route that is tried, with too little scope', '/v1/open-for-now', { claims: {} }),
  // To the origin and back
  get('Authorization is sent on', '/v1/sent-on', { claims: {} }),
  get('caching of its own', '/v1/open/x', { headers: ['Cache-Control: max-age=0', 'Pragma: x'] }),
  withToken('claims in headers', { 'https://example.com/tenant': 'a,b', realm: { roles: ['x', 'ü, y'] } }),
  withToken('claims of another type', { 'https://example.com/tenant': 5, realm: { roles: [1] } }),
  withToken('claims that are too large', { 'https://example.com/tenant': 'x'.repeat(8_200) }),
  withToken('a page may read', {}, { headers: ['Origin: https://app.example.com'] }),
  get('a page may read a refusal', '/v1/orders', { headers: ['Origin: https://app.example.com'] }),
  get('another page may not', '/v1/orders', { headers: ['Origin: https://evil.example'] }),
  get('a preflight', '/v1/orders', {
    method: 'OPTIONS',
    headers: ['Origin: https://app.example.com', 'Access-Control-Request-Method: POST'],
  }),
  get('the metadata of the API', '/.well-known/oauth-protected-resource/orders', { host: 'api.example.com' }),
  get('the challenge names the metadata', '/v1/orders', { host: 'API.example.com.' }),
  get('health', '/up'),
  get('a service binding, with an audience of its own', '/x/%7e', {
    host: 'bound.example.com',
    claims: { aud: 'other' },
  }),
  get('a service binding, and the audience of other routes', '/x', { host: 'bound.example.com', claims: {} }),
  get('a service binding, public', '/public?x=1', {
    host: 'bound.example.com',
    headers: ['Connection: x-one', 'X-One: 1'],
  }),
];

/** Keys of this run, and what signs tokens with them. */
export async function makeTokens() {
  const own = await generateKeyPair('ES256');
  const foreign = await generateKeyPair('ES256');
  const jwk = await exportJWK(own.publicKey);
  const keys: JWK[] = ['key-1', 'blocked-key'].map((kid) => ({ ...jwk, kid }));
  const now = Math.floor(Date.now() / 1000);
  const usual = { iss: MAIN, aud: AUDIENCE, sub: 'user', client_id: 'shop', iat: now, exp: now + 3_600 };
  return {
    keys,
    sign({ claims, header, key }: Sample): Promise<string> {
      return new SignJWT({ ...usual, ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'key-1', typ: 'at+jwt', ...header })
        .sign(key === 'foreign' ? foreign.privateKey : own.privateKey, { crit: { b64: true } });
    },
  };
}
