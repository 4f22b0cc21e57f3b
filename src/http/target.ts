import type { PathFault } from '../decision.ts';
import { type ParsedPath, parsePath } from '../policy/path.ts';
import { normaliseHost } from '../policy/uri.ts';

/** The target of a request, taken apart once. */
export interface Target {
  readonly kind: 'target';
  readonly scheme: 'http' | 'https';
  /** As the client sent it, with port. */
  readonly authority: string;
  /** Lower case, without port and trailing dot. */
  readonly host: string;
  readonly path: ParsedPath;
  /** With its `?`, as it came; empty where there is none. */
  readonly query: string;
}

/**
 * Takes a request's URL apart without `new URL()`, which would fold dot segments and backslashes that must be seen
 * here: in a Worker, `request.url` holds the request's target as it came.
 */
export function parseTarget(url: string): Target | { readonly kind: 'fault'; readonly fault: PathFault } {
  const schemeEnd = url.indexOf('://');
  const authorityStart = schemeEnd + 3;
  const pathStart = url.indexOf('/', authorityStart);
  if (schemeEnd === -1 || pathStart === -1) return { kind: 'fault', fault: 'authority' };
  const authority = url.slice(authorityStart, pathStart);
  if (authority === '' || /[@?#\\\s]/.test(authority)) return { kind: 'fault', fault: 'authority' };
  if (url.includes('#', pathStart)) return { kind: 'fault', fault: 'fragment' };
  const queryStart = url.indexOf('?', pathStart);
  const path = parsePath(queryStart === -1 ? url.slice(pathStart) : url.slice(pathStart, queryStart));
  if (typeof path === 'string') return { kind: 'fault', fault: path };
  return {
    kind: 'target',
    scheme: url.startsWith('https:') ? 'https' : 'http',
    authority,
    host: normaliseHost(authority),
    path,
    query: queryStart === -1 ? '' : url.slice(queryStart),
  };
}

/**
 * The target that is sent on: the path that was matched, in its one spelling, and the query as it came.
 *
 * @param skippedSegments so many at the start are the gateway's own, and not sent
 */
export function writeTarget({ path, query }: Target, skippedSegments = 0): string {
  const segments = skippedSegments === 0 ? path.encoded : path.encoded.slice(skippedSegments);
  return `/${segments.join('/')}${query}`;
}
