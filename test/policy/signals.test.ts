import { describe, expect, it } from 'vitest';
import type { Bindings } from '../../src/policy/compile/bindings.ts';
import { signersOf } from '../../src/policy/signals.ts';
import { faultsOf, ISSUER, policyWith, vars } from '../support/policy.ts';

type Tables = Record<string, unknown>;
const ROUTES = { 'GET /x': {} };
const ISSUERS = { main: { issuer: ISSUER, max_token_age: 3600 } };
const SIGNAL = {
  issuer: 'https://signals.example/',
  audience: 'https://api.example.com/signals',
  revokes: 'main',
};
const tables = (signal: Tables = {}, more: Tables = {}, settings: Tables = {}) => ({
  ISSUERS,
  GATEWAY: { revocation: 'REVOCATIONS', signals: { corp: { ...SIGNAL, ...signal } }, ...settings },
  ...more,
});
const compiledOne = (signal: Tables = {}, more: Tables = {}) => {
  const policy = policyWith(ROUTES, {}, tables(signal, more));
  const [transmitter] = policy.transmitters;
  if (transmitter === undefined) throw new Error('there is none');
  return { policy, transmitter };
};

it.each<[why: string, signal: Tables, fault: string, more?: Tables, settings?: Tables, bindings?: Bindings]>([
  [
    'an issuer that is not there',
    { revokes: 'mian' },
    'GATEWAY.signals.corp.revokes: there is no issuer "mian"; did you mean "main"?',
  ],
  [
    'an issuer whose tokens have no greatest age',
    {},
    'ISSUERS.main.max_token_age: revocation needs to know how long tokens live, and main has no max_token_age; add it, in seconds: the longest lifetime of its access tokens, such as 86400',
    { ISSUERS: { main: { issuer: ISSUER } } },
  ],
  [
    'a misspelt field',
    { audiance: 'x' },
    'GATEWAY.signals.corp.audiance: there is no field "audiance"; did you mean "audience"?',
  ],
  [
    'a misspelt kind of subject',
    { subjects: { emial: 'sub' } },
    'GATEWAY.signals.corp.subjects.emial: there is no field "emial"; did you mean "email"?',
  ],
  [
    'a claim that no entry is about',
    { subjects: { email: 'email' } },
    'GATEWAY.signals.corp.subjects.email: email is none of the choices; write "sub" or "sid" or "jti" or "client_id"',
  ],
  [
    'no audience',
    { audience: undefined },
    'GATEWAY.signals.corp.audience: audience is missing; write a string or a list',
  ],
  [
    'a path that a route serves, for another method',
    { path: '/x' },
    'GATEWAY.signals.corp.path: /x is served already, and would never be reached; choose a path of its own',
  ],
  [
    'the path of the health',
    { path: '/up' },
    'GATEWAY.signals.corp.path: /up is served already, and would never be reached; choose a path of its own',
    {},
    { health_path: '/up' },
  ],
  [
    'a path of metadata',
    { path: '/.well-known/oauth-protected-resource' },
    'GATEWAY.signals.corp.path: /.well-known/oauth-protected-resource is served already, and would never be reached; choose a path of its own',
  ],
  [
    'a path without a slash',
    { path: 'signals' },
    'GATEWAY.signals.corp.path: path is not valid; write a path such as "/signals"',
  ],
  [
    'a secret in the file',
    { authorization: 'Bearer s3cret' },
    'GATEWAY.signals.corp.authorization: authorization is not valid; write "secret:NAME"',
  ],
  [
    'a secret that is not set',
    { authorization: 'secret:SIGNALS' },
    'GATEWAY.signals.corp.authorization: there is no secret "SIGNALS"; set it with `npx wrangler secret put SIGNALS`, or in .dev.vars on this machine',
    {},
    {},
    { secrets: [] },
  ],
  [
    'a rate limit that is not bound',
    { rate_limit: 'PER_ADDRESS' },
    'GATEWAY.signals.corp.rate_limit: there is no rate limit "PER_ADDRESS"; add [[ratelimits]] with name = "PER_ADDRESS" to wrangler.toml',
    {},
    {},
    { rateLimits: [] },
  ],
  [
    'a poll in the clear',
    { poll_uri: 'http://signals.example/poll' },
    'GATEWAY.signals.corp.poll_uri: poll_uri must be an https URL; write an https URL (http for loopback hosts), without user name and fragment',
  ],
  [
    'a secret for no poll',
    { poll_authorization: 'secret:P' },
    'GATEWAY.signals.corp.poll_authorization: poll_authorization needs a poll_uri; add it, or remove poll_authorization',
  ],
  [
    'a secret that nobody sends',
    { poll_uri: 'https://signals.example/poll', authorization: 'secret:S' },
    'GATEWAY.signals.corp.authorization: authorization is for events that are sent, and poll_uri asks for them; write a path too, or remove it',
  ],
  [
    'keys in the clear',
    { jwks_uri: 'http://signals.example/keys' },
    'GATEWAY.signals.corp.jwks_uri: jwks_uri must be an https URL; write an https URL (http for loopback hosts), without user name and fragment',
  ],
  [
    'two places for keys',
    { jwks_uri: 'https://a.example', metadata_uri: 'https://b.example' },
    'GATEWAY.signals.corp.metadata_uri: metadata_uri and jwks_uri exclude each other; keep one of them',
  ],
  [
    'an issuer that is no URL, and no place for keys',
    { issuer: 'corp' },
    'GATEWAY.signals.corp.issuer: no metadata can be found: issuer is not an https URL; write an https URL (http for loopback hosts), without user name and fragment, or give metadata_uri or jwks_uri',
  ],
  [
    'logout tokens of another issuer than that of the tokens',
    { logout_tokens: 'typed' },
    'GATEWAY.signals.corp.logout_tokens: a logout token names sessions of https://signals.example/, and revokes names another issuer; name the issuer of the logout tokens in revokes, or remove this',
  ],
  [
    'logout tokens that could pass as access tokens',
    { issuer: ISSUER, audience: 'https://api.example.com/orders', logout_tokens: 'any' },
    'GATEWAY.signals.corp.logout_tokens: a logout token without a type of its own, for https://api.example.com/orders, could pass as an access token; write "typed", give the transmitter another audience, or write token_types = ["at+jwt"]',
  ],
  [
    'events that pass as access tokens',
    { issuer: ISSUER },
    'GATEWAY.signals.corp.issuer: main takes "secevent+jwt" for access tokens: its events would let callers in; remove "secevent+jwt" from token_types of main',
    { ISSUERS: { main: { ...ISSUERS.main, token_types: ['application/SecEvent+JWT'] } } },
  ],
])('%s', (_why, signal, fault, more = {}, settings = {}, bindings = {}) => {
  expect(faultsOf(vars(ROUTES, {}, tables(signal, more, settings)), bindings)).toEqual([fault]);
});

it('two transmitters with one path, and a name that can’t be one', () => {
  const GATEWAY = {
    revocation: 'REVOCATIONS',
    signals: { a: { ...SIGNAL, path: '/s' }, b: { ...SIGNAL, path: '/s' }, 'c d': SIGNAL },
  };
  expect(faultsOf(vars(ROUTES, {}, { ISSUERS, GATEWAY }))).toEqual([
    'GATEWAY.signals."c d": "c d" can\'t be in paths and logs; write letters, digits, - and _, 64 at most',
    'GATEWAY.signals.b.path: /s is the path of a too; give each transmitter a path of its own',
  ]);
});

describe('what is not said', () => {
  it('the path has the name, where events are sent', () => {
    expect(compiledOne().transmitter.path).toBe('/.well-known/claimgate/signals/corp');
    expect(compiledOne({ poll_uri: 'https://signals.example/poll' }).transmitter.path).toBeUndefined();
  });

  it.each<[why: string, issuer: string, uri: string]>([
    ['on a host', 'https://signals.example', 'https://signals.example/.well-known/ssf-configuration'],
    ['with a slash', 'https://signals.example/', 'https://signals.example/.well-known/ssf-configuration'],
    ['with a path', 'https://s.example/t/1', 'https://s.example/.well-known/ssf-configuration/t/1'],
  ])('keys are found by the metadata of the framework: %s', (_why, issuer, uri) => {
    const { signer } = compiledOne({ issuer }).transmitter;
    expect(signer.keys).toEqual({ kind: 'metadata', uri });
  });

  it('keys are those of the issuer of tokens, where that is the same, and are looked after once', () => {
    const { policy, transmitter } = compiledOne({ issuer: ISSUER });
    expect(transmitter.signer).toBe(policy.issuers[0]);
    expect(signersOf(policy)).toHaveLength(1);
    const own = compiledOne({ issuer: ISSUER, jwks_uri: 'https://other.example/keys' });
    expect(own.transmitter.signer.name).toBe('signals.corp');
    expect(signersOf(own.policy)).toHaveLength(2);
  });

  it('a wildcard takes no path of a transmitter', () => {
    expect(faultsOf(vars({ '* /*': {} }, {}, tables()))).toEqual([]);
  });
});
