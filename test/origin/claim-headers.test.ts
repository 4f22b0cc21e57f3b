import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeJson, encodeList, encodeText, setClaimHeaders } from '../../src/origin/claim-headers.ts';
import type { Api, ForwardedClaim } from '../../src/policy/policy.ts';
import { faultsOf, policyWith, principal, vars } from '../support/policy.ts';

const SAFE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string(),
  fc.string({ unit: fc.constantFrom(...' ,%\r\n\0\t"\\é€😀a') }),
);

describe('the encodings', () => {
  it.each([
    ['plain', 'plain'],
    ['a b', 'a b'],
    [' a ', '%20a%20'],
    ['  ', '%20%20'],
    ['a,b', 'a%2Cb'],
    ['100%', '100%25'],
    ['a\r\nx-claim-sub: root', 'a%0D%0Ax-claim-sub: root'],
    ['\0', '%00'],
    ['café', 'caf%C3%A9'],
    ['😀', '%F0%9F%98%80'],
    ['\x7f', '%7F'],
    ['a "quoted" \\ text', 'a "quoted" \\ text'],
  ])('text: %j is sent as %j', (claim, header) => {
    expect(encodeText(claim)).toBe(header);
  });

  it('text: decodeURIComponent gives back the claim, and no header can be broken', () => {
    fc.assert(
      fc.property(anyText, (claim) => {
        const header = encodeText(claim);
        expect(decodeURIComponent(header)).toBe(claim);
        expect(header === '' || SAFE.test(header)).toBe(true);
        expect(new Headers({ x: header }).get('x')).toBe(header);
        expect(header).not.toContain(',');
      }),
    );
  });

  it('list: splitting and decoding gives back the claims', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1 }), (claims) => {
        expect(encodeList(claims).split(',').map(decodeURIComponent)).toEqual(claims);
      }),
    );
  });

  it('json: parsing gives back the claim, in ASCII', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false } as object), (claim) => {
        const header = encodeJson(claim);
        expect(JSON.parse(header)).toEqual(JSON.parse(JSON.stringify(claim)));
        expect(header).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });

  it('text takes time in proportion to the claim', () => {
    expect(encodeText(`a${' '.repeat(15_000)}b`)).toHaveLength(15_002);
  });
});

describe('setClaimHeaders', () => {
  const policy = policyWith(
    { 'GET /x': {} },
    {
      forward: {
        org: 'x-org',
        'https://example.com/tenant': 'x-claim-tenant',
        '/realm_access/roles': { header: 'x-roles', as: 'list' },
        address: { header: 'x-address', as: 'json' },
      },
    },
  );
  const api = policy.apis[0] as Api;

  function headersFor(claims: Record<string, unknown>, more = {}) {
    const headers = new Headers();
    const skipped: string[] = [];
    const reason = setClaimHeaders(headers, principal(policy, claims, more), api, (claim: ForwardedClaim) =>
      skipped.push(claim.claim.text),
    );
    return { headers: Object.fromEntries(headers), skipped, reason };
  }
  const identity = {
    'x-claim-iss': 'https://issuer.example/',
    'x-claim-sub': 'subject',
    'x-claim-client-id': 'client',
  };

  it('sends who is calling', () => {
    expect(headersFor({}, { scopes: new Set(['a', 'b']) }).headers).toEqual({
      ...identity,
      'x-claim-scope': 'a b',
    });
  });

  it('sends no header for what is missing or empty', () => {
    expect(headersFor({ org: '' }, { subject: undefined, client: undefined }).headers).toEqual({
      'x-claim-iss': identity['x-claim-iss'],
    });
    expect(headersFor({ org: null }).headers).toEqual(identity);
  });

  it('sends what the API forwards: names with dots and slashes, nested members, lists, JSON', () => {
    const { headers, skipped } = headersFor({
      org: 'a',
      'https://example.com/tenant': 'b',
      realm_access: { roles: ['r,1', 'ü'] },
      address: { city: 'Zürich' },
    });
    expect(headers).toEqual({
      ...identity,
      'x-org': 'a',
      'x-claim-tenant': 'b',
      'x-roles': 'r%2C1,%C3%BC',
      'x-address': '{"city":"Z\\u00fcrich"}',
    });
    expect(skipped).toEqual([]);
  });

  it('sends nothing that a token only inherits', () => {
    const inherited = policyWith(
      { 'GET /x': {} },
      { forward: { '/__proto__': { header: 'x-proto', as: 'json' } } },
    );
    const headers = new Headers();
    setClaimHeaders(headers, principal(inherited), inherited.apis[0] as Api, () => {});
    expect(headers.get('x-proto')).toBeNull();
  });

  it('refuses JSON that is nested too deeply to be written', () => {
    let deep: unknown = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(headersFor({ address: deep }).reason).toEqual({ code: 'claims_too_large', claim: 'address' });
  });

  it('a single string is a list of one', () => {
    expect(headersFor({ realm_access: { roles: 'r,1' } }).headers['x-roles']).toBe('r%2C1');
  });

  it.each([
    ['a number as text', { org: 7 }, 'org'],
    ['a list as text: a client could forge one', { org: ['a'] }, 'org'],
    ['an object as list', { realm_access: { roles: {} } }, '/realm_access/roles'],
    ['a list with something else', { realm_access: { roles: ['a', 1] } }, '/realm_access/roles'],
  ])('sends nothing for %s', (_why, claims, name) => {
    expect(headersFor(claims)).toMatchObject({ headers: identity, skipped: [name] });
  });

  it.each([
    ['more than 8 KB', { org: 'x'.repeat(8_192) }, 'org'],
    ['encoding counts', { org: 'é'.repeat(1_400) }, 'org'],
    [
      'all of them together',
      { org: 'x'.repeat(4_000), 'https://example.com/tenant': 'x'.repeat(4_100) },
      'https://example.com/tenant',
    ],
  ])('refuses %s', (_why, claims, claim) => {
    expect(headersFor(claims).reason).toEqual({ code: 'claims_too_large', claim });
  });
});

describe('only', () => {
  const groupsOf = (only: unknown[], groups: unknown) => {
    const chosen = policyWith(
      { 'GET /x': {} },
      { forward: { groups: { header: 'x-groups', as: 'list', only } } },
    );
    const headers = new Headers();
    const skipped: string[] = [];
    setClaimHeaders(headers, principal(chosen, { groups }), chosen.apis[0] as Api, ({ header }) =>
      skipped.push(header),
    );
    return [headers.get('x-groups'), ...skipped];
  };

  it.each<[string, unknown[], unknown, unknown[]]>([
    ['values', ['admins', 'staff'], ['all', 'staff', 'admins'], ['staff,admins']],
    ['values that begin so', [{ prefix: 'app-' }], ['app-a', 'xapp-b', 'app', 'app-'], ['app-a,app-']],
    ['both', ['admins', { prefix: 'app-' }], ['app-a', 'admins', 'Admins', 'admins2'], ['app-a,admins']],
    ['values before they are encoded', ['a,b'], ['a,b', 'a', 'b'], ['a%2Cb']],
    ['none: no header, as for an empty list', ['admins'], ['all'], [null]],
    ['a single string', ['admins'], 'admins', ['admins']],
    ['a list with something else is not sent', ['admins'], ['admins', 1], [null, 'x-groups']],
  ])('%s', (_what, only, groups, want) => {
    expect(groupsOf(only, groups)).toEqual(want);
  });

  it('leaves room: what is not sent does not count', () => {
    const groups = Array.from({ length: 5_000 }, (_, i) => `group-${i}`);
    expect(groupsOf(['group-7', { prefix: 'group-499' }], groups)[0]).toBe(
      ['group-7', 'group-499', ...Array.from({ length: 10 }, (_, i) => `group-499${i}`)].join(),
    );
  });

  it.each(['text', 'json', undefined])('beside as = %s is a fault', (as) => {
    const forward = { groups: { header: 'x-groups', only: ['a'], ...(as && { as }) } };
    expect(faultsOf(vars({ 'GET /x': {} }, { forward }))).toEqual([
      'API_ORDERS.forward.groups.only: only chooses among the values of a list; add as = "list", or remove only',
    ]);
  });
});

describe('max_claims_bytes', () => {
  // Entra ID writes up to 200 groups into a token, by their ids.
  const groups = Array.from(
    { length: 200 },
    (_, i) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
  );
  const reasonFor = (more: object) => {
    const api = { forward: { groups: { header: 'x-groups', as: 'list' } }, ...more };
    const limited = policyWith({ 'GET /x': {} }, api);
    return setClaimHeaders(new Headers(), principal(limited, { groups }), limited.apis[0] as Api, () => {});
  };

  it('is enough for 200 groups, and can be less or more', () => {
    expect(reasonFor({})).toBeUndefined();
    expect(reasonFor({ max_claims_bytes: 7_000 })).toEqual({ code: 'claims_too_large', claim: 'groups' });
    expect(reasonFor({ max_claims_bytes: 65_536 })).toBeUndefined();
  });
});
