/** What the live view counts, and what it asks about a denial. */
import { describe, expect, it } from 'vitest';
import { barsOf, groupsOf, matching, NO_FILTER } from '../../../page/live.ts';
import type { DecisionData } from '../../../page/live-data.ts';
import { questionOf } from '../../../page/question.ts';
import { compilePolicy } from '../../../src/policy/compile/compile.ts';

const decision = (more: Partial<DecisionData> = {}): DecisionData => ({
  ...{
    seq: 1,
    atMs: 0,
    method: 'GET',
    host: 'api.example.com',
    path: '/x',
    route: 'API_X GET /x',
    status: 403,
  },
  ...{ allowed: false, reason: 'scopes_missing', detail: null, wouldDeny: null, wouldDenyDetail: null },
  ...{ caller: 'job', claims: null, issuer: null },
  ...more,
});
const allowed = (more: Partial<DecisionData> = {}) =>
  decision({ allowed: true, status: 200, reason: null, ...more });

describe('groups', () => {
  const all = [
    decision(),
    decision({ caller: 'other' }),
    decision({ reason: 'token_missing', caller: '(no token)', path: '/y' }),
    allowed({ wouldDeny: 'scopes_missing' }),
    allowed(),
  ];

  it('have denials, and those of rules that are tried, the most frequent first', () => {
    expect(groupsOf(all, NO_FILTER).reason).toEqual([
      { name: 'scopes_missing', count: 2 },
      { name: 'scopes_missing (tried)', count: 1 },
      { name: 'token_missing', count: 1 },
    ]);
  });

  it('are narrowed by the others, not by themselves', () => {
    const { reason, caller } = groupsOf(all, { ...NO_FILTER, reason: 'scopes_missing' });
    expect(reason).toHaveLength(3);
    expect(caller.map(({ name }) => name)).toEqual(['job', 'other']);
  });

  it.each([
    ['all', {}, 5],
    ['refused only', { refusedOnly: true }, 4],
    ['text', { text: ' /Y ' }, 1],
    ['a reason', { reason: 'token_missing' }, 1],
    ['two at once', { reason: 'scopes_missing', caller: 'other' }, 1],
  ])('%s', (_what, filter, count) => {
    expect(matching(all, { ...NO_FILTER, ...filter })).toHaveLength(count);
  });
});

describe('the time line', () => {
  it.each([1, 59, 60, 3_599, 86_400, 86_400 * 400])(
    'has %i seconds in 60 bars at most, all requests in it',
    (span) => {
      const all = Array.from({ length: 200 }, (_, i) => decision({ atMs: 12_345 + (i * span * 1000) / 199 }));
      const { bars } = barsOf([...all.slice(100), ...all.slice(0, 100)], 60);
      expect(bars.length).toBeLessThanOrEqual(60);
      expect(bars.reduce((sum, { refused }) => sum + refused, 0)).toBe(200);
    },
  );

  it('is empty without requests, and one bar with one', () => {
    expect(barsOf([], 60).bars).toEqual([]);
    expect(barsOf([allowed({ atMs: 5_000 })], 60)).toEqual({
      seconds: 1,
      bars: [{ fromMs: 5_000, allowed: 1, refused: 0 }],
    });
  });
});

describe('a denial as a question', () => {
  const compiled = compilePolicy({
    ISSUERS: { main: { issuer: 'https://issuer.example/', jwks_uri: 'https://issuer.example/keys' } },
    API_X: { origin: 'https://x.example', audience: 'x', routes: { 'GET   /x/:id': { scopes_all: ['a'] } } },
  });
  if (!compiled.ok) throw new Error('the policy has faults');

  it.each([
    ["the log's place", {}, { url: 'https://api.example.com/x', token: '' }, 0],
    ['a local gateway', { host: 'localhost:8787' }, { url: 'http://localhost:8787/x' }, 0],
    ['a path alone', { host: null }, { url: '/x' }, 0],
    ["a route's example", { path: null, route: 'API_X GET /x/:id' }, { url: '/x/x' }, 1],
    ['nothing known', { path: null, route: 'API_GONE' }, { url: '/' }, 1],
    [
      'claims, with the issuer that verified them',
      { claims: { scope: 'b' }, issuer: 'main' },
      { token: '{"iss":"https://issuer.example/","scope":"b"}' },
      1,
    ],
    [
      'claims that nobody verified',
      { claims: { iss: 'https://other.example/' } },
      { token: '{"iss":"https://other.example/"}' },
      1,
    ],
  ])('has %s', (_what, more, want, gaps) => {
    const question = questionOf(compiled.policy, decision(more));
    expect(question.asked).toMatchObject({ method: 'GET', ...want });
    expect(question.gaps).toHaveLength(gaps);
  });
});
