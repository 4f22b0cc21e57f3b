import { type EntryReport, type ImportReport, importTimesheets } from './import.ts';
import { readSettings } from './settings.ts';
import type { TimesheetSource } from './source.ts';
import { createTokenSource } from './token.ts';
import { createUpload, type Upload } from './upload.ts';

export interface ImportJobOptions {
  /** The Worker's environment: `ISSUER`, `API`, `AUDIENCE`, `CLIENT_ID` and the secret `CLIENT_SECRET`. */
  readonly env: object;
  readonly source: TimesheetSource;
  readonly fetch?: typeof fetch;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<void>;
  /** Gets every log line. Default: the console. */
  readonly log?: (line: string) => void;
}

/**
 * The import job; each call of what it returns is one run.
 *
 * @returns a function that throws where a setting is missing, or anything was not imported: the cron run then counts
 * as failed
 */
export function createImportJob(options: ImportJobOptions): () => Promise<ImportReport> {
  const { env, source, now = Date.now, log = (line) => console.log(line) } = options;
  // The platform's fetch wants to be called by itself, not as a member of something.
  const fetch: typeof globalThis.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const sleep = options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  let upload: Upload | undefined;

  return async () => {
    upload ??= connect();
    const report = await importTimesheets({ source, upload, sleep, tell });
    log(JSON.stringify({ event: 'import', ...report }));
    if (report.failed > 0) throw new Error(describeFailure(report));
    return report;
  };

  function tell(entry: EntryReport): void {
    if (entry.outcome === 'created')
      log(`Created timesheet ${entry.timesheet_id} for employee ${entry.user_id}.`);
  }

  function connect(): Upload {
    const settings = readSettings(env);
    const tokens = createTokenSource({ ...settings, scope: 'batch:upload', fetch, now });
    return createUpload({ api: settings.api, tokens, fetch, now });
  }
}

function describeFailure({ read, failed, entries }: ImportReport): string {
  const first = entries.find((entry) => entry.outcome === 'failed');
  return `${failed} of ${read} entries were not imported. The first, ${first?.at}: ${first?.reason}`;
}
