import type { Reason } from '../decision.ts';
import { routeFor } from './compile/table.ts';
import type { ParsedPath } from './path.ts';
import type { Api, FoldedLeaf, PatternLeaf, PatternNode, Policy, Route, RouteTable } from './policy.ts';

/** What a request falls under. */
export interface Match {
  readonly kind: 'match';
  /** The route that serves the request. */
  readonly route: Route;
  /**
   * Other routes that a lax origin could read the request as; their rules must hold too.
   * Same API, other rules; mostly empty.
   */
  readonly nearMisses: readonly Route[];
}

/** A refusal by the route table, with what is known of the path for logs and challenges. */
export interface NoMatch {
  readonly kind: 'no_match';
  readonly reason: Reason;
  readonly nearMiss?: Route;
  /** The API that has the path, where it lacks the method. */
  readonly api?: Api | undefined;
}

/** What `Allow` lists where a route serves every method. */
const ANY_METHOD_ALLOW = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const NONE: readonly Route[] = [];

/**
 * Finds the route for a request: of all patterns that match, compared segment by segment from the left, a literal
 * beats `:param` beats `*`; then the method. The order of the file never matters.
 *
 * @param host lower case, without port and trailing dot
 */
export function match(policy: Policy, host: string, method: string, path: ParsedPath): Match | NoMatch {
  const table = policy.hosts.get(host) ?? policy.otherHosts;
  const leaf = table && findFirst(table.exact, path.segments);
  if (table === undefined || leaf === undefined) return noMatch({ code: 'route_unknown' });
  const route = routeFor(leaf, method);
  if (route === undefined) {
    const reason: Reason = { code: 'method_not_allowed', allow: allowedMethods([leaf]) };
    return noMatch(reason, undefined, anyRoute(leaf)?.api);
  }
  if (table.allFolded && isFolded(path)) return { kind: 'match', route, nearMisses: NONE };
  return withNearMisses(table, leaf, route, method, path);
}

/** Whether some route serves the path itself: a wildcard that covers it is another matter. */
export function hasRoute(table: RouteTable, method: string, path: ParsedPath): boolean {
  const leaf = findFirst(table.exact, path.segments);
  return leaf !== undefined && !leaf.pattern.endsWith('*') && routeFor(leaf, method) !== undefined;
}

const noMatch = (reason: Reason, nearMiss?: Route, api?: Api): NoMatch => ({
  kind: 'no_match',
  reason,
  ...(nearMiss && { nearMiss }),
  ...(api && { api }),
});

/**
 * An origin may fold case, slashes, parameters or encodings, all of them or some. Every pattern that is more specific
 * than the matched one and fits the folded request may be what it reads: its rules must hold as well.
 */
function withNearMisses(
  table: RouteTable,
  exactLeaf: PatternLeaf,
  route: Route,
  method: string,
  path: ParsedPath,
) {
  const nearMisses: Route[] = [];
  for (const group of findAll(table.folded, path.folded)) {
    if (group.leaves.includes(exactLeaf)) break;
    const other = group.leaves.map(anyRoute).find((one) => one !== undefined && one.api !== route.api);
    if (other !== undefined) return noMatch({ code: 'route_unknown' }, other);
    const near = firstRoute(group, method);
    if (near === undefined) {
      return noMatch(
        { code: 'method_not_allowed', allow: allowedMethods(group.leaves) },
        group.leaves[0] && anyRoute(group.leaves[0]),
        route.api,
      );
    }
    if (near.ruleKey !== route.ruleKey) nearMisses.push(near);
  }
  return { kind: 'match', route, nearMisses } as const;
}

/** All routes of a group have equal rules for a method (`checkFoldedGroup`), so that any of them will do. */
function firstRoute(group: FoldedLeaf, method: string): Route | undefined {
  for (const leaf of group.leaves) {
    const route = routeFor(leaf, method);
    if (route !== undefined) return route;
  }
  return undefined;
}

function anyRoute(leaf: PatternLeaf): Route | undefined {
  return leaf.methods.values().next().value ?? leaf.anyMethod;
}

function allowedMethods(leaves: readonly PatternLeaf[]): string[] {
  const methods = new Set<string>();
  for (const leaf of leaves) {
    for (const method of leaf.anyMethod === undefined ? leaf.methods.keys() : ANY_METHOD_ALLOW) {
      methods.add(method);
      if (method === 'GET') methods.add('HEAD');
    }
  }
  return [...methods];
}

function isFolded({ segments, folded }: ParsedPath): boolean {
  if (segments === folded) return true;
  return segments.length === 1 && segments[0] === ''
    ? true
    : segments.length === folded.length && segments.every((segment, i) => segment === folded[i]);
}

/**
 * Visits the patterns that fit, the most specific first, until `accepts` takes one. Each node of the tree is visited
 * once at most.
 */
function visit<Leaf>(
  node: PatternNode<Leaf>,
  segments: readonly string[],
  accepts: (leaf: Leaf) => boolean,
  depth = 0,
): boolean {
  if (depth === segments.length) return node.leaf !== undefined && accepts(node.leaf);
  const segment = segments[depth] as string;
  const literal = node.literals?.get(segment);
  if (literal !== undefined && visit(literal, segments, accepts, depth + 1)) return true;
  if (segment === '') return false; // after a final slash: neither a parameter nor a rest
  if (node.param !== undefined && visit(node.param, segments, accepts, depth + 1)) return true;
  return node.wildcard !== undefined && accepts(node.wildcard);
}

function findFirst<Leaf>(node: PatternNode<Leaf>, segments: readonly string[]): Leaf | undefined {
  let found: Leaf | undefined;
  visit(node, segments, (leaf) => {
    found = leaf;
    return true;
  });
  return found;
}

/** All patterns that fit, the most specific first. */
export function findAll<Leaf>(node: PatternNode<Leaf>, segments: readonly string[]): Leaf[] {
  const found: Leaf[] = [];
  visit(node, segments, (leaf) => {
    found.push(leaf);
    return false;
  });
  return found;
}
