import type { FoldedLeaf, PatternLeaf, PatternNode, Route, RouteTable } from '../policy.ts';
import { type CompiledRoute, describeRoute } from './apis.ts';
import { type Fault, fault } from './fault.ts';
import { type PatternSegment, UNROUTABLE_METHODS } from './route-key.ts';

/** The route that a pattern has for a method. GET serves HEAD (RFC 9110 §9.3.2). */
export function routeFor(leaf: PatternLeaf, method: string): Route | undefined {
  const own = leaf.methods.get(method) ?? (method === 'HEAD' ? leaf.methods.get('GET') : undefined);
  if (own !== undefined) return own;
  // Methods are case-sensitive, but not to every server: `patch` must not pass by `*` where PATCH has its own rules.
  const upper = method.toUpperCase();
  return method !== upper || UNROUTABLE_METHODS.has(method) ? undefined : leaf.anyMethod;
}

/** Builds the table of one host, and finds routes that contradict each other. */
export function buildTable(routes: readonly CompiledRoute[], faults: Fault[]): RouteTable {
  const exact = emptyNode<PatternLeaf>();
  const folded = emptyNode<FoldedLeaf>();
  const compiled = new Map<Route, CompiledRoute>();
  let allFolded = true;
  for (const entry of routes) {
    compiled.set(entry.route, entry);
    const { segments, pattern, methods } = entry.key;
    const leaf = insert(exact, segments.map(exactStep), () => ({
      pattern,
      methods: new Map(),
      anyMethod: undefined,
    }));
    for (const method of methods) {
      const twin = method === '*' ? leaf.anyMethod : leaf.methods.get(method);
      if (twin !== undefined) {
        faults.push(
          fault(entry.place, `${describe(compiled, twin)} serves ${method} here already`, 'keep one of them'),
        );
      } else if (method === '*') leaf.anyMethod = entry.route;
      else leaf.methods.set(method, entry.route);
    }
    const foldedSteps = segments.filter((s) => !(s.kind === 'literal' && s.text === '')).map(foldedStep);
    const group = insert(folded, foldedSteps, () => ({ leaves: [] as PatternLeaf[] }));
    if (!group.leaves.includes(leaf)) group.leaves.push(leaf);
    if (
      segments.some((s) => s.kind === 'literal' && s.text !== s.folded) ||
      foldedSteps.length < segments.length
    ) {
      allFolded &&= pattern === '/';
    }
  }
  for (const group of leavesOf(folded)) checkFoldedGroup(group, compiled, faults);
  return { exact, folded, allFolded };
}

const describe = (compiled: Map<Route, CompiledRoute>, route: Route) => {
  const entry = compiled.get(route);
  return entry === undefined ? route.key : describeRoute(entry);
};

/**
 * Patterns such as `/x` and `/X` or `/x/` are one to a lax origin: whoever satisfies the weaker one would reach what
 * the stronger protects. So they must agree, for each method.
 */
function checkFoldedGroup(group: FoldedLeaf, compiled: Map<Route, CompiledRoute>, faults: Fault[]): void {
  const [first, ...others] = group.leaves;
  if (first === undefined || others.length === 0) return;
  const methods = new Set([
    'HEAD',
    'any other method',
    ...group.leaves.flatMap((leaf) => [...leaf.methods.keys()]),
  ]);
  const told = new Set<string>();
  for (const method of methods) {
    let kept: Route | undefined;
    for (const leaf of group.leaves) {
      const route = routeFor(leaf, method);
      if (route === undefined) continue;
      kept ??= route;
      if (route.ruleKey === kept.ruleKey) continue;
      const entry = compiled.get(route);
      const id = `${kept.key}\n${route.key}`;
      if (entry === undefined || told.has(id)) continue;
      told.add(id);
      faults.push(
        fault(
          entry.place,
          `some origins can't tell this path from the one of ${describe(compiled, kept)}, and the rules differ`,
          'give both the same rules, or drop one',
        ),
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
