/** What the object keeps, in its SQLite. Each method runs without a pause in between: nobody sees half of a change. */

import type { Question } from '../access.ts';
import type { Content, RevokedGroup, SwitchKind } from '../content.ts';
import type { ReceivedEvent, Revocation, RevocationKind, Revoked } from '../revocation.ts';
import type { Change, PageQuestion } from './input.ts';
import { type Row, switchOf, TABLES } from './tables.ts';

/** More would cost every isolate memory. Whoever comes near revokes an issuer, or shortens its tokens. */
const MAX_REVOCATIONS = 200_000;
/** The record of older changes is forgotten. */
const MAX_RECORDS = 50_000;

/** What a change did. */
export interface Changed {
  /** Its number in the record, and that of the entry that it made. */
  readonly number: number;
  /** Whether anything is different now. What was not there can't be taken away. */
  readonly changed: boolean;
  /** The entry of the same that was there before. */
  readonly replaced?: Replaced | undefined;
}

interface Replaced {
  readonly number: number;
  /** `null`: it had no end. */
  readonly until: number | null;
}

/** Ops as a source; others are the names of transmitters. */
const OPS = 'ops';

export class Ledger {
  readonly #sql: SqlStorage;
  readonly #now: () => number;

  /** @param now seconds since 1970 */
  constructor(sql: SqlStorage, now: () => number) {
    this.#sql = sql;
    this.#now = now;
    sql.exec(TABLES);
  }

  /** @throws Error with a sentence for people where there are too many */
  apply(change: Change): Changed {
    switch (change.action) {
      case 'revoke':
        this.#checkRoom(1);
        return this.#replacing(change.revocation, () =>
          this.#recorded(change, change.revocation, (number) => this.#revoke(change.revocation, number, OPS)),
        );
      case 'unrevoke':
        return this.#recorded(change, change.revoked, () => this.#restore(change.revoked));
      case 'close': {
        const { kind, target, status, untilSeconds, why } = change;
        return this.#replacing({ kind, target }, () =>
          this.#recorded(change, { kind, target, status, untilSeconds }, (number) => {
            this.#sql.exec(
              `INSERT OR REPLACE INTO switches VALUES (?, ?, ?, ?, ?, ?)`,
              ...[kind, target, status, untilSeconds ?? null, number, why],
            );
            return true;
          }),
        );
      }
      case 'open': {
        const { kind, target } = change;
        return this.#recorded(
          change,
          { kind, target },
          () =>
            this.#sql.exec('DELETE FROM switches WHERE kind = ? AND target = ?', kind, target).rowsWritten >
            0,
        );
      }
    }
  }

  /** Adds to a change what it takes the place of, unless that has ended. */
  #replacing(
    what: Revoked | { readonly kind: SwitchKind; readonly target: string },
    change: () => Changed,
  ): Changed {
    const [table, names, values] =
      'target' in what
        ? ['switches', 'kind = ? AND target = ?', [what.kind, what.target]]
        : ['revocations', 'kind = ? AND issuer = ? AND id = ?', [what.kind, what.issuer, what.id]];
    const [replaced] = this.#sql.exec<{ number: number; until: number | null }>(
      `SELECT number, until FROM ${table} WHERE ${names} AND (until IS NULL OR until > ?)`,
      ...[...values, this.#now()],
    );
    return { ...change(), replaced };
  }

  receive({ from, id, rememberSeconds, revoke, restore, why }: ReceivedEvent): 'stored' | 'repeated' {
    this.#checkRoom(revoke.length);
    const { rowsWritten } = this.#sql.exec(
      'INSERT OR IGNORE INTO seen VALUES (?, ?, ?)',
      ...[from, id, rememberSeconds],
    );
    if (rowsWritten === 0) return 'repeated';
    for (const one of revoke)
      this.#recorded({ action: 'revoke', by: from, why }, one, (number) => this.#revoke(one, number, from));
    // What ops have revoked, no event restores.
    for (const one of restore)
      this.#recorded({ action: 'unrevoke', by: from, why }, one, () => this.#restore(one, from));
    return 'stored';
  }

  /** Two who revoke the same lose nothing: the later date holds, and the later end. */
  #revoke(
    { kind, issuer, id, beforeSeconds, untilSeconds }: Revocation,
    number: number,
    source: string,
  ): boolean {
    return (
      this.#sql.exec(
        `INSERT INTO revocations VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET before = MAX(before, excluded.before), until = MAX(until, excluded.until),
           number = excluded.number, source = CASE WHEN source = '${OPS}' THEN source ELSE excluded.source END`,
        ...[kind, issuer, id, beforeSeconds, untilSeconds, number, source],
      ).rowsWritten > 0
    );
  }

  #restore({ kind, issuer, id }: Revoked, source?: string): boolean {
    const found = source === undefined ? '' : ' AND source = ?';
    const { rowsWritten } = this.#sql.exec(
      `DELETE FROM revocations WHERE kind = ? AND issuer = ? AND id = ?${found}`,
      ...[kind, issuer, id, ...(source === undefined ? [] : [source])],
    );
    return rowsWritten > 0;
  }

  #recorded(
    { action, by, why }: Pick<Change, 'action' | 'by' | 'why'>,
    what: object,
    change: (number: number) => boolean,
  ): Changed {
    const { number } = this.#sql
      .exec<{ number: number }>(
        'INSERT INTO record (at, by, action, what, why) VALUES (?, ?, ?, ?, ?) RETURNING number',
        ...[this.#now(), by, action, JSON.stringify(what), why],
      )
      .one();
    this.#sql.exec('DELETE FROM record WHERE number <= ?', number - MAX_RECORDS);
    return { number, changed: change(number) };
  }

  #checkRoom(wanted: number): void {
    const { count } = this.#sql.exec<{ count: number }>('SELECT COUNT(*) AS count FROM revocations').one();
    if (wanted > 0 && count + wanted > MAX_REVOCATIONS)
      throw new Error(
        `there are ${count} revocations, and ${MAX_REVOCATIONS} is the most; revoke the issuer's tokens, or shorten them`,
      );
  }

  /** Forgets what has ended. */
  sweep(): void {
    const now = this.#now();
    this.#sql.exec('DELETE FROM revocations WHERE until <= ?', now);
    this.#sql.exec('DELETE FROM switches WHERE until <= ?', now);
    this.#sql.exec('DELETE FROM seen WHERE until <= ?', now);
  }

  /** All of it, or what a question is about. */
  content(question?: Question): Omit<Content, 'publishedAtMs'> {
    return {
      version: Number(this.state('version') ?? 0),
      groups: this.#groups(question),
      switches: [...this.#sql.exec('SELECT * FROM switches ORDER BY number')].map(switchOf),
    };
  }

  #groups(question: Question | undefined): readonly RevokedGroup[] {
    const groups = new Map<
      string,
      { kind: RevocationKind; issuer: string; ids: string[]; before: number[]; numbers: number[] }
    >();
    for (const { kind, issuer, id, before, number } of this.#rows(question)) {
      const name = `${kind} ${issuer}`;
      const group = groups.get(name) ?? {
        ...{ kind: kind as RevocationKind, issuer: issuer as string },
        ...{ ids: [], before: [], numbers: [] },
      };
      groups.set(name, group);
      group.ids.push(id as string);
      group.before.push(before as number);
      group.numbers.push(number as number);
    }
    return [...groups.values()];
  }

  *#rows(question: Question | undefined): Generator<Row> {
    const all = 'SELECT kind, issuer, id, before, number FROM revocations';
    if (question === undefined) yield* this.#sql.exec(all);
    else
      for (const [kind, ids] of Object.entries(question.ids ?? {}))
        for (const id of ids)
          yield* this.#sql.exec(
            `${all} WHERE kind = ? AND issuer = ? AND id = ?`,
            ...[kind, question.issuer ?? '', id],
          );
  }

  /** Entries or records, the latest first. `next`: where the next page begins, if there is one. */
  page({ list, before = Number.MAX_SAFE_INTEGER, limit = 100 }: PageQuestion): {
    readonly rows: readonly Row[];
    readonly next: number | undefined;
  } {
    const rows =
      list === 'record'
        ? [
            ...this.#sql.exec(
              'SELECT * FROM record WHERE number < ? ORDER BY number DESC LIMIT ?',
              before,
              limit + 1,
            ),
          ]
        : [
            ...this.#sql.exec(
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

  state(name: string): string | undefined {
    const [row] = this.#sql.exec<{ value: string }>('SELECT value FROM state WHERE name = ?', name);
    return row?.value;
  }

  setState(name: string, value: string | number): void {
    this.#sql.exec('INSERT OR REPLACE INTO state VALUES (?, ?)', name, String(value));
  }
}
