/** All SQL. Each change is one statement that states its conditions, so that two requests at once can't both win. */
import type { NewEntry } from './entry.ts';
import type { Page } from './request.ts';

/** An entry as it is stored. */
export interface Timesheet extends NewEntry {
  readonly id: number;
  readonly approved_by: string | null;
  readonly approved_at: string | null;
  readonly deleted_at: string | null;
}

/** A client's name for a request; unique within its scope, for ever. */
export interface IdempotencyKey {
  readonly scope: string;
  readonly key: string;
}

export interface Store {
  /** Adds an entry; where the key was used before, gives back the entry of that time and adds nothing. */
  add(
    entry: NewEntry,
    key: IdempotencyKey | undefined,
    now: string,
  ): Promise<{ added: boolean; timesheet: Timesheet }>;
  /** Entries of one owner, newest first. */
  listOwn(owner: string, page: Page): Promise<Timesheet[]>;
  /** Unapproved entries of all, oldest first. */
  listUnapproved(page: Page): Promise<Timesheet[]>;
  /** Deletes an own entry that is not approved. `unknown` also where it is somebody else's. */
  remove(id: number, owner: string, now: string): Promise<'removed' | 'approved' | 'unknown'>;
  /** Approves an entry of someone else; one that is approved stays as it is. */
  approve(id: number, approver: string, now: string): Promise<Timesheet | 'own' | 'unknown'>;
}

const COLUMNS = 'id, user_id, date, project, hours, approved_by, approved_at, deleted_at';

export function createStore(db: D1Database): Store {
  const one = (sql: string, ...values: unknown[]) =>
    db
      .prepare(sql)
      .bind(...values)
      .first<Timesheet>();
  const all = async (sql: string, ...values: unknown[]) =>
    (
      await db
        .prepare(sql)
        .bind(...values)
        .all<Timesheet>()
    ).results;
  const find = (id: number) =>
    one(`SELECT ${COLUMNS} FROM timesheets WHERE id = ? AND deleted_at IS NULL`, id);

  return {
    async add({ user_id, date, project, hours }, key, now) {
      const added = await one(
        `INSERT INTO timesheets (user_id, date, project, hours, created_at, key_scope, idempotency_key)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (key_scope, idempotency_key) DO NOTHING
         RETURNING ${COLUMNS}`,
        user_id,
        date,
        project,
        hours,
        now,
        key?.scope ?? null,
        key?.key ?? null,
      );
      if (added !== null) return { added: true, timesheet: added };
      // Rows are never deleted, so what was in the way is there still.
      const first = await one(
        `SELECT ${COLUMNS} FROM timesheets WHERE key_scope = ? AND idempotency_key = ?`,
        key?.scope ?? null,
        key?.key ?? null,
      );
      if (first === null) throw new Error('an entry was neither added nor found by its key');
      return { added: false, timesheet: first };
    },

    listOwn: (owner, { limit, after }) =>
      after === undefined
        ? all(
            `SELECT ${COLUMNS} FROM timesheets WHERE user_id = ? AND deleted_at IS NULL
             ORDER BY date DESC, id DESC LIMIT ?`,
            owner,
            limit,
          )
        : all(
            `SELECT ${COLUMNS} FROM timesheets WHERE user_id = ? AND deleted_at IS NULL AND (date, id) < (?, ?)
             ORDER BY date DESC, id DESC LIMIT ?`,
            owner,
            after.date,
            after.id,
            limit,
          ),

    listUnapproved: ({ limit, after }) =>
      all(
        `SELECT ${COLUMNS} FROM timesheets
         WHERE approved_at IS NULL AND deleted_at IS NULL AND (date, id) > (?, ?)
         ORDER BY date, id LIMIT ?`,
        after?.date ?? '',
        after?.id ?? 0,
        limit,
      ),

    async remove(id, owner, now) {
      const removed = await one(
        `UPDATE timesheets SET deleted_at = ?
         WHERE id = ? AND user_id = ? AND approved_at IS NULL AND deleted_at IS NULL
         RETURNING ${COLUMNS}`,
        now,
        id,
        owner,
      );
      if (removed !== null) return 'removed';
      const kept = await find(id);
      return kept?.user_id === owner ? 'approved' : 'unknown';
    },

    async approve(id, approver, now) {
      const approved = await one(
        `UPDATE timesheets SET approved_by = ?, approved_at = ?
         WHERE id = ? AND user_id <> ? AND approved_at IS NULL AND deleted_at IS NULL
         RETURNING ${COLUMNS}`,
        approver,
        now,
        id,
        approver,
      );
      const timesheet = approved ?? (await find(id));
      if (timesheet === null) return 'unknown';
      return timesheet.user_id === approver ? 'own' : timesheet;
    },
  };
}
