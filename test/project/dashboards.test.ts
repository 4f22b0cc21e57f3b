/**
 * docs/dashboards and docs/alerts.md: their queries name columns that there are, and answer on data points of the gateway.
 * SQLite stands in for Cloudflare's SQL API. The members of a target are those of the dashboards that Altinity's plugin
 * has in its repository (docker/grafana/dashboards); the macros and `timestamp` are from Cloudflare's page about Grafana.
 */
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { type DataPoint, dataPoint } from '../../src/analytics.ts';
import { PROBLEMS } from '../../src/http/problem.ts';
import type { RequestLine } from '../../src/log.ts';
import { tableIn } from '../support/page.ts';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly type: string;
  readonly gridPos: Readonly<Record<'h' | 'w' | 'x' | 'y', number>>;
  readonly datasource: object;
  readonly targets: readonly Readonly<Record<string, unknown>>[];
}

const dashboard = JSON.parse(readFileSync('docs/dashboards/grafana.json', 'utf8')) as {
  readonly panels: readonly Panel[];
  readonly __inputs: readonly Readonly<Record<string, unknown>>[];
  readonly __requires: readonly Readonly<Record<string, unknown>>[];
};
const page = readFileSync('docs/alerts.md', 'utf8');

const NOW = 1_800_000_000;
const MINUTE = 60;

const line = (fields: Partial<RequestLine>): RequestLine => ({
  time: '2026-11-24T12:00:00.000Z',
  request_id: 'r',
  method: 'GET',
  route: 'API_X GET /x',
  decision: 'allow',
  status: 200,
  ...fields,
});

const columnsOf = ({ blobs, doubles, indexes }: DataPoint): Record<string, string | number> =>
  Object.fromEntries([
    ...blobs.map((value, i) => [`blob${i + 1}`, value]),
    ...doubles.map((value, i) => [`double${i + 1}`, value]),
    ...indexes.map((value, i) => [`index${i + 1}`, value]),
  ]);
const COLUMNS = Object.keys(columnsOf(dataPoint(line({}))));

/** What SQL of the platform means in SQLite, as far as these queries use it. */
function translate(sql: string): string {
  return sql
    .replace(/\$timeSeries/g, `timestamp / ${MINUTE} * ${MINUTE} * 1000`)
    .replace(/\$timeFilter/g, `timestamp > ${NOW - 6 * 60 * MINUTE}`)
    .replace(/NOW\(\)/g, String(NOW))
    .replace(/INTERVAL '(\d+)' MINUTE/g, (_, count) => String(Number(count) * MINUTE))
    .replace(/INTERVAL '(\d+)' DAY/g, (_, count) => String(Number(count) * 24 * 60 * MINUTE))
    .replace(/sumIf\((\w+), ((?:[^()]|\([^()]*\))*)\)/g, 'SUM(CASE WHEN $2 THEN $1 ELSE 0 END)')
    .replace(/quantileExactWeighted\([\d.]+\)\((\w+), _sample_interval\)/g, 'MAX($1)');
}

/** Words of a query that are neither the dialect's, nor a column, nor a name that the query gives. */
function oddWords(sql: string): string[] {
  const WORDS =
    /^(select|as|sum|max|from|where|and|in|group|by|having|order|desc|limit|now|interval|minute|day|sumif|quantileexactweighted)$/i;
  const own = [...sql.matchAll(/\bAS (\w+)/g)].map(([, name]) => name);
  const known = new Set([...COLUMNS, ...own, 'timestamp', '_sample_interval', 'claimgate']);
  const words = sql.replace(/'[^']*'/g, '').match(/\$?[a-z_]\w*/gi) ?? [];
  return words.filter(
    (word) => !WORDS.test(word) && !known.has(word) && !/^\$time(Series|Filter)$/.test(word),
  );
}

/** @param points how many minutes ago, for how many requests, and the line */
function ask(points: readonly (readonly [minutes: number, times: number, fields: Partial<RequestLine>])[]) {
  const db = new DatabaseSync(':memory:');
  db.exec(`CREATE TABLE claimgate (timestamp, _sample_interval, ${COLUMNS.join(', ')})`);
  const insert = db.prepare(`INSERT INTO claimgate VALUES (?, ?, ${COLUMNS.map(() => '?').join(', ')})`);
  for (const [minutes, times, fields] of points) {
    const columns = columnsOf(dataPoint(line(fields)));
    insert.run(NOW - minutes * MINUTE, times, ...COLUMNS.map((name) => columns[name] ?? ''));
  }
  return (sql: string) => db.prepare(translate(sql)).all();
}

const TRAFFIC = ask([
  [1, 10, { client: 'shop', issuer: 'own', keys_from: 'memory', origin_ms: 30, policy_version: 'a' }],
  [
    1,
    1,
    { client: 'job', issuer: 'own', keys_from: 'network', origin_ms: 500, would_deny: 'scopes_missing' },
  ],
  [2, 5, { decision: 'deny', reason: 'token_missing', status: 401 }],
  [3, 2, { decision: 'deny', reason: 'origin_timeout', status: 504, client: 'shop', issuer: 'own' }],
  [90, 7, { client: 'shop', issuer: 'own', keys_from: 'kv', origin_ms: 20 }],
  [3000, 9, { client: 'gone', issuer: 'own' }],
]);

describe('docs/dashboards/grafana.json', () => {
  const sqlOf = ({ targets }: Panel) => String(targets[0]?.['query']);

  it('asks for its data source when it is imported, and every panel uses that', () => {
    const [input] = dashboard.__inputs;
    const source = { type: input?.['pluginId'], uid: `\${${input?.['name']}}` };
    for (const { datasource, targets } of dashboard.panels) {
      expect(datasource).toEqual(source);
      expect(targets).toHaveLength(1);
      expect(targets[0]?.['datasource']).toEqual(source);
    }
    const required = dashboard.__requires.map(({ id }) => id);
    for (const id of [source.type, ...dashboard.panels.map(({ type }) => type)])
      expect(required).toContain(id);
  });

  it('has room for each panel', () => {
    const taken = new Set<string>();
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const {
      gridPos: { h, w, x, y },
      title,
    } of dashboard.panels)
      for (let i = 0; i < w * h; i++) {
        const cell = `${x + (i % w)},${y + Math.floor(i / w)}`;
        expect(x + w <= 24 && !taken.has(cell), `${title} at ${cell}`).toBe(true);
        taken.add(cell);
      }
  });

  describe.each(dashboard.panels.map((panel) => [panel.title, panel] as const))('%s', (_title, panel) => {
    it('names known columns', () => {
      expect(oddWords(sqlOf(panel))).toEqual([]);
      expect(panel.targets[0]).toMatchObject({ rawQuery: sqlOf(panel), table: 'claimgate' });
      expect(panel.description).toMatch(/\.$/);
    });

    it('is answered, with a time where it is a series', () => {
      const rows = TRAFFIC(sqlOf(panel));
      expect(rows.length).toBeGreaterThan(0);
      const isSeries = panel.type === 'timeseries';
      expect(panel.targets[0]?.['format']).toBe(isSeries ? 'time_series' : 'table');
      for (const row of rows) {
        expect(Object.keys(row)[0] === 't').toBe(isSeries);
        expect(Object.values(row)).not.toContain('gone');
      }
    });
  });

  it('shows the traffic as it was', () => {
    const answer = (title: string) => {
      const panel = dashboard.panels.find((one) => one.title === title);
      return panel === undefined ? [] : TRAFFIC(sqlOf(panel));
    };
    const at = (minutes: number) => Math.floor((NOW - minutes * MINUTE) / MINUTE) * MINUTE * 1000;
    expect(answer('Allowed and denied')).toEqual([
      { t: at(90), decision: 'allow', requests: 7 },
      { t: at(3), decision: 'deny', requests: 2 },
      { t: at(2), decision: 'deny', requests: 5 },
      { t: at(1), decision: 'allow', requests: 11 },
    ]);
    expect(answer('Clients')).toEqual([
      { client: '', issuer: '', allowed: 0, denied: 5, would_be_denied: 0 },
      { client: 'shop', issuer: 'own', allowed: 17, denied: 2, would_be_denied: 0 },
      { client: 'job', issuer: 'own', allowed: 1, denied: 0, would_be_denied: 1 },
    ]);
    expect(answer('Status codes').at(-1)).toEqual({ t: at(1), below_400: 11, from_400: 0, from_500: 0 });
    expect(answer('Origin: time to answer').at(-1)).toMatchObject({ p95: 500 });
  });
});

describe('docs/alerts.md', () => {
  const queries = new Map(
    [...page.matchAll(/^### (.*)\n[\s\S]*?```sql\n([\s\S]*?)```/gm)].map(([, title = '', sql = '']) => [
      title,
      sql,
    ]),
  );

  it('has a query for each alert of its table', () => {
    const linked = tableIn(page, 'alert').flatMap(
      ({ alert = '' }) => alert.match(/^\[(.*)\]\(/)?.slice(1) ?? [],
    );
    expect(linked.map((title) => title.toLowerCase())).toEqual(
      [...queries.keys()].map((title) => title.toLowerCase()),
    );
  });

  it.each([...queries])('%s names known columns', (_title, sql) => {
    expect(oddWords(sql)).toEqual([]);
  });

  /** It has no data points; and people make it on purpose. */
  const NOT_ASKED = ['policy_invalid', 'closed'];

  it('the gateway’s own failures are those that are answered with 5xx and have data points', () => {
    const named = queries.get("The gateway's own failures")?.match(/'(\w+_?\w*)'/g) ?? [];
    const own = Object.entries(PROBLEMS).filter(([, { status }]) => status >= 500);
    const wanted = own.map(([code]) => code).filter((code) => !NOT_ASKED.includes(code));
    const found = named.map((word) => word.slice(1, -1)).filter((word) => !/\d/.test(word));
    expect(found.sort()).toEqual(wanted.sort());
    // What has no data point has an alert on its line.
    expect(page).toMatch(/^\| `policy_invalid` \| any \|/m);
  });

  it('are answered', () => {
    const route = 'API_X GET /x';
    expect([...queries.values()].map((sql) => TRAFFIC(sql))).toEqual([
      [{ reason: 'origin_timeout', route, requests: 2 }],
      [{ denied: 7, requests: 18 }],
      [{ client: 'shop', route, denied_now: 2, allowed_before: 7 }],
      [{ route, would_deny: 'scopes_missing', client: 'job', requests: 1 }],
      [{ issuer: 'own', late: 1, requests: 11 }],
      [{ route, origin_ms_p95: 500, requests: 11 }],
      [{ requests: 18 }],
    ]);
  });
});
