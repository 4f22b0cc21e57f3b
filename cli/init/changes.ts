/** What `claimgate init` does to a folder: all of it, or nothing. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf } from '../text/files.ts';
import { CommandError, EXIT } from '../text/terminal.ts';

/** A file that is made, or that gets more. */
export interface Change {
  /** Seen from the folder. */
  readonly path: string;
  /** `undefined`: it is not there. */
  readonly before: string | undefined;
  readonly after: string;
}

export const readIfThere = (folder: string, path: string): string | undefined =>
  existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined;

/** Every file is written beside its place first: none is half-written, and where one can't be, none is there. */
export function writeChanges(folder: string, changes: readonly Change[]): void {
  const temporary = (path: string) => join(folder, `${path}.${process.pid}.tmp`);
  let at = '';
  try {
    for (const { path, after } of changes) {
      at = path;
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(temporary(path), after, { flag: 'wx' });
    }
    for (const { path, before } of changes) {
      at = path;
      // Somebody else may have written it meanwhile.
      if (readIfThere(folder, path) !== before) throw Object.assign(new Error(), { code: 'it has changed' });
    }
    for (const { path } of changes) renameSync(temporary(path), join(folder, path));
  } catch (error) {
    for (const { path } of changes) if (existsSync(temporary(path))) rmSync(temporary(path));
    throw new CommandError(
      `${join(folder, at)} can't be written (${codeOf(error)}); nothing was written; name another folder`,
      EXIT.failed,
    );
  }
}

/** The lines that come, and those that go for them, each with a line of what is around it. */
export function shownLines({ before = '', after }: Change): { sign: ' ' | '-' | '+'; text: string }[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < old.length && old[start] === now[start]) start++;
  let same = 0;
  const most = Math.min(old.length, now.length) - start;
  while (same < most && old.at(-1 - same) === now.at(-1 - same)) same++;
  const lines = (sign: ' ' | '-' | '+', texts: readonly string[]) => texts.map((text) => ({ sign, text }));
  return [
    ...lines(' ', old.slice(Math.max(0, start - 1), start)),
    ...lines('-', old.slice(start, old.length - same)),
    ...lines('+', now.slice(start, now.length - same)),
    ...lines(' ', old.slice(old.length - same, old.length - same + 1)),
  ];
}
