import { describe, expect, it } from 'vitest';
import { Decisions } from '../../../cli/console/decisions.ts';
import { readEntries } from '../../../cli/logs/read/formats.ts';

/** As the gateway writes them: `requestLine` in src/log.ts. */
const line = (more: object = {}) => ({
  time: '2026-11-27T18:00:00.000Z',
  request_id: 'r1',
  method: 'GET',
  route: 'API_X GET    /x',
  decision: 'deny',
  reason: 'scopes_missing',
  reason_detail: ['read:x', 'write:x'],
  status: 403,
  issuer: 'main',
  client: 'job',
  scopes: ['a', 'b'],
  audiences: ['https://api.example.com/x'],
  host: 'api.example.com',
  path: '/x',
  ...more,
});

function filled(lines: readonly object[], maxKept?: number) {
  const decisions = new Decisions('a log', () => {}, maxKept);
  for (const one of lines)
    readEntries(one, (entry) => entry.kind !== 'other' && entry.kind !== 'cut' && decisions.add(entry));
  return decisions;
}

describe('decisions', () => {
  it('have what the log says, and claims to ask with', () => {
    const [one] = filled([line()]).after(0).decisions;
    expect(one).toEqual({
      seq: 1,
      atMs: Date.parse('2026-11-27T18:00:00Z'),
      status: 403,
      allowed: false,
      method: 'GET',
      host: 'api.example.com',
      path: '/x',
      route: 'API_X GET /x',
      reason: 'scopes_missing',
      detail: 'read:x write:x',
      wouldDeny: null,
      wouldDenyDetail: null,
      caller: 'job',
      issuer: 'main',
      claims: { aud: 'https://api.example.com/x', client_id: 'job', scope: 'a b' },
    });
  });

  it('name the entry that refused one, or would', () => {
    const revoked = { reason: 'token_revoked', reason_detail: 'subject', entry: 12 };
    const tried = { reason: undefined, decision: 'allow', would_deny: 'token_revoked', entry: 13 };
    const [one, other] = filled([line(revoked), line({ ...tried, reason_detail: undefined })]).after(
      0,
    ).decisions;
    expect([one?.reason, one?.detail, one?.wouldDenyDetail]).toEqual([
      'token_revoked',
      'subject, entry 12',
      null,
    ]);
    expect([other?.detail, other?.wouldDenyDetail]).toEqual([null, 'entry 13']);
  });

  it.each([
    [
      'no token',
      {
        reason: 'token_missing',
        issuer: undefined,
        client: undefined,
        scopes: undefined,
        audiences: undefined,
      },
      null,
    ],
    [
      'an unverified one',
      {
        ...{
          reason: 'token_expired',
          issuer: undefined,
          client: undefined,
          scopes: undefined,
          audiences: undefined,
        },
        ...{
          unverified_iss: 'https://i.example/',
          unverified_aud: 'x',
          unverified_client: 'c',
          unverified_scope: 'a',
        },
      },
      { iss: 'https://i.example/', aud: 'x', client_id: 'c', scope: 'a' },
    ],
    [
      'one without scopes',
      { scopes: undefined, audiences: ['x', 'y'] },
      { aud: ['x', 'y'], client_id: 'job' },
    ],
  ])('have claims of %s', (_what, more, claims) => {
    expect(filled([line(more)]).after(0).decisions[0]?.claims).toEqual(claims);
  });

  it('come once, in order, in pieces, and only those that are kept', () => {
    const decisions = filled(
      Array.from({ length: 3_500 }, (_, i) => line({ request_id: `r${i}` })),
      3_000,
    );
    const got: number[] = [];
    let cursor = 100;
    let missed = 0;
    for (let piece = decisions.after(cursor); piece.decisions.length > 0; piece = decisions.after(cursor)) {
      expect(piece.decisions.length).toBeLessThanOrEqual(1_000);
      got.push(...piece.decisions.map(({ seq }) => seq));
      cursor = piece.cursor;
      missed += piece.missed;
    }
    expect(got).toEqual(Array.from({ length: 3_000 }, (_, i) => 501 + i));
    expect(missed).toBe(400);
    expect(decisions.after(3_500)).toMatchObject({ cursor: 3_500, decisions: [], log: { decisions: 3_500 } });
  });

  it('begin anew for a page that has the cursor of another console', () => {
    const piece = filled([line(), line()]).after(900);
    expect(piece).toMatchObject({ cursor: 2, missed: 0 });
    expect(piece.decisions).toHaveLength(2);
  });

  it('have no token, no secret, and nothing that turns text around', () => {
    const token = `eyJ${'a'.repeat(30)}.eyJ${'b'.repeat(200)}.${'c'.repeat(86)}`;
    const secret = `cgs${'Zk3'.repeat(14)}`;
    const decisions = filled([
      line({
        path: `/reset/${token}`,
        client: secret,
        method: 'G\u202eET\u0000',
        host: 'x'.repeat(1_000_000),
      }),
      line({ path: `/${'p'.repeat(200)}${token}` }),
      { event: 'error', name: `Bearer ${'s'.repeat(20)}` },
    ]);
    decisions.addOther(1, `Authorization: Bearer ${'t'.repeat(40)} ?token=hunter2`);
    const text = JSON.stringify(decisions.after(0));
    for (const part of ['eyJb', 'bbbb', 'cccc', 'Zk3Zk3', '\u202e', '\\u0000', 'ssss', 'tttt', 'hunter2'])
      expect(text, part).not.toContain(part);
    expect(text.length).toBeLessThan(4_000);
  });

  it('go with what else the log says', () => {
    const decisions = filled([
      { event: 'keys_refreshed', issuer: 'main' },
      { event: 'keys_refresh_failed', issuer: 'main', fault: 'timeout' },
      { event: 'keys_refreshed', issuer: 'main' },
    ]);
    decisions.addOther(2, '');
    decisions.addOther(1, 'hello');
    decisions.addOther(1, 'later');
    decisions.addBroken();
    decisions.addLost(5);
    decisions.say({ state: 'ended', problem: 'It ended.' });
    const { events, log } = decisions.after(0);
    expect(events.map(({ event, detail, count }) => [event, detail, count])).toEqual([
      ['keys_refreshed', null, 2],
      ['keys_refresh_failed', 'timeout', 1],
    ]);
    expect(log).toMatchObject({
      ...{ otherLines: 4, strange: 'hello', brokenLines: 1, lostLines: 5 },
      ...{ state: 'ended', problem: 'It ended.' },
    });
  });

  it('are read from what wrangler tail prints, too', () => {
    // Shape: `wrangler tail --format json` (cloudflare/workers-sdk, packages/wrangler/src/tail/createTail.ts).
    const { path: _, host: __, ...bare } = line();
    const decisions = filled([
      {
        outcome: 'ok',
        eventTimestamp: 1_795_800_000_000,
        event: { request: { url: 'https://api.example.com/x?secret=1', method: 'GET' } },
        logs: [{ message: [JSON.stringify(bare)], level: 'log', timestamp: 1_795_800_000_000 }],
        exceptions: [],
      },
      { outcome: 'exceededCpu', eventTimestamp: 1_795_800_000_000, event: null, logs: [], exceptions: [] },
    ]);
    const { decisions: found, events } = decisions.after(0);
    expect(found).toMatchObject([{ host: 'api.example.com', path: '/x' }]);
    expect(events).toMatchObject([{ event: 'a request was ended by the runtime', detail: 'exceededCpu' }]);
  });

  it('tell that there is news', () => {
    let news = 0;
    const decisions = new Decisions('a log', () => news++);
    const before = decisions.version;
    decisions.addOther(1, 'x');
    expect(news).toBe(1);
    expect(decisions.version).not.toBe(before);
  });
});
