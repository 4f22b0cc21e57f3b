import { describe, expect, it } from 'vitest';
import { authorize } from '../../src/policy/authorize.ts';
import { policyWith, principal } from '../support/policy.ts';

type Tables = Record<string, unknown>;

function outcome(
  route: Tables,
  claims: Tables,
  more: { scopes?: string[]; client?: string | undefined } = {},
  key = 'GET /orgs/:org',
  segments = ['orgs', 'acme'],
) {
  const policy = policyWith({ [key]: route });
  const compiledRoute = policy.apis[0]?.routes[0];
  if (compiledRoute === undefined) throw new Error('no route');
  const { scopes, ...rest } = more;
  const caller = principal(policy, claims, { ...rest, scopes: new Set(scopes) } as object);
  return authorize(compiledRoute, caller, { segments, host: '' })?.code ?? 'allow';
}

describe('scopes', () => {
  it.each<[string, Tables, string[], string]>([
    ['none asked for', {}, [], 'allow'],
    ['all held', { scopes_all: ['a', 'b'] }, ['a', 'b', 'c'], 'allow'],
    ['one of all missing', { scopes_all: ['a', 'b'] }, ['a'], 'scopes_missing'],
    ['any held', { scopes_any: ['a', 'b'] }, ['b'], 'allow'],
    ['none of any held', { scopes_any: ['a', 'b'] }, ['c'], 'scopes_missing'],
    ['all and any', { scopes_all: ['a'], scopes_any: ['b', 'c'] }, ['a', 'c'], 'allow'],
    ['all, but none of any', { scopes_all: ['a'], scopes_any: ['b', 'c'] }, ['a'], 'scopes_missing'],
    ['a longer word is not the scope', { scopes_all: ['read'] }, ['reader'], 'scopes_missing'],
    ['a shorter word is not the scope', { scopes_all: ['read:orders'] }, ['read'], 'scopes_missing'],
    ['case counts (RFC 6749 §3.3)', { scopes_all: ['read'] }, ['Read'], 'scopes_missing'],
    ['* is no wildcard', { scopes_all: ['read'] }, ['*'], 'scopes_missing'],
  ])('%s', (_why, route, scopes, want) => {
    expect(outcome(route, {}, { scopes })).toBe(want);
  });
});

describe('clients', () => {
  it.each([
    ['named', 'backoffice', 'allow'],
    ['another', 'other', 'client_not_allowed'],
    ['in another case', 'Backoffice', 'client_not_allowed'],
    ['none', undefined, 'client_not_allowed'],
  ])('%s', (_why, client, want) => {
    expect(outcome({ clients: ['backoffice'] }, {}, { client })).toBe(want);
  });
});

describe('claims', () => {
  it.each<[string, unknown, Tables, string]>([
    ['a value', 'a', { c: 'a' }, 'allow'],
    ['another value', 'a', { c: 'b' }, 'claim_mismatch'],
    ['an absent claim', 'a', {}, 'claim_mismatch'],
    ['any of a list', ['a', 'b'], { c: 'b' }, 'allow'],
    ['none of a list', ['a', 'b'], { c: 'c' }, 'claim_mismatch'],
    ['an array that contains it', 'a', { c: ['x', 'a'] }, 'allow'],
    ['an array that does not', 'a', { c: ['x'] }, 'claim_mismatch'],
    ['an empty array', 'a', { c: [] }, 'claim_mismatch'],
    ['a part of the text', 'acme', { c: 'acme.evil' }, 'claim_mismatch'],
    ['a dot is no wildcard', 'a.c', { c: 'abc' }, 'claim_mismatch'],
    ['a number', 1, { c: 1 }, 'allow'],
    ['a number is not its text', 1, { c: '1' }, 'claim_mismatch'],
    ['text is not its number', '1', { c: 1 }, 'claim_mismatch'],
    ['true', true, { c: true }, 'allow'],
    ['true is not its text', true, { c: 'true' }, 'claim_mismatch'],
    ['true is not 1', true, { c: 1 }, 'claim_mismatch'],
    ['null is nothing', 'null', { c: null }, 'claim_mismatch'],
    ['an object that has a member of that name', 'a', { c: { a: { roles: [] } } }, 'allow'],
    ['an object that has it among its values', 'a', { c: { b: 'a' } }, 'claim_mismatch'],
    ['an object inside of a list', 'a', { c: [{ a: true }] }, 'claim_mismatch'],
    ['a member that is false', 'a', { c: { a: false } }, 'claim_mismatch'],
    ['a member that is null', 'a', { c: { a: null } }, 'claim_mismatch'],
    ['a member that is 0', 'a', { c: { a: 0 } }, 'claim_mismatch'],
    ['a member that is empty', 'a', { c: { a: '' } }, 'claim_mismatch'],
    ['a member that is inherited', 'toString', { c: {} }, 'claim_mismatch'],
    ['a number is not a name of a member', 7, { c: { 7: true } }, 'claim_mismatch'],
    ['a path parameter that names a member', { param: 'org' }, { c: { acme: true } }, 'allow'],
    ['a path parameter that names none', { param: 'org' }, { c: { other: true } }, 'claim_mismatch'],
    ['present: text', { present: true }, { c: 'x' }, 'allow'],
    ['present: false, 0 and empty', { present: true }, { c: false }, 'allow'],
    ['present: null', { present: true }, { c: null }, 'claim_mismatch'],
    ['present: absent', { present: true }, {}, 'claim_mismatch'],
    ['present: inherited', { present: true }, { d: 1 }, 'claim_mismatch'],
    ['all of a list', { all: ['a', 'b'] }, { c: ['b', 'x', 'a'] }, 'allow'],
    ['all of an object', { all: ['a', 'b'] }, { c: { a: 1, b: {} } }, 'allow'],
    ['one of all', { all: ['a', 'b'] }, { c: ['a'] }, 'claim_mismatch'],
    ['one of all, as text', { all: ['a', 'b'] }, { c: 'a' }, 'claim_mismatch'],
    ['not: another value', { not: 'guest' }, { c: 'staff' }, 'allow'],
    ['not: a list without it', { not: ['guest', 'bot'] }, { c: ['staff', 7] }, 'allow'],
    ['not: an empty list', { not: 'guest' }, { c: [] }, 'allow'],
    ['not: an object without it', { not: 'guest' }, { c: { staff: true, guest: false } }, 'allow'],
    ['not: the value', { not: 'guest' }, { c: 'guest' }, 'claim_mismatch'],
    ['not: another case, and blanks', { not: 'guest' }, { c: ' Guest' }, 'claim_mismatch'],
    ['not: a list that has it', { not: ['bot', 'guest'] }, { c: ['staff', 'guest'] }, 'claim_mismatch'],
    ['not: an object that has it', { not: 'guest' }, { c: { guest: {} } }, 'claim_mismatch'],
    ['not: an absent claim', { not: 'guest' }, {}, 'claim_mismatch'],
    ['not: null', { not: 'guest' }, { c: null }, 'claim_mismatch'],
    ['not: a list of objects', { not: 'guest' }, { c: [{ name: 'guest' }] }, 'claim_mismatch'],
    ['not: a list with null', { not: 'guest' }, { c: ['staff', null] }, 'claim_mismatch'],
    ['not: text is its number', { not: '1' }, { c: 1 }, 'claim_mismatch'],
    ['not: a number is its text', { not: 1 }, { c: ['1'] }, 'claim_mismatch'],
    ['not: a boolean is its text', { not: true }, { c: 'TRUE' }, 'claim_mismatch'],
    ['all but one: both hold', { all: ['a'], not: 'b' }, { c: ['a', 'c'] }, 'allow'],
    ['all but one: the one', { all: ['a'], not: 'b' }, { c: ['a', 'b'] }, 'claim_mismatch'],
    [
      'a parameter but one value',
      { param: 'org', not: 'suspended' },
      { c: ['acme', 'suspended'] },
      'claim_mismatch',
    ],
    ['a path parameter', { param: 'org' }, { c: 'acme' }, 'allow'],
    ['another path parameter', { param: 'org' }, { c: 'other' }, 'claim_mismatch'],
    ['a path parameter in another case', { param: 'org' }, { c: 'Acme' }, 'claim_mismatch'],
    ['a path parameter in an array', { param: 'org' }, { c: ['x', 'acme'] }, 'allow'],
    ['a path parameter, the claim absent', { param: 'org' }, {}, 'claim_mismatch'],
    ['a path parameter, the claim empty', { param: 'org' }, { c: '' }, 'claim_mismatch'],
  ])('%s', (_why, want, claims, result) => {
    expect(outcome({ claims: { c: want } }, claims)).toBe(result);
  });

  it.each([
    ['7', 7, 'allow'],
    ['7', '7', 'allow'],
    ['07', 7, 'claim_mismatch'],
    ['7.0', 7, 'claim_mismatch'],
    ['1e3', 1000, 'claim_mismatch'],
    ['9007199254740992', 2 ** 53, 'claim_mismatch'],
    ['true', true, 'claim_mismatch'],
  ])('the segment %s and the claim %j', (segment, claim, want) => {
    expect(
      outcome({ claims: { c: { param: 'org' } } }, { c: claim }, {}, 'GET /orgs/:org', ['orgs', segment]),
    ).toBe(want);
  });

  it.each<[string, Tables, string]>([
    ['/a/b', { a: { b: 'v' } }, 'allow'],
    ['/a/0', { a: ['v'] }, 'allow'],
    ['/a/00', { a: ['v'] }, 'claim_mismatch'],
    ['/a/length', { a: ['v'] }, 'claim_mismatch'],
    ['/a~1b/c~0d', { 'a/b': { 'c~d': 'v' } }, 'allow'],
    ['a.b', { 'a.b': 'v' }, 'allow'],
    ['a.b', { a: { b: 'v' } }, 'claim_mismatch'],
    ['https://example.com/c', { 'https://example.com/c': 'v' }, 'allow'],
    ['/a/b', { a: 'v' }, 'claim_mismatch'],
    ['/a/b', { a: null }, 'claim_mismatch'],
  ])('the name %s in %j', (name, claims, want) => {
    expect(outcome({ claims: { [name]: 'v' } }, claims)).toBe(want);
  });

  it('all rules must hold', () => {
    const route = { scopes_all: ['s'], clients: ['client'], claims: { a: 1, b: 2 } };
    expect(outcome(route, { a: 1, b: 2 }, { scopes: ['s'] })).toBe('allow');
    expect(outcome(route, { a: 1, b: 3 }, { scopes: ['s'] })).toBe('claim_mismatch');
    expect(outcome(route, { a: 1, b: 2 }, { scopes: [] })).toBe('scopes_missing');
    expect(outcome(route, { a: 1, b: 2 }, { scopes: ['s'], client: 'x' })).toBe('client_not_allowed');
  });
});

describe('a pointer with a parameter', () => {
  const ADMIN = { claims: { '/orgs/:org/roles': 'admin' } };
  it.each<[why: string, segment: string, claims: Tables, want: string]>([
    ['reads the member that the path names', 'acme', { orgs: { acme: { roles: ['admin'] } } }, 'allow'],
    ['reads no other member', 'beta', { orgs: { acme: { roles: ['admin'] } } }, 'claim_mismatch'],
    ['is never its own text', 'acme', { orgs: { ':org': { roles: ['admin'] } } }, 'claim_mismatch'],
    ['is no index of a list', '0', { orgs: [{ roles: ['admin'] }] }, 'claim_mismatch'],
    ['may look like one in an object', '0', { orgs: { 0: { roles: 'admin' } } }, 'allow'],
    ['is never inherited', 'constructor', { orgs: {} }, 'claim_mismatch'],
    [
      'takes __proto__ for a name',
      '__proto__',
      { orgs: JSON.parse('{"__proto__":{"roles":"admin"}}') },
      'allow',
    ],
    ['has no member without a value', '', { orgs: { '': { roles: 'admin' } } }, 'claim_mismatch'],
    ['does not read a pointer in the path', 'a/roles', { orgs: { a: { roles: 'admin' } } }, 'claim_mismatch'],
    ['finds no member of a text', 'length', { orgs: 'admin' }, 'claim_mismatch'],
  ])('%s', (_why, segment, claims, want) => {
    expect(outcome(ADMIN, claims, {}, 'GET /orgs/:org', ['orgs', segment])).toBe(want);
  });
});

describe('alternatives', () => {
  const ROLE = { claims: { role: 'admin' } };
  it.each<[why: string, any_of: Tables[], claims: Tables, scopes: string[], want: string]>([
    ['the first', [{ scopes_all: ['a'] }, ROLE], {}, ['a'], 'allow'],
    ['the second', [{ scopes_all: ['a'] }, ROLE], { role: 'admin' }, [], 'allow'],
    ['both', [{ scopes_all: ['a'] }, ROLE], { role: 'admin' }, ['a'], 'allow'],
    ['none: scopes help', [ROLE, { scopes_all: ['a'] }], {}, ['b'], 'scopes_missing'],
    [
      'none: scopes alone do not',
      [{ ...ROLE, scopes_all: ['a'] }, { clients: ['x'] }],
      {},
      ['a'],
      'alternatives_unmet',
    ],
    [
      'a part of each',
      [
        { ...ROLE, scopes_all: ['a'] },
        { clients: ['client'], scopes_all: ['b'] },
      ],
      {},
      ['a'],
      'alternatives_unmet',
    ],
    [
      'one as a whole',
      [
        { ...ROLE, scopes_all: ['a'] },
        { clients: ['client'], scopes_all: ['b'] },
      ],
      {},
      ['b'],
      'allow',
    ],
  ])('%s', (_why, any_of, claims, scopes, want) => {
    expect(outcome({ any_of }, claims, { scopes })).toBe(want);
  });

  it('hold beside the other rules', () => {
    const route = { any_of: [{ scopes_all: ['a'] }, { scopes_all: ['b'] }], ...ROLE };
    expect(outcome(route, { role: 'admin' }, { scopes: ['b'] })).toBe('allow');
    expect(outcome(route, {}, { scopes: ['b'] })).toBe('claim_mismatch');
  });

  it('name the scopes of the route, and of the first alternative that needs no more', () => {
    const any_of = [ROLE, { scopes_all: ['a'], scopes_any: ['b', 'c'] }, { scopes_all: ['d'] }];
    const [route] = policyWith({ 'GET /x': { scopes_all: ['r'], any_of } }).apis[0]?.routes ?? [];
    expect(route?.demands.at(-1)?.refusal).toEqual({
      code: 'scopes_missing',
      needed: ['r', 'a', 'b', 'c'],
      all: ['r', 'a'],
      any: [['b', 'c']],
    });
  });
});
