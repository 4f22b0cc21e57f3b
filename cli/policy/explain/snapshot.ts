/** Reads what is revoked and switched from a file: what `claimgate switches --json` prints, or what KV has. */
import { type Content, readHead } from '../../../src/revocation/content.ts';
import { readFile } from '../../text/files.ts';
import { isTable, parseJson, type Table } from '../../text/json.ts';
import { CommandError } from '../../text/terminal.ts';

const REMEDY = 'write one with: claimgate switches --json --limit 1000 > FILE';

/** Throws `CommandError` for what is no such file, and for one that has only a part. @param path `-`: standard input */
export function readSnapshotFile(path: string): Content {
  const name = path === '-' ? 'standard input' : path;
  const text = readFile(path === '-' ? 0 : path, REMEDY, name);
  const found = parseJson(text);
  const rows = isTable(found) && Array.isArray(found['rows']) ? found['rows'] : undefined;
  if (isTable(found) && rows !== undefined && (found['next'] ?? null) !== null)
    throw new CommandError(`${name} has only a page of the list; ${REMEDY}`);
  const head = readHead(rows === undefined ? text : JSON.stringify(contentOf(rows)));
  // What is no revocation or switch must not be taken for none.
  if (head === undefined || 'body' in head)
    throw new CommandError(`${name} is not a list of revocations and switches; ${REMEDY}`);
  return head;
}

/** Rows as the object lists them: those of revocations have an issuer. */
function contentOf(rows: readonly unknown[]): object {
  const tables = rows.map((one): Table => (isTable(one) ? one : {}));
  const isSwitch = ({ issuer }: Table) => typeof issuer !== 'string';
  return {
    version: 0,
    publishedAtMs: 0,
    groups: tables
      .filter((one) => !isSwitch(one))
      .map(({ kind, issuer, target, before, number }) => ({
        kind,
        issuer,
        ids: [target],
        before: [before],
        numbers: [number],
      })),
    switches: tables.filter(isSwitch).map(({ kind, target, status, until, number, why }) => ({
      kind,
      target,
      status,
      number,
      ...(until !== null && { until }),
      why: why ?? '',
    })),
  };
}
