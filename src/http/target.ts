import type { PathFault } from '../decision.ts';
import { remember } from '../memory.ts';
import { type ParsedPath, parsePath } from '../policy/path.ts';
import { normaliseHost } from '../policy/uri.ts';

/** The target of a request, as it came. */
export interface RawTarget {
  readonly scheme: 'http' | 'https';
  /** As the client sent it, with port. */
  readonly authority: string;
  /** Lower case, without port and trailing dot. */
  readonly host: string;
  readonly rawPath: string;
  /** With its `?`, as it came; empty where there is none. */
  readonly query: string;
  /** `undefined` where it can be read in two ways. */
  readonly path?: ParsedPath;
}

/** The target of a request, taken apart once. */
export interface Target extends RawTarget {
  readonly kind: 'target';
  readonly path: ParsedPath;
}

export interface UnreadTarget {
  readonly kind: 'fault';
  readonly fault: PathFault;
  /** `undefined` where not even the host is sure. */
  readonly raw: RawTarget | undefined;
}

/**
 * Takes a request's URL apart without `new URL()`, which would fold dot segments and backslashes that must be seen
 * here: in a Worker, `request.url` holds the request's target as it came. Most requests ask for what others asked for.
 */
export const parseTarget = remember(readTarget, { maxEntries: 2_000, maxLength: 512 });

function readTarget(url: string): Target | UnreadTarget {
  const schemeEnd = url.indexOf('://');
  const authorityStart = schemeEnd + 3;
  const pathStart = url.indexOf('/', authorityStart);
  const unread = (fault: PathFault, raw?: RawTarget): UnreadTarget => ({ kind: 'fault', fault, raw });
  if (schemeEnd === -1 || pathStart === -1) return unread('authority');
  const authority = url.slice(authorityStart, pathStart);
  if (authority === '' || /[@?#\\\s]/.test(authority)) return unread('authority');
  const fragmentStart = url.indexOf('#', pathStart);
  const end = fragmentStart === -1 ? url.length : fragmentStart;
  const queryStart = url.indexOf('?', pathStart);
  const pathEnd = queryStart === -1 || queryStart > end ? end : queryStart;
  const rawPath = url.slice(pathStart, pathEnd);
  const raw: RawTarget = {
    scheme: url.startsWith('https:') ? 'https' : 'http',
    authority,
    host: normaliseHost(authority),
    rawPath,
    query: url.slice(pathEnd, end),
  };
  if (fragmentStart !== -1) return unread('fragment', raw);
  const path = parsePath(rawPath);
  return typeof path === 'string' ? unread(path, raw) : { kind: 'target', ...raw, path };
}

/**
 * The target that is sent on: the path that was matched, in its one spelling, and the query as it came.
 *
 * @param skippedSegments so many at the start are the gateway's own, and not sent
 */
export function writeTarget({ path, query }: Pick<Target, 'path' | 'query'>, skippedSegments = 0): string {
  const segments = skippedSegments === 0 ? path.encoded : path.encoded.slice(skippedSegments);
  return `/${segments.join('/')}${query}`;
}

/** The same for an API on trial: the path as it came. */
export function writeRawTarget(target: RawTarget, skippedSegments = 0): string {
  return `/${rawSegments(target).slice(skippedSegments).join('/')}${target.query}`;
}

/**
 * The segments of a path as every `fetch` writes them: without dot segments. Appended to the path of an origin, it
 * can't climb out of it.
 */
export function rawSegments({ rawPath }: RawTarget): string[] {
  return new URL(`http://host${rawPath}`).pathname.slice(1).split('/');
}
