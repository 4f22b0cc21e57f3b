import { fault } from '../../../../src/policy/compile/fault.ts';
import type { PatternLeaf, Policy, Route } from '../../../../src/policy/policy.ts';
import type { PatternNode } from '../../../../src/policy/tree.ts';
import { tablesOf } from '../../what-if/targets.ts';
import type { Lint } from './subject.ts';

/** An API is asked for no methods beyond these. HEAD comes with GET. */
const ALL_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export const neverMatches: Lint = {
  name: 'never-matches',
  finds: 'a route that no request falls under: others have all its methods, or all its paths',
  why: 'its rules look like protection, and are never read',
  remedy: 'remove it, or what stands in its way',
  *find({ policy, routes }) {
    const dead = deadRoutes(policy);
    for (const { route, place } of routes) {
      const why = dead.get(route);
      if (why !== undefined) yield fault(place, why, 'remove it, or what stands in its way');
    }
  },
};

/** Those that are dead on each of their hosts. */
function deadRoutes(policy: Policy): Map<Route, string> {
  const dead = new Map<Route, string>();
  const alive = new Set<Route>();
  for (const table of tablesOf(policy)) {
    for (const { leaf, shadowed } of leavesOf(table.exact)) {
      for (const route of new Set([...leaf.methods.values(), ...(leaf.anyMethod ? [leaf.anyMethod] : [])])) {
        const why = shadowed
          ? 'more specific routes serve every path that it matches'
          : route === leaf.anyMethod && ALL_METHODS.every((method) => leaf.methods.has(method))
            ? 'other routes have every method of this path'
            : undefined;
        if (why === undefined) alive.add(route);
        else dead.set(route, why);
      }
    }
  }
  for (const route of alive) dead.delete(route);
  return dead;
}

interface Reachable {
  readonly leaf: PatternLeaf;
  readonly shadowed: boolean;
}

function* leavesOf(node: PatternNode<PatternLeaf>): Generator<Reachable> {
  if (node.leaf !== undefined) yield { leaf: node.leaf, shadowed: false };
  if (node.wildcard !== undefined) yield { leaf: node.wildcard, shadowed: takesAll(node) };
  for (const child of node.literals?.values() ?? []) yield* leavesOf(child);
  for (const child of node.affixed ?? []) yield* leavesOf(child.node);
  if (node.param !== undefined) yield* leavesOf(node.param);
}

/** Whether every path below a node falls under what is more specific than its wildcard. */
function takesAll({ param }: PatternNode<PatternLeaf>): boolean {
  if (param?.leaf === undefined) return false; // /x
  if (param.literals?.get('')?.leaf === undefined) return false; // /x/
  return param.wildcard !== undefined || takesAll(param); // /x/…
}
