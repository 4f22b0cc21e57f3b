/** Another commit of the gateway, to be measured beside this one: `--against REV`. */
import { execFileSync } from 'node:child_process';
import { realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../scripts/workerd.ts';
import { UsageError } from './children.ts';

/** What is bundled of another commit. */
export interface Against {
  readonly rev: string;
  readonly claimgate: string;
  readonly compile: string;
  readonly issuer: string;
}

/** Rows of the other commit are named so. */
export const atRev = (name: string, rev: string) => `${name} at ${rev}`;

/** @returns the commit that is meant, in short */
export function findCommit(rev: string): string {
  try {
    return git('rev-parse', '--short', '--verify', '--quiet', '--end-of-options', `${rev}^{commit}`);
  } catch {
    throw new UsageError(`--against ${rev}: there is no such commit here`);
  }
}

/**
 * Bundles another commit, with the packages that are installed here: in a work tree of its own, which is gone
 * afterwards.
 *
 * @param folder for the work tree
 */
export async function bundleAgainst(rev: string, folder: string): Promise<Against> {
  const tree = join(folder, 'against');
  git('worktree', 'add', '--detach', '--force', tree, rev);
  try {
    symlinkSync(realpathSync('node_modules'), join(tree, 'node_modules'));
    return {
      rev,
      claimgate: await bundle('src/index.ts', tree),
      compile: await bundle('src/policy/compile/compile.ts', tree),
      issuer: await bundle('issuer/src/index.ts', tree),
    };
  } finally {
    git('worktree', 'remove', '--force', tree);
  }
}

const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim();
