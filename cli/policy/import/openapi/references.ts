/**
 * References, followed where something is read, and nowhere else: what no route is made of (schemas, examples,
 * extensions) is never resolved, so that a `$ref` there is data, and no bomb.
 */
import { posix } from 'node:path';
import { isTable, type Table, textOf } from '../../../text/json.ts';
import { CommandError } from '../../../text/terminal.ts';
import type { Source, Sources } from './source.ts';

/** A value, and where it stands. */
export interface At {
  readonly value: unknown;
  readonly source: Source;
  /** A JSON Pointer. */
  readonly pointer: string;
}

/** Why a reference was not followed; the rest of the description can be read all the same. */
export interface Unread {
  readonly unread: string;
}

export const isUnread = (found: At | Unread): found is Unread => 'unread' in found;

const escaped = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1');

export const step = ({ value, source, pointer }: At, name: string): At => ({
  value: isTable(value) && Object.hasOwn(value, name) ? value[name] : undefined,
  source,
  pointer: `${pointer}/${escaped(name)}`,
});

export const tableAt = ({ value }: At): Table => (isTable(value) ? value : {});

const wordsOf = ({ source, pointer }: At) => `${source.name}#${pointer}`;

/** A file is there, and what is referred to is not in it. */
export class LeadsNowhere extends CommandError {}

export type Follow = (at: At) => Promise<At | Unread>;

/** @param self the description's own address (`$self`) */
export function createFollow(sources: Sources, self: string | undefined): Follow {
  return async (start) => {
    let at = start;
    const seen = new Set<string>();
    for (;;) {
      const ref = isTable(at.value) ? at.value['$ref'] : undefined;
      if (ref === undefined) return at;
      if (typeof ref !== 'string')
        throw new CommandError(`${wordsOf(at)}: $ref must be text; write it like "paths/orders.yaml"`);
      const place = wordsOf(at);
      if (seen.has(place))
        throw new CommandError(
          `${wordsOf(start)}: its reference leads back to itself, by way of ${[...seen].slice(0, 3).join(', ')}; write out what it shall be`,
        );
      seen.add(place);
      const target = await targetOf(ref, at, sources, self);
      if ('unread' in target) return target;
      at = findIn(target.source, target.fragment, ref, place);
    }
  };
}

type Target = Unread | { readonly source: Source; readonly fragment: string };

async function targetOf(ref: string, at: At, sources: Sources, self: string | undefined): Promise<Target> {
  const [written = '', fragment = ''] = ref.split('#', 2);
  const address = withoutSelf(written, self);
  if (address === '') return { source: written === '' ? at.source : sources.first, fragment };
  const place = wordsOf(at);
  if (/^https?:/i.test(address) || address.startsWith('//'))
    return {
      unread: `it stands at ${address}, and nothing is fetched: bundle the description into one file first`,
    };
  const outside = (what: string) =>
    new CommandError(
      `${place}: ${JSON.stringify(ref)} ${what}; only files in the description's folder are read: copy it there`,
    );
  if (/^[a-z][a-z0-9+.-]*:/i.test(address)) throw outside('is no relative path');
  let path: string;
  try {
    path = decodeURIComponent(address.split('?')[0] ?? '');
  } catch {
    throw outside('has a % that stands for nothing');
  }
  if (path.startsWith('/') || /[\\\u0000-\u001f]/.test(path)) throw outside('is no relative path');
  if (at.source.folder === undefined)
    return { unread: `it stands in ${path}, and standard input has no folder: name the file instead` };
  const wanted = posix.normalize(posix.join(at.source.folder, path));
  if (wanted === '..' || wanted.startsWith('../')) throw outside('leads out of the folder');
  const source = await sources.open(wanted);
  return 'missing' in source
    ? { unread: `it stands in ${path}, and ${source.missing}` }
    : { source, fragment };
}

/** A description may refer to itself, and to its neighbours, by its own address. */
function withoutSelf(address: string, self: string | undefined): string {
  if (self === undefined || address === '') return address;
  if (address === self) return '';
  const folder = self.slice(0, self.lastIndexOf('/') + 1);
  return folder.includes('://') && address.startsWith(folder) ? address.slice(folder.length) : address;
}

function findIn(source: Source, fragment: string, ref: string, place: string): At {
  const nowhere = () =>
    new LeadsNowhere(`${place}: its reference ${JSON.stringify(ref)} leads nowhere; correct it`);
  if (fragment !== '' && !fragment.startsWith('/')) throw nowhere();
  let at: At = { value: source.value, source, pointer: '' };
  for (const part of fragment === '' ? [] : fragment.slice(1).split('/')) {
    let name: string;
    try {
      name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    } catch {
      throw nowhere();
    }
    const next = Array.isArray(at.value)
      ? { ...at, value: at.value[Number(name)], pointer: `${at.pointer}/${name}` }
      : step(at, name);
    if (next.value === undefined) throw nowhere();
    at = next;
  }
  return at;
}

/** A text of a table. */
export const textAt = (at: At, name: string): string | undefined => textOf(tableAt(at)[name]);
