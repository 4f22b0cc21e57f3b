import { CsvError, parse } from 'csv-parse/browser/esm/sync';
import type { SourceEntry, SourceRow, TimesheetSource } from './source.ts';

const COLUMNS = ['id', 'user_id', 'date', 'project', 'hours'] as const;

/**
 * Hours in a CSV file (RFC 4180) whose first line names the columns, in any order. A malformed row is a fault with
 * its line, and the others are read all the same.
 *
 * @param name of the file, for messages
 */
export function csvSource(text: string, name: string): TimesheetSource {
  return { entries: async () => readRows(text, name) };
}

/**
 * Each line is parsed by itself: no cell of a timesheet may have a line break, and so a quote that is never closed
 * can't swallow the lines after it.
 */
function readRows(text: string, name: string): SourceRow[] {
  const lines = text
    .split(/\r\n|\r|\n/)
    .map((line, index) => ({ line, at: `${name} line ${index + 1}` }))
    .filter(({ line }) => line.trim() !== '');
  const [header, ...rows] = lines;
  if (header === undefined) return [];
  const columns = readCells(header.line);
  if (!Array.isArray(columns)) throw new Error(`${header.at}: ${columns.fault}`);
  const missing = COLUMNS.filter((column) => !columns.includes(column));
  if (missing.length > 0) throw new Error(`${name} lacks columns: ${missing.join(', ')}`);
  return rows.map(({ line, at }) => ({ at, ...readRow(line, columns) }));
}

function readRow(line: string, columns: readonly string[]): { entry: SourceEntry } | { fault: string } {
  const cells = readCells(line);
  if (!Array.isArray(cells)) return cells;
  if (cells.length !== columns.length)
    return { fault: `it has ${cells.length} cells for ${columns.length} columns` };
  return readEntry((column) => cells[columns.indexOf(column)] ?? '');
}

/** Checks what the import itself relies on. The rest is the API's to judge: its answer says what is wrong. */
function readEntry(cell: (column: (typeof COLUMNS)[number]) => string) {
  const [id, hours] = [cell('id'), cell('hours')];
  if (!/^[\x21-\x7e]{1,64}$/.test(id)) return { fault: 'id must have 1 to 64 visible ASCII characters' };
  if (!/^[0-9]+(\.[0-9]+)?$/.test(hours)) return { fault: 'hours must be a number, like 7.5' };
  const entry: SourceEntry = {
    id,
    user_id: cell('user_id'),
    date: cell('date'),
    project: cell('project'),
    hours: Number(hours),
  };
  return { entry };
}

function readCells(line: string): string[] | { fault: string } {
  try {
    return parse(line, { bom: true, trim: true })[0] ?? [];
  } catch (error) {
    if (error instanceof CsvError) return { fault: `it is not CSV (${error.code})` };
    throw error;
  }
}
