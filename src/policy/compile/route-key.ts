import { type ParsedPath, parsePath } from '../path.ts';
import { UNROUTABLE_METHODS } from '../second-target.ts';
import { collectFaults, type Faults } from './faults.ts';

/** One segment of a pattern. */
export type PatternSegment =
  | { readonly kind: 'literal'; readonly text: string; readonly folded: string }
  | { readonly kind: 'param'; readonly name: string }
  /** Only at the end: one segment or more. */
  | { readonly kind: 'rest' };

export interface RouteKey {
  /** Upper case; `*` stands for every method but TRACE and CONNECT. */
  readonly methods: readonly string[];
  readonly segments: readonly PatternSegment[];
  /** The path as it was written. */
  readonly pattern: string;
}

const METHOD = /^[A-Z][A-Z-]*$/;
const PARAM = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Reads a route key: methods joined by `|`, blanks, a path of literals, `:param` and a final `*`.
 *
 * @returns `undefined` where it has faults; `at` gets them
 */
export function parseRouteKey(key: string, at: Faults = collectFaults()): RouteKey | undefined {
  const before = at.list().length;
  const parts = key.trim().split(/\s+/);
  const [methodList, pattern] = parts;
  if (methodList === undefined || pattern === undefined || parts.length > 2) {
    at.add('a route key is a method and a path', 'write it like "GET /orders/:id"');
    return undefined;
  }
  const methods = parseMethods(methodList, at);
  const segments = parsePattern(pattern, at);
  return at.list().length > before ? undefined : { methods, segments, pattern };
}

function parseMethods(list: string, at: Faults): string[] {
  const methods = list.split('|');
  for (const method of methods) {
    const upper = method.toUpperCase();
    if (method === '*') {
      if (methods.length > 1) at.add('* already stands for every method', 'write * alone');
    } else if (METHOD.test(upper) && method !== upper) at.add('methods are case-sensitive', `write ${upper}`);
    else if (!METHOD.test(method))
      at.add(`${JSON.stringify(method)} is no method`, 'write methods like GET|PUT, or *');
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
  if (/[?#]/.test(pattern)) {
    at.add('a path has no query and no fragment', 'end it before the ? or #');
    return [];
  }
  const parts = pattern.slice(1).split('/');
  const names = new Set<string>();
  return parts.map((part, index): PatternSegment => {
    const isLast = index === parts.length - 1;
    if (part.startsWith(':')) return parseParam(part, names, at);
    if (part === '*' && isLast) return { kind: 'rest' };
    if (part.includes('*')) {
      at.add('* stands for the rest of a path', 'put it last, alone between slashes');
      return { kind: 'rest' };
    }
    if (part === '' && isLast) return { kind: 'literal', text: '', folded: '' };
    const literal = parseLiteral(part);
    if (literal !== undefined) return literal;
    at.add(`no request can match ${JSON.stringify(part)}`, 'see "One form of a path" in docs/policy.md');
    return { kind: 'literal', text: part, folded: part };
  });
}

/** @param names of the parameters before it */
function parseParam(part: string, names: Set<string>, at: Faults): PatternSegment {
  const name = part.slice(1);
  if (!PARAM.test(name))
    at.add(`${JSON.stringify(part)} is no parameter`, 'name it with letters, digits and _');
  if (names.has(name)) at.add(`the parameter :${name} stands twice`, 'give each its own name');
  names.add(name);
  return { kind: 'param', name };
}

function parseLiteral(part: string): PatternSegment | undefined {
  const parsed: ParsedPath | string = parsePath(`/${part}`);
  if (typeof parsed === 'string') return undefined;
  const [text] = parsed.segments;
  const [folded] = parsed.folded;
  return text === undefined || folded === undefined ? undefined : { kind: 'literal', text, folded };
}
