/** A description's path templates as the shapes of paths that a route can have. */
import type { Note, PathShape, Segment } from '../operations.ts';

export interface ReadPath {
  readonly shape: PathShape;
  readonly notes: readonly Note[];
  /** Why no route can have this path. The shape is then a wider one, that it lies in. */
  readonly problem: string | undefined;
}

/** How parameters are written: `{id}`, or `:id` as well. */
export type PathStyle = 'braces' | 'colons';

/** @param spanning names of parameters that hold slashes, as far as the template does not tell */
export function readPath(template: string, spanning: ReadonlySet<string>, style: PathStyle): ReadPath {
  const notes: Note[] = [];
  const { path, query } = splitTemplate(style === 'colons' ? bracesOf(template) : withoutPatterns(template));
  const names = new Set<string>();
  const parts = splitOutside(path.replace(/^\//, ''), '/');
  const segments: Segment[] = [];
  let problem = path.startsWith('/') ? undefined : 'its path does not begin with /';
  for (const [i, part] of parts.entries()) {
    const segment = readSegment(part, { spanning, names, notes });
    if (typeof segment === 'string') {
      problem ??= segment;
      // Whatever it may be, it lies in this.
      const isOne = !/[/*+]/.test(part);
      segments.push(
        isOne ? { kind: 'param', name: uniqueName('odd', names), before: '', after: '' } : { kind: 'rest' },
      );
      if (isOne) continue;
      break;
    }
    segments.push(segment);
    if (segment.kind === 'rest' && i < parts.length - 1) {
      problem ??= `${part} spans segments, and a route can have that at the end only`;
      break;
    }
  }
  const shape = {
    segments,
    query: readQuery(query, notes),
    isWider: notes.some(({ tag }) => tag.startsWith(WIDER)),
  };
  return { shape, notes, problem };
}

/** The fragment tells operations apart for readers, and is never sent. */
function splitTemplate(template: string): { path: string; query: string | undefined } {
  const [withoutFragment = ''] = splitOutside(template, '#');
  const [path = '', ...query] = splitOutside(withoutFragment.replace(/\{\?[^{}]*\}$/, '?{}'), '?');
  return { path, query: query.length === 0 ? undefined : query.join('?') };
}

/** `{name=shelves/*}` of Google's path templates: its parts are segments of their own. */
const withoutPatterns = (template: string): string =>
  template.replace(/\{([\w.]+)=([^{}]+)\}/g, (_, name: string, pattern: string) =>
    pattern
      .split('/')
      .map((part) => (part === '*' ? `{${name}}` : part === '**' ? `{${name}+}` : part))
      .join('/'),
  );

/** Splits where no brace is open: a pattern in braces may hold anything. */
function splitOutside(text: string, separator: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '{') depth++;
    if (character === '}' && depth > 0) depth--;
    if (character === separator && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}

/** Only values are conditions: `?id={id}` is a parameter that any request may have. */
function readQuery(query: string | undefined, notes: Note[]): string | undefined {
  if (query === undefined || query === '') return undefined;
  const parts = query.split('&');
  const fixed = parts.filter((part) => /^[^={}:]+=[^={}:]+$/.test(part));
  if (fixed.length < parts.length)
    notes.push({ tag: 'query', text: 'its query is left out, but for fixed values: a route has no others' });
  return fixed.length === 0 ? undefined : fixed.join('&');
}

/** `:id`, `:path*` and `(.*)` of URLPattern, in braces. */
const bracesOf = (template: string): string =>
  template
    .replace(/\{\/\}\?$/, '')
    .replace(
      /(?<![A-Za-z0-9_]):([A-Za-z_]\w*)(?:\(((?:[^()\\]|\\.)*)\))?([*+?]?)|\(((?:[^()\\]|\\.)*)\)([*+?]?)/g,
      (_, name = 'group', pattern?: string, more = '', unnamed?: string, unnamedMore = '') => {
        const inner = pattern ?? unnamed;
        return inner === undefined ? `{${name}${more}}` : `{${name}:${inner}${more}${unnamedMore}}`;
      },
    );

const WIDER = 'wider';

interface Reading {
  readonly spanning: ReadonlySet<string>;
  readonly names: Set<string>;
  readonly notes: Note[];
}

/** @returns the reason where it can't be read */
function readSegment(written: string, reading: Reading): Segment | string {
  const { notes, names } = reading;
  if (/^\*\*?$/.test(written)) return rest(written, notes, true);
  const parts = partsOf(written);
  if (parts === undefined) return `${JSON.stringify(written)} has a brace without its other`;
  const params = parts.filter((part) => typeof part !== 'string').map(({ inner }) => readParam(inner));
  if (params.length === 0) {
    if (written.startsWith(':'))
      notes.push({
        tag: `text ${written}`,
        text: `${written} is text in OpenAPI; if it is a parameter, write {${written.slice(1)}} into the description`,
      });
    return { kind: 'text', text: written };
  }
  const odd = params.find(({ kind }) => kind === 'odd');
  if (odd !== undefined) return `{${odd.name}} is not a parameter that a route can have`;
  if (
    params.some(({ kind, name }) => kind === 'spanning' || kind === 'pattern' || reading.spanning.has(name))
  ) {
    const isExact = params.every(({ kind }) => kind !== 'pattern') && parts.length === 1;
    return rest(written, notes, isExact);
  }
  const [start = '', end = ''] = [parts[0], parts.at(-1)].map((part) =>
    typeof part === 'string' ? part : '',
  );
  const isPlain = params.length === 1 && params[0]?.kind === 'plain';
  // A parameter's name ends where a letter can't go on, and begins where none stands before it.
  const isSayable = !/[A-Za-z0-9_]$/.test(start) && !/^[A-Za-z0-9_]/.test(end);
  if (!isPlain || !isSayable)
    notes.push({
      tag: `${WIDER} ${written}`,
      text: `${written} has become one parameter, which matches other texts as well`,
    });
  const name = uniqueName(params.map((one) => one.name).join('_'), names);
  return { kind: 'param', name, before: isSayable ? start : '', after: isSayable ? end : '' };
}

function rest(written: string, notes: Note[], isExact: boolean): Segment {
  notes.push({
    tag: isExact ? `spans ${written}` : `${WIDER} ${written}`,
    text: `${written} spans segments and has become *: one segment or more, whatever they are${isExact ? '' : ', which matches other texts as well'}`,
  });
  return { kind: 'rest' };
}

/** Texts, and what stands in braces. */
function partsOf(segment: string): (string | { inner: string })[] | undefined {
  const parts: (string | { inner: string })[] = [];
  let depth = 0;
  let text = '';
  for (const character of segment) {
    if (character === '{' && depth++ === 0) {
      if (text !== '') parts.push(text);
      text = '';
    } else if (character === '}' && --depth === 0) {
      parts.push({ inner: text });
      text = '';
    } else if (depth < 0) return undefined;
    else text += character;
  }
  if (depth !== 0) return undefined;
  if (text !== '') parts.push(text);
  return parts;
}

/** A pattern that may hold slashes spans segments, and is not all of them. */
type Kind = 'plain' | 'spanning' | 'pattern' | 'wider' | 'odd';

/** What frameworks write into braces. */
function readParam(inner: string): { name: string; kind: Kind } {
  const greedy =
    /^(?:[*+]{1,2}(?<before>[\w.-]+)|(?<after>[\w.-]+)(?:[*+]{1,2}|:(?:\.[*+]|path|\*\*?)))$/.exec(inner);
  const name = greedy?.groups?.['before'] ?? greedy?.groups?.['after'];
  if (name !== undefined) return { name, kind: 'spanning' };
  const narrowed = /^([\w.-]+)\s*(?:\?|[:<].*)$/s.exec(inner)?.[1];
  // A pattern that may match a slash spans segments.
  if (narrowed !== undefined)
    return {
      name: narrowed,
      kind: /\/|\.[*+]|\[\^/.test(inner.replace(/\[\^\/\]/g, '')) ? 'pattern' : 'wider',
    };
  return /^[;./&?*+=#]|[{}/]/.test(inner) || inner === ''
    ? { name: inner, kind: 'odd' }
    : { name: inner, kind: 'plain' };
}

/** Letters, digits and `_`, as parameters of routes are named. */
function uniqueName(name: string, names: Set<string>): string {
  const plain = name.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^(?![A-Za-z_])/, '_');
  let unique = plain;
  for (let count = 2; names.has(unique); count++) unique = `${plain}_${count}`;
  names.add(unique);
  return unique;
}
