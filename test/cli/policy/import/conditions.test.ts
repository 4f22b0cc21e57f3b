/** Who gets in: what becomes of the security of an operation. */
import { describe, expect, it } from 'vitest';
import { scopeRules } from '../../../../cli/policy/import/choices.ts';
import { conditionOf, conjunction, REFUSE } from '../../../../cli/policy/import/conditions.ts';
import type { Access, Scheme } from '../../../../cli/policy/import/operations.ts';

const token = (name: string, audience: readonly string[] = []): Scheme => ({
  kind: 'token',
  name,
  key: `scheme ${name}`,
  issuer: undefined,
  says: '',
  audience,
  notes: [],
});
const [login, staff] = [token('login'), token('staff')];
const key: Scheme = { kind: 'other', name: 'key', what: 'apiKey' };
const nothing: Scheme = { kind: 'unknown', name: 'nothing', why: 'which is not defined' };

const asked = (...alternatives: (readonly (readonly [Scheme, readonly string[]])[])[]): Access => ({
  kind: 'asked',
  alternatives: alternatives.map((one) => one.map(([scheme, scopes]) => ({ scheme, scopes }))),
});

const L = 'scheme login';
const S = 'scheme staff';
const NOBODY = { scopes_all: ['review-me'] };

describe('the condition of an operation', () => {
  it.each<[string, Access, readonly string[] | undefined, object, readonly string[]]>([
    ['one alternative', asked([[login, ['a', 'b']]]), [L], { scopes_all: ['a', 'b'] }, []],
    [
      'alternatives of one scope',
      asked([[login, ['a']]], [[login, ['b']]]),
      [L],
      { scopes_any: ['a', 'b'] },
      [],
    ],
    [
      'with something in common',
      asked([[login, ['a', 'b']]], [[login, ['c', 'a']]]),
      [L],
      { scopes_all: ['a'], scopes_any: ['b', 'c'] },
      [],
    ],
    ['one that is enough', asked([[login, ['a', 'b']]], [[login, ['a']]]), [L], { scopes_all: ['a'] }, []],
    [
      'combinations',
      asked([[login, ['a', 'b']]], [[login, ['c', 'd']]]),
      [L],
      { any_of: [{ scopes_all: ['a', 'b'] }, { scopes_all: ['c', 'd'] }] },
      [],
    ],
    [
      'more combinations than a route can say',
      asked(...Array.from({ length: 7 }, (_, i) => [[login, [`a${i}`, `b${i}`]]] as const)),
      [L],
      { scopes_all: ['a0', 'b0'] },
      ['first only'],
    ],
    [
      'two issuers, the same scopes',
      asked([[login, ['a']]], [[staff, ['a']]]),
      [L, S],
      { scopes_all: ['a'] },
      [],
    ],
    [
      'two issuers, other scopes: the scopes of both',
      asked([[login, []]], [[staff, ['a']]]),
      [L, S],
      { scopes_all: ['a'] },
      ['either login, or staff with a'],
    ],
    [
      'two issuers, choices of scopes',
      asked([[login, ['a']]], [[login, ['b']]], [[staff, ['c']]]),
      [L, S],
      { scopes_all: ['c'], scopes_any: ['a', 'b'] },
      ['either login with a, or b, or staff with c'],
    ],
    [
      'two audiences: the first only',
      asked([[token('login', ['x']), ['a']]], [[staff, ['a']]]),
      [L],
      { scopes_all: ['a'] },
      ['either login with a, or staff with a'],
    ],
    [
      'two tokens at once',
      asked([
        [login, []],
        [staff, []],
      ]),
      undefined,
      NOBODY,
      ['both', 'review-me'],
    ],
    [
      'a key as well',
      asked([
        [login, ['a']],
        [key, []],
      ]),
      [L],
      { scopes_all: ['a'] },
      ['also key'],
    ],
    ['a key instead', asked([[login, ['a']]], [[key, []]]), [L], { scopes_all: ['a'] }, ['instead key']],
    ['a key alone', asked([[key, []]]), undefined, NOBODY, ['instead key', 'review-me']],
    ['an unknown scheme', asked([[nothing, ['a']]]), undefined, NOBODY, ['unknown nothing', 'review-me']],
    [
      'an unknown scheme as well',
      asked([
        [nothing, []],
        [login, ['a']],
      ]),
      undefined,
      NOBODY,
      ['unknown nothing', 'review-me'],
    ],
    [
      'an unknown scheme instead',
      asked([[nothing, []]], [[login, ['a']]]),
      [L],
      { scopes_all: ['a'] },
      ['unknown nothing'],
    ],
    ['a token without scopes', asked([[login, []]]), [L], {}, ['no scope']],
    ['a scope that is none', asked([[login, ['a b']]]), undefined, NOBODY, ['scope', 'review-me']],
    [
      'a scope that is none instead',
      asked([[login, ['a b']]], [[login, ['c']]]),
      [L],
      { scopes_all: ['c'] },
      ['scope'],
    ],
    ['optional', asked([], [[login, ['a']]]), [L], { scopes_all: ['a'] }, ['optional']],
    ['optional, or a key', asked([], [[key, []]]), undefined, {}, ['optional', 'instead key']],
    ['nothing said', { kind: 'unsaid' }, undefined, {}, ['unsaid']],
    ['open', { kind: 'open' }, undefined, {}, ['open']],
    ['not understood', { kind: 'unread', note: { tag: 't', text: 't' } }, undefined, NOBODY, ['t']],
  ])('%s', (_why, access, issuers, rules, tags) => {
    const { condition, notes } = conditionOf(access);
    expect(condition.issuers).toEqual(issuers);
    expect(scopeRules(condition.choices)).toEqual(rules);
    expect(notes.map(({ tag }) => tag)).toEqual(tags);
  });

  it('of two operations that are one route is what satisfies both', () => {
    const of = (access: Access) => conditionOf(access).condition;
    const [a, b] = [of(asked([[login, ['a']]], [[login, ['b']]])), of(asked([[login, ['c']]]))];
    expect(scopeRules(conjunction(a, b).choices)).toEqual({ scopes_all: ['c'], scopes_any: ['a', 'b'] });
    expect(conjunction(a, of({ kind: 'unsaid' }))).toEqual(a);
    expect(conjunction(a, of(asked([[staff, ['a']]])))).toEqual(REFUSE);
    expect(scopeRules(conjunction(a, REFUSE).choices)).toMatchObject({ scopes_all: ['review-me'] });
    const [x, y] = [of(asked([[token('login', ['x']), []]])), of(asked([[token('login', ['y']), []]]))];
    expect(conjunction(x, y)).toEqual(REFUSE);
  });
});
