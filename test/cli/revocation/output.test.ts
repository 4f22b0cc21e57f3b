import { beforeEach, describe, expect, it, vi } from 'vitest';
import { makeChange } from '../../../cli/revocation/change.ts';
import { useTerminal } from '../../../cli/text/terminal.ts';
import { applied, makeGateway, readJson } from './support.ts';

const gateway = makeGateway();
const { run } = gateway;
const WHY = ['--why', 'ticket 1', '--by', 'me'];
/** Cleans a screen, and goes on in a line of its own. */
const EVIL = 'x\u001b[2J\nIN EFFECT\u202e';
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

beforeEach(() => {
  gateway.answer = applied;
  gateway.calls.length = 0;
});

/** Times as letters: each run has others. */
const timeless = (text: string) =>
  text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d/g, 'DATE').replace(/\d\d:\d\d:\d\d/g, 'TIME');

const printed = async (...args: string[]) => {
  const { code, stdout, stderr } = await run(...args);
  expect(code, stderr).toBe(0);
  return timeless(stdout);
};

describe('a change says what it did, until when, and how to take it back', () => {
  it('revoke', async () => {
    expect(await printed('revoke', '--issuer', 'main', '--sub', 'auth0|5', ...WHY)).toBe(
      `revoked    subject auth0|5 of main
refuses    tokens issued up to TIME UTC (5 s are for clocks that differ); newer ones pass
entry      7
ends       DATE UTC
in effect  everywhere by TIME UTC
take back  claimgate unrevoke --issuer main --sub='auth0|5' --why …
`,
    );
  });

  it('what takes it back has what led to this gateway', async () => {
    const other = gateway.file('other.toml', (await import('./support.ts')).POLICY);
    const at = ['--config', other, '--env', 'production', '--remote'];
    const back = `--why … --config ${other} --env production --remote\n`;
    expect(await printed('revoke', '--jti', 'x', ...WHY, ...at)).toContain(
      `claimgate unrevoke --issuer only --jti=x ${back}`,
    );
    expect(await printed('unrevoke', '--all', ...WHY, ...at)).toContain(
      `claimgate revoke --issuer only --all ${back}`,
    );
    expect(await printed('close', 'API_SHOP', ...WHY, ...at)).toContain(`claimgate open API_SHOP ${back}`);
    expect(await printed('open', 'API_SHOP', 'GET', '/', ...WHY, ...at)).toContain(
      `claimgate close API_SHOP 'GET /' ${back}`,
    );
  });

  it('close twice: what the second replaces', async () => {
    gateway.answer = (call) => ({
      ...applied(call),
      number: 8,
      replaced: { number: 3, until: Date.UTC(2026, 10, 27, 12, 0, 1) / 1000 },
    });
    expect(await run('close', 'API_ORDERS', '--for', '30min', ...WHY)).toMatchObject({
      stdout: expect.stringMatching(
        // Never earlier than it is.
        /^replaces {3}entry 3, which would have ended 2026-11-27 12:01 UTC\nends {7}\d{4}-/m,
      ),
    });
    gateway.answer = (call) => ({
      ...applied(call),
      number: 8,
      replaced: { number: 3, until: null },
    });
    expect(await printed('close', 'API_ORDERS', '--status', '403', ...WHY)).toBe(
      `closed     API_ORDERS
answer     403
entry      8
replaces   entry 3, which had no end
ends       by hand
in effect  everywhere by TIME UTC
take back  claimgate open API_ORDERS --why …
`,
    );
  });

  it('--json has the same', async () => {
    expect(readJson(await run('revoke', '--issuer', 'main', '--sub', '\u001b[2J', '--json', ...WHY))).toEqual(
      {
        number: 7,
        changed: true,
        published: true,
        atSeconds: expect.any(Number),
        kind: 'subject',
        issuer: 'https://issuer.example/',
        id: '\u001b[2J',
        beforeSeconds: expect.any(Number),
        untilSeconds: expect.any(Number),
        by: 'me',
        why: 'ticket 1',
      },
    );
    expect(readJson(await run('close', '--key', 'k', '--for', '1h', '--json', ...WHY))).toMatchObject({
      kind: 'key',
      target: 'k',
      status: null,
      untilSeconds: expect.any(Number),
    });
  });
});

describe('KV that does not take it', () => {
  const change = () => ({ action: 'open', kind: 'api', target: 'API_ORDERS', by: 'me', why: 'x' }) as const;
  const there = { config: `${gateway.folder}/wrangler.toml`, by: 'me' };
  const quiet = () => {
    const stream = { write: () => true };
    useTerminal({ stdin: process.stdin, stdout: stream, stderr: stream } as never);
  };
  const make = async () => {
    await run('switches', '--json'); // makes this gateway the one that wrangler opens
    quiet();
    vi.spyOn(process, 'cwd').mockReturnValue(gateway.folder);
    try {
      return await makeChange(there, change, 0);
    } finally {
      vi.restoreAllMocks();
      useTerminal(process);
    }
  };

  it('is waited for', async () => {
    let looks = 0;
    gateway.answer = ({ call }) =>
      call === 'apply'
        ? { number: 7, changed: true, published: false }
        : { rows: [], published: looks++ > 3 };
    expect(await make()).toMatchObject({ published: true });
    expect(looks).toBe(5);
  });

  it('is not waited for without end', async () => {
    gateway.answer = () => ({ number: 7, changed: true, rows: [], published: false });
    expect(await make()).toMatchObject({ published: false });
  });

  it('is told by switches', async () => {
    gateway.answer = () => ({ rows: [], published: false });
    expect((await run('switches')).stderr).toContain('KV has not taken the latest change yet');
    expect(readJson(await run('switches', '--json'))).toEqual({ rows: [], next: null, published: false });
  });
});

/** Rows as `Ledger.page` answers them. */
const ENTRIES = [
  {
    ...{ number: 9, kind: 'subject', issuer: 'https://issuer.example/', target: EVIL, status: null },
    ...{ before: 1, until: 1_795_000_000, at: 1_794_000_000, by: EVIL, why: EVIL },
  },
  {
    ...{ number: 8, kind: 'api', issuer: null, target: 'API_OLD', status: 403 },
    ...{ before: null, until: null, at: 1_794_000_000, by: 'me', why: 'w' },
  },
];
const RECORD = [
  {
    ...{ number: 9, at: 1_794_000_000, by: EVIL, action: 'revoke', why: EVIL },
    what: JSON.stringify({
      ...{ kind: 'subject', issuer: 'https://gone.example/', id: EVIL },
      ...{ beforeSeconds: 1, untilSeconds: 1_795_000_000 },
    }),
  },
  {
    ...{ number: 8, at: 1_794_000_000, by: 'me', action: 'close', why: 'w' },
    what: JSON.stringify({ kind: 'api', target: 'API_OLD', status: 503 }),
  },
];

describe('lists', () => {
  it('entries: each in one line, whoever wrote what is in it', async () => {
    gateway.answer = () => ({ rows: ENTRIES, next: 8, published: true });
    const { stdout, stderr } = await run('switches', '--limit', '2');
    const shown = 'x\ufffd[2J\ufffdIN EFFECT\ufffd';
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^ENTRY {2}WHAT +KIND +OF +ENDS +BY +AT +WHY$/),
      `9      revoked       subject  ${shown} @ main  2026-11-18 11:07 UTC  ${shown}  2026-11-06 21:20 UTC  ${shown}`,
      expect.stringMatching(/^8 {6}closed \(403\) {2}api +API_OLD +by hand +me +2026-11-06 21:20 UTC {2}w$/),
      '',
    ]);
    expect(stdout + stderr).not.toMatch(UNSEEN);
    expect(stderr).toContain('entry 8 closes API_OLD, which this policy does not have: it closes nothing');
    expect(stderr).toContain('there are more: claimgate switches --limit 2 --before 8\n');
    expect(gateway.calls.at(-1)?.input).toEqual({ list: 'entries', limit: 2 });
  });

  it.each([
    ['close', 'block'],
    ['open', 'unblock'],
  ])('the help of %s says what it does to a client', async (command, verb) => {
    const { stdout } = await run(command, '--help');
    expect(stdout).toMatch(new RegExp(`--client <id> +${verb} a client`));
    expect(stdout).toMatch(new RegExp(`--key <kid> +${verb} a key`));
  });

  it('the record: who did what, in words', async () => {
    gateway.answer = () => ({ rows: RECORD, published: true });
    const { stdout, stderr } = await run('switches', '--record', '--before', '10');
    expect(stdout).not.toMatch(UNSEEN);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^ENTRY +AT +BY +DID /);
    const [, first = '', second = ''] = stdout.split('\n');
    expect(first).toContain(
      'revoke  subject  x\ufffd[2J\ufffdIN EFFECT\ufffd @ https://gone.example/  2026-11-18',
    );
    expect(second).toMatch(/^8 .* me +close +api +API_OLD +by hand +w$/);
    expect(gateway.calls.at(-1)?.input).toEqual({ list: 'record', before: 10 });
    const { rows } = readJson(await run('switches', '--record', '--json')) as { rows: unknown[] };
    expect(rows[1]).toEqual({ ...RECORD[1], what: { kind: 'api', target: 'API_OLD', status: 503 } });
  });

  it('nothing', async () => {
    gateway.answer = () => ({ rows: [], published: true });
    expect((await run('switches')).stdout).toBe('nothing is revoked, closed or blocked\n');
    expect((await run('switches', '--record')).stdout).toBe('nothing was changed yet\n');
  });
});
