import { describe, expect, it } from 'vitest';
import type { Reason } from '../../src/decision.ts';
import { challenge } from '../../src/http/challenge.ts';
import { PROBLEMS } from '../../src/http/problem.ts';
import { makeRig } from '../support/gateway.ts';

const MISSING: Reason = { code: 'token_missing' };
const EXPIRED: Reason = { code: 'token_expired', exp: 1_700_000_000 };
const SCOPES: Reason = { code: 'scopes_missing', needed: ['read:orders', 'admin'] };
const METADATA = 'https://api.example.com/.well-known/oauth-protected-resource/orders';

const write = (reason: Reason, context: Parameters<typeof challenge>[1]) =>
  challenge(PROBLEMS[reason.code], context);

describe('challenge', () => {
  it.each<[string, Reason, Parameters<typeof challenge>[1], string | undefined]>([
    [
      'no token: the realm alone (RFC 6750 §3)',
      MISSING,
      { realm: 'api.example.com' },
      'Bearer realm="api.example.com"',
    ],
    [
      'metadata, where the API has some (RFC 9728 §5.1)',
      MISSING,
      { realm: 'https://api.example.com/orders', resourceMetadata: METADATA },
      `Bearer realm="https://api.example.com/orders", resource_metadata="${METADATA}"`,
    ],
    [
      'a bad token: the error after the realm (RFC 6750 §3.1)',
      EXPIRED,
      { realm: 'api.example.com' },
      'Bearer realm="api.example.com", error="invalid_token", error_description="The token has expired."',
    ],
    [
      'a scope missing: all that the request needs (RFC 6750 §3.1)',
      SCOPES,
      { realm: 'api.example.com', resourceMetadata: METADATA, scope: 'read:orders admin' },
      `Bearer realm="api.example.com", error="insufficient_scope", error_description="The token lacks a scope that this request needs.", scope="read:orders admin", resource_metadata="${METADATA}"`,
    ],
    ['no host is known: still one parameter', MISSING, {}, 'Bearer realm="gateway"'],
    [
      'a 403 without an error code has none',
      { code: 'client_not_allowed' },
      { realm: 'api.example.com' },
      undefined,
    ],
    ['a 404 has none', { code: 'route_unknown' }, { realm: 'api.example.com' }, undefined],
  ])('%s', (_why, reason, context, expected) => {
    expect(write(reason, context)).toBe(expected);
  });

  it.each([
    ['a quote', 'a"b', '"a\\"b"'],
    ['a backslash', 'a\\b', '"a\\\\b"'],
    ['a line end', 'a\r\nset-cookie: b', '"a??set-cookie: b"'],
    ['other scripts', 'ä€', '"??"'],
    ['an end of the string that is made up', 'x", error="invalid_token', '"x\\", error=\\"invalid_token"'],
  ])('quotes %s (RFC 9110 §5.6.4)', (_why, realm, quoted) => {
    const header = write(MISSING, { realm }) as string;
    expect(header).toBe(`Bearer realm=${quoted}`);
    expect(new Headers({ 'www-authenticate': header }).get('www-authenticate')).toBe(header);
  });
});

describe('the realm', () => {
  const realmOf = async (api: Record<string, unknown>, url: string, headers = {}) => {
    const response = await makeRig({ routes: { 'GET /x': {} }, api }).ask(`GET ${url}`, headers);
    return /realm="([^"]*)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1];
  };

  it.each([
    [
      'the resource of the API',
      { hosts: ['api.example.com'], resource: 'https://api.example.com/v1', audience: 'orders' },
      'https://api.example.com/x',
      'https://api.example.com/v1',
    ],
    [
      'an audience that is published as the resource',
      { hosts: ['api.example.com'] },
      'https://api.example.com/x',
      'https://api.example.com/orders',
    ],
    [
      'else the host as a resource: an audience that is not published stays unknown',
      { hosts: ['api.example.com'], audience: 'internal-orders' },
      'https://API.example.com.:8443/x',
      'https://api.example.com',
    ],
    [
      'the host that was asked, of several',
      { hosts: ['api.example.com', 'api.example.org'], audience: 'internal-orders' },
      'https://API.example.com.:8443/x',
      'api.example.com',
    ],
    ['the host that was asked, for an API on all hosts', {}, 'https://any.example/x', 'any.example'],
  ])('is %s', async (_why, api, url, expected) => {
    expect(await realmOf(api, url)).toBe(expected);
  });

  it('is the same with and without a token, whatever the token says', async () => {
    const token = `${btoa('{"alg":"ES256"}')}.${btoa('{"iss":"https://evil.example"}')}.c2ln`.replaceAll(
      '=',
      '',
    );
    const api = { hosts: ['api.example.com'] };
    const without = await realmOf(api, '/x');
    expect(await realmOf(api, '/x', { authorization: `Bearer ${token}` })).toBe(without);
    expect(await realmOf(api, '/x', { authorization: 'Bearer a b' })).toBe(without);
  });
});
