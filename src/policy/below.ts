/** The routes of what lies below a path: a collection is copied, moved or overwritten with all that is in it. */
import { tableOf } from './hosts.ts';
import { looseReadings, type ParsedPath } from './path.ts';
import type { Api, Policy, Route } from './policy.ts';
import { routeFor } from './served.ts';
import { hasSameServer } from './server.ts';
import { affixedNodes, collect, type PatternNode, type ReadingsOf } from './tree.ts';

/** Segments that no pattern has. No path is so long that all of them count. */
const UNKNOWN: readonly string[] = Array.from({ length: 100 }, () => '\u0000');

/**
 * The routes of an API that serve some path below this one: those that are written for one, and the one for what has no
 * route of its own.
 *
 * @returns a route of another API at the same server, whose rules can't be asked, as `foreign`
 */
export function routesBelow(
  policy: Policy,
  host: string,
  method: string,
  { segments, folded }: ParsedPath,
  api: Api,
): { readonly routes: readonly Route[]; readonly foreign: Route | undefined } {
  const table = tableOf(policy, host);
  const routes: Route[] = [];
  let foreign: Route | undefined;
  if (table === undefined) return { routes, foreign };
  // As the path is written, and as a lax origin may read it: the two can lead to different parts of the tree.
  const leaves = new Set([
    ...under(table.exact, trimmed(segments), (depth) => [segments[depth] ?? '']),
    ...under(table.folded, trimmed(folded), (depth) => looseReadings(segments[depth] ?? '')).flatMap(
      (one) => one.leaves,
    ),
  ]);
  for (const leaf of leaves) {
    const route = routeFor(leaf, method);
    if (route === undefined) continue;
    if (route.api === api) routes.push(route);
    else if (hasSameServer(route.api, api)) foreign ??= route;
  }
  return { routes, foreign };
}

/** Without the empty segment of a final slash. */
const trimmed = (segments: readonly string[]): readonly string[] =>
  segments.at(-1) === '' ? segments.slice(0, -1) : segments;

const under = <Leaf>(
  node: PatternNode<Leaf>,
  segments: readonly string[],
  readingsOf: ReadingsOf,
): Leaf[] => [...restsBelow(node, segments, readingsOf), ...leavesBelow(node, segments, readingsOf)];

/** What serves a path below that has no route of its own, at each depth: the deeper, the more `*` can take it. */
function restsBelow<Leaf>(
  node: PatternNode<Leaf>,
  segments: readonly string[],
  readingsOf: ReadingsOf,
): Leaf[] {
  const found: Leaf[] = [];
  const [last] = collect(node, [...segments, ...UNKNOWN], readingsOf);
  for (let depth = 1; depth < UNKNOWN.length; depth++) {
    const [first] = collect(node, [...segments, ...UNKNOWN.slice(0, depth)], readingsOf);
    if (first !== undefined) found.push(first);
    if (first === last) break;
  }
  return found;
}

function leavesBelow<Leaf>(
  node: PatternNode<Leaf>,
  segments: readonly string[],
  readingsOf: ReadingsOf,
  depth = 0,
  found: Leaf[] = [],
): Leaf[] {
  const segment = segments[depth];
  if (segment !== undefined) {
    const literal = node.literals?.get(segment);
    const affixed = node.affixed === undefined ? [] : affixedNodes(node, readingsOf(depth));
    for (const child of [literal, ...affixed, node.param])
      if (child) leavesBelow(child, segments, readingsOf, depth + 1, found);
    return found;
  }
  if (depth > segments.length && node.leaf !== undefined) found.push(node.leaf);
  if (node.wildcard !== undefined) found.push(node.wildcard);
  const children = [
    ...(node.literals?.values() ?? []),
    ...(node.affixed ?? []).map((one) => one.node),
    node.param,
  ];
  for (const child of children) if (child) leavesBelow(child, segments, readingsOf, depth + 1, found);
  return found;
}
