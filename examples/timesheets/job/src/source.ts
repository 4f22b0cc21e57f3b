/** Hours as another tool has them. */
export interface SourceEntry {
  /** The tool's id of the entry. It never changes: by it the API knows what it has already. */
  readonly id: string;
  readonly user_id: string;
  readonly date: string;
  readonly project: string;
  readonly hours: number;
}

/** A place in the source, with its entry or with what is wrong there. */
export type SourceRow =
  | { readonly at: string; readonly entry: SourceEntry }
  | { readonly at: string; readonly fault: string };

/** Where hours come from. Another tool is another implementation of this; nothing else changes. */
export interface TimesheetSource {
  entries(): AsyncIterable<SourceRow> | Promise<readonly SourceRow[]>;
}
