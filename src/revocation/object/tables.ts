/** The tables of the object's SQLite. Times are in seconds since 1970. */
import type { Switch, SwitchKind } from '../content.ts';

export const TABLES = `
  CREATE TABLE IF NOT EXISTS revocations (
    kind TEXT, issuer TEXT, id TEXT, before INTEGER, until INTEGER, number INTEGER,
    PRIMARY KEY (kind, issuer, id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS switches (
    kind TEXT, target TEXT, status INTEGER, until INTEGER, number INTEGER, why TEXT,
    PRIMARY KEY (kind, target)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS record (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER, by TEXT, action TEXT, what TEXT, why TEXT,
    source TEXT);
  CREATE INDEX IF NOT EXISTS record_of_ops ON record (at) WHERE source = 'ops';
  CREATE TABLE IF NOT EXISTS seen (
    source TEXT, id TEXT, until INTEGER, PRIMARY KEY (source, id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;`;

export type Row = Record<string, SqlStorageValue>;

/** A row of `switches`. */
export const switchOf = ({ kind, target, status, until, number, why }: Row): Switch => ({
  number: number as number,
  kind: kind as SwitchKind,
  target: target as string,
  status: status as 403 | 503,
  ...(until !== null && { until: until as number }),
  why: why as string,
});
