/** The folders of the Deploy CLI: which files are read, and which are only counted. No link is followed. */
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { codeOf } from '../../text/files.ts';
import { CommandError, visible } from '../../text/terminal.ts';
import { countOf, listed } from '../../text/words.ts';
import { ignore, type Kind, type Report } from './report.ts';
import { FOLDERS } from './sections.ts';

interface Found {
  readonly path: string;
  /** Where the folder says it. */
  readonly kind?: Kind;
  /** What it would be, were it no symbolic link. */
  readonly link?: Kind;
}

const MAX_FILES = 20_000;

/** The files that a path means: itself, or what the Deploy CLI reads of a folder. Throws `CommandError`. */
export function findFiles(path: string, report: Report): Found[] {
  if (path === '-' || !isFolder(path)) return [{ path }];
  const entries = entriesOf(path);
  // A user may name one of them, too.
  const itself = FOLDERS.get(basename(resolve(path)));
  if (itself !== undefined && !entries.some(({ name }) => FOLDERS.has(name)))
    return filesOf(path, itself.kind, report);
  const hasFolders = entries.some((entry) => entry.isDirectory() && FOLDERS.has(entry.name));
  const found = entries.flatMap((entry) => findIn(path, entry, hasFolders, report));
  if (found.length === 0)
    throw new CommandError(
      `${visible(path)} has none of tenant.yaml, ${[...FOLDERS.keys()].map((name) => `${name}/*.json`).join(', ')}; name a folder that the Deploy CLI wrote`,
    );
  return found;
}

function findIn(path: string, entry: Dirent, hasFolders: boolean, report: Report): Found[] {
  const own = join(path, entry.name);
  if (entry.isSymbolicLink()) {
    report.notes.push(`${visible(own)} is a symbolic link, which is not followed; name its target`);
    return [];
  }
  if (entry.isDirectory()) {
    const folder = FOLDERS.get(entry.name);
    if (folder !== undefined) return filesOf(own, folder.kind, report);
    ignore(report, `${entry.name}/`, entriesOf(own).length);
    return [];
  }
  if (/^tenant\.ya?ml$/.test(entry.name) && entry.isFile() && !hasFolders) return [{ path: own }];
  ignore(report, entry.name, 1);
  return [];
}

/** The Deploy CLI reads files that end with .json, and none of folders below. */
function filesOf(path: string, kind: Kind, report: Report): Found[] {
  const entries = entriesOf(path);
  const isRead = (entry: Dirent) =>
    extname(entry.name) === '.json' && (entry.isFile() || entry.isSymbolicLink());
  const others = entries.filter((entry) => !isRead(entry)).map(({ name }) => visible(name));
  if (others.length > 0)
    report.notes.push(
      `${visible(path)} has ${countOf(others.length, 'entry').replace('entrys', 'entries')} besides .json files, not read: ${listed(others.slice(0, 20))}${others.length > 20 ? ' and others' : ''}`,
    );
  return entries.filter(isRead).map((entry) => {
    const own = join(path, entry.name);
    return entry.isSymbolicLink() ? { path: own, link: kind } : { path: own, kind };
  });
}

/** Sorted, so that notes and ids come in the same order everywhere; without what tools hide. */
function entriesOf(path: string): Dirent[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    if (entries.length > MAX_FILES)
      throw new CommandError(`${visible(path)} has more than ${MAX_FILES} files; name those of an export`);
    return entries
      .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${visible(path)} can't be read (${codeOf(error)}); name the files of an export`);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
