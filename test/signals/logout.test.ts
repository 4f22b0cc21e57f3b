/** Back-channel logout tokens (OpenID Connect Back-Channel Logout 1.0), at the path for events. */
import { describe, expect, it } from 'vitest';
import { NOW_SECONDS, sign, usualClaims } from '../support/issuer.ts';
import { ISSUER } from '../support/policy.ts';
import {
  issuerKey,
  LOGOUT,
  MAX_AGE_SECONDS,
  makeLogout,
  makeSet,
  makeWorld,
  PATH,
  RECEIVER,
  SESSION_REVOKED,
  TOLERANCE_SECONDS,
  type WorldOptions,
} from './world.ts';

type Fields = Record<string, unknown>;

/** The OpenID provider is the issuer of the tokens. */
const world = (logoutTokens: 'typed' | 'any' = 'typed', more: WorldOptions = {}) =>
  makeWorld({
    ...more,
    signal: { issuer: ISSUER, jwks_uri: undefined, logout_tokens: logoutTokens, ...more.signal },
  });
const token = (claims: Fields = {}, header: Fields = {}) =>
  makeLogout({ iss: ISSUER, ...claims }, header, issuerKey);

const untilSeconds = NOW_SECONDS - 4 + MAX_AGE_SECONDS + 2 * TOLERANCE_SECONDS + 1;
const beforeSeconds = NOW_SECONDS - 4;

describe('a logout token that is good', () => {
  it.each<[why: string, claims: Fields, kind: string, id: string]>([
    ['of a session', {}, 'session', 'session-1'],
    ['of a session, with its subject: only the session ends', { sub: 'jane' }, 'session', 'session-1'],
    ['of a subject: all its sessions end', { sid: undefined, sub: 'jane' }, 'subject', 'jane'],
    ['with other events beside', { events: { [LOGOUT]: {}, 'urn:x': {} } }, 'session', 'session-1'],
    ['for several', { aud: ['other', RECEIVER] }, 'session', 'session-1'],
  ])('%s', async (_why, claims, kind, id) => {
    const { logout, memory, lines } = world();
    const response = await logout(await token(claims));
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(memory.entries()).toEqual([{ kind, issuer: ISSUER, id, beforeSeconds, untilSeconds }]);
    expect(lines()).toEqual([expect.objectContaining({ event: 'signal_received', delivery: 'logout' })]);
  });

  it('ends nothing of other issuers that the transmitter may revoke', async () => {
    const signal = { revokes: ['other', 'main'] };
    const issuers = { other: { issuer: 'https://other.example/', max_token_age: 60 } };
    const { logout, memory } = world('typed', { signal, issuers, api: { issuer: 'main' } });
    expect((await logout(await token())).status).toBe(200);
    expect(memory.entries().map(({ issuer }) => issuer)).toEqual([ISSUER]);
  });

  it('comes again without effect', async () => {
    const { logout, memory } = world();
    const one = await token();
    expect((await logout(one)).status).toBe(200);
    expect((await logout(one)).status).toBe(200);
    expect(memory.events).toHaveLength(1);
  });

  it('may lack a type of its own where the policy says so', async () => {
    for (const typ of [undefined, 'JWT', 'logout+jwt']) {
      const any = world('any');
      expect((await any.logout(await token({}, { typ }))).status, typ).toBe(200);
      const typed = world();
      expect((await typed.logout(await token({}, { typ }))).status, typ).toBe(
        typ === 'logout+jwt' ? 200 : 400,
      );
    }
  });

  it('needs no Authorization: providers send none', async () => {
    const signal = { authorization: 'secret:SIGNALS_AUTHORIZATION' };
    const { logout } = world('typed', { signal, env: { SIGNALS_AUTHORIZATION: 'Bearer s3cret' } });
    expect((await logout(await token())).status).toBe(200);
  });
});

/** §2.6, step by step. */
describe('a logout token that is bad', () => {
  it.each<[why: string, claims: Fields, header?: Fields]>([
    ['of another issuer', { iss: 'https://other.example/' }],
    ['for another audience', { aud: 'other' }],
    ['without audience', { aud: undefined }],
    ['without iat', { iat: undefined }],
    ['from the future', { iat: NOW_SECONDS + 60 }],
    ['without exp', { exp: undefined }],
    ['past its exp', { exp: NOW_SECONDS - TOLERANCE_SECONDS }],
    ['whose exp is text', { exp: '1900000000' }],
    ['without jti', { jti: undefined }],
    ['without events', { events: undefined }],
    ['with another event', { events: { [SESSION_REVOKED]: {} } }],
    ['whose event is no object', { events: { [LOGOUT]: true } }],
    ['whose events are a list', { events: [LOGOUT] }],
    ['without sub and sid', { sid: undefined }],
    ['with a sid that is a number', { sid: 1 }],
    ['with an empty sub', { sub: '' }],
    ['with a nonce', { nonce: 'n-1' }],
    ['with a nonce that is null', { nonce: null }],
    ['of the type of events', {}, { typ: 'secevent+jwt' }],
    ['of the type of access tokens', {}, { typ: 'at+jwt' }],
    ['with an unknown key', {}, { kid: 'x' }],
  ])('%s', async (_why, claims, header = {}) => {
    const { logout, memory } = world('any');
    const response = await logout(await token(claims, header));
    expect(response.status).toBe(400);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const body = (await response.json()) as Fields;
    expect(Object.keys(body)).toEqual(['error', 'error_description']);
    expect(body['error']).toBe('invalid_request');
    expect(memory.state.calls).toBe(0);
  });

  it.each<[why: string, body: () => Promise<string> | string]>([
    ['no parameter', () => 'x=1'],
    ['an empty one', () => 'logout_token='],
    ['two of them', async () => `logout_token=${await token()}&logout_token=${await token()}`],
    [
      'an ID token',
      async () => `logout_token=${await sign(issuerKey, usualClaims({ aud: RECEIVER }), { typ: 'JWT' })}`,
    ],
    ['an event', async () => `logout_token=${await makeSet({ iss: ISSUER }, {}, issuerKey)}`],
  ])('%s', async (_why, body) => {
    const { send, memory } = world('any');
    const response = await send(await body(), { 'content-type': 'application/x-www-form-urlencoded' });
    expect(response.status).toBe(400);
    expect(memory.state.calls).toBe(0);
  });

  it('is never read from the query, nor as an event', async () => {
    const { ask, send, memory } = world('any');
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await ask(`POST ${PATH}?logout_token=${await token()}`, form)).status).toBe(400);
    expect((await send(await token())).status).toBe(400);
    expect((await send(await token({}, { typ: 'secevent+jwt' }))).status).toBe(202);
    expect(memory.state.calls).toBe(0);
  });

  it('where the policy takes none', async () => {
    const { logout } = makeWorld();
    expect((await logout(await makeLogout())).status).toBe(415);
  });

  it('is to be sent again while the store fails', async () => {
    const { logout, memory } = world();
    memory.state.fails = true;
    const response = await logout(await token());
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '10']);
  });
});

it('a logout token is no access token, where it has a type', async () => {
  const { call } = world('typed', { signal: { audience: 'client-1' } });
  const both = { ...usualClaims(), events: { [LOGOUT]: {} }, sid: 's' };
  expect((await call('GET /orders', await sign(issuerKey, both, { typ: 'logout+jwt' }))).status).toBe(401);
});
