/** The folder that `claimgate init` writes into. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { findConfig } from '../formats/find.ts';
import { CommandError, EXIT } from '../text/terminal.ts';

/** The first folder from here upwards that has this path in it. */
function findUpwards(folder: string, path: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(join(at, path))) return at;
    if (at === dirname(at)) return undefined;
  }
}

const PACKAGE = 'node_modules/claimgate';

/** The package's place, as seen from the folder; `undefined`: it is not installed. A workspace has it further up. */
export function packagePath(folder: string): string | undefined {
  const at = findUpwards(folder, join(PACKAGE, 'package.json'));
  if (at === undefined) return undefined;
  return `${relative(resolve(folder), at) || '.'}/${PACKAGE}`;
}

/** The repository's root; the folder itself where there is none. */
export const repositoryRoot = (folder: string): string => findUpwards(folder, '.git') ?? resolve(folder);

export interface NewFile {
  /** Seen from the folder. */
  readonly path: string;
  readonly text: string;
}

/** Throws `CommandError` if one of them is there. */
export function demandNew(folder: string, paths: readonly string[]): void {
  const there = paths.filter((path) => existsSync(join(folder, path)));
  if (there.length === 0) return;
  throw new CommandError(
    `${there.join(', ')} ${there.length === 1 ? 'is' : 'are'} there already, and nothing was written; move ${there.length === 1 ? 'it' : 'them'} away, or name another folder`,
  );
}

/** Throws `CommandError` where wrangler would not read a wrangler.toml in the folder, since it takes another file. */
export function demandRead(folder: string): void {
  const found = findConfig(folder);
  if (found === undefined || basename(found.path) === 'wrangler.toml') return;
  throw new CommandError(
    `wrangler reads ${found.path} here, and would not read a wrangler.toml; nothing was written. Add the policy to "vars" in ${found.path} (docs/policy.md has an example), then: claimgate check`,
  );
}

/** Writes files that are not there yet; one that came meanwhile stays as it is. */
export function writeNew(folder: string, files: readonly NewFile[]): void {
  for (const { path, text } of files) {
    const file = join(folder, path);
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { flag: 'wx' });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new CommandError(`${file} can't be written (${code}); name another folder`, EXIT.failed);
    }
  }
}
