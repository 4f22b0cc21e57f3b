import type { PageQuestion } from './input.ts';
import type { Row } from './tables.ts';

/** Entries or records, the latest first. `next`: where the next page begins, if there is one. */
export function pageOf(
  sql: SqlStorage,
  { list, before = Number.MAX_SAFE_INTEGER, limit = 100 }: PageQuestion,
): {
  readonly rows: readonly Row[];
  readonly next: number | undefined;
} {
  const rows =
    list === 'record'
      ? [...sql.exec('SELECT * FROM record WHERE number < ? ORDER BY number DESC LIMIT ?', before, limit + 1)]
      : [
          ...sql.exec(
            `SELECT e.*, r.at, r.by, r.why AS why FROM (
               SELECT kind, issuer, id AS target, NULL AS status, before, until, number FROM revocations
               UNION ALL SELECT kind, NULL, target, status, NULL, until, number FROM switches) e
             LEFT JOIN record r ON r.number = e.number
             WHERE e.number < ? ORDER BY e.number DESC LIMIT ?`,
            before,
            limit + 1,
          ),
        ];
  const shown = rows.slice(0, limit);
  return { rows: shown, next: rows.length > limit ? (shown.at(-1)?.['number'] as number) : undefined };
}
