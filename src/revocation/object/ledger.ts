/** What the object keeps, in its SQLite. Each method runs without a pause in between: nobody sees half of a change. */

import type { Question } from '../asked.ts';
import type { Content, RevokedGroup, SwitchKind } from '../content.ts';
import type { ReceivedEvent, Revocation, RevocationKind, Revoked } from '../revocation.ts';
import type { Change } from './input.ts';
import { type Row, switchOf, TABLES } from './tables.ts';

/** More would cost every isolate memory. Whoever comes near revokes an issuer, or shortens its tokens. */
const MAX_REVOCATIONS = 200_000;
/** KV takes no entry over 25 MiB, and the object must have room to make it: what it can't publish, no isolate refuses. */
const MAX_BYTES = 16 * 1024 * 1024;
/** A date and a number, beside the id. */
const ROW_BYTES = 24;
/** Events must not take the room, or push out the record, of what people do. */
const RESERVED = { entries: 10_000, bytes: 1_000_000 };
const MAX_EVENT_RECORDS = 50_000;
const OPS_RECORD_SECONDS = 400 * 86_400;

/** What a change did. */
export interface Changed {
  /** Its number in the record, and that of the entry that it made. */
  readonly number: number;
  /** Whether anything is different now. What was not there can't be taken away. */
  readonly changed: boolean;
  /** Up to when tokens are refused, and when the entry ends by itself, in seconds since 1970. */
  readonly beforeSeconds?: number | undefined;
  readonly untilSeconds?: number | undefined;
  /** The entry of the same that was there before. */
  readonly replaced?: Replaced | undefined;
}

interface Replaced {
  readonly number: number;
  /** `null`: it had no end. */
  readonly until: number | null;
}

/** As JSON in UTF-8. */
const sizeOf = (id: string): number => new TextEncoder().encode(JSON.stringify(id)).length;

export class Ledger {
  readonly #sql: SqlStorage;
  readonly #now: () => number;
  /** So many, and so large ones, may come before they have to be counted. */
  #room = { entries: 0, bytes: 0 };

  /** @param now seconds since 1970 */
  constructor(sql: SqlStorage, now: () => number) {
    this.#sql = sql;
    this.#now = now;
    sql.exec(TABLES);
  }

  /** @throws Error with a sentence for people where there are too many */
  apply(change: Change): Changed {
    switch (change.action) {
      case 'revoke': {
        const { revoked, livesSeconds, andNextSeconds = 0 } = change;
        const beforeSeconds = this.#now() + andNextSeconds;
        const times = { beforeSeconds, untilSeconds: beforeSeconds + livesSeconds };
        const revocation = { ...revoked, ...times };
        // One that stands for all of an issuer is the way out where there are too many.
        if (revoked.kind !== 'issuer') this.#checkRoom([revoked]);
        return this.#replacing(revoked, times, () =>
          this.#recorded(change, revocation, (number) => this.#revoke(revocation, number)),
        );
      }
      case 'unrevoke':
        return this.#recorded(change, change.revoked, () => this.#restore(change.revoked));
      case 'close': {
        const { kind, target, status, forSeconds, why } = change;
        const times = { untilSeconds: forSeconds === undefined ? undefined : this.#now() + forSeconds };
        const store = (number: number) => {
          this.#sql.exec(
            `INSERT OR REPLACE INTO switches VALUES (?, ?, ?, ?, ?, ?)`,
            ...[kind, target, status, times.untilSeconds ?? null, number, why],
          );
          return true;
        };
        return this.#replacing({ kind, target }, times, () =>
          this.#recorded(change, { kind, target, status, ...times }, store),
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
    times: Pick<Changed, 'beforeSeconds' | 'untilSeconds'>,
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
    return { ...change(), ...times, replaced };
  }

  receive({ from, id, rememberSeconds, revoke, why }: ReceivedEvent): 'stored' | 'repeated' {
    const { rowsWritten } = this.#sql.exec(
      'INSERT OR IGNORE INTO seen VALUES (?, ?, ?)',
      ...[from, id, rememberSeconds],
    );
    if (rowsWritten === 0) return 'repeated';
    this.#checkRoom(revoke, RESERVED);
    for (const one of revoke)
      this.#recorded(
        { action: 'revoke', by: from, why },
        one,
        (number) => this.#revoke(one, number),
        'event',
      );
    return 'stored';
  }

  /** Two who revoke the same lose nothing: the later date holds, and the later end. */
  #revoke({ kind, issuer, id, beforeSeconds, untilSeconds }: Revocation, number: number): boolean {
    const { rowsWritten } = this.#sql.exec(
      `INSERT INTO revocations VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET before = MAX(before, excluded.before), until = MAX(until, excluded.until),
         number = excluded.number`,
      ...[kind, issuer, id, beforeSeconds, untilSeconds, number],
    );
    return rowsWritten > 0;
  }

  #restore({ kind, issuer, id }: Revoked): boolean {
    const place = [kind, issuer, id];
    return (
      this.#sql.exec('DELETE FROM revocations WHERE kind = ? AND issuer = ? AND id = ?', ...place)
        .rowsWritten > 0
    );
  }

  #recorded(
    { action, by, why }: Pick<Change, 'action' | 'by' | 'why'>,
    what: object,
    change: (number: number) => boolean,
    source: 'ops' | 'event' = 'ops',
  ): Changed {
    const { number } = this.#sql
      .exec<{ number: number }>(
        'INSERT INTO record (at, by, action, what, why, source) VALUES (?, ?, ?, ?, ?, ?) RETURNING number',
        ...[this.#now(), by, action, JSON.stringify(what), why, source],
      )
      .one();
    if (source === 'event')
      this.#sql.exec(`DELETE FROM record WHERE number <= ? AND source = 'event'`, number - MAX_EVENT_RECORDS);
    return { number, changed: change(number) };
  }

  /** They are counted again only where there may be too many: in a flood, each count would cost more than the last. */
  #checkRoom(wanted: readonly Revoked[], reserved = { entries: 0, bytes: 0 }): void {
    if (wanted.length === 0) return;
    const bytes = wanted.reduce((sum, { id }) => sum + ROW_BYTES + sizeOf(id), 0);
    const take = (from: { readonly entries: number; readonly bytes: number }): boolean => {
      this.#room = { entries: from.entries - wanted.length, bytes: from.bytes - bytes };
      return this.#room.entries >= reserved.entries && this.#room.bytes >= reserved.bytes;
    };
    if (take(this.#room)) return;
    // What has ended takes no room.
    this.sweep();
    const { count, size } = this.#sql
      .exec<{ count: number; size: number }>(
        'SELECT COUNT(*) AS count, TOTAL(LENGTH(CAST(json_quote(id) AS BLOB))) AS size FROM revocations',
      )
      .one();
    if (take({ entries: MAX_REVOCATIONS - count, bytes: MAX_BYTES - size - count * ROW_BYTES })) return;
    const most =
      this.#room.entries < reserved.entries
        ? `${MAX_REVOCATIONS} is the most`
        : 'their ids are too long for more';
    throw new Error(
      `there are ${count} revocations, and ${most}; revoke the issuer's tokens, or shorten them`,
    );
  }

  /** Forgets what has ended. */
  sweep(): void {
    const now = this.#now();
    for (const table of ['revocations', 'switches', 'seen'])
      this.#sql.exec(`DELETE FROM ${table} WHERE until <= ?`, now);
    this.#sql.exec(`DELETE FROM record WHERE source = 'ops' AND at <= ?`, now - OPS_RECORD_SECONDS);
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

  state(name: string): string | undefined {
    const [row] = this.#sql.exec<{ value: string }>('SELECT value FROM state WHERE name = ?', name);
    return row?.value;
  }

  setState(name: string, value: string | number): void {
    this.#sql.exec('INSERT OR REPLACE INTO state VALUES (?, ?)', name, String(value));
  }
}
