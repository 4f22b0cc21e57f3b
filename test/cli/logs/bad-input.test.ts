/** Logs that are none, or not whole: each gets a clear word, and nothing that can be read is lost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { claimgate } from '../support/claimgate.ts';
import { denied, line, lines, START, summaryOf, useFolder } from './support.ts';

const file = useFolder();

const GOOD = lines(...Array.from({ length: 200 }, (_, i) => line(i, { client: `c${i}`, issuer: 'main' })));
const FORMATS = `
       It reads, each also gzipped:
       - what \`wrangler tail --format json\` prints
       - Logpush files of the dataset workers_trace_events
       - events of Workers Logs, as the dashboard exports them
       - answers of Workers Logs' API (telemetry/query)
       - lines of JSON as the gateway writes them
`;

describe('a log of which nothing is understood', () => {
  it.each<[string, string | Buffer, string]>([
    ['empty', '', 'is empty'],
    ['blank', ' \n\n', 'has nothing that this command reads: no events'],
    ['an empty array', '[]', 'has nothing that this command reads: no events'],
    [
      'of a web server',
      '192.0.2.1 - - [24/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 612 "-" "curl/8"\n'.repeat(3),
      'has nothing that this command reads: 3 other lines (such as: 192.0.2.1 - - [24/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1"…)',
    ],
    [
      'its errors',
      '[error] 17#17: *1 open() failed\n',
      'has nothing that this command reads: 1 other line (such as: [error] 17#17: *1 open() failed)',
    ],
    [
      'JSON of something else',
      '{"level":30,"time":1795521600000,"msg":"listening"}\n',
      'has nothing that this command reads: 1 other line (such as: {"level":30,"time":1795521600000,"msg":"listening"}',
    ],
    [
      'events of something else',
      '{"event":"login","user":"ann"}\n{"event":"login","user":"bob"}\n',
      'has nothing that this command reads: 2 other lines (such as: login)',
    ],
    [
      'a package.json',
      '{\n  "name": "gateway",\n  "private": true\n}\n',
      'has nothing that this command reads: 1 other line',
    ],
    [
      'binary',
      Buffer.from(Array.from({ length: 4_096 }, (_, i) => (i * 31) % 256)),
      '(it looks like a binary file)',
    ],
    [
      'an image',
      Buffer.from('89504e470d0a1a0a0000000d4948445200000001', 'hex'),
      '(it looks like a binary file)',
    ],
    [
      'cut before its end',
      '{"time":"2026-11-24T12:00:00Z","method":"GE',
      'has nothing that this command reads: line 1: the log ends in the middle of this object',
    ],
    [
      'gzip that is damaged',
      Buffer.concat([gzipSync('').subarray(0, 10), Buffer.from([0xff, 0xff, 0xff])]),
      'line 1: the gzip file is damaged',
    ],
    [
      'of another Worker',
      lines({
        outcome: 'ok',
        exceptions: [],
        logs: [{ message: ['hello'], level: 'log', timestamp: START }],
        eventTimestamp: START,
        event: null,
      }),
      "has 1 event of Cloudflare, and no line of the gateway: is it another Worker's log? (such as: hello)",
    ],
  ])('%s: says what it is, and what would be read; exits with 2', async (_what, content, message) => {
    const { code, stdout, stderr } = await claimgate(['logs', file('strange', content)]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr.endsWith(FORMATS)).toBe(true);
    expect(stderr).not.toMatch(/[\0-\x09\x0b-\x1f]/);
  });

  it.each(['--json', '--suggest', '--draft'])('so it is with %s, and from standard input', async (flag) => {
    const { code, stdout, stderr } = await claimgate(['logs', '-', flag], { input: 'nothing\n' });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(
      'standard input has nothing that this command reads: 1 other line (such as: nothing)',
    );
  });

  it("a quiet gateway's log is none of them", async () => {
    const quiet = {
      outcome: 'ok',
      exceptions: [],
      logs: [],
      eventTimestamp: START,
      event: { cron: '* * * * *' },
    };
    expect(await claimgate(['logs', file('quiet', lines(quiet))])).toMatchObject({
      code: 0,
      stdout: 'no requests in the log\n',
    });
  });
});

describe('a log that is not whole', () => {
  it('says where it is cut, in text and in JSON', async () => {
    const log = file('cut.log', `${lines(line(0))}{"time":"2026-11-24T1\n${lines(line(1))}{"time":`);
    const { code, stdout } = await claimgate(['logs', log]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      '2 parts could not be read (line 2: this object is cut in the middle of a text; line 4: the log ends in the middle of this object)\n',
    );
    expect(await summaryOf(log)).toMatchObject({
      requests: 2,
      broken: { parts: 2, first: [{ line: 2 }, { line: 4 }] },
    });
  });

  it('a line of the gateway that was cut within its event', async () => {
    const cut = JSON.stringify(line(0)).slice(0, 60);
    const event = (message: string) => ({
      Outcome: 'ok',
      EventTimestampMs: START,
      Logs: [{ Message: [message], TimestampMs: START }],
    });
    const log = file('message.log', lines(event(JSON.stringify(line(0))), event(cut)));
    expect(await summaryOf(log)).toMatchObject({
      requests: 1,
      other_lines: 0,
      broken: { parts: 1, first: [{ line: 2, problem: 'a line of the gateway is cut within its event' }] },
    });
  });

  /** "Limits" of developers.cloudflare.com, Workers Logpush; adobe/helix-rum-bundler's siblings test for the text within. */
  it.each<[string, unknown]>([
    ['within a line', [{ Level: 'log', Message: ['{"method":"GE<<<Logpush: message truncated>>>'] }]],
    ['in place of it', [{ Level: 'log', Message: ['<<<Logpush: message truncated>>>'] }]],
    ['in place of a log', ['<<<Logpush: log truncated>>>']],
    ['in place of all', '<<<Logpush: logs truncated>>>'],
  ])('what Logpush cut, and says so %s', async (_where, Logs) => {
    const event = { Outcome: 'ok', EventTimestampMs: START, Logs };
    expect(await summaryOf(file('cut.log', lines(line(0), event)))).toMatchObject({
      requests: 1,
      other_lines: 0,
      broken: { parts: 1, first: [{ line: 2 }] },
    });
  });

  it.each([30, 75, 100])('a file whose first %i characters are cut off', async (from) => {
    const log = file('head.log', lines(line(0, { method: 'OPTIONS' }), line(1)).slice(from));
    expect(await summaryOf(log)).toMatchObject({
      requests: 1,
      broken: { parts: 1, first: [{ line: 1, problem: 'the beginning of this line is cut' }] },
    });
  });

  it('an event that wrangler tail cut', async () => {
    const event = { outcome: 'ok', truncated: true, exceptions: [], eventTimestamp: START, event: null };
    const log = file('truncated.log', lines({ ...event, logs: [{ message: [JSON.stringify(line(0))] }] }));
    expect(await summaryOf(log)).toMatchObject({ requests: 1, broken: { parts: 1 } });
  });

  it('gzip that is cut: what came before it is counted', async () => {
    const packed = gzipSync(GOOD);
    const log = file('cut.gz', packed.subarray(0, packed.length - 40));
    const { requests, broken } = await summaryOf(log);
    expect(requests).toBeGreaterThan(100);
    expect(broken.first.map(({ problem }) => problem)).toContain('the gzip file ends too early');
    const { stdout } = await claimgate(['logs', log]);
    expect(stdout).toContain('the gzip file ends too early');
  });
});

describe('a huge log', () => {
  /** Far more than the memory that the command gets. */
  async function pour(begin: string, between: string, end: string): Promise<Record<string, unknown>> {
    const child = spawn(process.execPath, [
      '--max-old-space-size=40',
      'cli/claimgate.ts',
      'logs',
      '-',
      '--json',
    ]);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const ended = once(child, 'close');
    child.stdin.on('error', () => {}); // where it ends early, its exit code says so
    child.stdin.write(begin);
    const filler = 'x'.repeat(10_000);
    for (let i = 0; i < 120; i++) {
      const piece = Array.from({ length: 100 }, () => JSON.stringify(line(0, { filler }))).join(between);
      if (!child.stdin.write(i === 0 ? piece : `${between}${piece}`) && child.exitCode === null)
        await Promise.race([once(child.stdin, 'drain'), ended]);
    }
    child.stdin.end(end);
    expect((await ended)[0]).toBe(0);
    return JSON.parse(output);
  }

  it('of lines: takes no memory that grows with it', async () => {
    expect(await pour('', '\n', '\n')).toMatchObject({ requests: 12_000, broken: { parts: 0 } });
  }, 60_000);

  it('of one array on one line, too', async () => {
    expect(await pour('[', ',', ']')).toMatchObject({ requests: 12_000, broken: { parts: 0 } });
  }, 60_000);
});

describe('what strangers wrote', () => {
  it('reaches no terminal: paths, hosts, addresses, versions, reasons, other lines', async () => {
    const evil = '\x1b]0;owned\x07\x9b2J\u202e';
    const request = denied(0, `r${evil}`, {
      path: `/p${evil}`,
      host: `h${evil}`,
      address: `a${evil}`,
      country: `c${evil}`,
      worker_version: `v${evil}`,
      policy_version: `v${evil}`,
      unverified_iss: `i${evil}`,
      unverified_aud: `u${evil}`,
      unverified_client: `l${evil}`,
      route: `t${evil}`,
    });
    const tail = {
      outcome: `o${evil}`,
      logs: [{ message: [JSON.stringify({ event: `e${evil}`, issuer: evil })], timestamp: START }],
      event: { request: { url: `https://x.example/${evil}` } },
    };
    const log = file('evil.log', lines(...Array.from({ length: 30 }, () => request), tail));
    for (const flags of [[], ['--json'], ['--draft'], ['--at', '12:00'], ['--path', `/${evil}`]]) {
      const { stdout, stderr } = await claimgate(['logs', log, ...flags]);
      expect(stdout).not.toBe('');
      expect(stdout + stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    }
    const { stderr } = await claimgate(['logs', file('noise.log', `${evil}\n`)]);
    expect(stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  });
});
