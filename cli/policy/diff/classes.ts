/**
 * All requests to a host, in classes: two requests of one class fall under the same routes, in each policy.
 *
 * A policy looks at a segment's text and at its folded form only to ask whether some pattern has it there. So at each
 * place there is a segment that no pattern has, one that is only folded to a literal, and each literal. Walking the
 * trees of both policies at once, with all of the nodes that a path can still lead to, makes the classes: paths that
 * lead to the same nodes go on alike, whatever they began with, and are walked once. That keeps the number of classes
 * near to the number of patterns.
 */

import { looseReadings } from '../../../src/policy/path.ts';
import type { FoldedLeaf, PatternLeaf, RouteTable } from '../../../src/policy/policy.ts';
import { type Affixes, affixedNodes, type PatternNode } from '../../../src/policy/tree.ts';
import { createIdentities } from './identity.ts';
import { type QuerySample, querySamples } from './queries.ts';
import { type Spellings, writePath } from './spellings.ts';

export interface PathClass {
  /** A path of this class, as it is sent: the most general one. */
  readonly path: string;
  /** It has another spelling of a literal, or a final slash that no pattern has. */
  readonly respelt: boolean;
  /** Every method that some route for such a path names. All others are treated alike. */
  readonly methods: ReadonlySet<string>;
  /** Queries that some route for such a path tells apart, and none. */
  readonly queries: readonly QuerySample[];
}

/** The place that a path has led to in one tree. */
interface Walk<Leaf> {
  /** The nodes that it can be at. */
  readonly nodes: readonly PatternNode<Leaf>[];
  /** The leaves that take it, however it goes on. */
  readonly rests: readonly Leaf[];
}

interface State {
  readonly exact: readonly Walk<PatternLeaf>[];
  readonly folded: readonly Walk<FoldedLeaf>[];
  /** What is left of the prefixes of APIs on trial, below which they take every path. `undefined`: elsewhere. */
  readonly prefixes: readonly (readonly string[] | undefined)[];
}

/**
 * The classes of paths that some route of these tables may serve. All other paths are 404 in all of them, unless an API
 * on trial takes them: then they are classes too.
 */
export function* pathClasses(tables: readonly RouteTable[], spellings: Spellings): Generator<PathClass> {
  const identityOf = createIdentities();
  const seen = new Set<string>();
  const isOnTrial = tables.some(({ fallback }) => fallback !== undefined);

  function* visit(state: State, segments: readonly string[], respelt: boolean): Generator<PathClass> {
    const name = [...state.exact, ...state.folded]
      .map(({ nodes, rests }) => `${nodes.map(identityOf).join()};${rests.map(identityOf).join()}`)
      .concat(state.prefixes.map((rest) => rest?.join('/') ?? '-'))
      .join('|');
    if (seen.has(name)) return;
    seen.add(name);

    const nearLeaves = state.folded.flatMap(endOf);
    if (segments.length > 0) {
      const leaves = state.exact.flatMap(endOf);
      if (leaves.length > 0 || isOnTrial) yield toClass(segments, respelt, leaves, nearLeaves);
    }
    const slashed = state.exact.map(slash);
    const slashLeaves = slashed.flatMap(endOf);
    if (slashLeaves.length > 0 || isOnTrial) {
      const isMeant = slashed.some(({ nodes }) => nodes.length > 0);
      yield toClass([...segments, ''], respelt || !isMeant, slashLeaves, nearLeaves);
    }

    const literals = new Set([
      ...state.exact.flatMap(literalsOf),
      ...state.prefixes.flatMap((rest) => rest?.[0] ?? []),
    ]);
    const folds = new Set(state.folded.flatMap(literalsOf));
    // The most general segment first: of paths that lead to the same nodes, the most general one stands for them.
    const next = function* (text: string, folded: string, isRespelt: boolean) {
      const exact = state.exact.map((walk) => step(walk, text, [text]));
      if (!isOnTrial && exact.every(({ nodes, rests }) => nodes.length + rests.length === 0)) return;
      const readings = looseReadings(text);
      const near = state.folded.map((walk) => step(walk, folded, readings));
      const prefixes = state.prefixes.map((rest) =>
        rest?.[0] === undefined ? rest : rest[0] === text ? rest.slice(1) : undefined,
      );
      yield* visit({ exact, folded: near, prefixes }, [...segments, text], respelt || isRespelt);
    };
    const unknown = spellings.unknown(segments.length);
    yield* next(unknown, unknown, false);
    const affixes = [...state.exact.flatMap(affixesOf), ...state.folded.flatMap(affixesOf)];
    if (affixes.length > 0)
      for (const one of spellings.affixed(segments.length, affixes, folds))
        if (!literals.has(one.text)) yield* next(one.text, spellings.foldOf(one.text), one.respelt);
    for (const folded of folds) {
      const text = spellings.variant(folded, literals);
      if (text !== undefined) yield* next(text, folded, true);
    }
    for (const text of literals) if (text !== '') yield* next(text, spellings.foldOf(text), false);
  }

  const root = {
    exact: tables.map(({ exact }) => ({ nodes: [exact], rests: [] })),
    folded: tables.map(({ folded }) => ({ nodes: [folded], rests: [] })),
    prefixes: tables.flatMap(({ fallback }) => (fallback ? [fallback.api.prefix] : [])),
  };
  yield* visit(root, [], false);
}

/** One segment further, which is not empty. @param readings in which text beside a parameter is looked for */
function step<Leaf>({ nodes, rests }: Walk<Leaf>, segment: string, readings: readonly string[]): Walk<Leaf> {
  const children: PatternNode<Leaf>[] = [];
  const more: Leaf[] = [];
  for (const node of nodes) {
    const child = node.literals?.get(segment);
    if (child !== undefined) children.push(child);
    if (node.affixed !== undefined) children.push(...affixedNodes(node, readings));
    if (node.param !== undefined) children.push(node.param);
    if (node.wildcard !== undefined) more.push(node.wildcard);
  }
  return { nodes: children, rests: more.length === 0 ? rests : [...rests, ...more] };
}

/** A final slash: neither a parameter nor the rest begins with it. */
function slash<Leaf>({ nodes, rests }: Walk<Leaf>): Walk<Leaf> {
  return { nodes: nodes.flatMap((node) => node.literals?.get('') ?? []), rests };
}

/** The leaves that take a path that ends here. */
const endOf = <Leaf>({ nodes, rests }: Walk<Leaf>): Leaf[] => [
  ...nodes.flatMap(({ leaf }) => leaf ?? []),
  ...rests,
];

const affixesOf = <Leaf>({ nodes }: Walk<Leaf>): Affixes[] => nodes.flatMap(({ affixed }) => affixed ?? []);

const literalsOf = <Leaf>({ nodes }: Walk<Leaf>): string[] =>
  nodes.flatMap(({ literals }) => [...(literals?.keys() ?? [])]);

function toClass(
  segments: readonly string[],
  respelt: boolean,
  leaves: readonly PatternLeaf[],
  nearLeaves: readonly FoldedLeaf[],
): PathClass {
  const all = [...leaves, ...nearLeaves.flatMap((group) => group.leaves)];
  return {
    path: writePath(segments),
    respelt,
    methods: new Set(
      all.flatMap((leaf) => [leaf, ...(leaf.queried ?? [])].flatMap(({ methods }) => [...methods.keys()])),
    ),
    queries: querySamples(all),
  };
}
