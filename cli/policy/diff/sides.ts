/** Which two policy files are compared: what git means by ranges, and what a branch has changed since it left another. */
import { statSync } from 'node:fs';
import { isConfigName } from '../../formats/find.ts';
import { CommandError } from '../../text/terminal.ts';
import { type PolicyFile, readPolicyFile } from '../file/config.ts';
import { isRevisionOnly, mergeBase, readRevision, readVersion } from './revision.ts';

export interface Sides {
  readonly old: PolicyFile;
  readonly now: PolicyFile;
}

/** The variables with which a pipeline says that it runs for a pull request or a merge request. */
interface Pipeline {
  /** GitHub: the branch that the change goes to. */
  readonly GITHUB_BASE_REF?: string | undefined;
  /** GitLab: the merge base itself. */
  readonly CI_MERGE_REQUEST_DIFF_BASE_SHA?: string | undefined;
}

/**
 * Reads both sides. One revision alone means the commit at which the branch left it, as does `A...B`; `A..B` means two
 * revisions as they are. Throws `CommandError` where there is none.
 *
 * @param config the file that is meant where only a revision is named, or nothing
 */
export async function readSides(
  old: string | undefined,
  now: string | undefined,
  config: string,
  pipeline: Pipeline,
): Promise<Sides> {
  const range = old === undefined ? undefined : readRange(old);
  if (range !== undefined) {
    if (now !== undefined)
      throw new CommandError(`${old} names both sides; leave ${now} out, or name two revisions`);
    const { from, to, isFork } = range;
    return {
      old: isFork ? await readFork(from, to, config) : await readRevision(from, config),
      now: await readRevision(to, config),
    };
  }
  // The new side first: where it is missing, nothing has to be asked of git.
  const newFile = now === undefined ? readPolicyFile(config) : await readVersion(now, config);
  if (old === undefined) return { old: await readDefault(config, pipeline), now: newFile };
  const alone = now === undefined && (await isRevisionOnly(old, config));
  return { old: alone ? await readFork(old, 'HEAD', config) : await readVersion(old, config), now: newFile };
}

/** In a pull request, the commit at which the branch left its target; else the last commit. */
function readDefault(config: string, pipeline: Pipeline): Promise<PolicyFile> {
  const { GITHUB_BASE_REF: branch, CI_MERGE_REQUEST_DIFF_BASE_SHA: base } = pipeline;
  if (branch) return readFork(`origin/${branch}`, 'HEAD', config);
  return readRevision(base || 'HEAD', config);
}

async function readFork(revision: string, other: string, config: string): Promise<PolicyFile> {
  const { commit, isTip } = await mergeBase(revision, other, config);
  const shown = isTip ? revision : `${revision} (merge base ${commit.slice(0, 7)})`;
  return readRevision(commit, config, `${shown}:${config}`);
}

interface Range {
  readonly from: string;
  readonly to: string;
  /** Three dots: from where the second has left the first. */
  readonly isFork: boolean;
}

/** No revision has two dots in its name; a path may. */
function readRange(name: string): Range | undefined {
  const [, from, dots, to] = /^([^:]*?)(\.{2,3})([^:]*)$/.exec(name) ?? [];
  const isPath = /^\.{0,2}\//.test(name) || isConfigName(name) || name === '..';
  if (dots === undefined || isPath || statSync(name, { throwIfNoEntry: false }) !== undefined)
    return undefined;
  return { from: from || 'HEAD', to: to || 'HEAD', isFork: dots === '...' };
}
