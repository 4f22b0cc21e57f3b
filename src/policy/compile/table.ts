import { routeFor } from '../match.ts';
import type { FoldedLeaf, PatternLeaf, PatternNode, Route, RouteTable } from '../policy.ts';
import type { CompiledApi } from './apis.ts';
import { writePlace } from './fault.ts';
import type { Faults } from './faults.ts';
import type { PatternSegment } from './route-key.ts';
import { fallbackOf } from './trial.ts';

/** Builds the table of one host, and finds routes that contradict each other. */
export function buildTable(apis: readonly CompiledApi[]): RouteTable {
  const exact = emptyNode<PatternLeaf>();
  const folded = emptyNode<FoldedLeaf>();
  const places = new Map<Route, Faults>();
  let allFolded = true;
  for (const entry of apis.flatMap(({ routes }) => routes)) {
    places.set(entry.route, entry.at);
    const { segments, pattern, methods } = entry.key;
    const leaf = insert(exact, segments.map(exactStep), () => ({
      pattern,
      methods: new Map(),
      anyMethod: undefined,
    }));
    for (const method of methods) {
      const twin = method === '*' ? leaf.anyMethod : leaf.methods.get(method);
      if (twin !== undefined) {
        entry.at.add(`${describe(places, twin)} serves ${method} here already`, 'keep one of them');
      } else if (method === '*') leaf.anyMethod = entry.route;
      else leaf.methods.set(method, entry.route);
    }
    const foldedSteps = segments.filter((s) => !(s.kind === 'literal' && s.text === '')).map(foldedStep);
    const group = insert(folded, foldedSteps, () => ({ leaves: [] as PatternLeaf[] }));
    if (!group.leaves.includes(leaf)) group.leaves.push(leaf);
    const isFolded =
      foldedSteps.length === segments.length &&
      segments.every((s) => s.kind !== 'literal' || s.text === s.folded);
    if (!isFolded && pattern !== '/') allFolded = false;
  }
  for (const group of leavesOf(folded)) {
    checkFoldedGroup(group, places);
    // Which of several equal routes a log names must not depend on the order of the file.
    group.leaves.sort((a, b) => (a.pattern < b.pattern ? -1 : 1));
  }
  const all = apis.map(({ api }) => api);
  return {
    exact,
    folded,
    allFolded,
    fallback: fallbackOf(all),
    onlyApi: all.length === 1 ? all[0] : undefined,
  };
}

const describe = (places: Map<Route, Faults>, route: Route): string =>
  writePlace(places.get(route)?.place ?? []);

/**
 * Patterns such as `/x` and `/X` or `/x/` are one to a lax origin: whoever satisfies the weaker one would reach what
 * the stronger protects. So they must agree, for each method that one of them names and for all others.
 */
function checkFoldedGroup({ leaves }: FoldedLeaf, places: Map<Route, Faults>): void {
  if (leaves.length < 2) return;
  const methods = new Set(['HEAD', ...leaves.flatMap((leaf) => [...leaf.methods.keys()])]);
  const served = [...methods].map((method) => leaves.map((leaf) => routeFor(leaf, method)));
  for (const routes of [...served, leaves.map(({ anyMethod }) => anyMethod)]) {
    const [kept, ...others] = routes.filter((route) => route !== undefined);
    for (const route of others) {
      if (kept === undefined || route.ruleKey === kept.ruleKey) continue;
      places
        .get(route)
        ?.add(
          `some origins can't tell this path from the one of ${describe(places, kept)}, and the rules differ`,
          'give both the same rules, or drop one',
        );
    }
  }
}

type Step = { kind: 'literal'; text: string } | { kind: 'param' } | { kind: 'rest' };

const exactStep = (s: PatternSegment): Step => (s.kind === 'literal' ? { kind: 'literal', text: s.text } : s);
const foldedStep = (s: PatternSegment): Step =>
  s.kind === 'literal' ? { kind: 'literal', text: s.folded } : s;

function emptyNode<Leaf>(): PatternNode<Leaf> {
  return { literals: undefined, param: undefined, wildcard: undefined, leaf: undefined };
}

function insert<Leaf>(root: PatternNode<Leaf>, steps: readonly Step[], make: () => Leaf): Leaf {
  let node = root;
  for (const step of steps) {
    if (step.kind === 'rest') {
      node.wildcard ??= make();
      return node.wildcard;
    }
    if (step.kind === 'param') {
      node.param ??= emptyNode();
      node = node.param;
    } else {
      node.literals ??= new Map();
      let child = node.literals.get(step.text);
      if (child === undefined) {
        child = emptyNode();
        node.literals.set(step.text, child);
      }
      node = child;
    }
  }
  node.leaf ??= make();
  return node.leaf;
}

function* leavesOf<Leaf>(node: PatternNode<Leaf>): Generator<Leaf> {
  if (node.leaf !== undefined) yield node.leaf;
  if (node.wildcard !== undefined) yield node.wildcard;
  for (const child of node.literals?.values() ?? []) yield* leavesOf(child);
  if (node.param !== undefined) yield* leavesOf(node.param);
}
