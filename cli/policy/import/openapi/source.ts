/** The files of a description. Nothing outside of the folder of the first one is read, and nothing is fetched. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { codeOf } from '../../../text/files.ts';
import { CommandError } from '../../../text/terminal.ts';
import { isJson, parseDocument } from './parse.ts';
import { demandNoOther } from './recognise.ts';

const MEGABYTE = 1_000_000;
/** All files of a description together; YAML, which takes more memory, counts twice. Large public ones have 13 MB. */
const MAX_MEGABYTES = 40;
const MAX_FILES = 10_000;

export interface Source {
  /** As messages name it. */
  readonly name: string;
  /** Its folder, from that of the description; `undefined`: standard input. */
  readonly folder: string | undefined;
  readonly value: unknown;
}

export interface Sources {
  readonly first: Source;
  /** @param path from the folder of the description. Throws `CommandError` where it leads out of that folder */
  open(path: string): Promise<Source | { readonly missing: string }>;
}

/** Reads the first file; `-` is standard input. Throws `CommandError`. */
export async function openSources(path: string): Promise<Sources> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path))
    throw new CommandError(`${path} is a URL, and nothing is fetched; download it, and name the file`);
  let bytes = 0;
  const read = async (file: string | 0, name: string, folder: string | undefined): Promise<Source> => {
    const buffer = readBytes(file, name, MAX_MEGABYTES * MEGABYTE - bytes);
    const text = decode(buffer, name);
    bytes += buffer.length * (isJson(text) ? 1 : 2);
    if (bytes > MAX_MEGABYTES * MEGABYTE) throw tooLarge(name);
    demandNoOther(name, text);
    return { name, folder, value: await parseDocument(name, text) };
  };
  const first = path === '-' ? await read(0, 'standard input', undefined) : await read(path, path, '');
  const root = path === '-' ? undefined : realpathSync(dirname(path));
  const opened = new Map<string, Promise<Source | { missing: string }>>();
  if (root !== undefined) opened.set(basename(path), Promise.resolve(first));
  return {
    first,
    open: (wanted) => {
      const known = opened.get(wanted);
      if (known !== undefined) return known;
      if (opened.size >= MAX_FILES)
        throw new CommandError(`${path} refers to more than ${MAX_FILES} files; bundle it into one first`);
      const file = join(root ?? '', wanted);
      const opening = isThere(file)
        ? read(inside(root ?? '', file, wanted), join(dirname(path), wanted), dirname(wanted))
        : Promise.resolve({ missing: `there is no ${wanted} beside the description` });
      opened.set(wanted, opening);
      return opening;
    },
  };
}

const isThere = (file: string) => statSync(file, { throwIfNoEntry: false }) !== undefined;

/** A link may lead anywhere. */
function inside(root: string, file: string, wanted: string): string {
  const real = realpathSync(file);
  const way = relative(root, real);
  if (way.startsWith(`..${sep}`) || way === '..' || isAbsolute(way))
    throw new CommandError(`${wanted} is a link out of the description's folder; copy the file into it`);
  return real;
}

const tooLarge = (name: string) =>
  new CommandError(
    `${name} is too large: a description may have ${MAX_MEGABYTES} MB of JSON in all, or ${MAX_MEGABYTES / 2} MB of YAML; leave out examples and schemas, which make no routes`,
  );

/** @param most of bytes that may still be read */
function readBytes(file: string | 0, name: string, most: number): Buffer {
  const remedy = 'name an OpenAPI document, YAML or JSON';
  try {
    if (file !== 0) {
      const stats = statSync(file);
      if (stats.isDirectory()) throw new CommandError(`${name} is a folder; ${remedy} in it`);
      // A device never ends, and a pipe has no size before it is read.
      if (!stats.isFile() && !stats.isFIFO()) throw new CommandError(`${name} is not a file; ${remedy}`);
      if (stats.size > most) throw tooLarge(name);
    }
    const bytes = readFileSync(file);
    if (bytes.length > most) throw tooLarge(name);
    return bytes;
  } catch (error) {
    if (error instanceof CommandError) throw error;
    if (codeOf(error) === 'ENOENT') throw new CommandError(`there is no ${name}; ${remedy}`);
    throw new CommandError(`${name} can't be read (${codeOf(error)}); ${remedy}`);
  }
}

/** Without the byte order mark. */
function decode(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CommandError(`${name} is not in UTF-8; save it as UTF-8`);
  }
}
