import { fault } from '../../../../src/policy/compile/fault.ts';
import { match } from '../../../../src/policy/match.ts';
import { parsePath } from '../../../../src/policy/path.ts';
import type { Policy, Route } from '../../../../src/policy/policy.ts';
import { examplePath } from '../../what-if/targets.ts';
import { isOpen, isWeaker } from './strength.ts';
import {
  andMore,
  COMMON_METHODS,
  endsInWildcard,
  type Lint,
  methodsOf,
  type PlacedRoute,
} from './subject.ts';

/** A path beside a guarded one, as a pattern for people and as a request. */
interface Neighbour {
  readonly pattern: string;
  readonly path: string;
}

export const weakNeighbour: Lint = {
  name: 'weak-neighbour',
  finds: 'a route with `*` or `:param` that serves what lies right beside a route with stronger rules',
  why: 'many origins serve /admin/users.json or /admin/users/1 as they serve /admin/users; there, the weaker rules hold',
  remedy: 'give what lies beside the stronger route rules of its own, such as `"* /admin/*" = { … }`',
  *find({ policy, routes, hosts }) {
    const found = new Map<Route, { guarded: Set<string>; example: string }>();
    for (const { host, routes: together } of hosts) {
      for (const guarded of together) {
        if (isOpen(guarded.route)) continue;
        const weak = findWeak(policy, host, guarded);
        if (weak === undefined) continue;
        const entry = found.get(weak.route) ?? { guarded: new Set(), example: weak.example };
        entry.guarded.add(guarded.route.key);
        found.set(weak.route, entry);
      }
    }
    for (const { route, place } of routes) {
      const entry = found.get(route);
      if (entry === undefined) continue;
      yield fault(
        place,
        `it serves ${entry.example} ${isOpen(route) ? 'without a token' : 'with fewer rules'}, beside ${andMore([...entry.guarded].map((key) => JSON.stringify(key)))}`,
        `give ${entry.example} a route of its own, or narrow this one`,
      );
    }
  },
};

function findWeak(policy: Policy, host: string, guarded: PlacedRoute) {
  for (const { pattern, path } of neighboursOf(guarded)) {
    const parsed = parsePath(path);
    if (typeof parsed === 'string') continue;
    const own = methodsOf(guarded.key);
    for (const method of new Set([...own, ...COMMON_METHODS])) {
      const found = match(policy, host, method, parsed);
      if (found.kind !== 'match') continue;
      const { route, nearMisses } = found;
      if (route.api !== guarded.route.api || !isWeaker(route, guarded.route)) continue;
      if (nearMisses.some((near) => !isWeaker(near, guarded.route))) continue; // its rules hold as well
      // With another method, it takes a wildcard that asks nobody: a public GET beside a POST is usual.
      if (!own.includes(method) && !(isOpen(route) && route.key.endsWith('*'))) continue;
      return { route, example: `${method} ${pattern}` };
    }
  }
  return undefined;
}

/** The same with a suffix, what is below it, and for what ends in `*` the path above. */
function neighboursOf({ key }: PlacedRoute): Neighbour[] {
  const request = examplePath(key, 'a-value');
  if (endsInWildcard(key)) {
    const above = { pattern: key.pattern.slice(0, -2), path: request.slice(0, request.lastIndexOf('/')) };
    return above.path === '' ? [] : [above];
  }
  const last = key.segments.at(-1);
  if (last?.kind === 'literal' && last.text === '') return [];
  const below = { pattern: `${key.pattern}/…`, path: `${request}/a-value` };
  const suffixed = { pattern: `${key.pattern}.json`, path: `${request}.json` };
  return last?.kind === 'literal' && !last.text.includes('.') ? [suffixed, below] : [below];
}
