import { type ParsedPath, parsePath } from '../path.ts';
import { type Fault, fault, type Place } from './fault.ts';

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

/** A Worker's `fetch` can't send these, and no origin should get them (RFC 9110 §9.3.6, §9.3.8). */
export const UNROUTABLE_METHODS: ReadonlySet<string> = new Set(['TRACE', 'CONNECT', 'TRACK']);

const METHOD = /^[A-Z][A-Z-]*$/;
const PARAM = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Reads a route key: methods joined by `|`, blanks, a path of literals, `:param` and a final `*`. */
export function parseRouteKey(key: string, place: Place): RouteKey | Fault[] {
  const parts = key.trim().split(/\s+/);
  const [methodList, pattern] = parts;
  if (methodList === undefined || pattern === undefined || parts.length > 2) {
    return [fault(place, 'a route key is a method and a path', 'write it like "GET /orders/:id"')];
  }
  const faults: Fault[] = [];
  const methods = methodList.split('|');
  for (const method of methods) {
    if (method === '*') {
      if (methods.length > 1) faults.push(fault(place, '* already stands for every method', 'write * alone'));
    } else if (METHOD.test(method.toUpperCase()) && method !== method.toUpperCase()) {
      faults.push(fault(place, 'methods are case-sensitive', `write ${method.toUpperCase()}`));
    } else if (!METHOD.test(method)) {
      faults.push(fault(place, `${JSON.stringify(method)} is no method`, 'write methods like GET|PUT, or *'));
    } else if (UNROUTABLE_METHODS.has(method)) {
      faults.push(fault(place, `${method} can't be forwarded`, 'leave it out'));
    }
  }
  if (new Set(methods).size < methods.length) {
    faults.push(fault(place, 'a method is named twice', 'name each once'));
  }
  const segments = parsePattern(pattern, place, faults);
  return faults.length > 0 ? faults : { methods, segments, pattern };
}

function parsePattern(pattern: string, place: Place, faults: Fault[]): PatternSegment[] {
  if (!pattern.startsWith('/')) {
    faults.push(fault(place, 'a path begins with /', `write /${pattern}`));
    return [];
  }
  if (/[?#]/.test(pattern)) {
    faults.push(fault(place, 'a path has no query and no fragment', 'end it before the ? or #'));
    return [];
  }
  const parts = pattern.slice(1).split('/');
  const names = new Set<string>();
  return parts.map((part, index): PatternSegment => {
    if (part.startsWith(':')) {
      const name = part.slice(1);
      if (!PARAM.test(name)) {
        faults.push(
          fault(place, `${JSON.stringify(part)} is no parameter`, 'name it with letters, digits and _'),
        );
      }
      if (names.has(name)) {
        faults.push(fault(place, `the parameter :${name} stands twice`, 'give each its own name'));
      }
      names.add(name);
      return { kind: 'param', name };
    }
    if (part === '*' && index === parts.length - 1) return { kind: 'rest' };
    if (part.includes('*')) {
      faults.push(fault(place, '* stands for the rest of a path', 'put it last, alone between slashes'));
      return { kind: 'rest' };
    }
    if (part === '' && index === parts.length - 1) return { kind: 'literal', text: '', folded: '' };
    const literal = parseLiteral(part);
    if (literal === undefined) {
      faults.push(
        fault(
          place,
          `no request can match ${JSON.stringify(part)}`,
          'see "One form of a path" in docs/policy.md',
        ),
      );
      return { kind: 'literal', text: part, folded: part };
    }
    return literal;
  });
}

function parseLiteral(part: string): PatternSegment | undefined {
  const parsed: ParsedPath | string = parsePath(`/${part}`);
  if (typeof parsed === 'string') return undefined;
  const [text] = parsed.segments;
  const [folded] = parsed.folded;
  return text === undefined || folded === undefined ? undefined : { kind: 'literal', text, folded };
}
