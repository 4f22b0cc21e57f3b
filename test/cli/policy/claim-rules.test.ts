/** What tools say of claim rules in all their forms, and of alternatives. */
import { describe, expect, it } from 'vitest';
import { enforce } from '../../../cli/logs/trial/enforced.ts';
import { mutantsOf } from '../../../cli/policy/cases/mutants.ts';
import { comparePolicies } from '../../../cli/policy/diff/diff.ts';
import { demandWords, rulesJson } from '../../../cli/policy/rule-words.ts';
import { policyWith, vars } from '../../support/policy.ts';

type Rule = Record<string, unknown>;
const KEY = 'GET /orgs/:org';
const NOW_SECONDS = 1_800_000_000;
const routeOf = (rule: Rule) => policyWith({ [KEY]: rule }).apis[0]?.routes[0];
const ADMIN = { claims: { role: 'admin' } };

describe('words', () => {
  it.each<[words: string, rule: Rule]>([
    ['where c is present', { claims: { c: { present: true } } }],
    ['where c is "a" and "b" and c is not 1', { claims: { c: { all: ['a', 'b'], not: 1 } } }],
    ['where c is :org and c is not "x"', { claims: { c: { param: 'org', not: 'x' } } }],
    ['where /orgs/:org/roles is "a" or "b"', { claims: { '/orgs/:org/roles': ['a', 'b'] } }],
    [
      'with r, either (with one of s, t) or (of client x, where role is "admin")',
      { scopes_all: ['r'], any_of: [{ scopes_any: ['s', 't'] }, { clients: ['x'], ...ADMIN }] },
    ],
  ])('%s', (words, rule) => {
    expect(demandWords(routeOf(rule)?.demands ?? [])).toBe(words);
  });

  it('JSON has what the policy says', () => {
    const claims = {
      a: { all: ['x', 'y'], not: ['z'] },
      b: ['x', 'y'],
      c: { param: 'org' },
      d: { present: true },
    };
    const any_of = [{ scopes_all: ['s'] }, { claims }];
    expect(rulesJson(routeOf({ claims, any_of })?.demands ?? [])).toMatchObject({ claims, any_of });
  });
});

describe('mutants', () => {
  const mutantsFor = (rule: Rule) =>
    [...mutantsOf(vars({ [KEY]: rule }), [])].flatMap((one) =>
      one.kind === 'route' && one.changed?.key === KEY ? [one.what] : [],
    );

  it('of a table of what a claim must be', () => {
    expect(mutantsFor({ claims: { c: { all: ['a', 'b'], not: ['x', 'y'] } } })).toEqual(
      expect.arrayContaining([
        'without the claim rule c',
        'claims.c without all',
        'claims.c all without "a"',
        'claims.c without not',
        'claims.c not without "y"',
        'claims.c not becomes present',
      ]),
    );
    expect(mutantsFor({ claims: { c: { all: ['a', 'b'] } } })).toContain('claims.c all becomes any');
  });

  it('of alternatives, and of each rule in them', () => {
    expect(mutantsFor({ any_of: [{ scopes_all: ['r', 's'] }, ADMIN] })).toEqual(
      expect.arrayContaining([
        'without any_of',
        'any_of without {"claims":{"role":"admin"}}',
        'any_of[0]: scopes_all without "r"',
        'any_of[0]: scopes_all becomes scopes_any',
      ]),
    );
  });
});

describe('diff', () => {
  const changes = async (old: Rule, now: Rule) => {
    const { findings } = await comparePolicies(
      policyWith({ [KEY]: old }),
      policyWith({ [KEY]: now }),
      NOW_SECONDS,
    );
    return findings.map(({ change, before, now: after }) => [change, before, after]);
  };
  it.each<[why: string, old: Rule, now: Rule, want: unknown[]]>([
    [
      'a value of a claim says that it is there',
      { claims: { c: 'a' } },
      { claims: { c: ['a'], '/c': { present: true } } },
      [],
    ],
    [
      'the order of alternatives',
      { any_of: [ADMIN, { scopes_all: ['s'] }] },
      { any_of: [{ scopes_all: ['s'] }, ADMIN] },
      [],
    ],
    [
      'an alternative that asks for more than another',
      { any_of: [ADMIN] },
      { any_of: [ADMIN, { ...ADMIN, clients: ['x'] }] },
      [],
    ],
    ['one alternative is no alternative', { any_of: [ADMIN] }, ADMIN, []],
    [
      'a member inside of it says that it has the member',
      { claims: { '/o/:org/r': 'a' } },
      { claims: { '/o/:org/r': 'a', o: { param: 'org' } } },
      [],
    ],
    [
      'an alternative more',
      ADMIN,
      { any_of: [ADMIN, { scopes_all: ['s'] }] },
      [
        [
          'widened',
          ['claim role is admin', 'any alternatives'],
          ['any claim role', 'claim role is admin or scope s'],
        ],
      ],
    ],
    [
      'a value that is no longer unwanted',
      { claims: { c: { not: ['a', 'b'] } } },
      { claims: { c: { not: 'a' } } },
      [['widened', ['claim c is not a and not b'], ['claim c is not a']]],
    ],
  ])('%s', async (_why, old, now, want) => {
    expect(await changes(old, now)).toEqual(want);
  });
});

it('two lists of alternatives become one only where one lies within the other', () => {
  const few = [ADMIN, { scopes_all: ['s'] }];
  const more = [...few, { clients: ['x'] }];
  expect(enforce({ any_of: more, report: { any_of: few } })).toEqual({ ok: true, route: { any_of: few } });
  expect(enforce({ any_of: few, report: { any_of: more } })).toEqual({
    ok: false,
    why: 'both the route and its report have any_of',
  });
});
