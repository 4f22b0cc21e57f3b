/**
 * Operations of one API as routes. What a route can't tell apart becomes one that asks for all that each of them asks
 * for; what can be no route is left out, and no wider route may let it in.
 */

import { collectFaults } from '../../../src/policy/compile/faults.ts';
import { parseRouteKey } from '../../../src/policy/compile/route-key.ts';
import { METHODS } from '../../../src/policy/second-target.ts';
import { type Condition, conditionOf, conjunction, isSameCondition, REFUSE } from './conditions.ts';
import type { Note, Operation } from './operations.ts';
import { covers, type Pattern, writePattern } from './patterns.ts';

export interface Joined {
  readonly method: string;
  readonly pattern: Pattern;
  readonly condition: Condition;
  readonly notes: readonly Note[];
  /** Why it is no route of its own. */
  readonly leftOut: string | undefined;
  /** Though left out, it is a route that refuses everybody: a wider one would let callers in. */
  readonly blocks: boolean;
  /** How many operations it is made of. */
  readonly count: number;
}

export function joinOperations(operations: readonly Operation[]): Joined[] {
  const all = operations.map(toJoined);
  const good = all.filter(({ leftOut }) => leftOut === undefined);
  const bad = all.filter(({ leftOut }) => leftOut !== undefined);
  const same = [...Map.groupBy(good, (one) => `${one.method} ${shape(one)}`).values()].map(joinSame);
  const folded = [...Map.groupBy(impliedAway(same), folds).values()].flatMap(joinFolded);
  const narrow = folded.map((one) => (one.pattern.isWider ? narrowed(one, [...folded, ...bad]) : one));
  const routes = bad.reduce(respelt, narrow).map((one) => bad.reduce(tighten, one));
  const blocked = new Set<string>();
  return [...routes, ...bad.map((one) => block(one, routes, blocked))];
}

const shape = ({ pattern }: Joined) => pattern.shape;
const folds = ({ pattern }: Joined) => pattern.folded;

function toJoined({ method, written, base, path, access, hints, ...operation }: Operation): Joined {
  const pattern = writePattern(
    base?.prefix ?? [],
    path ?? { segments: [{ kind: 'text', text: written }], query: undefined, isWider: false },
  );
  const leftOut = operation.leftOut ?? pattern.problem ?? methodProblem(method);
  if (leftOut !== undefined)
    return { method, pattern, condition: REFUSE, notes: [], leftOut, blocks: false, count: 1 };
  const { condition, notes } = conditionOf(access);
  return {
    method,
    pattern,
    condition: hints.audience === undefined ? condition : { ...condition, audience: hints.audience },
    notes: unique([...operation.notes, ...pattern.notes, ...notes]),
    leftOut,
    blocks: false,
    count: 1,
  };
}

function methodProblem(method: string): string | undefined {
  const faults = collectFaults();
  return parseRouteKey(`${method} /`, faults) === undefined ? faults.list()[0]?.problem : undefined;
}

const unique = (notes: readonly Note[]): Note[] =>
  notes.filter(({ text }, i) => notes.findIndex((one) => one.text === text) === i);

const withNote = (one: Joined, note: Note): Joined => ({ ...one, notes: unique([note, ...one.notes]) });

/** The same method and shape: a request can't tell which of them it means. */
function joinSame(group: readonly Joined[]): Joined {
  const [first, ...more] = group;
  if (first === undefined) throw new Error('a group is never empty');
  const joined: Joined = {
    ...first,
    condition: more.map(({ condition }) => condition).reduce(conjunction, first.condition),
    notes: unique(group.flatMap(({ notes }) => notes)),
    count: group.length,
  };
  if (more.every(({ condition }) => isSameCondition(condition, first.condition))) return joined;
  return withNote(joined, {
    tag: 'joined',
    text: 'the description has several operations that are the same to a route, with rules of their own; all of them must hold',
  });
}

/** `*` stands for most methods, GET serves HEAD. */
const stands = (general: string, method: string): boolean =>
  general === method ||
  (general === 'GET' && method === 'HEAD') ||
  (general === '*' && METHODS[method] !== 'named' && METHODS[method] !== 'never');

/** Without routes that say nothing beyond what another of the same path says. */
function impliedAway(routes: readonly Joined[]): Joined[] {
  return [...Map.groupBy(routes, shape).values()].flatMap((group) => {
    const all = withHead(group);
    const get = all.find(({ method }) => method === 'GET');
    const counts = new Map(all.map((one) => [one, one.count]));
    // HEAD goes to GET, and GET may go to *.
    for (const one of [...all].sort((a, b) => rank(a) - rank(b))) {
      // GET serves HEAD before * does.
      const generals = one.method === 'HEAD' && get !== undefined ? [get] : all;
      const by = generals.find(
        (other) =>
          other !== one &&
          counts.has(other) &&
          stands(other.method, one.method) &&
          isSameCondition(one.condition, other.condition),
      );
      if (by === undefined) continue;
      counts.set(by, (counts.get(by) ?? 0) + (counts.get(one) ?? 0));
      counts.delete(one);
    }
    return all.flatMap((one) => {
      const count = counts.get(one);
      return count === undefined ? [] : [{ ...one, count }];
    });
  });
}

/** Of an operation for all methods, HEAD is one; beside it GET would take HEAD. */
function withHead(group: readonly Joined[]): readonly Joined[] {
  const general = group.find(({ method }) => method === '*');
  const has = (name: string) => group.some(({ method }) => method === name);
  if (general === undefined || !has('GET') || has('HEAD')) return group;
  return [...group, { ...general, method: 'HEAD', count: 0 }];
}

const rank = ({ method }: Joined) => (method === 'HEAD' ? 0 : method === '*' ? 2 : 1);

/** Paths that a lax origin takes for one must have the same rules for each method; else the first one has all of them. */
function joinFolded(group: readonly Joined[]): Joined[] {
  const paths = [...Map.groupBy(group, shape).values()];
  const [first = [], ...others] = paths;
  const isSame = others.every(
    (path) =>
      path.length === first.length &&
      path.every((one) =>
        first.some((two) => two.method === one.method && isSameCondition(two.condition, one.condition)),
      ),
  );
  if (isSame) return [...group];
  const kept = [...first];
  const pattern = first[0]?.pattern;
  const off = others.flat().map((one): Joined => {
    for (const [i, two] of kept.entries())
      if (stands(one.method, two.method) || one.method === two.method)
        kept[i] = withNote({ ...two, condition: conjunction(two.condition, one.condition) }, LAX);
    const general = kept.find((two) => stands(two.method, one.method) && two.method !== one.method);
    if (general !== undefined && !kept.some(({ method }) => method === one.method))
      kept.push(
        withNote(
          {
            ...general,
            method: one.method,
            condition: conjunction(general.condition, one.condition),
            count: 0,
          },
          LAX,
        ),
      );
    return { ...one, leftOut: `some servers take it for ${pattern?.text}, whose rules hold for both` };
  });
  return [...kept, ...off];
}

const LAX: Note = {
  tag: 'lax',
  text: 'the description has the same path in another spelling, with other rules; the rules of both must hold',
};

const overlaps = (a: string, b: string) => stands(a, b) || stands(b, a);

/** A route that is wider than its operation takes requests from less specific ones: their rules must hold as well. */
function narrowed(route: Joined, routes: readonly Joined[]): Joined {
  const { key } = route.pattern;
  if (key === undefined || route.leftOut !== undefined) return route;
  const below = routes.filter(
    ({ method, pattern, condition }) =>
      pattern.key !== undefined &&
      pattern.key !== key &&
      overlaps(method, route.method) &&
      covers(pattern.key, key) &&
      !isSameCondition(condition, route.condition),
  );
  if (below.length === 0) return route;
  const condition = below.map((one) => one.condition).reduce(conjunction, route.condition);
  const text = 'it takes requests that the description has below another path; the rules of both must hold';
  return withNote({ ...route, condition }, { tag: 'takes', text });
}

/** An operation that was left out, at another spelling of a path that has a route for all methods. */
function respelt(routes: readonly Joined[], left: Joined): readonly Joined[] {
  const there = routes.filter((one) => one.leftOut === undefined && folds(one) === folds(left));
  const general = there.find(({ method }) => method !== left.method && stands(method, left.method));
  const isOwn = there.some((one) => one.method === left.method || shape(one) === shape(left));
  return general === undefined || isOwn ? routes : [...routes, { ...general, method: left.method, count: 0 }];
}

/** A route that also serves an operation that was left out lets nobody in. */
function tighten(route: Joined, left: Joined): Joined {
  if (route.leftOut !== undefined || folds(route) !== folds(left) || !stands(left.method, route.method))
    return route;
  const text = `it is the same route as one that was left out (${left.leftOut}); nobody has the scope review-me`;
  return withNote(
    { ...route, condition: conjunction(route.condition, REFUSE) },
    { tag: `beside ${left.leftOut}`, text },
  );
}

function block(left: Joined, routes: readonly Joined[], blocked: Set<string>): Joined {
  const { key } = left.pattern;
  const id = `${left.method} ${shape(left)}`;
  if (key === undefined || methodProblem(left.method) !== undefined || blocked.has(id)) return left;
  const isServed = routes.some(
    ({ leftOut, method, pattern }) =>
      leftOut === undefined &&
      pattern.key !== undefined &&
      overlaps(method, left.method) &&
      covers(pattern.key, key),
  );
  // Another spelling of the same path has a route: no request gets by that one.
  const isRoute = routes.some(
    (one) =>
      one.leftOut === undefined &&
      folds(one) === folds(left) &&
      (one.method === left.method || shape(one) !== shape(left)),
  );
  if (!isServed || isRoute) return left;
  blocked.add(id);
  return { ...left, blocks: true };
}
