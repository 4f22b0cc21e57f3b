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
    ['case counts', { scopes_all: ['read'] }, ['Read'], 'scopes_missing'],
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
    ['an object is no value', 'a', { c: { a: 'a' } }, 'claim_mismatch'],
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
