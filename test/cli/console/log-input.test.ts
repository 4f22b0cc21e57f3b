/** Logs as they end, grow, vanish, are cut, or are none. */
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Decisions } from '../../../cli/console/decisions.ts';
import { growingFile } from '../../../cli/console/growing-file.ts';
import { takeLines } from '../../../cli/console/lines.ts';
import { type LogInput, nameOfInput, readInto } from '../../../cli/console/log-input.ts';

/** However busy the machine is. */
const soon = <Value>(read: () => Value) => expect.poll(read, { timeout: 20_000 });

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

it('no log at all is said', async () => {
  const decisions = read({ kind: 'none' });
  await soon(() => logOf(decisions).state).toBe('none');
});
