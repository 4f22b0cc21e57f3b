/** A document's paths as patterns of routes. */
import { collectFaults } from '../../../src/policy/compile/faults.ts';
import { parseRouteKey } from '../../../src/policy/compile/route-key.ts';
import type { Server } from './document.ts';

export interface DraftPattern {
  readonly pattern: string;
  readonly review: readonly string[];
}

/** @returns the reason where no route can have this path */
export function draftPattern(base: string, template: string): DraftPattern | string {
  const review: string[] = [];
  const [path = '', query, ...rest] = template.split(/[?#]/);
  // Only values are conditions: `?id={id}` is a parameter that any request may have.
  const isCondition = rest.length === 0 && /^[^={}#&]+=[^={}#&]+(&[^={}#&]+=[^={}#&]+)*$/.test(query ?? '');
  if (query !== undefined && !isCondition) review.push('its query is left out: a route has values only');
  const names = new Set<string>();
  const segments = path
    .slice(1)
    .split('/')
    .map((segment) => draftSegment(segment, names, review));
  const pattern = `${base}/${segments.join('/')}${isCondition ? `?${query}` : ''}`;
  if (!template.startsWith('/')) return 'the path does not begin with /';
  const faults = collectFaults();
  if (parseRouteKey(`GET ${pattern}`, faults) === undefined)
    return faults
      .list()
      .map(({ problem }) => problem)
      .join('; ');
  return { pattern, review };
}

function draftSegment(segment: string, names: Set<string>, review: string[]): string {
  const parts = [...segment.matchAll(/\{([^{}]*)\}/g)];
  if (parts.length === 0) return encodeLiteral(segment);
  const [only] = parts;
  if (only !== undefined && parts.length === 1 && only[0] !== segment) {
    const [start = '', end = ''] = segment.split(only[0]).map(encodeLiteral);
    // A parameter's name ends where a letter can't go on, and begins where none stands before it.
    if (!/[A-Za-z0-9_]$/.test(start) && !/^[A-Za-z0-9_]/.test(end)) {
      const written = `${start}:${uniqueName(only[1] ?? '', names)}${end}`;
      if (parseRouteKey(`GET /${written}`) !== undefined) return written;
    }
  }
  if (parts[0]?.[0] !== segment)
    review.push(`${segment} has become one parameter, which matches other texts as well`);
  return `:${uniqueName(parts.map(([, name]) => name).join('_'), names)}`;
}

/** Letters, digits and `_`, as parameters of routes are named. */
function uniqueName(name: string, names: Set<string>): string {
  const plain = name.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^(?![A-Za-z_])/, '_');
  let unique = plain;
  for (let count = 2; names.has(unique); count++) unique = `${plain}_${count}`;
  names.add(unique);
  return unique;
}

/** A literal may hold what means something in a pattern. */
function encodeLiteral(text: string): string {
  const spelt = text.replace(/[^A-Za-z0-9\-._~!$&'()+,;=:@%]/gu, (character) =>
    character === '*' ? '%2A' : encodeURIComponent(character),
  );
  return spelt.replace(/(?<![A-Za-z0-9_]):/g, '%3A');
}

export interface Base {
  /** The path of the server's URL, without the slash at its end; empty if it has none. */
  readonly path: string;
  readonly origin: string | undefined;
}

/** The base of a document's paths. `undefined`: the URL can't be read. */
export function readServer({ url, variables = {} }: Server): Base | undefined {
  if (typeof url !== 'string') return undefined;
  const filled = url.replace(/\{([^{}]*)\}/g, (text, name: string) =>
    String(variables[name]?.default ?? text),
  );
  if (/[{}]/.test(filled)) return undefined;
  const isAbsolute = /^https?:\/\//i.test(filled);
  try {
    const { origin, pathname } = new URL(filled, 'https://relative.example/');
    return { path: pathname.replace(/\/+$/, ''), origin: isAbsolute ? origin : undefined };
  } catch {
    return undefined;
  }
}
