/** Files that people name. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { CommandError, EXIT } from './terminal.ts';

/**
 * Throws `CommandError` where the file can't be read.
 *
 * @param path 0 is standard input
 * @param remedy what to do then
 * @param name of the file in messages
 */
export function readFile(path: string | 0, remedy: string, name = `${path}`): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandError(`${name} can't be read (${codeOf(error)}); ${remedy}`);
  }
}

/** The same, and `-` is standard input. */
export const readFileOrInput = (path: string, remedy: string): string =>
  readFile(path === '-' ? 0 : path, remedy, path);

/** Throws `CommandError` where the file can't be read. @param remedy what to do where there is no such file */
export function readText(path: string, remedy: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    throw new CommandError(
      code === 'ENOENT' ? `there is no ${path}; ${remedy}` : `${path} can't be read (${code})`,
    );
  }
}

export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Writes a file, or leaves what was there: never a half of it. Throws `CommandError` where it can't be written. */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new CommandError(`${path} can't be written (${codeOf(error)}); name another file`, EXIT.failed);
  }
}
