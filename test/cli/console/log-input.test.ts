/** Logs as they end, grow, vanish, are cut, or are none. */

import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Decisions } from '../../../cli/console/decisions.ts';
import { growingFile } from '../../../cli/console/growing-file.ts';
import { takeLines } from '../../../cli/console/lines.ts';
import { type LogInput, nameOfInput, readInto } from '../../../cli/console/log-input.ts';
import { acceptUpgrade } from '../../e2e/support/websocket.ts';
import { CLONE } from '../../support/clone.ts';

/** However busy the machine is. */
const soon = <Value>(read: () => Value) => expect.poll(read, { timeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'claimgate-console-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let ended = new AbortController();
let reading: Promise<void> | undefined;
afterEach(async () => {
  ended.abort();
  await reading;
  ended = new AbortController();
});

function read(input: LogInput): Decisions {
  const decisions = new Decisions(nameOfInput(input), () => {});
  reading = readInto(decisions, input, ended.signal);
  return decisions;
}

const line = (path: string) =>
  `${JSON.stringify({
    ...{ time: '2026-11-27T18:00:00.000Z', request_id: path, method: 'GET', decision: 'deny', status: 404 },
    ...{ reason: 'route_unknown', host: 'x.example', path },
  })}\n`;
const pathsIn = (decisions: Decisions) => decisions.after(0).decisions.map(({ path }) => path);
const logOf = (decisions: Decisions) => decisions.after(0).log;

describe('standard input', () => {
  it('is read between other lines, until it ends', async () => {
    const decisions = read({
      kind: 'stream',
      name: 'standard input',
      stream: Readable.from([
        '⛅️ wrangler\n',
        line('/a').slice(0, 20),
        line('/a').slice(20),
        line('/b'),
        '{"cut":\n',
      ]),
    });
    await soon(() => logOf(decisions).state).toBe('ended');
    expect(pathsIn(decisions)).toEqual(['/a', '/b']);
    expect(logOf(decisions)).toMatchObject({
      ...{ name: 'standard input', decisions: 2, otherLines: 1, strange: '⛅️ wrangler', brokenLines: 1 },
      problem: 'standard input ended: nothing new will come.',
    });
  });

  it('is said to be empty', async () => {
    const decisions = read({ kind: 'stream', name: 'standard input', stream: Readable.from([]) });
    await soon(() => logOf(decisions).problem).toBe('standard input ended without a line.');
  });

  it('that fails is said, and ends nothing else', async () => {
    const stream = new PassThrough();
    const decisions = read({ kind: 'stream', name: 'standard input', stream });
    stream.write(line('/a'));
    await soon(() => pathsIn(decisions)).toEqual(['/a']);
    stream.destroy(new Error('EIO'));
    await soon(() => logOf(decisions)).toMatchObject({
      state: 'failed',
      problem: expect.stringContaining('EIO'),
    });
    expect(pathsIn(decisions)).toEqual(['/a']);
  });

  it('that floods keeps the latest', async () => {
    const decisions = new Decisions('x', () => {}, 100);
    function* flood() {
      for (let i = 0; i < 30_000; i += 100)
        yield Array.from({ length: 100 }, (_, j) => line(`/${i + j}`)).join('');
    }
    await readInto(decisions, { kind: 'stream', name: 'x', stream: Readable.from(flood()) }, ended.signal);
    expect(logOf(decisions).decisions).toBe(30_000);
    expect(pathsIn(decisions)).toEqual(Array.from({ length: 100 }, (_, i) => `/${29_900 + i}`));
  });
});

describe('lines of a program', () => {
  it('are read; those that nobody can take are counted', async () => {
    const lines = takeLines(2_000);
    // Before anybody reads.
    for (let i = 0; i < 100; i++) lines.take(line(`/${i}`).trim());
    const decisions = read({ kind: 'lines', name: "the gateway's log", lines });
    await soon(() => logOf(decisions).decisions).toBeGreaterThan(0);
    const { decisions: taken, lostLines } = logOf(decisions);
    expect(lostLines).toBeGreaterThan(50);
    expect(taken + lostLines).toBe(100);
    lines.take(line('/later').trim());
    await soon(() => pathsIn(decisions)).toContain('/later');
  });
});

describe('a file', () => {
  it('is waited for, and read as it grows, is cut, and is replaced', { timeout: 30_000 }, async () => {
    const path = join(folder, 'gateway.log');
    const decisions = read({ kind: 'file', path });
    const paths = (want: readonly string[]) => soon(() => pathsIn(decisions)).toEqual(want);
    await soon(() => logOf(decisions).problem).toBe(
      `There is no ${path}: it is read as soon as it is there.`,
    );
    writeFileSync(path, line('/a'));
    await paths(['/a']);
    expect(logOf(decisions)).toMatchObject({ state: 'reading', problem: null });
    appendFileSync(path, line('/b').slice(0, 30));
    appendFileSync(path, line('/b').slice(30));
    await paths(['/a', '/b']);
    truncateSync(path, 0);
    // As long as the look at it takes: a file that is cut and full again at once was never cut.
    await new Promise((resolve) => setTimeout(resolve, 700));
    appendFileSync(path, line('/c'));
    await paths(['/a', '/b', '/c']);
    renameSync(path, `${path}.1`);
    await soon(() => logOf(decisions).state).toBe('failed');
    writeFileSync(path, line('/d'));
    await paths(['/a', '/b', '/c', '/d']);
    // Both at once, as logrotate does.
    renameSync(path, `${path}.2`);
    writeFileSync(path, line('/e'));
    await paths(['/a', '/b', '/c', '/d', '/e']);
    expect(logOf(decisions)).toMatchObject({ state: 'reading', problem: null });
  });

  it('that is long is read from where its end is near', async () => {
    const path = join(folder, 'long.log');
    writeFileSync(path, Array.from({ length: 500 }, (_, i) => line(`/${i}`)).join(''));
    const stream = growingFile(path, ended.signal, () => {}, 2_000);
    const decisions = read({ kind: 'stream', name: 'x', stream });
    await soon(() => pathsIn(decisions).at(-1)).toBe('/499');
    expect(pathsIn(decisions).length).toBeLessThan(20);
    expect(logOf(decisions).brokenLines + logOf(decisions).otherLines).toBe(1);
  });

  it('that is a folder is said', async () => {
    const decisions = read({ kind: 'file', path: folder });
    await soon(() => logOf(decisions).problem).toContain("can't be read (EISDIR)");
  });
});

describe('wrangler tail', () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  it('that is refused is said, and that ends is started again', { timeout: 120_000 }, async () => {
    let starts = 0;
    const api = createServer((_request, response) => {
      const { port } = api.address() as AddressInfo;
      const result = { id: 'tail-1', url: `ws://127.0.0.1:${port}/tail`, expires_at: '2030-01-01T00:00:00Z' };
      response.setHeader('content-type', 'application/json');
      response.statusCode = ++starts === 1 ? 403 : 200;
      const errors = starts === 1 ? [{ code: 10_000, message: 'Authentication error' }] : [];
      response.end(JSON.stringify({ success: starts > 1, errors, messages: [], result }));
    });
    // As Cloudflare sends events to wrangler: see the tail in decisions.test.ts.
    api.on('upgrade', (request, socket, head) => {
      const end = acceptUpgrade(request, socket, head, ['Sec-WebSocket-Protocol: trace-v1']);
      end.once('message', () => {
        const logs = [{ message: [line(`/${starts}`)], level: 'log', timestamp: 1_795_800_000_000 }];
        const event = { request: { url: 'https://x.example/', method: 'GET' } };
        end.send(
          JSON.stringify({ outcome: 'ok', event, eventTimestamp: 1_795_800_000_000, logs, exceptions: [] }),
        );
        end.close(1000);
      });
    });
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    Object.assign(process.env, {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${(api.address() as AddressInfo).port}/client/v4`,
      ...{ CLOUDFLARE_API_TOKEN: 'test', CLOUDFLARE_ACCOUNT_ID: 'test', WRANGLER_SEND_METRICS: 'false' },
    });
    const said = new Set<string | null>();
    const decisions: Decisions = new Decisions('wrangler tail', () => said.add(logOf(decisions).problem));
    const input = { kind: 'tail', config: CLONE.config, environment: 'production', firstWaitMs: 10 } as const;
    reading = readInto(decisions, input, ended.signal);
    await soon(() => logOf(decisions).decisions).toBeGreaterThan(1);
    expect([...said].join('\n')).toMatch(/is this machine logged in .* tried again in 0\.01 s/);
    ended.abort();
    api.close();
    api.closeAllConnections();
  });
});

it('no log at all is said', async () => {
  const decisions = read({ kind: 'none' });
  await soon(() => logOf(decisions).state).toBe('none');
});
