import { remember } from '../../memory.ts';
import type { Param } from '../params.ts';
import { type ParsedPath, parsePath } from '../path.ts';
import { decode, type QueryCondition } from '../query.ts';
import { UNROUTABLE_METHODS } from '../second-target.ts';
import { collectFaults, type Faults } from './faults.ts';

/** One segment of a pattern. */
export type PatternSegment =
  | { readonly kind: 'literal'; readonly text: string; readonly folded: string }
  /** The text before and after it is the pattern's own: decoded, ASCII, mostly empty. */
  | { readonly kind: 'param'; readonly name: string; readonly before: string; readonly after: string }
  /** Only at the end: one segment or more. */
  | { readonly kind: 'rest' };

export interface RouteKey {
  /** Upper case; `*` stands for every method but TRACE and CONNECT. */
  readonly methods: readonly string[];
  readonly segments: readonly PatternSegment[];
  readonly params: readonly Param[];
  /** The path as it was written, without its query. */
  readonly pattern: string;
  /** Decoded, in the order of the alphabet. */
  readonly query: QueryCondition;
}

const METHOD = /^[A-Z][A-Z-]*$/;

/**
 * Reads a route key: methods joined by `|`, blanks, a path of literals, `:param` (with fixed text beside it, if need be)
 * and a final `*`, then parameters of the query.
 *
 * @returns `undefined` where it has faults; `at` gets them
 */
export function parseRouteKey(key: string, at: Faults = collectFaults()): RouteKey | undefined {
  const before = at.list().length;
  const parts = key.trim().split(/\s+/);
  const [methodList, written] = parts;
  if (methodList === undefined || written === undefined || parts.length > 2) {
    at.add('a route key is a method and a path', 'write it like "GET /orders/:id"');
    return undefined;
  }
  const methods = parseMethods(methodList, at);
  const [pattern = '', ...queries] = written.split('?');
  const query = queries.length === 0 ? [] : parseQuery(queries.join('?'), at);
  const segments = parsePattern(pattern, at);
  const params = segments.flatMap((one, i) =>
    one.kind === 'param' ? { name: one.name, at: i, before: one.before.length, after: one.after.length } : [],
  );
  return at.list().length > before ? undefined : { methods, segments, params, pattern, query };
}

function parseMethods(list: string, at: Faults): string[] {
  const methods = list.split('|');
  for (const method of methods) {
    const upper = method.toUpperCase();
    if (method === '*') {
      if (methods.length > 1) at.add('* already stands for every method', 'write * alone');
    } else if (METHOD.test(upper) && method !== upper) at.add('methods are case-sensitive', `write ${upper}`);
    else if (!METHOD.test(method))
      at.add(`${JSON.stringify(method)} is not a method`, 'write methods like GET|PUT, or *');
    else if (UNROUTABLE_METHODS.has(method)) at.add(`${method} can't be forwarded`, 'leave it out');
  }
  if (new Set(methods).size < methods.length) at.add('a method is named twice', 'name each once');
  return methods;
}

function parsePattern(pattern: string, at: Faults): PatternSegment[] {
  if (!pattern.startsWith('/')) {
    at.add('a path begins with /', `write /${pattern}`);
    return [];
  }
  if (pattern.includes('#')) {
    at.add('a path has no fragment', 'end it before the #');
    return [];
  }
  const parts = pattern.slice(1).split('/');
  const names = new Set<string>();
  return parts.map((part, index): PatternSegment => {
    const isLast = index === parts.length - 1;
    if (!part.includes('*')) {
      const param = parseParam(part, names, at);
      if (param !== undefined) return param;
    }
    if (part === '*' && isLast) return { kind: 'rest' };
    if (part.includes('*')) {
      at.add('* stands for the rest of a path', 'put it last, alone between slashes');
      return { kind: 'rest' };
    }
    if (part === '' && isLast) return { kind: 'literal', text: '', folded: '' };
    const literal = literalOf(part);
    if (literal !== undefined) return literal;
    at.add(`no request can match ${JSON.stringify(part)}`, 'see "One form of a path" in docs/policy.md');
    return { kind: 'literal', text: part, folded: part };
  });
}

/** Text, a parameter, text. A colon behind a letter, a digit or `_` begins none: `/items:batch` is text. */
const PARAM = /^(.*?)(?<![A-Za-z0-9_]):([A-Za-z_][A-Za-z0-9_]*)(.*)$/s;

/**
 * @param names of the parameters before it
 * @returns `undefined` where there is no parameter in the segment
 */
function parseParam(part: string, names: Set<string>, at: Faults): PatternSegment | undefined {
  if (!part.includes(':')) return undefined;
  const [, start = '', name, end = ''] = PARAM.exec(part) ?? [];
  if (name === undefined) {
    if (!part.startsWith(':')) return undefined;
    at.add(`${JSON.stringify(part)} is not a parameter`, 'name it with letters, digits and _');
    return { kind: 'param', name: '', before: '', after: '' };
  }
  if (PARAM.test(`x${end}`))
    at.add(
      `${JSON.stringify(part)} has two parameters`,
      'a segment can have one; give the rest a fixed text',
    );
  if (names.has(name)) at.add(`the parameter :${name} stands twice`, 'give each its own name');
  names.add(name);
  const [before, after] = [parseFixed(start, 'x'), parseFixed(end, '')];
  if (before === undefined || after === undefined)
    at.add(
      `no request can match ${JSON.stringify(part)}`,
      "write letters, digits and -._~!$&'()+,=@: beside a parameter, and no dot at its end",
    );
  return { kind: 'param', name, before: before ?? '', after: after ?? '' };
}

/**
 * Text beside a parameter: ASCII that every server reads as it is, but for its case.
 *
 * @param next what may follow: the ends of a segment are trimmed
 * @returns it decoded
 */
function parseFixed(text: string, next: 'x' | ''): string | undefined {
  if (text === '') return '';
  const parsed = parsePath(`/x${text}${next}`);
  const [decoded = ''] = typeof parsed === 'string' ? [] : parsed.segments;
  const [folded = ''] = typeof parsed === 'string' ? [] : parsed.folded;
  const isKept = /^[\x21-\x7e]+$/.test(decoded) && folded === decoded.toLowerCase();
  return isKept ? decoded.slice(1, decoded.length - next.length) : undefined;
}

/** @param text without its `?` */
function parseQuery(text: string, at: Faults): QueryCondition {
  const params = text.split('&').map((part) => {
    const [name, ...value] = part.split('=');
    return [decode(name ?? ''), value.length === 0 ? undefined : decode(value.join('='))] as const;
  });
  const names = params.map(([name]) => name);
  for (const [name, value] of params) {
    if (name === '' || value === undefined)
      at.add('a parameter of the query has a name and a value', 'write it like "GET /page?action=delete"');
    else if (/[[\];#*]/.test(name) || /[;#*]/.test(value))
      at.add(
        `no request can match the parameter ${JSON.stringify(name)}`,
        'write its name and one value; there is no * and no [] in them',
      );
  }
  const twin = names.find((name, i) => names.indexOf(name) < i);
  if (twin !== undefined)
    at.add(
      `the parameter ${JSON.stringify(twin)} stands twice`,
      'name each once; other values get routes of their own',
    );
  return params.map(([name, value = '']) => [name, value] as const).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Words of paths come again. */
const literalOf = remember(parseLiteral, { maxEntries: 1_000, maxLength: 64 });

function parseLiteral(part: string): PatternSegment | undefined {
  const parsed: ParsedPath | string = parsePath(`/${part}`);
  if (typeof parsed === 'string') return undefined;
  const [text] = parsed.segments;
  const [folded] = parsed.folded;
  return text === undefined || folded === undefined ? undefined : { kind: 'literal', text, folded };
}
