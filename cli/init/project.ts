/** The folder that `claimgate init` writes into. */
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { configIn, findConfig } from '../formats/find.ts';
import { CODE } from '../formats/formats.ts';
import { CommandError } from '../text/terminal.ts';

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

const USUAL = 'wrangler.toml';

/** The configuration of the Worker in this folder: the file that wrangler reads. Throws `CommandError` where it is code. */
export function existingConfig(folder: string): string | undefined {
  const path = configIn(folder);
  if (existsSync(path)) return path;
  const found = findConfig(folder);
  // wrangler prefers another kind, wherever it is.
  if (found !== undefined && basename(found.path) !== USUAL)
    throw new CommandError(
      `wrangler reads ${found.path} here, and would not read a wrangler.toml; nothing was written. Run it in the folder of that file, or move the file`,
    );
  if (!existsSync(join(folder, CODE))) return undefined;
  throw new CommandError(
    `the Worker here is configured in ${CODE}, which this command does not write; add the policy to its vars (docs/policy.md has an example), build it, then: claimgate check`,
  );
}
