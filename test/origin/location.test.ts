import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeRig } from '../support/gateway.ts';

interface Setting {
  readonly origin?: string;
  readonly strip_prefix?: string;
  readonly rewrite_location?: boolean;
  readonly report_only?: boolean;
}

async function locationOf(location: string, api: Setting = {}, status = 302, host = 'api.example.com') {
  const rig = makeRig({
    routes: { 'GET /users/*': { auth: 'none' } },
    api: { origin: 'https://users.internal.example/v1', strip_prefix: '/users', ...api },
    origin: () => new Response(null, { status, headers: { location } }),
  });
  const response = await rig.ask(`GET https://${host}/users/x`);
  expect(response.status).toBe(status);
  return response.headers.get('location');
}

describe('a Location on the origin’s own host', () => {
  it.each([
    ['https://users.internal.example/v1/docs/', 'https://api.example.com/users/docs/'],
    ['https://users.internal.example/v1/docs?a=%20b#c', 'https://api.example.com/users/docs?a=%20b#c'],
    ['https://USERS.internal.example./v1/docs', 'https://api.example.com/users/docs'],
    ['https://users.internal.example:443/v1/docs', 'https://api.example.com/users/docs'],
    ['http://users.internal.example/v1/docs', 'https://api.example.com/users/docs'],
    ['//users.internal.example/v1/docs', 'https://api.example.com/users/docs'],
    ['https://users.internal.example/v1', 'https://api.example.com/users'],
    ['https://users.internal.example/v1/', 'https://api.example.com/users/'],
  ])('%s is written as clients see it', async (location, want) => {
    expect(await locationOf(location)).toBe(want);
  });

  it.each([201, 202, 301, 302, 303, 307, 308])('also with %i', async (status) => {
    const location = await locationOf('https://users.internal.example/v1/1', {}, status);
    expect(location).toBe('https://api.example.com/users/1');
  });

  it.each([
    ['relative', '/docs/'],
    ['relative, without slash', '../docs'],
    ['of another host', 'https://login.example/v1/x'],
    ['of a host that begins so', 'https://users.internal.example.evil.example/v1/x'],
    ['of another port', 'https://users.internal.example:8443/v1/x'],
    ['beside the base', 'https://users.internal.example/v2/x'],
    ['that begins like the base', 'https://users.internal.example/v10/x'],
    ['that climbs out of the base', 'https://users.internal.example/v1/../admin'],
    ['with user info', 'https://me:pw@users.internal.example/v1/x'],
    ['of another scheme', 'myapp://users.internal.example/v1/x'],
    ['that is not a URL', 'https://[/v1/x'],
  ])('stays as it is: %s', async (_what, location) => {
    expect(await locationOf(location)).toBe(location);
  });

  it('where the policy says so, and on trial', async () => {
    const location = 'https://users.internal.example/v1/x';
    expect(await locationOf(location, { rewrite_location: false })).toBe(location);
    expect(await locationOf(location, { report_only: true })).toBe(location);
  });

  it.each([
    [
      'https://users.internal.example/docs',
      { origin: 'https://users.internal.example' },
      'https://api.example.com/users/docs',
    ],
    ['http://127.0.0.1:8080/docs', { origin: 'http://127.0.0.1:8080' }, 'https://api.example.com/users/docs'],
    ['http://127.0.0.1:8081/docs', { origin: 'http://127.0.0.1:8080' }, 'http://127.0.0.1:8081/docs'],
    ['http://[::1]:8080/docs', { origin: 'http://[::1]:8080' }, 'https://api.example.com/users/docs'],
    ['http://127.0.0.1/docs', { origin: 'http://127.0.0.1:8080' }, 'https://api.example.com/users/docs'],
  ])('%s, by other origins', async (location, api, want) => {
    expect(await locationOf(location, api)).toBe(want);
  });

  it('has the host and port that the client asked', async () => {
    const location = 'https://users.internal.example/v1/x';
    expect(await locationOf(location, {}, 302, 'api.example.com:8443')).toBe(
      'https://api.example.com:8443/users/x',
    );
  });

  it('never leads to a third host', async () => {
    const piece = fc.constantFrom(
      'https:',
      '//',
      '/',
      'users.internal.example',
      'evil.example',
      '/v1',
      '@',
      '\\',
      '..',
      '?',
      '#',
      ':443',
      'x',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 8 }), async (pieces) => {
        const location = pieces.join('');
        const got = (await locationOf(location)) ?? '';
        if (got === location) return;
        expect(new URL(got).host).toBe('api.example.com');
        expect(new URL(got).pathname).toMatch(/^\/users(\/|$)/);
      }),
      { numRuns: 300 },
    );
  });
});

describe('x-forwarded-prefix', () => {
  const prefixOf = async (api: Setting, headers: Record<string, string> = {}) => {
    const rig = makeRig({ routes: { 'GET /users/*': { auth: 'none' } }, api: { ...api } });
    await rig.ask('GET /users/x', headers);
    const all = [...rig.lastReceived().headers].filter(([name]) => /^x.forwarded.prefix$/.test(name));
    return Object.fromEntries(all);
  };

  it.each(['x-forwarded-prefix', 'X_Forwarded_Prefix', 'x.forwarded.prefix', 'x-forwarded_prefix'])(
    'is what strip_prefix takes off, and never the client’s: %s',
    async (name) => {
      const headers = { [name]: '/from-the-client' };
      expect(await prefixOf({ strip_prefix: '/users' }, headers)).toEqual({ 'x-forwarded-prefix': '/users' });
      expect(await prefixOf({}, headers)).toEqual({});
    },
  );

  it('an API on trial that is alone gets what came', async () => {
    const headers = { 'x-forwarded-prefix': '/as-it-came' };
    const api = { strip_prefix: '/users', report_only: true };
    expect(await prefixOf(api, headers)).toEqual({ 'x-forwarded-prefix': '/as-it-came' });
    expect(await prefixOf(api)).toEqual({});
  });
});
