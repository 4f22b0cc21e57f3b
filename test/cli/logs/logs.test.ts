import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { createTally } from '../../../cli/logs/count/tally.ts';
import { type GoodEntry, readEntries } from '../../../cli/logs/read/formats.ts';
import { redraw } from '../../../cli/logs/show/redraw.ts';
import { renderSummary } from '../../../cli/logs/show/summary.ts';
import { proposeChange } from '../../../cli/logs/trial/change.ts';
import { judgeTrials } from '../../../cli/logs/trial/trials.ts';
import { parsePolicyFile, policyOf } from '../../../cli/policy/file/config.ts';
import { currentTerminal, useTerminal } from '../../../cli/text/terminal.ts';
import { acceptUpgrade } from '../../e2e/support/websocket.ts';
import { CLONE } from '../../support/clone.ts';
import { claimgate } from '../support/claimgate.ts';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-logs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const START = Date.parse('2026-11-24T12:00:00Z');

/** A line as the gateway writes it. @param second when, after noon */
const line = (second: number, fields: object) => ({
  time: new Date(START + second * 1000).toISOString(),
  request_id: 'r',
  method: 'GET',
  route: 'API_X GET /x',
  decision: 'allow',
  status: 200,
  ...fields,
});

const lines = (...values: readonly object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');

/** An invocation as `wrangler tail --format json` prints it. */
const tailEvent = (logged: readonly unknown[], more: object = {}) => ({
  wallTime: 1,
  outcome: 'ok',
  exceptions: [],
  logs: logged.map((one) => ({
    message: [typeof one === 'string' ? one : JSON.stringify(one)],
    level: 'log',
    timestamp: START,
  })),
  eventTimestamp: START,
  event: { request: { url: 'https://api.example.com/x?secret=hidden', headers: { cookie: 'hidden' } } },
  ...more,
});

const DAY = [
  ...Array.from({ length: 3 }, (_, i) => line(i, { client: 'shop', issuer: 'main', origin_ms: 10 + i })),
  line(60, {
    client: 'nightly',
    issuer: 'main',
    would_deny: 'scopes_missing',
    would_deny_detail: ['w:x', 'v:x'],
  }),
  line(61, { decision: 'deny', status: 401, reason: 'token_missing' }),
  line(62, { decision: 'deny', status: 401, reason: 'token_missing' }),
  line(63, {
    decision: 'deny',
    status: 401,
    reason: 'issuer_not_allowed',
    unverified_iss: 'https://x.example',
  }),
  line(64, { decision: 'deny', status: 404, reason: 'route_unknown', route: undefined }),
  line(65, { near_miss: ['API_X GET /X'], client: 'shop', issuer: 'main' }),
  { event: 'keys_refresh_failed', issuer: 'main', fault: 'timeout' },
];

describe('claimgate logs', () => {
  it('sums up', async () => {
    const path = file('day.log', `starting …\n${lines(...DAY)}{ "a": 1 }\n`);
    const { code, stdout, stderr } = await claimgate(['logs', path]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`9 requests: 5 allowed, 4 denied
2026-11-24 12:00:00 to 12:01:05 UTC

UTC, each 1 min: █ allowed ▒ would deny ░ denied     allowed  denied  would deny
  12:00  █████████████████████                             3       0           0
  12:01  ███████▒▒▒▒▒▒▒░░░░░░░░░░░░░░░░░░░░░░░░░░░░        2       4           1

routes                                  allowed  denied would deny   origin ms
  API_X GET /x                                5       3          1          11
  (no route)                                  0       1          0           -

denied
         2  token_missing             API_X GET /x
         1  issuer_not_allowed        API_X GET /x
            "https://x.example"
         1  route_unknown             (no route)

would be denied by rules on trial (--suggest says which are ready)
         1  scopes_missing w:x v:x    nightly             API_X GET /x

refused: when
         2  token_missing                    2026-11-24 12:01:01 to 12:01:02
         1  scopes_missing (trial)           2026-11-24 12:01:00
         1  issuer_not_allowed               2026-11-24 12:01:03
         1  route_unknown                    2026-11-24 12:01:04

refused: who and what
         1  client    nightly
         1  issuer    main
         1  issuer    https://x.example (unverified)

near misses: spelled otherwise than the route
         1  API_X GET /x                    API_X GET /X

events
         1  keys_refresh_failed     main, timeout

lines that are none of the gateway's: 2
`);
    for (const one of stdout.split('\n')) expect(one.length).toBeLessThanOrEqual(80);
  });

  it('reads what wrangler tail prints, over several lines or one, and tells more then', async () => {
    const events = [
      tailEvent([DAY[0], 'a line of another', DAY.at(-1)]),
      tailEvent([], { outcome: 'exceededCpu' }),
      tailEvent([], { outcome: 'canceled' }),
      { event: { message: 'too much', type: 'overload' } },
    ];
    const input = `${JSON.stringify(events[0], null, 2)}\nnoise\n${lines(...events.slice(1))}{\n  "cut": 1,\n`;
    const { code, stdout } = await claimgate(['logs', '-', '--json'], { input });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      requests: 1,
      routes: [{ route: 'API_X GET /x', allowed: 1, denied: 0, would_deny: 0, origin_ms_mean: 10 }],
      events: [
        {
          event: 'keys_refresh_failed',
          issuer: 'main',
          detail: 'timeout',
          times: 1,
          first: '2026-11-24T12:00:00.000Z',
          last: '2026-11-24T12:00:00.000Z',
        },
      ],
      outcomes: [{ outcome: 'exceededCpu', times: 1 }],
      other_lines: 2, // the other's, and the noise
      broken: { parts: 1, first: [{ problem: 'the log ends in the middle of this object' }] },
      sampled: true,
    });
    expect(stdout).not.toContain('hidden');
  });

  it('a value that breaks off takes nothing from the next', async () => {
    const input = `{\n  "logs": [\n${JSON.stringify(tailEvent([DAY[0]]), null, 2)}\n`;
    const { stdout } = await claimgate(['logs', '--json'], { input });
    expect(JSON.parse(stdout)).toMatchObject({
      requests: 1,
      broken: { parts: 1, first: [{ line: 1, problem: 'this object is cut: the next line begins another' }] },
    });
  });

  it('takes odd lines for what they are', async () => {
    const odd = [
      { ...line(0, {}), route: 5, client: {}, near_miss: 'x', reason_detail: { a: 1 } },
      { ...line(0, {}), time: 'yesterday' },
      { ...line(0, {}), decision: 'maybe' },
      { logs: [null, { message: null }, { message: [5] }] },
    ];
    const { code, stdout } = await claimgate(['logs', '--json'], { input: `${lines(...odd)}[1]\nnull\n` });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      requests: 1,
      routes: [{ route: '(no route)' }],
      other_lines: 6,
    });
  });

  it('shows nothing that a terminal obeys, and no token', async () => {
    const token = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.eyJzdWIiOiJ4In0.c2ln`;
    const evil = line(0, {
      decision: 'deny',
      reason: 'issuer_not_allowed',
      unverified_iss: `\x1b[2J${token}`,
    });
    const names = line(0, {
      client: 'a\x1b]0;x\x07\u202e',
      would_deny: 'client_not_allowed',
      issuer: 'main',
    });
    for (const args of [['logs'], ['logs', '--json']]) {
      const { stdout } = await claimgate(args, { input: lines(evil, names) });
      expect(stdout).toContain('issuer_not_allowed');
      expect(stdout).not.toMatch(/[\x1b\x07\u202e]/);
      expect(stdout).not.toContain('eyJ');
    }
  });

  it('counts without end in bounded memory', async () => {
    const flood = Array.from({ length: 5_000 }, (_, i) =>
      line(i, { decision: 'deny', reason: 'key_unknown', unverified_kid: `kid-${i}` }),
    );
    const summary = JSON.parse((await claimgate(['logs', '--json'], { input: lines(...flood) })).stdout);
    expect(summary).toMatchObject({ requests: 5_000, denied: 5_000 });
    expect(summary.denials.length).toBeLessThan(2_100);
    expect(summary.denials[0]).toMatchObject({ reason: 'key_unknown', detail: '(others)', requests: 3_000 });
  });

  it('leaves out what is older than --since', async () => {
    const path = file('since.log', lines(line(0, {}), line(60, {}), line(120, {})));
    const { stdout } = await claimgate(['logs', path, '--json', '--since', '2026-11-24T12:01:00Z']);
    expect(JSON.parse(stdout)).toMatchObject({ requests: 2, from: '2026-11-24T12:01:00.000Z' });
  });

  it.each<[string, string[], number, string]>([
    ['no such file', ['nowhere.log'], 2, 'there is no nowhere.log; save a log with: npx wrangler tail'],
    ['a folder', ['src'], 2, 'src is a folder'],
    ['no such configuration', ['--env', 'x', '--config', 'no.toml'], 2, 'there is no no.toml; name the file'],
    ['no such environment', ['-', '--suggest', '--env', 'x'], 2, 'has no [env.x]; it has production'],
    ['a date that is none', ['-', '--since', 'noon'], 2, 'Write a time such as 2h'],
  ])('%s: one line with what to do', async (_why, args, expected, message) => {
    const { code, stdout, stderr } = await claimgate(['logs', ...args]);
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });
});

describe('claimgate logs, live', () => {
  it('sums up what came when somebody has seen enough', async () => {
    const child = spawn(process.execPath, ['cli/claimgate.ts', 'logs', '-', '--json']);
    const ended = new Promise((resolve) => child.once('close', resolve));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    // More than a pipe holds: once all of it is taken, it is being read. The pipe stays open.
    const flood = lines(...Array.from({ length: 10_000 }, (_, i) => line(i, { client: 'shop' })));
    await new Promise((resolve) => child.stdin.write(flood, resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(JSON.parse(output).requests).toBeGreaterThan(0);
  });

  it('says that the machine is not logged in, and exits with 3', async () => {
    const env = {
      CLOUDFLARE_API_TOKEN: '',
      HOME: folder,
      XDG_CONFIG_HOME: folder,
      WRANGLER_SEND_METRICS: 'false',
    };
    const { code, stdout, stderr } = await claimgate(
      ['logs', '--env', 'production', '--config', CLONE.config],
      { env },
    );
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(
      /^error {2}wrangler tail ended; is this machine logged in .*CLOUDFLARE_API_TOKEN.*\n$/,
    );
  });

  it('starts wrangler tail, and sums up what came when that ends', async () => {
    const asked: string[] = [];
    const api = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const { port } = api.address() as AddressInfo;
      const result = { id: 'tail-1', url: `ws://127.0.0.1:${port}/tail`, expires_at: '2030-01-01T00:00:00Z' };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ success: true, errors: [], messages: [], result }));
    });
    api.on('upgrade', (request, socket, head) => {
      const end = acceptUpgrade(request, socket, head, ['Sec-WebSocket-Protocol: trace-v1']);
      end.once('message', () => {
        end.send(JSON.stringify(tailEvent([DAY[0]])));
        end.send(JSON.stringify(tailEvent([DAY[3]])));
        end.send(JSON.stringify(tailEvent([], { event: { message: 'too much', type: 'overload' } })));
        end.close(1000);
      });
    });
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    try {
      const { stdout } = await claimgate(
        ['logs', '--env', 'production', '--json', '--config', CLONE.config],
        {
          env: {
            CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${(api.address() as AddressInfo).port}/client/v4`,
            CLOUDFLARE_API_TOKEN: 'test',
            CLOUDFLARE_ACCOUNT_ID: 'test',
            WRANGLER_SEND_METRICS: 'false',
          },
        },
      );
      expect(JSON.parse(stdout)).toMatchObject({
        requests: 2,
        would_deny: [{ client: 'nightly', requests: 1 }],
        sampled: true,
      });
      expect(asked[0]).toBe('POST /client/v4/accounts/test/workers/scripts/claimgate-production/tails');
    } finally {
      api.close();
      api.closeAllConnections();
    }
  });
});

describe('a live log on a terminal', () => {
  it('shows what is missing from it before anything that could be cut below', () => {
    const tally = createTally();
    readEntries({ event: { type: 'overload' }, logs: [] }, (entry) => tally.add(entry as GoodEntry));
    const drawn: string[] = [];
    const stdout = new Writable({
      write(chunk, _encoding, done) {
        drawn.push(String(chunk));
        done();
      },
    });
    const before = currentTerminal();
    useTerminal({ ...before, stdout: Object.assign(stdout, { isTTY: true, rows: 8 }) });
    try {
      redraw(() => [...renderSummary(tally.read(), {}), ...Array.from({ length: 50 }, () => 'a row')])();
    } finally {
      useTerminal(before);
    }
    expect(drawn[0]).toContain('requests are missing: wrangler tail left requests out');
    expect(drawn[0]?.split('\n').length).toBeLessThanOrEqual(8);
  });
});

/** 120 requests. */
const minute = (from: number) => Array.from({ length: 120 }, (_, i) => from + Math.floor(i / 2));

describe('claimgate logs --suggest', () => {
  const policy = (route: string, more = '') => `${more}
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
[vars.API_X]
origin = "https://x.example"
audience = "x"
[vars.API_X.routes]
"GET /y" = {}
${route}
`;
  const TRIAL = '"GET /x" = { report = { clients = ["shop"] } }';
  const suggest = (toml: string, log: string) =>
    claimgate(['logs', '-', '--suggest', '--json', '--config', file('trial.toml', toml)], { input: log });
  const verdictOf = (toml: string, log: readonly object[]) => {
    const tally = createTally();
    for (const value of log) readEntries(value, (entry) => tally.add(entry as GoodEntry));
    const parsed = parsePolicyFile('x.toml', toml);
    const enough = { requests: 100, seconds: 86_400 };
    return judgeTrials(tally.read(), policyOf(parsed, undefined), parsed, undefined, enough)[0];
  };
  const day = (count: number, seconds: number, fields: object = {}) =>
    Array.from({ length: count }, (_, i) => line((i * seconds) / (count - 1), fields));

  it('is ready after 100 requests over a day', () => {
    expect(verdictOf(policy(TRIAL), day(100, 86_400))).toMatchObject({
      verdict: 'ready',
      requests: 100,
      seconds: 86_400,
    });
  });

  it.each<[string, object[], RegExp]>([
    ['too few requests', day(99, 86_400), /^99 of 100 requests/],
    ['too short a time', day(100, 86_398), /^23 h 59 min of 1 d/],
    ['requests of another route', day(100, 86_400, { route: 'API_X GET /y' }), /^0 of 100/],
    ['denials only', day(100, 86_400, { decision: 'deny', reason: 'token_missing' }), /^0 of 100/],
    ['a sampled tail', [...day(100, 86_400), { event: { type: 'overload' } }], /^wrangler tail left/],
  ])('%s: too little traffic', (_what, log, why) => {
    const trial = verdictOf(policy(TRIAL), log);
    expect(trial?.verdict).toBe('too_little');
    expect(trial?.missing).toEqual([expect.stringMatching(why)]);
  });

  const CUT = JSON.stringify(line(5, {})).slice(0, 60);
  const tailOf = (more: object) => ({ outcome: 'ok', logs: [], exceptions: [], event: null, ...more });
  it.each<[string, string, RegExp]>([
    ['its last line is cut', CUT, /^1 part of the log could not be read/],
    [
      'wrangler tail cut an event',
      lines(tailOf({ truncated: true })),
      /^1 part of the log could not be read/,
    ],
    [
      'the runtime ended requests',
      lines(tailOf({ outcome: 'exceededCpu', eventTimestamp: START })),
      /^the runtime ended 1 invocation \(exceededCpu\): such requests may have no line/,
    ],
  ])('%s: never ready', async (_what, more, why) => {
    const whole = await suggest(policy(TRIAL), lines(...day(100, 86_400)));
    expect(JSON.parse(whole.stdout)[0].verdict).toBe('ready');
    const { stdout } = await suggest(policy(TRIAL), `${lines(...day(100, 86_400))}${more}`);
    expect(JSON.parse(stdout)[0]).toMatchObject({
      verdict: 'too_little',
      missing: [expect.stringMatching(why)],
    });
  });

  it('counts a line once, in however many exports it is', async () => {
    const log = day(60, 86_400);
    expect(verdictOf(policy(TRIAL), [...log, ...log.slice(10)])).toMatchObject({
      verdict: 'too_little',
      requests: 60,
    });
    const twice = file('twice.log', lines(...log, ...log.slice(10)));
    const { stdout } = await claimgate(['logs', twice]);
    expect(stdout).toContain('50 lines are in the log twice, and counted once\n');
    const summary = JSON.parse((await claimgate(['logs', twice, '--json'])).stdout);
    expect(summary).toMatchObject({ requests: 60, copies: 50, seen: { requests: 60 } });
  });

  it('a client that sends one request id again and again hides nothing', () => {
    const own = { request_id: 'mine-mine', ray: undefined };
    const log = [...day(100, 86_400, own), line(5, { ...own, would_deny: 'client_not_allowed' })];
    expect(verdictOf(policy(TRIAL), log)).toMatchObject({ verdict: 'not_ready', requests: 101 });
  });

  const DAY = 86_400;
  it.each<[string, number[], number]>([
    ['a minute of traffic, and one request long before', [-400 * DAY, ...minute(0)], 6 * 3_600 + 59],
    ['a minute of traffic, and one long after', [...minute(0), 400 * DAY], 6 * 3_600 + 59],
    ['other routes only for the rest of the day', [...minute(0)], 59],
    ['three bursts, four days apart', [0, 4, 8].flatMap((at) => minute(at * DAY)), 12 * 3_600 + 3 * 59],
  ])('%s: is no day', (_what, seconds, active) => {
    const others = day(200, DAY, { route: 'API_X GET /y' });
    const log = seconds.map((second) => line(second, {}));
    expect(verdictOf(policy(TRIAL), [...others, ...log])).toMatchObject({
      verdict: 'too_little',
      seconds: active,
    });
    // Newest first, as an export has it.
    expect(verdictOf(policy(TRIAL), [...others, ...log].toReversed())).toMatchObject({ seconds: active });
  });

  it('office hours of two days are one: a night counts for six hours', () => {
    const office = [0, 1].flatMap((at) =>
      Array.from({ length: 121 }, (_, i) => line(at * DAY + i * 270, {})),
    );
    expect(verdictOf(policy(TRIAL), office)).toMatchObject({ verdict: 'ready', seconds: 24 * 3_600 });
  });

  it('one request that would be refused is enough for "not ready", and it says whose', async () => {
    const log = lines(...day(100, 86_400), line(5, { client: 'nightly', would_deny: 'client_not_allowed' }));
    const { code, stdout } = await suggest(policy(TRIAL), log);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)[0]).toMatchObject({
      verdict: 'not_ready',
      refused: [{ client: 'nightly', reason: 'client_not_allowed', requests: 1 }],
    });
  });

  it('counts other spellings of a path against each route that judged them', () => {
    const wild = { route: 'API_X GET /:any', would_deny: 'client_not_allowed' };
    const [near, other] = [line(5, { ...wild, near_miss: ['API_X GET /x'] }), line(6, wild)];
    expect(verdictOf(policy(TRIAL), [...day(100, 86_400), near, other])).toMatchObject({
      verdict: 'not_ready',
      would_deny: 1,
    });
    expect(verdictOf(policy(TRIAL), [...day(100, 86_400), other])).toMatchObject({ verdict: 'ready' });
  });

  it('a policy without trials has none', async () => {
    const toml = file('none.toml', policy(''));
    const log = file('one.log', lines(line(0, {})));
    const { code, stdout } = await claimgate(['logs', log, '--suggest', '--config', toml]);
    expect([code, stdout]).toEqual([
      0,
      `${toml} has no rules on trial; report = { … } tries one (docs/tightening.md)\n`,
    ]);
  });

  const change = (text: string, environment?: string) =>
    proposeChange(parsePolicyFile('x.toml', text), environment, 'API_X', 'GET /x');

  it.each<[string, string, string[], string[]]>([
    [
      'on one line, with a comment',
      '"GET /x"   = { scopes_all = ["a"], report = { scopes_all = ["b"] } } # why',
      ['"GET /x"   = { scopes_all = ["a"], report = { scopes_all = ["b"] } } # why'],
      ['"GET /x"   = { scopes_all = ["a", "b"] } # why'],
    ],
    [
      'that lets in without a token',
      '"GET /x" = { auth = "optional", report = { claims = { "/a/b" = [1, true] } } }',
      ['"GET /x" = { auth = "optional", report = { claims = { "/a/b" = [1, true] } } }'],
      ['"GET /x" = { claims = { "/a/b" = [1, true] } }'],
    ],
    [
      'on trial as a whole',
      '"GET /x" = { report_only = true, scopes_any = ["a"] }',
      ['"GET /x" = { report_only = true, scopes_any = ["a"] }'],
      ['"GET /x" = { scopes_any = ["a"] }'],
    ],
    [
      'whose clients become fewer',
      '"GET /x" = { clients = ["a", "b"], report = { clients = ["b", "c"] } }',
      ['"GET /x" = { clients = ["a", "b"], report = { clients = ["b", "c"] } }'],
      ['"GET /x" = { clients = ["b"] }'],
    ],
    [
      'with dots',
      '"GET /x".scopes_any = ["a"]\n"GET /x".report.clients = ["c"]',
      ['"GET /x".report.clients = ["c"]'],
      ['"GET /x".clients = ["c"]'],
    ],
    [
      'in a table of its own',
      '[vars.API_X.routes."GET /x"]\nscopes_any = ["a"]\nreport = { clients = ["c"] }',
      ['report = { clients = ["c"] }'],
      ['clients = ["c"]'],
    ],
    [
      'with a table for its report',
      '[vars.API_X.routes."GET /x".report]\nclients = ["c"]',
      ['[vars.API_X.routes."GET /x".report]'],
      ['[vars.API_X.routes."GET /x"]'],
    ],
    [
      'in a table that extends the API',
      '[vars.API_MORE]\nextends = "API_X"\n[vars.API_MORE.routes]\n"GET /x" = { report = { clients = ["c"] } }',
      ['"GET /x" = { report = { clients = ["c"] } }'],
      ['"GET /x" = { clients = ["c"] }'],
    ],
  ])('writes a route %s', (_how, route, remove, add) => {
    expect(change(policy(route))).toMatchObject({ kind: 'lines', remove, add });
  });

  it('writes into the environment that it was asked for', () => {
    const text = policy(TRIAL) + policy(TRIAL).replaceAll('[vars', '[env.live.vars');
    expect(change(text, 'live')).toMatchObject({
      kind: 'lines',
      line: text.split('\n').lastIndexOf(TRIAL) + 1,
    });
  });

  it.each([
    [
      'two lists of which any will do',
      '{ scopes_any = ["a"], report = { scopes_any = ["b"] } }',
      'scopes_any',
    ],
    ['one claim with two values', '{ claims = { a = 1 }, report = { claims = { a = 2 } } }', 'claims'],
    ['clients that have none in common', '{ clients = ["a"], report = { clients = ["b"] } }', 'clients'],
  ])('leaves to its owner: %s', (_what, route, field) => {
    expect(change(policy(`"GET /x" = ${route}`))).toEqual({
      kind: 'by_hand',
      why: `both the route and its report have ${field}`,
    });
  });
});
