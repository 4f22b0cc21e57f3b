/** What a log answers: since when, who, what changed, and which part of it was asked for. */
import { describe, expect, it } from 'vitest';
import { readMoment, resolveMoment } from '../../../cli/logs/read/moments.ts';
import { claimgate } from '../support/claimgate.ts';
import { denied, line, lines, START, summaryOf, useFolder } from './support.ts';

const file = useFolder();

const HOUR = 3_600;
/** Two hours of a good token, then two of an issuer that the policy spells otherwise; from 12:00 to 16:00. */
const INCIDENT = [
  ...Array.from({ length: 300 }, (_, i) =>
    line(i * 24, { client: 'shop', issuer: 'main', worker_version: 'v1' }),
  ),
  ...Array.from({ length: 300 }, (_, i) =>
    denied(2 * HOUR + i * 24, 'issuer_not_allowed', {
      unverified_iss: 'https://auth.example.com',
      unverified_client: 'shop',
      unverified_aud: 'https://api.example.com',
      host: 'api.example.com',
      path: `/x/${i}`,
      address: '192.0.2.1',
      country: 'DE',
      worker_version: 'v2',
      policy_version: 'p2',
    }),
  ),
];
/** 38 and 37 in turn. */
const bars = (times: string, mark: string, numbers: (count: number) => string) =>
  times
    .split(' ')
    .map((time, i) => [time, ...(i % 2 === 0 ? [42, 38] : [41, 37])] as [string, number, number])
    .map(
      ([time, width, count]) =>
        `  ${time}  ${mark.repeat(width).padEnd(42)}       ${numbers(count)}           0`,
    )
    .join('\n');

const incident = () => file('incident.log', lines(...INCIDENT));

describe('"everyone gets 401 since 14:00"', () => {
  it('is answered at a glance', async () => {
    const { stdout } = await claimgate(['logs', incident()]);
    expect(stdout).toBe(`600 requests: 300 allowed, 300 denied
2026-11-24 12:00:00 to 15:59:36 UTC

UTC, each 15 min: █ allowed ▒ would deny ░ denied    allowed  denied  would deny
${bars('12:00 12:15 12:30 12:45 13:00 13:15 13:30 13:45', '█', (count) => `${count}       0`)}
${bars('14:00 14:15 14:30 14:45 15:00 15:15 15:30 15:45', '░', (count) => ` 0      ${count}`)}

changed most at 2026-11-24 14:00:00 UTC (or: --at)              before     after
  requests                                                         300       300
  refused   0 % → 100 %                                              0       300
  reason    issuer_not_allowed                                       0       300
  route     API_X GET /x                                             0       300
  client    shop (unverified)                                        0       300
  issuer    https://auth.example.com (unverified)                    0       300
  audience  https://api.example.com (unverified)                     0       300
  path      GET api.example.com/x/:id                                0       300
  address   192.0.2.1                                                0       300
  country   DE                                                       0       300
  Worker    v1                                                     300         0
  Worker    v2                                                       0       300

routes                                  allowed  denied would deny   origin ms
  API_X GET /x                              300     300          0           -

denied
       300  issuer_not_allowed        API_X GET /x
            "https://auth.example.com"

refused: when
       300  issuer_not_allowed               2026-11-24 14:00:00 to 15:59:36

refused: who and what
       300  path      GET api.example.com/x/:id
       300  client    shop (unverified)
       300  issuer    https://auth.example.com (unverified)
       300  audience  https://api.example.com (unverified)
       300  address   192.0.2.1
       300  country   DE
`);
    for (const one of stdout.split('\n')) expect(one.length).toBeLessThanOrEqual(80);
  });

  it('and for programs', async () => {
    const summary = await summaryOf(incident());
    expect(summary.timeline.bucket_s).toBe(60);
    expect(summary.timeline.buckets[0]).toEqual({
      from: '2026-11-24T12:00:00.000Z',
      allowed: 3,
      denied: 0,
      would_deny: 0,
    });
    expect(summary.reasons).toEqual([
      {
        reason: 'issuer_not_allowed',
        trial: false,
        requests: 300,
        first: '2026-11-24T14:00:00.000Z',
        last: '2026-11-24T15:59:36.000Z',
      },
    ]);
    expect(summary.change).toMatchObject({
      at: '2026-11-24T14:00:00.000Z',
      given: false,
      before: { requests: 300, denied: 0 },
      after: { requests: 300, denied: 300 },
    });
  });
});

describe('what a revocation refuses', () => {
  it('has the number of its entry, in text and in JSON', async () => {
    const revoked = (second: number, entry: number) =>
      denied(second, 'token_revoked', { reason_detail: 'subject', entry });
    const log = file('revoked.log', lines(line(0), revoked(1, 7), revoked(2, 7), revoked(3, 9)));
    const { stdout } = await claimgate(['logs', log, '--reason', 'token_revoked']);
    expect(stdout).toContain('refused: who and what\n         2  entry     7\n         1  entry     9\n');
    expect((await summaryOf(log)).refused.entry).toMatchObject([
      { value: '7', requests: 2, first: '2026-11-24T12:00:01.000Z', last: '2026-11-24T12:00:02.000Z' },
      { value: '9', requests: 1 },
    ]);
  });
});

describe('the time line', () => {
  it('shows what there is of each kind, however little', async () => {
    const log = Array.from({ length: 5_000 }, (_, i) => line(i / 50));
    const few = [line(70, { would_deny: 'scopes_missing' }), denied(80, 'token_missing')];
    const { stdout } = await claimgate(['logs', file('few.log', lines(...log, ...few))]);
    expect(stdout).toContain(
      '  12:01  ████████████████████████████▒░                2,001       1           1\n',
    );
  });

  it('is left out where it would be one bar', async () => {
    expect((await claimgate(['logs', file('one.log', lines(line(0), line(30)))])).stdout).not.toContain('█');
  });
});

describe('what changed', () => {
  const at = async (log: readonly object[], ...args: readonly string[]) =>
    (await summaryOf(file('changed.log', lines(...log)), ...args)).change;

  it('at a time that somebody asks for, to the second', async () => {
    const change = await at(INCIDENT, '--at', '2026-11-24T14:00:25Z');
    expect(change).toMatchObject({
      given: true,
      before: { requests: 302, denied: 2 },
      after: { requests: 298 },
    });
    expect(change?.differences).toContainEqual({
      what: 'reason',
      value: 'issuer_not_allowed',
      before: 2,
      after: 298,
    });
  });

  it('is nothing where the share of refused requests stays, or there are too few to tell', async () => {
    const mixed = Array.from({ length: 600 }, (_, i) =>
      i % 3 ? line(i * 60) : denied(i * 60, 'token_expired'),
    );
    expect(await at(mixed)).toBeNull();
    expect(
      await at([line(0), line(60), denied(120, 'token_missing'), denied(180, 'token_missing')]),
    ).toBeNull();
  });

  it('counts what a rule on trial would refuse', async () => {
    const log = Array.from({ length: 400 }, (_, i) =>
      line(i * 60, i < 200 ? {} : { would_deny: 'scopes_missing' }),
    );
    expect(await at(log)).toMatchObject({
      at: '2026-11-24T15:20:00.000Z',
      after: { denied: 0, would_deny: 200 },
    });
  });

  it('blames no version where only refused requests have one', async () => {
    const log = INCIDENT.map(({ worker_version, ...one }: Record<string, unknown>) =>
      one['decision'] === 'deny' ? { ...one, worker_version } : one,
    );
    const what = (await at(log))?.differences.map((one) => one.what);
    expect(what).toContain('reason');
    expect(what).not.toContain('worker_version');
  });

  it('is found to the span, in a log of months', async () => {
    const log = Array.from({ length: 3_000 }, (_, i) =>
      i < 1_500 ? line(i * HOUR) : denied(i * HOUR, 'key_unknown', { unverified_kid: `k${i}` }),
    );
    const summary = await summaryOf(file('months.log', lines(...log)));
    expect(summary.timeline.buckets.length).toBeLessThanOrEqual(300);
    const off = Math.abs(Date.parse(summary.change?.at ?? '') - (START + 1_500 * HOUR * 1_000));
    expect(off).toBeLessThanOrEqual(summary.timeline.bucket_s * 1_000);
  });
});

describe('which part of the log', () => {
  const LOG = [
    line(0, { client: 'shop', route: 'API_X GET    /x' }),
    denied(HOUR, 'token_expired', { unverified_client: 'shop', path: '/x/1/y' }),
    denied(2 * HOUR, 'scopes_missing', { client: 'job', issuer: 'main', path: '/xy' }),
    line(3 * HOUR, { client: 'job', would_deny: 'scopes_missing', route: 'API_X POST /x' }),
  ];
  it.each<[string, string[], number[]]>([
    ['since an instant', ['--since', '2026-11-24T14:00:00Z'], [2, 3]],
    ['since an instant of another zone', ['--since', '2026-11-24T15:00:00+01:00'], [2, 3]],
    ['since a date and a time, which are UTC', ['--since', '2026-11-24T14:00'], [2, 3]],
    ['since a time of the day', ['--since', '14:00'], [2, 3]],
    ['until, which is left out', ['--until', '14:00'], [0, 1]],
    ['from, to', ['--since', '13:00', '--until', '14:00:01'], [1, 2]],
    ['an hour before the newest line', ['--since', '1h'], [2, 3]],
    [
      'a time of the day that is later than the newest line: the day before',
      ['--since', '15:01'],
      [0, 1, 2, 3],
    ],
    ['a reason, on trial or not', ['--reason', 'scopes_missing'], [2, 3]],
    ['a client, verified or claimed', ['--client', 'shop'], [0, 1]],
    ['a route, without its API, however it is spaced', ['--route', 'GET /x'], [0, 1, 2]],
    ['a route with its API', ['--route', 'API_X POST /x'], [3]],
    ['a path and what is below it', ['--path', '/x'], [1]],
    ['all of them', ['--client', 'job', '--since', '1h', '--reason', 'scopes_missing', '--path', '/xy'], [2]],
  ])('%s', async (_what, args, wanted) => {
    const summary = await summaryOf(file('part.log', lines(...LOG)), ...args);
    const times = wanted.map((i) => new Date(START + i * HOUR * 1_000).toISOString());
    expect([summary.requests, summary.from, summary.to]).toEqual([wanted.length, times[0], times.at(-1)]);
    expect(summary.seen.requests).toBe(4);
  });

  it('says what was asked for, in UTC, and what there is beside it', async () => {
    const { code, stdout } = await claimgate([
      'logs',
      file('part.log', lines(...LOG)),
      '--since',
      '1h',
      '--path',
      '/none',
    ]);
    expect([code, stdout]).toEqual([
      0,
      `no requests in the log
since 2026-11-24 14:00:00 UTC
only path /none
the log has 4 requests, 2026-11-24 12:00:00 to 15:00:00 UTC
2 requests left out: no path in the log (log_requests = "all" has it)
`,
    ]);
  });

  it.each<[string, string[], string]>([
    ['a time that is none', ['--until', '25:00'], '25:00 is not a time of a day: hours go to 23.'],
    ['a day that is none', ['--since', '2026-11-31'], 'There is no 2026-11-31 in the calendar.'],
    ['an end before the beginning', ['--since', '15:00', '--until', '14:00'], 'is not before --until'],
    [
      'a verdict on some requests',
      ['--suggest', '--client', 'x'],
      '--suggest judges by all requests; leave out --client',
    ],
    ['two questions', ['--suggest', '--draft'], 'exclude each other'],
    ['a comparison in a draft', ['--draft', '--at', '10:00'], '--at is for the summary; leave out --draft'],
  ])('%s: says what to do', async (_what, args, message) => {
    const { code, stdout, stderr } = await claimgate(['logs', file('part.log', lines(...LOG)), ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it.each([
    ['90', START - 90_000],
    ['30m', START - 1_800_000],
    ['2d', START - 172_800_000],
    ['11:59', START - 60_000],
    ['12:00', START],
    ['9:30Z', START - 9_000_000],
    ['12:00+02:00', START - 7_200_000],
    ['2026-11-24', START - 43_200_000],
    ['2026-11-24 12:00:00', START],
  ])('%s, at noon', (text, expected) => {
    const moment = readMoment(text);
    expect(typeof moment === 'string' ? moment : resolveMoment(moment, START)).toBe(expected);
  });

  it.each<readonly [string, string]>([
    ...['noon', '', '2h30', 'Nov 24 2026', '10:00 ', '1:2:3:4', '.', '2026-11-24T12', '12:00+1'].map(
      (text) => [text, 'Write a time such as 2h or 3d'] as const,
    ),
    ['2026-11-31', 'There is no 2026-11-31 in the calendar.'],
    ['2026-02-29', 'There is no 2026-02-29 in the calendar.'],
    ['2026-02-30T00:00:00Z', 'There is no 2026-02-30 in the calendar.'],
    ['2026-13-01', 'There is no 2026-13-01 in the calendar.'],
    ['2026-00-10 10:00', 'There is no 2026-00-10 in the calendar.'],
    ['24:00', '24:00 is not a time of a day: write 00:00, of the next day.'],
    ['2026-11-24T24:00:00', '24:00:00 is not a time of a day: write 00:00, of the next day.'],
    ['2026-11-24T25:00Z', '25:00 is not a time of a day: hours go to 23.'],
    ['10:60', '10:60 is not a time of a day: minutes and seconds go to 59.'],
    ['10:00:60Z', '10:00:60 is not a time of a day: minutes and seconds go to 59.'],
    ['10:00+24:00', '+24:00 is no zone: write one such as +01:00, or Z.'],
    ['999999999d', '999999999d is longer than a hundred years.'],
    ['36501d', '36501d is longer than a hundred years.'],
  ])('%j is not a time', (text, problem) => {
    expect(readMoment(text)).toContain(problem);
  });

  it('every day of four years, every hour and zone: as the calendar has it', () => {
    for (let day = 0; day < 4 * 365; day++) {
      const iso = new Date(Date.UTC(2026, 0, 1 + day, day % 24, day % 60)).toISOString();
      expect(readMoment(iso)).toEqual({ kind: 'instant', ms: Date.parse(iso) });
      const zoned = iso.replace('Z', `${day % 2 ? '+' : '-'}${String(day % 15).padStart(2, '0')}:30`);
      expect(readMoment(zoned)).toEqual({ kind: 'instant', ms: Date.parse(zoned) });
    }
  });
});

describe('the order of a log', () => {
  const MINUTE = Array.from({ length: 20 }, (_, i) => line(i * 60));

  it('a clock that jumps is said, and changes no count', async () => {
    const jumped = [...MINUTE.slice(10), ...MINUTE.slice(0, 10)];
    const path = file('jumped.log', lines(...jumped));
    expect((await summaryOf(path)).timeline).toEqual(
      (await summaryOf(file('m.log', lines(...MINUTE)))).timeline,
    );
    const { stdout } = await claimgate(['logs', path]);
    expect(stdout).toContain(
      'clocks jump back 10 times, by up to 19 min; everything here is in order of time\n',
    );
  });

  it('seconds between machines are no jump', async () => {
    const { stdout } = await claimgate(['logs', file('close.log', lines(line(5), line(0), line(60)))]);
    expect(stdout).not.toContain('clocks');
  });

  it('the newest first, as an export has it', async () => {
    const { stdout } = await claimgate(['logs', file('newest.log', lines(...MINUTE.toReversed()))]);
    expect(stdout).toContain('the log begins with the newest line; everything here is in order of time\n');
  });

  it('a clock that is years off costs one bar', async () => {
    const odd = line(0, { time: '1970-01-01T00:00:00.000Z' });
    const { stdout } = await claimgate(['logs', file('odd.log', lines(...MINUTE, odd))]);
    expect(stdout).toMatch(/01-01 00:00 .*\n {2}… nothing for 20781 d .*\n {2}11-24 12:00/);
  });
});

describe('events', () => {
  it('have their first and last time, and a refused preflight its page', async () => {
    const logged = [
      { event: 'keys_refresh_failed', issuer: 'main', fault: 'timeout' },
      { event: 'keys_refresh_failed', issuer: 'main', fault: 'timeout' },
      {
        event: 'preflight_refused',
        api: 'API_X',
        cause: 'origin',
        origin: 'https://app.example',
        method: 'PUT',
        request_id: 'r',
        add: 'origins = ["https://app.example"]',
      },
      {
        event: 'preflight_refused',
        api: 'API_X',
        cause: 'headers',
        origin: 'https://app.example',
        method: 'PUT',
        request_id: 'r',
        missing: ['x-a'],
        add: 'headers = ["x-a"]',
      },
      // As older versions wrote it.
      {
        event: 'preflight_refused',
        api: 'API_Y',
        cause: 'origin',
        origin: 'https://app.example',
        method: 'PUT',
      },
    ];
    const events = logged.map((one, i) => ({
      outcome: 'ok',
      exceptions: [],
      logs: [{ message: [JSON.stringify(one)], level: 'log', timestamp: START + i * 60_000 }],
      eventTimestamp: START,
    }));
    const { stdout } = await claimgate(['logs', file('events.log', lines(...events))]);
    expect(stdout).toBe(`no requests in the log

events
         2  keys_refresh_failed     main, timeout
            2026-11-24 12:00:00 to 12:01:00
         1  preflight_refused       API_X, add origins = ["https://app.example"]
            2026-11-24 12:02:00
         1  preflight_refused       API_X, add headers = ["x-a"] for https://ap…
            2026-11-24 12:03:00
         1  preflight_refused       API_Y, origin https://app.example
            2026-11-24 12:04:00
`);
  });
});
