import { expect, it } from 'vitest';
import type { Bindings } from '../../src/policy/compile/bindings.ts';
import { faultsOf, policyWith, vars } from '../support/policy.ts';

const ROUTES = { 'GET /x': {} };
const GATEWAY = { assertion: { issuer: 'https://api.example.com' } };
const OWN = { assertion: { audience: 'orders' } };
const other = (more: object) => ({
  API_OTHER: {
    origin: 'https://other.example',
    audience: 'o',
    hosts: ['other.example.com'],
    routes: ROUTES,
    ...more,
  },
});

it.each<[string, object, object, string, Bindings?]>([
  [
    'an API, and nobody who signs',
    OWN,
    {},
    'API_ORDERS.assertion: the issuer of assertions is missing; add assertion = { issuer = "https://…" } to [vars.GATEWAY]',
  ],
  [
    'an issuer in the clear',
    OWN,
    { GATEWAY: { assertion: { issuer: 'http://api.example.com' } } },
    'GATEWAY.assertion.issuer: the issuer of assertions is an https URL without user name, query and fragment; write the public URL of the gateway, such as "https://api.example.com"',
  ],
  [
    'an issuer with a query',
    OWN,
    { GATEWAY: { assertion: { issuer: 'https://api.example.com?x' } } },
    'GATEWAY.assertion.issuer: the issuer of assertions is an https URL without user name, query and fragment; write the public URL of the gateway, such as "https://api.example.com"',
  ],
  [
    'the issuer of tokens',
    OWN,
    { GATEWAY: { assertion: { issuer: 'https://issuer.example/' } } },
    'GATEWAY.assertion.issuer: an issuer of tokens has the same URL: an assertion could pass for a token; write the URL of the gateway, not that of the issuer of tokens',
  ],
  [
    'two origins with one name',
    OWN,
    { GATEWAY, ...other(OWN) },
    "API_OTHER.assertion.audience: API_ORDERS has this audience too, and another origin: the one could send requests to the other in the callers' names; give each origin an audience of its own",
  ],
  [
    'two hosts of a zone with one name',
    { ...OWN, origin: 'zone', hosts: ['api.example.com'] },
    { GATEWAY, ...other({ ...OWN, origin: 'zone' }) },
    "API_OTHER.assertion.audience: API_ORDERS has this audience too, and another origin: the one could send requests to the other in the callers' names; give each origin an audience of its own",
  ],
  [
    'a limit for bodies that are not bound',
    { assertion: { audience: 'orders', max_body: 5 } },
    { GATEWAY },
    'API_ORDERS.assertion.max_body: max_body is for bind = "body" only; remove it, or bind the body',
  ],
  [
    'claims that no assertion holds',
    { ...OWN, max_claims_bytes: 10_001 },
    { GATEWAY },
    'API_ORDERS.max_claims_bytes: an assertion with so many claims is longer than verifiers take; write at most 10000, or choose what is sent with "only" in forward',
  ],
  [
    'handlers of the same Worker',
    { ...OWN, origin: 'next', hosts: ['api.example.com'] },
    { GATEWAY },
    'API_ORDERS.assertion: assertion has no effect beside origin = "next"; remove it: handlers in the same Worker get the caller itself',
  ],
  [
    'no key',
    OWN,
    { GATEWAY },
    'GATEWAY.assertion: there is no secret "ASSERTION_KEY"; make a key with `npx claimgate assertion keys init`, and --remote on Cloudflare',
    { secrets: ['OTHER'] },
  ],
  [
    'a route where the keys are',
    { ...OWN, routes: { 'GET /.well-known/claimgate/jwks.json': {} } },
    { GATEWAY },
    'GATEWAY.assertion: a route serves /.well-known/claimgate/jwks.json, where the gateway publishes its keys; give the route another path',
  ],
  [
    'a typo',
    { assertion: { audience: 'orders', binds: 'body' } },
    { GATEWAY },
    'API_ORDERS.assertion.binds: there is no field "binds"; did you mean "bind"?',
  ],
  [
    'a typo at the gateway',
    OWN,
    { GATEWAY: { assertion: { issuer: 'https://api.example.com', lifetme: 5 } } },
    'GATEWAY.assertion.lifetme: there is no field "lifetme"; did you mean "lifetime"?',
  ],
])('%s is a fault', (_what, api, more, fault, bindings) => {
  expect(faultsOf(vars(ROUTES, { ...api }, { ...more }), bindings)).toEqual([fault]);
});

it.each([4, 121])('no lifetime of %s seconds', (lifetime) => {
  const more = { GATEWAY: { assertion: { issuer: 'https://api.example.com', lifetime } } };
  expect(faultsOf(vars(ROUTES, OWN, more))).toHaveLength(1);
});

it.each<[string, object, object, Bindings?]>([
  ['the other key alone', OWN, { GATEWAY }, { secrets: ['ASSERTION_KEY_2'] }],
  [
    'one name for one origin',
    OWN,
    { GATEWAY, ...other({ ...OWN, origin: 'https://orders.internal.example' }) },
  ],
  ['a wildcard over the path of the keys', { ...OWN, routes: { 'GET /*': {} } }, { GATEWAY }],
  ['a zone with it', { ...OWN, origin: 'zone', hosts: ['api.example.com'] }, { GATEWAY }],
  [
    'one name for one host of a zone',
    { ...OWN, origin: 'zone', hosts: ['api.example.com'] },
    { GATEWAY, ...other({ ...OWN, origin: 'zone', hosts: ['api.example.com'], routes: { 'GET /y': {} } }) },
  ],
  ['an API on trial', { ...OWN, report_only: true }, { GATEWAY }],
])('%s is fine', (_what, api, more, bindings) => {
  expect(faultsOf(vars(ROUTES, { ...api }, { ...more }), bindings)).toEqual([]);
});

it('has its defaults', () => {
  const { settings, apis } = policyWith(ROUTES, OWN, { GATEWAY });
  expect(settings.assertion).toEqual({ issuer: 'https://api.example.com', lifetimeSeconds: 30 });
  expect(apis[0]?.assertion).toEqual({ audience: 'orders', bind: 'request', maxBodyBytes: 65_536 });
});
