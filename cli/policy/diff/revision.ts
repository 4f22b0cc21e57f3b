/** Reads the policy files that are compared: a file, or a revision that git keeps. */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { isConfigName, WRANGLER_NAMES } from '../../formats/find.ts';
import { CommandError } from '../../text/terminal.ts';
import { type PolicyFile, parsePolicyFile, readPolicyFile } from '../file/config.ts';
import { readModule } from '../file/module.ts';

const run = promisify(execFile);
const MAX_BYTES = 16 * 1024 * 1024;
const TWO_FILES = 'name two files: claimgate diff old.toml new.toml';
const FETCH_MORE = 'fetch more (git fetch --unshallow, or fetch-depth: 0 of actions/checkout)';

/**
 * Reads `FILE`, which may be a module, `REV:path` (from the root of the repository, as git reads it) or `REV`, which means this file in that
 * revision. A name that is both is refused: whoever proposes a change must not choose what it is compared with. Throws
 * `CommandError` where there is none.
 *
 * @param config the file that is meant where only a revision is named
 */
export async function readVersion(name: string, config: string): Promise<PolicyFile> {
  if (!name.includes(':') && /\.[cm]?[jt]s$/i.test(name)) return readModule(name, config);
  const isNamed = isConfigName(name);
  const isPlain = !name.includes(':') && (isNamed || /^\.{0,2}\//.test(name));
  if (isPlain && isFile(name)) return readPolicyFile(name);
  if (isPlain && isNamed) throw new CommandError(`there is no ${name}; name a file, a revision, or REV:path`);
  if (isFile(name)) {
    if (!(await isRevision(name.split(':')[0] ?? '', dirname(config)))) return readPolicyFile(name);
    throw new CommandError(
      `${name} is a file, and a git revision too; write ./${name} for the file, or name the revision by its hash`,
    );
  }
  return readRevision(name, config);
}

/** Whether a name is a revision and neither a file nor `REV:path`. */
export const isRevisionOnly = async (name: string, config: string): Promise<boolean> =>
  !name.includes(':') && !isFile(name) && (await isRevision(name, dirname(config)));

/** The commit at which two revisions parted. Throws `CommandError` where one is missing, or they have none in common. */
export async function mergeBase(
  revision: string,
  other: string,
  config: string,
): Promise<{ commit: string; isTip: boolean }> {
  const folder = dirname(config);
  await demandRevision(revision, folder);
  await demandRevision(other, folder);
  const hash = async (name: string) =>
    (await git(folder, 'rev-parse', '--verify', '--end-of-options', `${name}^{commit}`)).trim();
  const tip = await hash(revision);
  try {
    const commit = (await git(folder, 'merge-base', tip, await hash(other))).trim();
    return { commit, isTip: commit === tip };
  } catch {
    throw new CommandError(
      (await isShallow(folder))
        ? `this clone is shallow, and does not show where ${other} left ${revision}; ${FETCH_MORE}`
        : `${revision} and ${other} have no commit in common; write ${revision}..${other} to compare them as they are`,
    );
  }
}

/**
 * Reads `REV:path` or `REV`, whatever files there are. Throws `CommandError` where there is no such revision.
 *
 * @param label its name in messages, where that is another one
 */
export async function readRevision(name: string, config: string, label?: string): Promise<PolicyFile> {
  const colon = name.indexOf(':');
  const revision = colon === -1 ? name : name.slice(0, colon);
  // Beside the file that is meant, its name alone finds it, wherever the repository begins.
  const path = colon === -1 ? `./${basename(config)}` : name.slice(colon + 1);
  const folder = colon === -1 ? dirname(config) : '.';
  const shown = label ?? (colon === -1 ? `${revision}:${config}` : name);
  await demandRevision(revision, folder);
  const text = await show(folder, revision, path);
  if (text !== undefined) return parseShown(shown, text);
  // The file may have had another format then: it was what wrangler read.
  const others = colon === -1 && WRANGLER_NAMES.includes(basename(config)) ? WRANGLER_NAMES : [];
  for (const other of others) {
    const found = await show(folder, revision, `./${other}`);
    if (found !== undefined) return parseShown(shown.slice(0, -basename(config).length) + other, found);
  }
  throw new CommandError(
    `there is no ${colon === -1 ? config : path} in ${label?.replace(/:[^:]*$/, '') ?? revision}; name another one as ${revision}:path, or ${TWO_FILES}`,
  );
}

/** @returns `undefined`: the revision has no such file */
async function show(folder: string, revision: string, path: string): Promise<string | undefined> {
  try {
    return await git(folder, 'show', '--no-textconv', '--end-of-options', `${revision}:${path}`);
  } catch {
    return undefined;
  }
}

function parseShown(shown: string, text: string): PolicyFile {
  if (/^tree .*\n\n/.test(text)) throw new CommandError(`${shown} is a folder; name the file in it`);
  return parsePolicyFile(shown, text);
}

async function isRevision(name: string, folder: string): Promise<boolean> {
  try {
    await git(folder, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`);
    return true;
  } catch {
    return false;
  }
}

/** Git answers alike for much that is missing: it is asked one by one. */
async function demandRevision(revision: string, folder: string): Promise<void> {
  try {
    await git(folder, 'rev-parse', '--git-dir');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && isFolder(folder)) throw new CommandError(`git is not installed; ${TWO_FILES}`);
    throw new CommandError(
      isFolder(folder)
        ? `the folder is not in a git repository; ${TWO_FILES}`
        : `there is no folder ${folder}; name the file with --config`,
    );
  }
  if (await isRevision(revision, folder)) return;
  const shallow = await isShallow(folder);
  throw new CommandError(
    revision === 'HEAD'
      ? `there is no commit yet; ${TWO_FILES}`
      : shallow
        ? `this clone is shallow, and has no revision ${JSON.stringify(revision)}; ${FETCH_MORE}`
        : `there is neither a file nor a git revision ${JSON.stringify(revision)}; git log --all --oneline lists revisions`,
  );
}

const isShallow = async (folder: string) =>
  (await git(folder, 'rev-parse', '--is-shallow-repository')).trim() === 'true';

async function git(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('git', args, { cwd: folder, maxBuffer: MAX_BYTES, encoding: 'utf8' });
  return stdout;
}

function isFile(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isFile() ?? false;
}

const isFolder = (name: string): boolean => statSync(name, { throwIfNoEntry: false })?.isDirectory() ?? false;
