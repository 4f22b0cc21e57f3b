/** A tree of patterns, as a request walks it. */
import type { PatternNode } from './policy.ts';

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

/** The most specific pattern that fits. */
export function findFirst<Leaf>(node: PatternNode<Leaf>, segments: readonly string[]): Leaf | undefined {
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
