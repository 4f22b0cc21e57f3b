/** What the fields around a route may say: origins, browsers, limits, rules on trial, more tables. */
import { describe, expect, it } from 'vitest';
import type { Bindings } from '../../src/policy/compile/bindings.ts';
import { faultsOf, policyWith, vars } from '../support/policy.ts';

const ROUTES = { 'GET /x': {} };
const CERT = { mtls: 'CERT' };
const SECRET = { 'x-origin-secret': 'secret:ORIGIN_SECRET' };
const ZONE = { origin: 'zone', hosts: ['api.example.com'] };

type Row = [why: string, api: Record<string, unknown>, bindings: Bindings, fault: string];

const FAULTS: Row[] = [
  [
    'a secret that stands in the file',
    { origin_headers: { 'x-a': 'hunter2' } },
    {},
    'API_ORDERS.origin_headers.x-a: x-a names no secret; write "secret:NAME", and set it with `npx wrangler secret put NAME`',
  ],
  [
    'a secret without a name',
    { origin_headers: { 'x-a': 'secret:' } },
    {},
    'API_ORDERS.origin_headers.x-a: x-a names no secret; write "secret:NAME", and set it with `npx wrangler secret put NAME`',
  ],
  [
    'a secret pasted in place of its name',
    { origin_headers: { 'x-a': 'secret:hunter2-is-it!' } },
    {},
    'API_ORDERS.origin_headers.x-a: x-a names no secret; write "secret:NAME", and set it with `npx wrangler secret put NAME`',
  ],
  [
    'a secret that is not set',
    { origin_headers: SECRET },
    { secrets: [] },
    'API_ORDERS.origin_headers.x-origin-secret: there is no secret "ORIGIN_SECRET"; set it with `npx wrangler secret put ORIGIN_SECRET`, or in .dev.vars on this machine',
  ],
  [
    'a header of the gateway',
    { origin_headers: { 'x-claim-sub': 'secret:A' } },
    {},
    'API_ORDERS.origin_headers.x-claim-sub: the header "x-claim-sub" can\'t be set; name one outside of what "Headers" in docs/policy.md lists',
  ],
  [
    'a header of the client',
    { origin_headers: { cookie: 'secret:A' } },
    {},
    'API_ORDERS.origin_headers.cookie: the header "cookie" can\'t be set; name one outside of what "Headers" in docs/policy.md lists',
  ],
  [
    'a secret over a claim',
    { origin_headers: { 'x-a': 'secret:A' }, forward: { c: 'x-a' } },
    {},
    'API_ORDERS.origin_headers.x-a: x-a carries a claim already; give the secret a header of its own',
  ],
  [
    'a certificate that is not bound',
    { ...CERT, origin: 'https://o.example' },
    { certificates: ['CERTS'] },
    'API_ORDERS.mtls: there is no mTLS certificate "CERT"; did you mean "CERTS"?',
  ],
  [
    'a certificate for a service',
    { ...CERT, origin: 'service:S' },
    {},
    'API_ORDERS.mtls: certificates are presented over TLS only; give an https origin, or remove mtls',
  ],
  [
    'a certificate in the clear',
    { ...CERT, origin: 'http://o.example' },
    {},
    'API_ORDERS.mtls: certificates are presented over TLS only; give an https origin, or remove mtls',
  ],
  [
    'a zone without hosts',
    { origin: 'zone', origin_headers: SECRET },
    {},
    'API_ORDERS.hosts: origin = "zone" needs hosts; name the hosts that the Worker has routes for',
  ],
  [
    'a zone that can’t tell',
    ZONE,
    {},
    'API_ORDERS.origin: the origin can\'t tell requests through the gateway from others; add origin_headers = { x-origin-secret = "secret:NAME" } and check it there, or an assertion, or say zone_unprotected = true',
  ],
  [
    'a zone of which not all is routed',
    { ...ZONE, origin_headers: SECRET },
    { workerRoutes: ['api.example.com/v1/*'] },
    'API_ORDERS.hosts: the Worker has no route "api.example.com/*", so that other paths go around it; add routes = [{ pattern = "api.example.com/*", zone_name = "…" }]',
  ],
  [
    'zone_unprotected without a zone',
    { zone_unprotected: true },
    {},
    'API_ORDERS.zone_unprotected: zone_unprotected is for origin = "zone" only; remove it',
  ],
  [
    'the gateway’s own host as an origin',
    { origin: 'https://API.example.com:443/x', hosts: ['api.example.com'] },
    {},
    'API_ORDERS.origin: api.example.com is a host of the gateway itself; write origin = "zone", or the name of another host',
  ],
  [
    'a prefix that routes lack',
    { strip_prefix: '/api' },
    {},
    'API_ORDERS.routes."GET /x": the path does not begin with the strip_prefix "/api"; paths are the public ones: write /api/x',
  ],
  [
    'a prefix with a slash at its end',
    { strip_prefix: '/api/' },
    {},
    'API_ORDERS.strip_prefix: strip_prefix is not valid; write a path such as "/api", without a slash at its end',
  ],
  [
    'any origin beside others',
    { cors: { origins: ['*', 'https://a.example'] } },
    {},
    'API_ORDERS.cors.origins: "*" stands for all origins already; keep "*" alone, or name the origins',
  ],
  [
    'any origin with cookies',
    { cors: { origins: ['*'], credentials: true } },
    {},
    'API_ORDERS.cors.credentials: every page of the web could call with cookies; name the origins, or remove credentials',
  ],
  [
    'a web origin with a slash',
    { cors: { origins: ['https://a.example/'] } },
    {},
    'API_ORDERS.cors.origins[0]: "https://a.example/" is no web origin; did you mean "https://a.example"?',
  ],
  [
    'a web origin in capitals',
    { cors: { origins: ['https://A.example'] } },
    {},
    'API_ORDERS.cors.origins[0]: "https://A.example" is no web origin; did you mean "https://a.example"?',
  ],
  [
    'a web origin without scheme',
    { cors: { origins: ['a.example'] } },
    {},
    'API_ORDERS.cors.origins[0]: "a.example" is no web origin; did you mean "https://a.example"?',
  ],
  [
    'no web origins',
    { cors: { origins: [] } },
    {},
    'API_ORDERS.cors.origins: origins is empty; name at least one origin',
  ],
  [
    'a header with a blank',
    { cors: { origins: ['*'], headers: ['x a'] } },
    {},
    'API_ORDERS.cors.headers[0]: "x a" is not a header name; name each header; there is no "*"',
  ],
  [
    'another word for cors',
    { cors: 'orgin' },
    {},
    'API_ORDERS.cors: cors is none of the choices; write a table or "origin"',
  ],
  [
    'a misspelt field of cors',
    { cors: { origins: ['*'], maxage: 1 } },
    {},
    'API_ORDERS.cors.maxage: there is no field "maxage"; did you mean "max_age"?',
  ],
  [
    'a limit that is not bound',
    { rate_limit: 'LIMIT' },
    { rateLimits: [] },
    'API_ORDERS.rate_limit: there is no rate limit "LIMIT"; add [[ratelimits]] with name = "LIMIT" to wrangler.toml',
  ],
  [
    'a limit of a route that is not bound',
    { routes: { 'GET /x': { rate_limit: 'LIMIT' } } },
    { rateLimits: ['LIMITS'] },
    'API_ORDERS.routes."GET /x".rate_limit: there is no rate limit "LIMIT"; did you mean "LIMITS"?',
  ],
  [
    'a report without rules',
    { routes: { 'GET /x': { report: {} } } },
    {},
    'API_ORDERS.routes."GET /x".report: report is empty; name a rule to try, or leave the field out',
  ],
  [
    'a misspelt rule to try',
    { routes: { 'GET /x': { report: { scope_all: ['a'] } } } },
    {},
    'API_ORDERS.routes."GET /x".report.scope_all: there is no field "scope_all"; did you mean "scopes_all"?',
  ],
  [
    'an audience to try that the API lacks',
    { routes: { 'GET /x': { report: { audience: 'b' } } } },
    {},
    'API_ORDERS.routes."GET /x".report.audience: the API does not accept "b"; a route can only narrow: add it to the API too, or there is "https://api.example.com/orders"',
  ],
  [
    'a parameter to try that the path lacks',
    { routes: { 'GET /x': { report: { claims: { a: { param: 'b' } } } } } },
    {},
    'API_ORDERS.routes."GET /x".report.claims.a.param: the path has no :b; write :b into the path, or into each of the hosts, by the same name',
  ],
  [
    'a trial of a public route',
    { routes: { 'GET /x': { auth: 'none', report: { scopes_all: ['a'] } } } },
    {},
    'API_ORDERS.routes."GET /x".report: a rule has no effect beside auth = "none"; remove the rule, or auth',
  ],
  [
    'report_only of a public route',
    { routes: { 'GET /x': { auth: 'none', report_only: true } } },
    {},
    'API_ORDERS.routes."GET /x".report_only: a rule has no effect beside auth = "none"; remove the rule, or auth',
  ],
];

describe('fields', () => {
  it.each(FAULTS)('%s is a fault', (_why, api, bindings, fault) => {
    expect(faultsOf(vars(ROUTES, api), bindings)).toEqual([fault]);
  });

  it.each<[string, Record<string, unknown>, Bindings]>([
    [
      'a zone with a secret and a route',
      { ...ZONE, origin_headers: SECRET },
      { workerRoutes: ['api.example.com/*'], secrets: ['ORIGIN_SECRET'] },
    ],
    [
      'a zone that is said to be closed',
      { ...ZONE, zone_unprotected: true },
      { workerRoutes: ['api.example.com/*'] },
    ],
    [
      'a zone under a wider route',
      { ...ZONE, zone_unprotected: true },
      { workerRoutes: ['https://*.example.com/*'] },
    ],
    ['a certificate over TLS', { ...CERT, origin: 'https://o.example' }, { certificates: ['CERT'] }],
    ['another port of this machine', { origin: 'http://localhost:1', hosts: ['localhost'] }, {}],
    ['a prefix', { strip_prefix: '/api/v1', routes: { 'GET /api/v1': {}, 'GET /api/v1/*': {} } }, {}],
    ['a local page', { cors: { origins: ['http://localhost:5173'] } }, {}],
  ])('%s is none', (_why, api, bindings) => {
    expect(faultsOf(vars(ROUTES, api), bindings)).toEqual([]);
  });

  it.each([
    'http://docs.example.com/reasons',
    'https://docs.example.com/reasons#top',
    'https://docs.example.com/reasons?',
    '/reasons',
    'docs.example.com',
    'https:docs.example.com',
    'urn:problem-type:mine',
    'https://docs.example.com/a b',
    '',
    'https://user:hunter2@docs.example.com/',
  ])('a problem base that no type can begin with is a fault: %s', (base) => {
    expect(faultsOf(vars(ROUTES, {}, { GATEWAY: { problem_base: base } }))).toEqual([
      'GATEWAY.problem_base: problem_base is not valid; write an https URL without user name, query and fragment (http for loopback hosts)',
    ]);
  });

  it.each(['https://docs.example.com/reasons', 'https://docs.example.com/', 'http://localhost:8000/r.html'])(
    'a problem base may be %s',
    (base) => {
      const { settings } = policyWith(ROUTES, {}, { GATEWAY: { problem_base: base } });
      expect(settings.problemBase).toBe(base);
    },
  );

  it('a health path that a route has is a fault', () => {
    const health = { GATEWAY: { health_path: '/health' } };
    expect(faultsOf(vars({ 'GET /health': {} }, {}, health))).toEqual([
      'GATEWAY.health_path: a route serves this path too, and would never be reached; choose a path of its own',
    ]);
    expect(faultsOf(vars({ 'GET /*': {}, 'POST /health': {} }, {}, health))).toEqual([]);
  });

  it('a value that may be a secret is not repeated', () => {
    expect(faultsOf(vars(ROUTES, { origin_headers: { 'x-a': 'hunter2' } })).join()).not.toContain('hunter2');
  });
});

describe('a table that extends an API', () => {
  const more = (table: object) => vars(ROUTES, {}, { API_ORDERS_2: table });

  it('brings routes for it, under all that the API says', () => {
    const policy = policyWith(
      ROUTES,
      { timeout_ms: 7 },
      { API_ORDERS_2: { extends: 'API_ORDERS', routes: { 'GET /y': {} } } },
    );
    expect(policy.apis).toHaveLength(1);
    expect(policy.apis[0]?.routes.map(({ key, api }) => [key, api.timeoutMs])).toEqual([
      ['GET /x', 7],
      ['GET /y', 7],
    ]);
  });

  it.each<[string, object, string]>([
    [
      'of no API',
      { extends: 'API_ORDRES', routes: { 'GET /y': {} } },
      'API_ORDERS_2.extends: there is no API "API_ORDRES" to extend; did you mean "API_ORDERS"?',
    ],
    [
      'of itself',
      { extends: 'API_ORDERS_2', routes: { 'GET /y': {} } },
      'API_ORDERS_2.extends: there is no API "API_ORDERS_2" to extend; did you mean "API_ORDERS"?',
    ],
    [
      'with a field of an API',
      { extends: 'API_ORDERS', origin: 'https://o.example', routes: { 'GET /y': {} } },
      'API_ORDERS_2.origin: there is no field "origin"; there is "extends", "routes"',
    ],
    [
      'without routes',
      { extends: 'API_ORDERS', routes: {} },
      'API_ORDERS_2.routes: there is no route; add one like "GET /orders" = { scopes_all = ["read:orders"] }',
    ],
    [
      'with a fault in a route',
      { extends: 'API_ORDERS', routes: { 'GET /y': { scopes_all: [] } } },
      'API_ORDERS_2.routes."GET /y".scopes_all: scopes_all is empty; name at least one scope, or leave the field out',
    ],
    [
      'without a table of routes',
      { extends: 'API_ORDERS' },
      'API_ORDERS_2.routes: routes is missing; write a table',
    ],
    [
      'with routes that are text',
      { extends: 'API_ORDERS', routes: 'GET /y' },
      'API_ORDERS_2.routes: routes has the wrong type; write a table',
    ],
  ])('%s is a fault, at its own place', (_why, table, fault) => {
    expect(faultsOf(more(table))).toEqual([fault]);
  });

  it('can’t have a route that the API has', () => {
    expect(
      faultsOf(more({ extends: 'API_ORDERS', routes: { 'GET /x': { scopes_all: ['a'] } } })),
    ).toHaveLength(1);
  });
});
