import type { SourceEntry, SourceRow, TimesheetSource } from './source.ts';
import type { Attempt, Upload } from './upload.ts';

/** What became of one row of the source. */
export type EntryReport = { readonly at: string; readonly id?: string; readonly user_id?: string } & (
  | { readonly outcome: 'created' | 'already_there'; readonly timesheet_id: number }
  | { readonly outcome: 'failed'; readonly reason: string }
);

/** What became of all of them. */
export interface ImportReport {
  readonly read: number;
  readonly created: number;
  readonly already_there: number;
  readonly failed: number;
  readonly entries: readonly EntryReport[];
}

export interface ImportOptions {
  readonly source: TimesheetSource;
  readonly upload: Upload;
  readonly sleep: (ms: number) => Promise<void>;
  /** Told of each row at once, so that a run which is cut off has said what it did. */
  readonly tell: (entry: EntryReport) => void;
}

const MAX_TRIES = 3;
/** Who asks for more has to be asked again by the next run. */
const MAX_WAIT_MS = 10_000;
/** Where the API does not say how long to wait: 1 s, then 2 s. */
const FIRST_WAIT_MS = 1_000;

/**
 * Uploads every entry of the source, one after the other. Nothing is lost or doubled where a run breaks off: the next
 * run sends everything again, and the API knows by the ids what it has.
 */
export async function importTimesheets(options: ImportOptions): Promise<ImportReport> {
  const { source, upload, sleep, tell } = options;
  const entries: EntryReport[] = [];
  let stop: string | undefined;
  for await (const row of await source.entries()) {
    const entry = await importRow(row);
    entries.push(entry);
    tell(entry);
  }
  const count = (outcome: EntryReport['outcome']) =>
    entries.filter((entry) => entry.outcome === outcome).length;
  return {
    read: entries.length,
    created: count('created'),
    already_there: count('already_there'),
    failed: count('failed'),
    entries,
  };

  async function importRow(row: SourceRow): Promise<EntryReport> {
    const { at } = row;
    if ('fault' in row) return { at, outcome: 'failed', reason: row.fault };
    const { id, user_id } = row.entry;
    const place = { at, id, user_id };
    if (stop !== undefined) return { ...place, outcome: 'failed', reason: `Not tried, because of: ${stop}` };
    const attempt = await persist(row.entry, upload, sleep);
    if ('timesheetId' in attempt)
      return { ...place, outcome: attempt.kind, timesheet_id: attempt.timesheetId };
    if (attempt.kind === 'shut_out') stop = attempt.reason;
    return { ...place, outcome: 'failed', reason: attempt.reason };
  }
}

/** Tries as often as makes sense. */
async function persist(
  entry: SourceEntry,
  upload: Upload,
  sleep: ImportOptions['sleep'],
): Promise<Exclude<Attempt, { kind: 'busy' }>> {
  for (let tries = 1; ; tries++) {
    const attempt = await upload(entry);
    if (attempt.kind !== 'busy') return attempt;
    const waitMs = attempt.retryAfterMs ?? FIRST_WAIT_MS * 2 ** (tries - 1);
    // The API has asked for more patience than a run has: the other entries would only add to its load.
    if (waitMs > MAX_WAIT_MS)
      return { kind: 'shut_out', reason: `${attempt.reason} (for ${waitMs / 1000} s)` };
    if (tries === MAX_TRIES) return { kind: 'rejected', reason: `${attempt.reason} (${tries} tries)` };
    await sleep(waitMs);
  }
}
