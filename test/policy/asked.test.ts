/** Which scopes a client is told to ask for: enough for what the rules say of scopes, and none too many. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseScopes, scopeLists } from '../../src/policy/asked.ts';
import { policyWith } from '../support/policy.ts';

const listsOf = (rules: Record<string, unknown>) => {
  const [route] = policyWith({ 'GET /x': rules }).apis[0]?.routes ?? [];
  if (route === undefined) throw new Error('there is no route');
  return scopeLists(route);
};
const ROLE = { claims: { role: 'admin' } };

describe('scopes to ask for', () => {
  it.each<[string, Record<string, unknown>, string[]]>([
    ['none, where no rule names one', ROLE, []],
    ['all of scopes_all', { scopes_all: ['b', 'a'] }, ['b', 'a']],
    ['one of scopes_any: the first', { scopes_any: ['b', 'a'] }, ['b']],
    ['no more where scopes_all has one already', { scopes_all: ['a'], scopes_any: ['b', 'a'] }, ['a']],
    ['both rules', { scopes_all: ['a'], scopes_any: ['c', 'b'] }, ['a', 'c']],
    [
      'of alternatives the first',
      { any_of: [{ scopes_all: ['a', 'b'] }, { scopes_all: ['c'] }] },
      ['a', 'b'],
    ],
    [
      'of alternatives the first that is about scopes alone',
      { any_of: [ROLE, { scopes_all: ['a'], clients: ['x'] }, { scopes_any: ['c', 'd'] }] },
      ['c'],
    ],
    [
      'no alternative, where none is',
      { scopes_all: ['a'], any_of: [ROLE, { scopes_all: ['b'], ...ROLE }] },
      ['a'],
    ],
    [
      'the alternative that other rules meet',
      { scopes_all: ['c'], any_of: [{ scopes_all: ['a'] }, { scopes_all: ['c'] }] },
      ['c'],
    ],
  ])('%s', (_what, rules, expected) => {
    expect(chooseScopes(listsOf(rules), undefined)).toEqual(expected);
  });

  it('keeps what the client has, where there is a choice', () => {
    expect(chooseScopes([['r'], ['a', 'b']], new Set(['b']))).toEqual(['r', 'b']);
  });

  it('meets every list, and no scope of it can be left out', () => {
    const name = fc.constantFrom(...'abcdef');
    const lists = fc.array(fc.uniqueArray(name, { minLength: 1, maxLength: 3 }), { maxLength: 6 });
    fc.assert(
      fc.property(lists, fc.uniqueArray(name), (all, held) => {
        const chosen = chooseScopes(all, new Set(held));
        const meets = (some: readonly string[]) =>
          all.every((list) => list.some((one) => some.includes(one)));
        expect(meets(chosen)).toBe(true);
        for (const one of chosen) expect(meets(chosen.filter((other) => other !== one))).toBe(false);
        expect(chooseScopes(all, new Set(held))).toEqual(chosen);
      }),
    );
  });
});
