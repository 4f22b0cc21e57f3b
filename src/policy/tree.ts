/** Trees of patterns, and how a request walks them. */
import { looseReadings, type ParsedPath } from './path.ts';

export interface PatternNode<Leaf> {
  /** `undefined` where no literal follows: most nodes are ends. */
  literals: Map<string, PatternNode<Leaf>> | undefined;
  /** Parameters with a fixed start or end, the most specific first. `undefined` where there are none. */
  affixed: AffixedChild<Leaf>[] | undefined;
  /** Takes what ends with a verb (`7:archive`) that no pattern here names. `undefined` where none names one. */
  otherVerb: PatternNode<Leaf> | undefined;
  param: PatternNode<Leaf> | undefined;
  /** The pattern that ends with `*` here. */
  wildcard: Leaf | undefined;
  /** The pattern that ends here. */
  leaf: Leaf | undefined;
}

/** A parameter's fixed start and end: `@` and `.json` of `@:name.json`. One of them may be empty. */
export interface Affixes {
  readonly before: string;
  readonly after: string;
}

export interface AffixedChild<Leaf> extends Affixes {
  readonly node: PatternNode<Leaf>;
}

/** Whether a segment has a verb behind a colon, as custom methods of Google's APIs do. */
export const isVerbal = (segment: string): boolean => segment.includes(':');

/** The parameter itself has one character at least. */
const fitsAffixes = ({ before, after }: Affixes, segment: string): boolean =>
  segment.length > before.length + after.length && segment.startsWith(before) && segment.endsWith(after);

/**
 * The more fixed text, the more specific; of as much, the longer start; then by the alphabet, so that the order of the
 * file never matters.
 */
export function compareAffixes(one: Affixes, other: Affixes): number {
  const length = ({ before, after }: Affixes) => before.length + after.length;
  return (
    length(other) - length(one) ||
    other.before.length - one.before.length ||
    (one.before + one.after < other.before + other.after ? -1 : 1)
  );
}

/**
 * The nodes that a segment leads to by a fixed start or end, or by a verb that no pattern names; the most specific first.
 *
 * @param readings of the segment; one of them must fit
 */
export function affixedNodes<Leaf>(
  { affixed = [], otherVerb }: PatternNode<Leaf>,
  readings: readonly string[],
): PatternNode<Leaf>[] {
  const nodes = affixed
    .filter((child) => readings.some((text) => fitsAffixes(child, text)))
    .map(({ node }) => node);
  const isKnown = (text: string) => affixed.some((one) => isVerbal(one.after) && fitsAffixes(one, text));
  const hasOther = otherVerb !== undefined && readings.some((text) => isVerbal(text) && !isKnown(text));
  return hasOther ? [...nodes, otherVerb] : nodes;
}

/** How a segment at this place may be read, as far as text beside a parameter goes. */
export type ReadingsOf = (depth: number) => readonly string[];

/**
 * Visits the patterns that fit, the most specific first, until `accepts` takes one. Each node of the tree is visited
 * once at most.
 *
 * @param readingsOf the segment at this place, as text beside a parameter may be found in it
 */
function visit<Leaf>(
  node: PatternNode<Leaf>,
  segments: readonly string[],
  readingsOf: ReadingsOf,
  accepts: (leaf: Leaf) => boolean,
  depth = 0,
): boolean {
  if (depth === segments.length) return node.leaf !== undefined && accepts(node.leaf);
  const segment = segments[depth] as string;
  const literal = node.literals?.get(segment);
  if (literal !== undefined && visit(literal, segments, readingsOf, accepts, depth + 1)) return true;
  if (segment === '') return false; // after a final slash: neither a parameter nor a rest
  if (node.affixed !== undefined)
    for (const child of affixedNodes(node, readingsOf(depth)))
      if (visit(child, segments, readingsOf, accepts, depth + 1)) return true;
  if (node.param !== undefined && visit(node.param, segments, readingsOf, accepts, depth + 1)) return true;
  return node.wildcard !== undefined && accepts(node.wildcard);
}

/** The most specific pattern that fits. @param segments as they are written */
export function findFirst<Leaf>(node: PatternNode<Leaf>, segments: readonly string[]): Leaf | undefined {
  let found: Leaf | undefined;
  visit(node, segments, literally(segments), (leaf) => {
    found = leaf;
    return true;
  });
  return found;
}

/** All patterns that fit, the most specific first. @param segments as they are written */
export const findAll = <Leaf>(node: PatternNode<Leaf>, segments: readonly string[]): Leaf[] =>
  collect(node, segments, literally(segments));

/** All patterns that lax origins may take a path for, the most specific first. @param node of a tree of folded patterns */
export const findFolded = <Leaf>(node: PatternNode<Leaf>, { segments, folded }: ParsedPath): Leaf[] =>
  collect(node, folded, (depth) => looseReadings(segments[depth] ?? ''));

const literally = (segments: readonly string[]) => (depth: number) => [segments[depth] ?? ''];

/** All patterns that fit, the most specific first. */
export function collect<Leaf>(
  node: PatternNode<Leaf>,
  segments: readonly string[],
  readingsOf: ReadingsOf,
): Leaf[] {
  const found: Leaf[] = [];
  visit(node, segments, readingsOf, (leaf) => {
    found.push(leaf);
    return false;
  });
  return found;
}
