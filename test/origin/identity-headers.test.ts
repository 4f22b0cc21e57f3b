/** Every name of the list, in every spelling that a server may take for it. */
import { describe, expect, it } from 'vitest';
import { createStripper, isRefusedUsually, stripClaimed } from '../../src/origin/strip.ts';
import { isNeverPassed, isReserved } from '../../src/policy/headers.ts';
import { IDENTITY_HEADERS_OF_OTHERS } from '../../src/policy/identity-headers.ts';
import { makeRig } from '../support/gateway.ts';

const NAMES = IDENTITY_HEADERS_OF_OTHERS.flatMap(({ names }) => names).map((name) =>
  name.endsWith('-') ? `${name}email` : name,
);

const aliasesOf = (name: string): string[] => [
  name,
  name.toUpperCase(),
  ...['_', '.', '~', '!'].map((separator) => name.replaceAll('-', separator)),
  name.replace('-', '_'),
  name.replace(/-(?=[^-]*$)/, '_'),
];

describe.each(NAMES)('%s', (name) => {
  it.each(aliasesOf(name))('is dropped as %s', (alias) => {
    const strip = createStripper(new Set(), isRefusedUsually);
    expect([...strip(new Headers({ [alias]: 'admin' }), true).keys()]).toEqual([]);
    const inbound = new Headers({ [alias]: 'admin', accept: '*/*' });
    const names = { ownHeaders: new Set<string>(), dropped: new Set<string>() };
    expect([...stripClaimed(inbound, { ...names, isTried: false }).keys()]).toEqual(['accept']);
    expect(stripClaimed(inbound, { ...names, isTried: true })).toBe(inbound);
  });

  it('goes on as it came to an API on trial that is alone', () => {
    const strip = createStripper(new Set(), isNeverPassed, new Set());
    expect([...strip(new Headers({ [name]: 'x' }), true).keys()]).toEqual([name]);
  });

  it('is not dropped for another reason already', () => {
    expect(isReserved(name)).toBe(false);
  });
});

describe('names that clients send', () => {
  it.each([
    'x-access-token',
    'x-id-token',
    'x-auth-token',
    'x-auth-user',
    'x-api-key',
    'x-user-id',
    'x-ms-client-request-id',
    'x-ms-version',
    'x-amz-date',
    'x-goog-api-key',
    'x-goog-user-project',
    'x-pomerium-authorization',
    'x-vouch-token',
    'x-userinformation',
    'x-client-version',
    'client-certificate',
    'remote-username',
    'apikey',
  ])('%s passes', (name) => {
    const strip = createStripper(new Set(), isRefusedUsually);
    expect([...strip(new Headers({ [name]: 'x' }), false).keys()]).toEqual([name]);
  });
});

describe('drop_headers', () => {
  const ask = async (api: object, gateway: object, headers: Record<string, string>, path = '/open/x') => {
    const rig = makeRig({
      routes: { 'GET /open/*': { auth: 'none' } },
      api: { ...api },
      more: {
        GATEWAY: gateway,
        API_B: {
          hosts: ['b.example.com'],
          origin: 'https://b.internal.example',
          audience: 'b',
          routes: { 'GET /b': { auth: 'none' } },
        },
      },
    });
    await rig.ask(`GET ${path}`, headers);
    return rig.lastReceived().headers;
  };

  it.each(['x-user-id', 'X-User-Id', 'x_user_id', 'x.user.id', 'x-user_id'])(
    'names what one origin does not get: %s',
    async (name) => {
      const api = { drop_headers: ['X-User-Id'] };
      expect((await ask(api, {}, { [name]: '1' })).get(name)).toBeNull();
      expect((await ask(api, {}, { [name]: '1' }, 'https://b.example.com/b')).get(name)).toBe('1');
      expect((await ask({}, api, { [name]: '1' }, 'https://b.example.com/b')).get(name)).toBeNull();
    },
  );

  it('may name what is not ours, such as cookies', async () => {
    expect((await ask({ drop_headers: ['cookie'] }, {}, { cookie: 'a=1' })).get('cookie')).toBeNull();
  });

  it('does not touch an API on trial that is alone', async () => {
    const rig = makeRig({ routes: {}, api: { drop_headers: ['x-user-id'], report_only: true } });
    await rig.ask('GET /x', { 'x-user-id': '1', 'x-auth-request-user': 'me', 'x-request-id': 'as it came' });
    const { headers } = rig.lastReceived();
    expect(['x-user-id', 'x-auth-request-user', 'x-request-id'].map((name) => headers.get(name))).toEqual([
      '1',
      'me',
      'as it came',
    ]);
  });
});
