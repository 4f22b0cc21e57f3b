/** What is refused by a list of revocations and switches: exactly what is on it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Principal, Route, Settings } from '../../src/policy/policy.ts';
import type { RevokedGroup, Switch } from '../../src/revocation/content.ts';
import {
  createStanding,
  firstEnd,
  indexRevocations,
  unknownStanding,
} from '../../src/revocation/standing.ts';
import { ISSUER, policyWith, principal } from '../support/policy.ts';

const NOW = 1_800_000_000;
const TOLERANCE = 30;
const POLICY = policyWith(
  { 'GET /a': {}, 'GET  /b': {} },
  {},
  {
    ISSUERS: { main: { issuer: ISSUER, clock_tolerance: TOLERANCE } },
    GATEWAY: { blocked_clients: ['banned'], blocked_kids: ['old-key'] },
  },
);
const { settings } = POLICY;
const [API] = POLICY.apis;

interface Entry {
  readonly kind: RevokedGroup['kind'];
  readonly issuer: string;
  readonly id: string;
  readonly before: number;
}

/** One group an entry: how entries are grouped says nothing. */
const groupsOf = (entries: readonly Entry[]): RevokedGroup[] =>
  entries.map(({ id, before, ...rest }, i) => ({ ...rest, ids: [id], before: [before], numbers: [i + 1] }));

const revokedBy = (entries: readonly Entry[], caller: Principal) =>
  createStanding({ switches: [] }, indexRevocations(groupsOf(entries)), settings, NOW).revoked(caller);

const entry = (more: Partial<Entry> = {}): Entry => ({
  kind: 'subject',
  issuer: ISSUER,
  id: 'ada',
  before: NOW,
  ...more,
});

const caller = (more: Partial<Principal> = {}, claims: Record<string, unknown> = {}) =>
  principal(POLICY, claims, { subject: 'ada', clientIds: ['job', 'app'], iat: NOW - 60, ...more });

describe('a revocation', () => {
  it.each<[string, Entry, Principal, boolean]>([
    ['a subject', entry(), caller(), true],
    ['another subject', entry({ id: 'bob' }), caller(), false],
    ['the subject of another issuer', entry({ issuer: `${ISSUER}x` }), caller(), false],
    ['a subject that is a client id elsewhere', entry({ kind: 'client' }), caller(), false],
    ['any of the client ids', entry({ kind: 'client', id: 'app' }), caller(), true],
    ['a token', entry({ kind: 'token', id: 't' }), caller({}, { jti: 't' }), true],
    ['a token without jti', entry({ kind: 'token', id: 't' }), caller(), false],
    ['a session', entry({ kind: 'session', id: 's' }), caller({}, { sid: 's' }), true],
    ['a jti that is a sid elsewhere', entry({ kind: 'session', id: 't' }), caller({}, { jti: 't' }), false],
    ['a jti that is a number', entry({ kind: 'token', id: '7' }), caller({}, { jti: 7 }), true],
    ['a jti that is a list', entry({ kind: 'token', id: 't' }), caller({}, { jti: ['t'] }), false],
    ['every token of an issuer', entry({ kind: 'issuer', id: '' }), caller({ subject: undefined }), true],
    ['a name that objects have', entry({ kind: 'token', id: 'constructor' }), caller(), false],
    ['a sub that the policy does not name', entry(), caller({ subject: undefined }, { sub: 'ada' }), true],
    // Dates. The clock of an issuer may be ahead by what the policy tolerates.
    ['issued in that second', entry(), caller({ iat: NOW }), true],
    ['issued within the tolerance', entry(), caller({ iat: NOW + TOLERANCE }), true],
    ['issued a second later', entry(), caller({ iat: NOW + TOLERANCE + 1 }), false],
    ['issued nobody knows when', entry(), caller({ iat: undefined }), true],
    ['an issuer, and a later token', entry({ kind: 'issuer', id: '' }), caller({ iat: NOW + 31 }), false],
    ['a client, and a later token', entry({ kind: 'client', id: 'job' }), caller({ iat: NOW + 31 }), false],
    ['a token, whenever', entry({ kind: 'token', id: 't' }), caller({ iat: NOW + 99 }, { jti: 't' }), true],
    [
      'a session, whenever',
      entry({ kind: 'session', id: 's' }),
      caller({ iat: NOW + 99 }, { sid: 's' }),
      true,
    ],
  ])('of %s', (_what, one, who, isRefused) => {
    const reason = isRefused ? { code: 'token_revoked', by: one.kind, entry: 1 } : undefined;
    expect(revokedBy([one], who)).toEqual(reason);
  });

  const kind = fc.constantFrom<Entry['kind']>('token', 'subject', 'session', 'client', 'issuer');
  const id = fc.constantFrom('1', '2', '__proto__', '');
  const entries = fc
    .array(
      fc.record({
        kind,
        issuer: fc.constantFrom(ISSUER, 'https://two.example/'),
        id,
        before: fc.integer({ min: NOW - 3, max: NOW + 3 }),
      }),
      { maxLength: 6 },
    )
    // The object keeps one entry for each.
    .map((all) => [...new Map(all.map((one) => [`${one.kind} ${one.issuer} ${one.id}`, one])).values()]);
  const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  const callers = fc.record({
    jti: maybe(fc.oneof(id, fc.constant(1))),
    sid: maybe(id),
    sub: maybe(id),
    clientIds: fc.uniqueArray(id, { maxLength: 2 }),
    iat: maybe(fc.integer({ min: NOW - 5, max: NOW + 5 + TOLERANCE })),
    tolerance: fc.constantFrom(0, 2, TOLERANCE),
    issuer: fc.constantFrom(ISSUER, 'https://two.example/'),
  });

  it('refuses exactly the tokens that some entry names', () => {
    const seen = { refused: 0, passed: 0 };
    fc.assert(
      fc.property(entries, callers, (all, { jti, sid, sub, clientIds, iat, tolerance, issuer }) => {
        // By the words of docs/revocation.md, entry by entry.
        const hasId: Record<Entry['kind'], (one: string) => boolean> = {
          token: (one) => jti !== undefined && `${jti}` === one,
          session: (one) => sid === one,
          subject: (one) => sub === one,
          client: (one) => clientIds.some((name) => name === one),
          issuer: (one) => one === '',
        };
        const isOld = (before: number) => iat === undefined || iat - tolerance <= before;
        const naming = all.filter(
          (one) =>
            one.issuer === issuer &&
            hasId[one.kind](one.id) &&
            (['token', 'session'].includes(one.kind) || isOld(one.before)),
        );
        const [first] = POLICY.issuers;
        const who = principal(
          POLICY,
          { ...(jti !== undefined && { jti }), ...(sid !== undefined && { sid }) },
          {
            subject: sub,
            clientIds,
            iat,
            issuer: { ...(first as Principal['issuer']), issuer, clockToleranceSeconds: tolerance },
          },
        );
        const reason = revokedBy(all, who);
        seen[naming.length > 0 ? 'refused' : 'passed']++;
        if (naming.length === 0) {
          expect(reason).toBeUndefined();
          return;
        }
        // It names an entry that is about the token.
        const named = naming.map((one) => ({ by: one.kind, entry: all.indexOf(one) + 1 }));
        expect(reason).toMatchObject({ code: 'token_revoked' });
        const { by, entry: number } = reason as unknown as { by: Entry['kind']; entry: number };
        expect(named).toContainEqual({ by, entry: number });
      }),
      { numRuns: 2_000, seed: 20_261_124 },
    );
    expect(Math.min(seen.refused, seen.passed)).toBeGreaterThan(300);
  });
});

describe('a switch', () => {
  const routeOf = (key: string) => API?.routes.find((one) => one.key === key) as Route;
  const switched = (more: Partial<Switch>): Switch => ({
    number: 7,
    kind: 'api',
    target: 'API_ORDERS',
    status: 503,
    why: 'repair',
    ...more,
  });
  const standing = (switches: readonly Switch[], now = NOW, before?: ReturnType<typeof createStanding>) =>
    createStanding({ switches }, new Map(), settings, now, before);

  it.each<[string, Partial<Switch>, string, object | undefined]>([
    ['an API', {}, 'GET /a', { code: 'closed', why: 'repair', entry: 7, retryAfterSeconds: 60 }],
    ['another API', { target: 'API_ORDERS_2' }, 'GET /a', undefined],
    ['a route', { kind: 'route', target: 'API_ORDERS GET /a' }, 'GET /a', { code: 'closed' }],
    ['a route, whose blanks don’t count', { kind: 'route', target: 'API_ORDERS GET /b' }, 'GET  /b', {}],
    ['another route', { kind: 'route', target: 'API_ORDERS GET /a' }, 'GET  /b', undefined],
    ['the same route of another API', { kind: 'route', target: 'API_X GET /a' }, 'GET /a', undefined],
    ['an API, with 403', { status: 403 }, 'GET /a', { code: 'closed_to_all', why: 'repair', entry: 7 }],
    ['an API that is a route’s name', { kind: 'route' }, 'GET /a', undefined],
    ['a client', { kind: 'client' }, 'GET /a', undefined],
    ['one that ends', { until: NOW + 90 }, 'GET /a', { retryAfterSeconds: 90 }],
    ['one that ends in a year', { until: NOW + 31_536_000 }, 'GET /a', { retryAfterSeconds: 3600 }],
    ['one that ends in this second', { until: NOW + 0.2 }, 'GET /a', { retryAfterSeconds: 1 }],
    ['one that ends now', { until: NOW }, 'GET /a', undefined],
    ['one that has ended', { until: NOW - 1 }, 'GET /a', undefined],
  ])('closes what it names: %s', (_what, more, key, reason) => {
    const found = standing([switched(more)]).closed(routeOf(key));
    if (reason === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(reason);
  });

  it('blocks clients and keys beside those of the policy', () => {
    const blocked = standing([
      switched({ kind: 'client', target: 'job', number: 1 }),
      switched({ kind: 'key', target: 'stolen', number: 2 }),
      switched({ kind: 'client', target: 'ended', number: 3, until: NOW }),
    ]);
    expect([...blocked.settings.blockedClients].sort()).toEqual(['banned', 'job']);
    expect([...blocked.settings.blockedKids].sort()).toEqual(['old-key', 'stolen']);
    expect(blocked.named({ code: 'client_blocked', client: 'job' })).toMatchObject({ entry: 1 });
    expect(blocked.named({ code: 'client_blocked', client: 'banned' })).not.toHaveProperty('entry');
  });

  it('keeps the settings while they are equal: tokens are remembered under them', () => {
    const block = switched({ kind: 'client', target: 'job' });
    const first = standing([block]);
    expect(standing([]).settings).toBe(settings);
    expect(standing([switched({ kind: 'client', target: 'banned' })]).settings).toBe(settings);
    expect(standing([block, switched({})], NOW, first).settings).toBe(first.settings);
    expect(standing([], NOW, first).settings).toBe(settings);
    expect(standing([switched({ kind: 'key', target: 'job' })], NOW, first).settings).not.toBe(
      first.settings,
    );
  });

  it('tells when the next one ends', () => {
    const all = [
      switched({}),
      switched({ until: NOW }),
      switched({ until: NOW + 9 }),
      switched({ until: NOW + 3 }),
    ];
    expect(firstEnd(all, NOW)).toBe(NOW + 3);
    expect(firstEnd([switched({})], NOW)).toBe(Number.POSITIVE_INFINITY);
  });

  it('never takes a blocklist away', () => {
    const target = fc.constantFrom('banned', 'old-key', 'job', 'API_ORDERS');
    const kind = fc.constantFrom<Switch['kind']>('api', 'route', 'client', 'key');
    const some = fc.array(
      fc.record({
        kind,
        target,
        until: fc.option(fc.integer({ min: NOW - 2, max: NOW + 2 }), { nil: undefined }),
      }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(some, some, (one, other) => {
        const build = (all: typeof one) => all.map((it, i) => switched({ ...it, number: i + 1 }));
        const { settings: after } = standing(build(other), NOW, standing(build(one)));
        const held = other.filter(({ until }) => until === undefined || until > NOW);
        const named = (of: Switch['kind']) => held.filter((it) => it.kind === of).map((it) => it.target);
        expect(after).toEqual({
          ...settings,
          blockedClients: new Set([...settings.blockedClients, ...named('client')]),
          blockedKids: new Set([...settings.blockedKids, ...named('key')]),
        } satisfies Settings);
      }),
      { numRuns: 300, seed: 20_261_124 },
    );
  });
});

it('where nobody can say what holds, nothing passes', () => {
  const { closed, revoked, settings: same } = unknownStanding(settings);
  const reason = { code: 'revocations_unavailable' };
  expect([closed(API?.routes[0] as Route), revoked(caller())]).toEqual([reason, reason]);
  expect(same).toBe(settings);
});
