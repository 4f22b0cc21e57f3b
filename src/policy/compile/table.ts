import type { FoldedLeaf, PatternLeaf, QueriedRoutes, Route, RouteTable } from '../policy.ts';
import type { QueryCondition } from '../query.ts';
import { routeFor } from '../served.ts';
import { type Affixes, compareAffixes, isVerbal, type PatternNode } from '../tree.ts';
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
    const { segments, pattern, methods, query } = entry.key;
    const leaf = insert(exact, segments, () => ({
      pattern,
      methods: new Map(),
      anyMethod: undefined,
      queried: undefined,
    }));
    const target = query.length === 0 ? leaf : queriedOf(leaf, query);
    for (const method of methods) {
      const twin = method === '*' ? target.anyMethod : target.methods.get(method);
      if (twin !== undefined) {
        entry.at.add(`${describe(places, twin)} serves ${method} here already`, 'keep one of them');
      } else if (method === '*') target.anyMethod = entry.route;
      else target.methods.set(method, entry.route);
    }
    // Most patterns are their own folded form.
    const isFolded = segments.every(isFoldedSegment);
    const foldedSteps = isFolded ? segments : segments.filter((s) => !isEmpty(s)).map(foldedStep);
    const group = insert(folded, foldedSteps, () => ({ leaves: [] as PatternLeaf[] }));
    if (!group.leaves.includes(leaf)) group.leaves.push(leaf);
    if (!isFolded && pattern !== '/') allFolded = false;
  }
  reserveVerbs(exact, unknownVerb);
  reserveVerbs(folded, (groups) => ({ leaves: [unknownVerb(groups.flatMap(({ leaves }) => leaves))] }));
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

const isEmpty = (s: PatternSegment): boolean => s.kind === 'literal' && s.text === '';

const isFoldedSegment = (s: PatternSegment): boolean =>
  s.kind === 'literal'
    ? s.text === s.folded && s.text !== ''
    : s.kind === 'rest' || s.before + s.after === (s.before + s.after).toLowerCase();

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

type Step =
  | { readonly kind: 'literal'; readonly text: string }
  | ({ readonly kind: 'param' } & Affixes)
  | { readonly kind: 'rest' };

const foldedStep = (s: PatternSegment): Step =>
  s.kind === 'literal'
    ? { kind: 'literal', text: s.folded }
    : s.kind === 'param'
      ? { kind: 'param', before: s.before.toLowerCase(), after: s.after.toLowerCase() }
      : s;

function emptyNode<Leaf>(): PatternNode<Leaf> {
  return {
    literals: undefined,
    affixed: undefined,
    otherVerb: undefined,
    param: undefined,
    wildcard: undefined,
    leaf: undefined,
  };
}

/** The routes of a pattern for one condition on the query, however it is written. */
function queriedOf(leaf: PatternLeaf, condition: QueryCondition): QueriedRoutes {
  leaf.queried ??= [];
  const name = JSON.stringify(condition);
  let routes = leaf.queried.find((one) => JSON.stringify(one.condition) === name);
  if (routes === undefined) {
    routes = { condition, methods: new Map(), anyMethod: undefined };
    leaf.queried.push(routes);
    // Which of two a log names must not depend on the order of the file.
    leaf.queried.sort((a, b) => (JSON.stringify(a.condition) < JSON.stringify(b.condition) ? -1 : 1));
  }
  return routes;
}

function insert<Leaf>(root: PatternNode<Leaf>, steps: readonly Step[], make: () => Leaf): Leaf {
  let node = root;
  for (const step of steps) {
    if (step.kind === 'rest') {
      node.wildcard ??= make();
      return node.wildcard;
    }
    if (step.kind === 'param') {
      if (step.before === '' && step.after === '') node = node.param ??= emptyNode();
      else node = affixedChild(node, step);
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

function affixedChild<Leaf>(parent: PatternNode<Leaf>, { before, after }: Affixes): PatternNode<Leaf> {
  parent.affixed ??= [];
  let child = parent.affixed.find((one) => one.before === before && one.after === after);
  if (child === undefined) {
    child = { before, after, node: emptyNode() };
    parent.affixed.push(child);
    parent.affixed.sort(compareAffixes);
  }
  return child.node;
}

/**
 * Beside a pattern that ends with a verb, `/items/:id:archive`, a text with a colon is no `:id`: the origin would take
 * it for a verb, and no route has said who may use that one.
 */
function reserveVerbs<Leaf>(node: PatternNode<Leaf>, make: (verbs: readonly Leaf[]) => Leaf): void {
  const { affixed, literals, param } = node;
  const verbs = affixed?.flatMap(({ after, node: { leaf } }) =>
    leaf !== undefined && isVerbal(after) ? [leaf] : [],
  );
  if (verbs !== undefined && verbs.length > 0) node.otherVerb = { ...emptyNode(), leaf: make(verbs) };
  if (literals !== undefined) for (const child of literals.values()) reserveVerbs(child, make);
  if (affixed !== undefined) for (const child of affixed) reserveVerbs(child.node, make);
  if (param !== undefined) reserveVerbs(param, make);
}

const unknownVerb = (verbs: readonly PatternLeaf[]): PatternLeaf => ({
  pattern: verbs.map(({ pattern }) => `${pattern.slice(0, pattern.lastIndexOf(':'))}:…`)[0] ?? '',
  methods: new Map(),
  anyMethod: undefined,
  queried: undefined,
  verbs,
});

function leavesOf<Leaf>(node: PatternNode<Leaf>, found: Leaf[] = []): Leaf[] {
  if (node.leaf !== undefined) found.push(node.leaf);
  if (node.wildcard !== undefined) found.push(node.wildcard);
  if (node.literals !== undefined) for (const child of node.literals.values()) leavesOf(child, found);
  if (node.affixed !== undefined) for (const child of node.affixed) leavesOf(child.node, found);
  if (node.param !== undefined) leavesOf(node.param, found);
  return found;
}
