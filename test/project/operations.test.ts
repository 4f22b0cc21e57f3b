/**
 * docs/operations.md: its queries name columns that there are and answer their questions, its changes to the policy
 * of Timesheets are made and the commands below them print what it shows, and commands and flags exist.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { dataPoint } from '../../src/analytics.ts';
import type { RequestLine } from '../../src/log.ts';
import { claimgate } from '../cli/support/claimgate.ts';
import { CLONE, clonePolicy } from '../support/clone.ts';
import { dayOf, refused } from './day.ts';

const page = readFileSync('docs/operations.md', 'utf8');

const folder = mkdtempSync(join(tmpdir(), 'claimgate-operations-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BLOBS = [
  ...['route', 'decision', 'reason', 'would_deny', 'issuer', 'client', 'method', 'keys_from'],
  ...['host', 'country', 'worker_version', 'policy_version'],
];
const DOUBLES = ['status', 'key_wait_ms', 'origin_ms'];
const COLUMNS = [
  ...BLOBS.map((_, i) => `blob${i + 1}`),
  ...DOUBLES.map((_, i) => `double${i + 1}`),
  'index1',
];

const line = (fields: Partial<RequestLine>): RequestLine => ({
  time: '2026-11-24T12:00:00.000Z',
  request_id: 'r',
  method: 'GET',
  route: 'API_TIMESHEETS GET    /timesheets',
  decision: 'allow',
  status: 200,
  ...fields,
});

describe('the columns', () => {
  it('are those of a data point, in the order of the page', () => {
    const fields = Object.fromEntries(
      [...BLOBS, ...DOUBLES].map((name, i) => [name, i < BLOBS.length ? name : i]),
    );
    const point = dataPoint(line(fields as Partial<RequestLine>));
    expect(point.blobs).toEqual(BLOBS);
    expect(point.doubles).toEqual(DOUBLES.map((_, i) => BLOBS.length + i));
    const row = (columns: string) => page.split('\n').find((one) => one.startsWith(`| \`${columns}`)) ?? '';
    for (const [columns, names] of [
      ['blob1', BLOBS],
      ['double1', DOUBLES],
    ] as const)
      expect(row(columns).split('|')[2]?.replaceAll('`', '').trim()).toBe(names.join(', '));
  });
});

describe('the five questions', () => {
  const queries = [...page.matchAll(/^\*\*([^*]+)\*\*[^\n]*(?:\n[^\n]+)*\n\n```sql\n([\s\S]*?)```/gm)];
  const WORDS =
    /^(select|as|sum|max|from|where|and|group|by|order|desc|limit|now|interval|day|quantileexactweighted)$/i;

  it('are five', () => expect(queries).toHaveLength(5));

  it.each(queries.map(([, question = '', sql = '']) => [question, sql]))(
    '%s names known columns',
    (_, sql) => {
      const own = [...sql.matchAll(/\bAS (\w+)/g)].map(([, name]) => name);
      const names = sql.replace(/'[^']*'/g, '').match(/[a-z_]\w*/gi) ?? [];
      const odd = names.filter(
        (name) =>
          !WORDS.test(name) &&
          ![...COLUMNS, ...own, 'timestamp', '_sample_interval', 'claimgate'].includes(name),
      );
      expect(odd).toEqual([]);
    },
  );

  /** The dialect of the platform in SQLite's words, as far as the page uses it. */
  const translate = (sql: string) =>
    sql
      .replace(/NOW\(\) - INTERVAL '\d+' DAY/g, '0')
      .replace(/quantileExactWeighted\(0\.95\)\((\w+), _sample_interval\)/g, 'MAX($1)');

  it('are answered', () => {
    const db = new DatabaseSync(':memory:');
    db.exec(`CREATE TABLE claimgate (timestamp, _sample_interval, ${COLUMNS.join(', ')})`);
    const insert = db.prepare(`INSERT INTO claimgate VALUES (?, ?, ${COLUMNS.map(() => '?').join(', ')})`);
    const add = (times: number, fields: Partial<RequestLine>) => {
      const { blobs, doubles, indexes } = dataPoint(line(fields));
      insert.run(1, times, ...blobs, ...doubles, indexes[0] ?? '');
    };
    add(10, { client: 'shop', issuer: 'own', keys_from: 'memory', key_wait_ms: 0, origin_ms: 30 });
    add(1, {
      client: 'job',
      issuer: 'own',
      would_deny: 'scopes_missing',
      keys_from: 'network',
      key_wait_ms: 9,
    });
    add(5, { decision: 'deny', reason: 'token_missing', status: 401 });
    add(2, { route: 'API_TIMESHEETS POST   /timesheets', client: 'shop', issuer: 'own', origin_ms: 40 });
    const answers = queries.map(([, , sql = '']) => db.prepare(translate(sql)).all());
    const route = 'API_TIMESHEETS GET    /timesheets';
    expect(answers).toEqual([
      [
        { route, decision: 'allow', requests: 11 },
        { route, decision: 'deny', requests: 5 },
        { route: 'API_TIMESHEETS POST   /timesheets', decision: 'allow', requests: 2 },
      ],
      [{ reason: 'token_missing', route, requests: 5 }],
      [{ route, would_deny: 'scopes_missing', client: 'job', requests: 1, last_seen: 1 }],
      [
        { client: 'shop', issuer: 'own', requests: 10, last_seen: 1 },
        { client: 'job', issuer: 'own', requests: 1, last_seen: 1 },
      ],
      [
        expect.objectContaining({ requests: 2, key_wait_ms_p95: 0, origin_ms_p95: 40 }),
        { route, keys_from: 'memory', requests: 10, key_wait_ms_p95: 0, origin_ms_p95: 30 },
        { route, keys_from: 'network', requests: 1, key_wait_ms_p95: 9, origin_ms_p95: 0 },
      ],
    ]);
  });
});

interface Block {
  readonly kind: string;
  readonly text: string;
}

/** Blocks within lists are indented. */
function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^( *)```(\w*[^\n]*)\n([\s\S]*?)^ *```$/gm)].map(
    ([, indent = '', kind = '', body = '']) => ({
      kind,
      text: body.replace(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
}

/** Changes what stands behind `[env.production]`. */
function applyDiff(toml: string, diff: string): string {
  const at = toml.indexOf('[env.production]');
  const side = (sign: string) =>
    diff
      .split('\n')
      .filter((one) => one !== '' && (one.startsWith(' ') || one.startsWith(sign)))
      .map((one) => `${one.slice(1)}\n`)
      .join('');
  const [before, rest] = [side('-'), toml.slice(at)];
  expect(rest).toContain(before);
  return toml.slice(0, at) + rest.replace(before, side('+'));
}

/** Each line must be there, in this order; `…` stands for anything. */
function inOrder(expected: string): RegExp {
  const quoted = expected
    .split('\n')
    .filter((one) => one.trim() !== '')
    .map((one) =>
      one
        .trimEnd()
        .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
        .replaceAll('…', '.*'),
    );
  return new RegExp(quoted.map((one) => `^${one}$`).join('[\\s\\S]*?'), 'm');
}

const command = (args: string) =>
  `${process.execPath} ${resolve('cli/claimgate.ts')} ${args.replace(/ #.*$/, '')}`;

function shell(line: string): string {
  const env = { ...process.env, NO_COLOR: '1' };
  return execFileSync('bash', ['-c', `{ ${line}; } 2>&1 || true`], { cwd: folder, env, encoding: 'utf8' });
}

describe('a change, from the file to live traffic', () => {
  const [, chapter = ''] = page.split('\n## A change, from the file to live traffic\n');
  const original = clonePolicy();
  const sections = (chapter.split('\n## ')[0] ?? '').split('\n### ').slice(1);
  const changes = sections.filter((one) => one.includes('```diff'));

  it('shows three', () => expect(changes).toHaveLength(3));

  it.each(changes.map((one) => [one.split('\n')[0] ?? '', one]))('%s', (_, section) => {
    copyFileSync(CLONE.cases, join(folder, 'policy.test.toml'));
    writeFileSync(join(folder, 'wrangler.toml'), original);
    shell('git init -q && git add . && git -c user.name=x -c user.email=x@example.com commit -qm before');
    const blocks = blocksOf(section);
    const diff = blocks.find(({ kind }) => kind === 'diff')?.text ?? '';
    writeFileSync(join(folder, 'wrangler.toml'), applyDiff(original, diff));
    const [sh, text] = [blocks.find(({ kind }) => kind === 'sh'), blocks.find(({ kind }) => kind === 'text')];
    const lines = (sh?.text ?? '').trim().split('\n');
    const output = lines.map((one) => shell(command(one.replace('npx claimgate ', '')))).join('');
    expect(text?.text).toBeTruthy();
    expect(output).toMatch(inOrder(text?.text ?? ''));
    rmSync(join(folder, '.git'), { recursive: true });
  });
});

const [, CHAPTER = ''] = page.split('\n## Who is refused, since when, and why\n');
const SECTIONS = (CHAPTER.split('\n## ')[0] ?? '').split('\n### ').slice(1);

/** What has happened at 10:00, in the log of each question. */
const DAYS: Readonly<Record<string, string>> = {
  since: dayOf(({ client }) =>
    client === 'nightly'
      ? {}
      : refused(client, { reason: 'issuer_not_allowed', unverified_iss: 'https://auth.example.com' }),
  ),
  client: dayOf(({ client }) =>
    client === 'nightly'
      ? { decision: 'deny', status: 403, reason: 'scopes_missing', reason_detail: ['write:orders'] }
      : {},
  ),
  route: dayOf(({ route, i }) =>
    route.includes(':id') && i % 2 === 1 ? { decision: 'deny', status: 504, reason: 'origin_timeout' } : {},
  ),
  deployment: dayOf(
    ({ route }) => ({
      policy_version: '7c1d0a55',
      ...(route.includes('POST') && { decision: 'deny', status: 403, reason: 'scopes_missing' }),
    }),
    () => ({ policy_version: '41aa90c2' }),
  ),
  keys: [
    dayOf(({ client, i }) =>
      i % 2 === 1
        ? refused(client, { status: 503, reason: 'keys_unavailable', reason_detail: 'timeout' })
        : {},
    ),
    ...Array.from({ length: 4 }, () =>
      JSON.stringify({ event: 'keys_refresh_failed', issuer: 'own', fault: 'timeout' }),
    ),
  ].join('\n'),
};

describe('who is refused, since when, and why', () => {
  const questions = SECTIONS.map((section) => ({
    title: section.split('\n')[0] ?? '',
    section,
    blocks: blocksOf(section),
  }));

  it('has five questions, each with a log', () => {
    expect(questions.map(({ blocks }) => blocks.find(({ kind }) => kind.startsWith('text '))?.kind)).toEqual(
      Object.keys(DAYS).map((name) => `text ${name}`),
    );
  });

  it.each(questions)('$title: the command answers as the page shows', ({ blocks }) => {
    const answer = blocks.find(({ kind }) => kind.startsWith('text '));
    const [asked = ''] = (blocks.find(({ kind }) => kind === 'sh')?.text ?? '').trim().split('\n');
    writeFileSync(join(folder, 'day.log'), DAYS[answer?.kind.replace('text ', '') ?? ''] ?? '');
    expect(shell(command(asked.replace('npx claimgate ', '')))).toMatch(inOrder(answer?.text ?? '?'));
  });

  it.each(questions)('$title: the queries name fields of the log', ({ section }) => {
    const { $defs = {}, ...rest } = JSON.parse(readFileSync('docs/log.schema.json', 'utf8')) as {
      $defs?: object;
    };
    const schema = JSON.stringify([rest, $defs]);
    const rows = section.split('\n').filter((one) => /^\| (Filter|Group by) /.test(one));
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows)
      for (const [, name = ''] of row.matchAll(/`([a-z_]+)`(?! or|;| \||$)/g))
        if (!/(equals|with) `$/.test(row.slice(0, row.indexOf(`\`${name}\``) + 1)))
          expect(schema, name).toContain(`"${name}"`);
  });

  it('explains one request', () => {
    copyFileSync(CLONE.config, join(folder, 'wrangler.toml'));
    const blocks = questions[0]?.blocks ?? [];
    const asked = blocks.find(({ kind, text }) => kind === 'sh' && text.includes('explain'))?.text ?? '';
    const expected = blocks.find(({ kind }) => kind === 'text')?.text ?? '?';
    expect(shell(command(asked.trim().replace('npx claimgate ', '')))).toMatch(inOrder(expected));
  });
});

describe('commands of the pages', () => {
  const pages = ['docs/operations.md', 'docs/tightening.md', 'docs/upgrading.md'];
  const used = pages.flatMap((name) =>
    [...readFileSync(name, 'utf8').matchAll(/claimgate ([a-z]+)((?: [^`\n|#]*)?)/g)].map(
      ([, verb = '', rest = '']) => ({ verb, flags: rest.match(/--[a-z-]+/g) ?? [] }),
    ),
  );
  const verbs = [...new Set(used.map(({ verb }) => verb))].sort();

  it('exist, with the flags that the pages name', async () => {
    const helps = await Promise.all(verbs.map((verb) => claimgate([verb, '--help'])));
    for (const [i, { code, stdout }] of helps.entries()) {
      expect(code, verbs[i]).toBe(0);
      for (const { flags } of used.filter((one) => one.verb === verbs[i]))
        for (const flag of flags) expect(stdout).toContain(flag);
    }
  });
});
