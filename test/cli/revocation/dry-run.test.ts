import { createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { denied, line, lines, START } from '../logs/support.ts';
import { claimgate, spawnClaimgate } from '../support/claimgate.ts';
import { makeGateway, readJson } from './support.ts';

const gateway = makeGateway();
const { run, file } = gateway;

const hashOf = (key: string, iss: string, sub: string) =>
  createHmac('sha256', key).update(`${iss}\n${sub}`).digest('hex').slice(0, 32);

const ofUser = (second: number, subject: string | undefined, more: object = {}) =>
  line(second, { route: 'API_ORDERS GET    /orders', issuer: 'main', client: 'shop', subject, ...more });

const logOf = (name: (sub: string) => string | undefined) => [
  ofUser(0, name('eve')),
  ofUser(1, name('eve'), { client: 'app', kid: 'k1' }),
  ofUser(2, name('adam')),
  // Another issuer's user of the same name.
  ofUser(3, name('eve'), { issuer: 'partner' }),
  // It was refused already.
  denied(4, 'scope_missing', { route: 'API_ORDERS GET    /orders', issuer: 'main', subject: name('eve') }),
  line(5, { route: 'API_ORDERS DELETE /orders/:id', issuer: 'main', client: 'shop', kid: 'k2' }),
];
const PLAIN = logOf((sub) => sub);

const tried = async (...args: string[]) => readJson(await run(...args, '--dry-run', '--json'));

/** cloudflare/workers-sdk, packages/wrangler/src/__tests__/tail.test.ts (generateMockEventMessage). */
const tailEvent = (logged: object, i: number) => ({
  outcome: 'ok',
  scriptName: 'gateway',
  diagnosticsChannelEvents: [],
  exceptions: [],
  logs: [{ message: [JSON.stringify(logged)], level: 'log', timestamp: START + i * 1000 }],
  eventTimestamp: START + i * 1000,
  event: {
    request: { url: 'https://api.example.com/orders', method: 'GET', headers: {}, cf: {} },
    response: { status: 200 },
  },
});

/** developers.cloudflare.com, "Workers Trace Events" of Logpush. */
const logpushEvent = (logged: object, i: number) => ({
  Event: {
    RayID: 'ray',
    Request: { URL: 'https://api.example.com/orders', Method: 'GET' },
    Response: { Status: 200 },
  },
  EventTimestampMs: START + i * 1000,
  EventType: 'fetch',
  Exceptions: [],
  Logs: [{ Level: 'log', Message: [JSON.stringify(logged)], TimestampMs: START + i * 1000 }],
  Outcome: 'ok',
  ScriptName: 'gateway',
});

describe('in each format of logs', () => {
  it.each([
    ['the gateway’s lines', lines(...PLAIN)],
    [
      'wrangler tail --format json',
      PLAIN.map((one, i) => JSON.stringify(tailEvent(one, i), null, 2)).join('\n'),
    ],
    ['Logpush, packed', gzipSync(lines(...PLAIN.map(logpushEvent)))],
  ])('%s', async (_format, content) => {
    const log = file('some.log', content as string);
    expect(await tried('revoke', '--issuer', 'main', '--sub', 'eve', '--log', log)).toEqual({
      dry_run: true,
      refused: 2,
      allowed: 5,
      clients: [
        ['shop', 1],
        ['app', 1],
      ],
      routes: [['API_ORDERS GET    /orders', 2]],
      broken: 0,
    });
    expect(gateway.calls).toEqual([]);
  });
});

describe('by each kind', () => {
  const log = file('plain.log', lines(...PLAIN));
  it.each([
    [4, 'revoke', '--issuer', 'main', '--all'],
    [3, 'revoke', '--issuer', 'main', '--client', 'shop'],
    [5, 'close', 'API_ORDERS'],
    [4, 'close', 'API_ORDERS', 'GET /orders'],
    [1, 'close', 'API_ORDERS', 'DELETE /orders/:id'],
    [4, 'close', '--client', 'shop'],
    [1, 'close', '--key', 'k2'],
    [0, 'close', '--key', 'k3'],
  ] as readonly [refused: number, ...args: string[]][])(
    '%i requests: %s %s %s %s',
    async (refused, ...args) => {
      expect(await tried(...args, '--log', log)).toMatchObject({ refused });
    },
  );

  it.each(['--jti', '--sid'])('a log does not have %s', async (flag) => {
    const { code, stdout } = await run('revoke', '--issuer', 'main', flag, 'x', '--dry-run', '--log', log);
    expect(code).toBe(0);
    expect(stdout).toContain("how many requests that is can't be told: the log never names");
  });
});

describe('subjects', () => {
  it('are found by their hash, with the gateway’s secret', async () => {
    const hashed = logOf((sub) => hashOf('secret', 'https://issuer.example/', sub));
    const log = file('hashed.log', lines(...hashed));
    const args = ['revoke', '--issuer', 'main', '--sub', 'eve', '--dry-run', '--log', log];
    expect((await run(...args)).stdout).toContain('hashed; set LOG_KEY to the secret of that name');
    const { stdout } = await claimgate([...args, '--json'], {
      cwd: gateway.folder,
      env: { LOG_KEY: 'secret' },
    });
    expect(JSON.parse(stdout)).toMatchObject({ refused: 2 });
    expect(JSON.parse(stdout)).not.toHaveProperty('unknown');
  });

  it('are not in each log', async () => {
    const log = file('without.log', lines(...logOf(() => undefined)));
    const { stdout } = await run('revoke', '--issuer', 'main', '--sub', 'eve', '--dry-run', '--log', log);
    expect(stdout).toContain('the log has no subjects; log_subject = "plain" or "hash"');
  });
});

it('people get a table, and lines that were cut are counted', async () => {
  const log = file('cut.log', `${lines(...PLAIN)}{"time":"2026-11-24T12:00:09.000Z","request_id":"r","dec`);
  const { stdout, code } = await run('revoke', '--issuer', 'main', '--sub', 'eve', '--dry-run', '--log', log);
  expect([code, stdout]).toEqual([
    0,
    `would refuse subject eve of main; nothing was changed
1 line of the log could not be read: not counted
2 of 5 requests in the log that were let through

CLIENT  REQUESTS
shop    1
app     1

ROUTE                      REQUESTS
API_ORDERS GET    /orders  2
`,
  ]);
});

describe('a log that is none', () => {
  it.each([
    ['name a log of the gateway with --log'],
    ['there is no nowhere.log', '--log', 'nowhere.log'],
    ['has no request of the gateway in it', '--log', 'wrangler.toml'],
  ])('%s', async (said, ...log) => {
    const { code, stdout, stderr } = await run('close', 'API_ORDERS', '--dry-run', ...log);
    expect([code === 0, stdout]).toEqual([false, '']);
    expect(stderr).toContain(said);
  });
});

it('standard input is read once', async () => {
  const config = ['--config', `${gateway.folder}/wrangler.toml`];
  const piped = ['close', 'API_ORDERS', '--dry-run', '--json', '--log', '-', ...config];
  expect(JSON.parse((await spawnClaimgate(piped, { input: lines(...PLAIN) })).stdout)).toMatchObject({
    refused: 5,
  });
  const both = ['revoke', '--token', '-', '--dry-run', '--log', '-', ...config];
  expect(await spawnClaimgate(both, { input: 'x' })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('both read standard input'),
  });
});
