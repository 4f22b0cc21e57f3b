/** Each format in which people have a log: the shapes are those of the programs that write them. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { claimgate } from '../support/claimgate.ts';
import { denied, line, lines, START, summaryOf, useFolder } from './support.ts';

const file = useFolder();

const LINES = [
  line(0, { client: 'shop', issuer: 'main' }),
  line(1, { client: 'shop', issuer: 'main' }),
  denied(2, 'token_missing'),
];
const EVENT = { event: 'keys_refresh_failed', issuer: 'main', fault: 'timeout' };
const LOGGED: readonly object[] = [...LINES, EVENT];

const at = (i: number) => START + i * 1000;

/** cloudflare/workers-sdk, packages/wrangler/src/__tests__/tail.test.ts (generateMockEventMessage) and src/tail/. */
const tailEvent = (logged: object, i: number) => ({
  wallTime: 3,
  cpuTime: 1,
  truncated: false,
  executionModel: 'stateless',
  outcome: 'ok',
  scriptVersion: { id: 'version-1' },
  scriptName: 'gateway',
  diagnosticsChannelEvents: [],
  exceptions: [],
  logs: [{ message: [JSON.stringify(logged)], level: 'log', timestamp: at(i) }],
  eventTimestamp: at(i),
  event: {
    request: {
      url: 'https://api.example.com/x/y?secret=hidden',
      method: 'GET',
      headers: { cookie: 'hidden' },
      cf: {},
    },
    response: { status: 200 },
  },
});

/** The same source, generateTailInfo. */
const overload = (type: 'overload' | 'overload-stop') => ({
  outcome: 'ok',
  scriptName: null,
  diagnosticsChannelEvents: [],
  exceptions: [],
  logs: [],
  eventTimestamp: START,
  event: {
    message:
      'Tail is currently in sampling mode due to the high volume of messages. To prevent messages from being dropped consider adding filters.',
    type,
  },
});

/** developers.cloudflare.com, "Workers Trace Events" of Logpush; members of Event and Logs as in its examples. */
const logpushEvent = (logged: object, i: number) => ({
  CPUTimeMs: 1,
  DispatchNamespace: '',
  Entrypoint: '',
  Event: {
    RayID: 'ray',
    Request: { URL: 'https://api.example.com/x/y?secret=hidden', Method: 'GET' },
    Response: { Status: 200 },
  },
  EventTimestampMs: at(i),
  EventType: 'fetch',
  Exceptions: [],
  Logs: [{ Level: 'log', Message: [JSON.stringify(logged)], TimestampMs: at(i) }],
  Outcome: 'ok',
  ScriptName: 'gateway',
  ScriptTags: [],
  ScriptVersion: { ID: 'version-1' },
  WallTimeMs: 3,
});

/**
 * cloudflare/mcp-server-cloudflare, packages/mcp-common/src/types/workers-logs.types.ts (zReturnedTelemetryEvent).
 * Workers Logs takes JSON apart: its members are those of `source`.
 */
const workersEvent = (logged: object, i: number, more: object = {}) => ({
  source: logged as unknown,
  dataset: 'cloudflare-workers',
  timestamp: at(i) as number | string,
  $workers: {
    truncated: false,
    event: { request: { url: 'https://api.example.com/x/y?secret=hidden', method: 'GET', path: '/x/y' } },
    outcome: 'ok',
    scriptName: 'gateway',
    eventType: 'fetch',
    executionModel: 'stateless',
    scriptVersion: { id: 'version-1' },
    requestId: 'ray',
  },
  $metadata: {
    id: `01KSMH5W6QSFSPTDKQKZ4RD9Y${i}`,
    requestId: 'ray',
    trigger: 'GET /x/y',
    service: 'gateway',
    message: JSON.stringify(logged),
    account: 'account',
    type: 'cf-worker',
    origin: 'fetch',
  },
  ...more,
});

/** Dates instead of numbers: an export that stands in a public repository (72 events, one JSON array). */
const exported = LOGGED.map((logged, i) =>
  workersEvent(logged, i, { timestamp: new Date(at(i)).toISOString() }),
);

/** The envelope of Cloudflare's API around TelemetryQueryResponse (cloudflare-python, telemetry_query_response.py). */
const queryAnswer = (result: object) => ({ success: true, errors: [], messages: [], result });
const run = { id: 'run', status: 'COMPLETED', statistics: { bytes_read: 1, elapsed: 0.1, rows_read: 4 } };

const pretty = (value: unknown) => JSON.stringify(value, null, 2);
const tail = LOGGED.map(tailEvent);
const workers = LOGGED.map((logged, i) => workersEvent(logged, i));

describe('a log', () => {
  it.each<[string, string | Buffer]>([
    ['bare lines', lines(...LOGGED)],
    ['bare lines with Windows line ends', lines(...LOGGED).replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff${lines(...LOGGED)}`],
    ['a byte order mark where files were joined', `\ufeff${lines(...LINES)}\ufeff${lines(EVENT)}`],
    ["UTF-16, as PowerShell's > writes it", Buffer.from(`\ufeff${lines(...LOGGED)}`, 'utf16le')],
    ['wrangler tail, spread over lines', tail.map((event) => `${pretty(event)}\n`).join('')],
    ['wrangler tail, one a line', lines(...tail)],
    ['wrangler tail, without a line end', tail.map((event) => pretty(event)).join('')],
    ['an array on one line', JSON.stringify(tail)],
    ['an array spread over lines', pretty(tail)],
    ['an array with a line for each', `[\n${tail.map((event) => JSON.stringify(event)).join(',\n')}\n]\n`],
    ['an array of bare lines', JSON.stringify(LOGGED)],
    ['gzip', gzipSync(lines(...LOGGED))],
    ['gzip files that were joined', Buffer.concat([gzipSync(lines(...LINES)), gzipSync(lines(EVENT))])],
    ['Logpush', lines(...LOGGED.map(logpushEvent))],
    ['Logpush, gzipped as it is delivered', gzipSync(lines(...LOGGED.map(logpushEvent)))],
    ['Workers Logs, exported', pretty(exported)],
    ['Workers Logs, one a line', lines(...workers)],
    [
      'Workers Logs whose source is a text',
      lines(...workers.map((event) => ({ ...event, source: JSON.stringify(event.source) }))),
    ],
    [
      'Workers Logs whose source has a message',
      lines(...workers.map((event) => ({ ...event, source: { message: JSON.stringify(event.source) } }))),
    ],
    ["an answer of Workers Logs' API", pretty(queryAnswer({ run, events: { events: workers, count: 4 } }))],
    ['its result alone', JSON.stringify({ run, events: { events: workers, count: 4 } })],
    [
      'its invocations',
      JSON.stringify(queryAnswer({ run, invocations: { a: workers.slice(0, 2), b: workers.slice(2) } })),
    ],
  ])('%s', async (_what, content) => {
    const summary = await summaryOf(file('log', content));
    expect(summary).toMatchObject({ requests: 3, allowed: 2, denied: 1, sampled: false, other_lines: 0 });
    expect(summary.broken).toEqual({ parts: 0, first: [] });
    expect(summary.events).toMatchObject([{ event: 'keys_refresh_failed', detail: 'timeout', times: 1 }]);
    expect(JSON.stringify(summary)).not.toContain('hidden');
  });

  it('a failed fetch of keys has its status', async () => {
    const event = { event: 'keys_refresh_failed', issuer: 'main', fault: 'http_status' };
    const lines = [403, 403, 503, '<b>'].map((status) => JSON.stringify({ ...event, http_status: status }));
    const { events } = await summaryOf(file('log', lines.join('\n')));
    expect(events).toMatchObject([
      { detail: 'http_status 403', times: 2 },
      { detail: 'http_status 503', times: 1 },
      { detail: 'http_status', times: 1 },
    ]);
  });

  it('standard input is read in each of them, too', async () => {
    const { stdout } = await claimgate(['logs', '-', '--json'], { input: JSON.stringify(tail) });
    expect(JSON.parse(stdout)).toMatchObject({ requests: 3, formats: { tail: 4 } });
  });

  it.each<[string, (logged: object, i: number) => object]>([
    ['wrangler tail', tailEvent],
    ['Logpush', logpushEvent],
    ['Workers Logs', workersEvent],
  ])('%s knows the path and the version of a line that has none', async (_what, wrap) => {
    const { refused } = await summaryOf(file('log', lines(...LINES.map(wrap))));
    expect(refused.path).toMatchObject([{ value: 'GET api.example.com/x/y', requests: 1 }]);
    expect(refused.worker_version).toMatchObject([{ value: 'version-1', requests: 3 }]);
  });

  it('counts what the runtime ended, once for an invocation', async () => {
    const ended = { ...workersEvent({ message: 'GET https://api.example.com/x' }, 3) };
    const events = [
      { ...tailEvent(line(0), 0), outcome: 'exceededCpu' },
      { ...logpushEvent(line(0), 0), Outcome: 'exception' },
      {
        ...ended,
        $metadata: { ...ended.$metadata, type: 'cf-worker-event' },
        $workers: { ...ended.$workers, outcome: 'exceededMemory' },
      },
      { ...workersEvent(line(1), 1), $workers: { outcome: 'exceededMemory' } },
      { ...tailEvent(line(0), 0), outcome: 'canceled' },
    ];
    const { outcomes, requests } = await summaryOf(file('log', lines(...events)));
    expect(requests).toBe(4);
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual([
      'exceededCpu',
      'exceededMemory',
      'exception',
    ]);
  });
});

describe('a log of which requests are missing', () => {
  /** `limit` of telemetry/query is 2,000 at most (api/resources/workers/subresources/observability). */
  const invocation = workersEvent({ message: 'GET https://api.example.com/x' }, 0);
  const $metadata = { ...invocation.$metadata, type: 'cf-worker-event' };
  const full = [...workers, ...Array.from({ length: 1_996 }, () => ({ ...invocation, $metadata }))];
  const LOGS: readonly [string, object[], RegExp][] = [
    ['wrangler tail says so', [overload('overload'), ...tail], /wrangler tail left requests out/],
    ['it was so before', [...tail, overload('overload-stop')], /wrangler tail left requests out/],
    ['a frame with the event alone', [{ event: overload('overload').event }, ...tail], /wrangler tail left/],
    [
      "the answer of Workers Logs' API is from a sample",
      [
        queryAnswer({
          run: { ...run, statistics: { ...run.statistics, abr_level: 10 } },
          events: { events: workers },
        }),
      ],
      /answered from a sample \(abr_level 10\)/,
    ],
    [
      'that answer is a page of more',
      [queryAnswer({ run, events: { events: workers, count: 5_000 } })],
      /has 4 of 5000 events/,
    ],
    ...[undefined, 2_000].map((count): [string, object[], RegExp] => [
      `that answer has the most events that one can have, and count is ${count}`,
      [queryAnswer({ run, events: { events: full, count } })],
      /has 2000 events, the most that one can have/,
    ]),
    ['so it is with the events alone', full, /has 2000 events, the most/],
  ];
  const toml = `
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
[vars.API_X]
origin = "https://x.example"
audience = "x"
[vars.API_X.routes]
"GET /x" = { report = { clients = ["shop"] } }
`;
  const suggest = ['--suggest', '--min-time', '0', '--min-requests', '1', '--config'];

  it.each(LOGS)('%s: as text and as JSON', async (_why, events, words) => {
    const log = file('sampled', events.map(pretty).join('\n'));
    expect((await claimgate(['logs', log])).stdout.split('\n')[2]).toMatch(words);
    const summary = await summaryOf(log);
    expect(summary).toMatchObject({ requests: 3, sampled: true, other_lines: 0 });
    expect(summary.sampled_why.join()).toMatch(words);
  });

  it.each(LOGS)('%s: no rule is ready', async (_why, events, words) => {
    const policy = file('wrangler.toml', toml);
    const complete = file('complete', lines(...tail));
    expect((await claimgate(['logs', complete, ...suggest, policy])).stdout).toContain('  ready: ');
    const log = file('sampled', lines(...events));
    const { stdout } = await claimgate(['logs', log, ...suggest, policy]);
    expect(stdout).toMatch(words);
    expect(stdout).toContain('  too little traffic: ');
    const [trial] = JSON.parse((await claimgate(['logs', log, ...suggest, policy, '--json'])).stdout);
    expect(trial).toMatchObject({
      verdict: 'too_little',
      sampled: true,
      missing: [expect.stringMatching(words)],
    });
  });

  it('says so beside a verdict of "not ready", too', async () => {
    const log = file('refusing', lines(overload('overload'), line(5, { would_deny: 'client_not_allowed' })));
    const { code, stdout } = await claimgate(['logs', log, ...suggest, file('wrangler.toml', toml)]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^requests are missing: wrangler tail left.*\n\n.*\n {2}not ready/);
  });

  it('says so in a draft, and on its other stream', async () => {
    const log = file('drafted', lines(overload('overload'), ...tail));
    const { stdout, stderr } = await claimgate(['logs', log, '--draft']);
    expect(stdout).toContain('# requests are missing: wrangler tail left');
    expect(stderr).toContain('requests are missing: wrangler tail left');
  });
});
