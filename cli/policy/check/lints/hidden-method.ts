import { fault } from '../../../../src/policy/compile/fault.ts';
import { match } from '../../../../src/policy/match.ts';
import { parsePath } from '../../../../src/policy/path.ts';
import { examplePath } from '../../what-if/targets.ts';
import { isOpen, isWeaker } from './strength.ts';
import { andMore, endsInWildcard, type Lint, methodsOf, type PlacedRoute } from './subject.ts';

export const hiddenMethod: Lint = {
  name: 'hidden-method',
  finds: 'a route with `/*` whose method a path below it lacks, where a route of other methods has that path',
  why: 'a path belongs to its most specific pattern, whatever the method: such requests are answered with 405',
  remedy: 'add the method to the route that has the path, or leave it and accept the warning',
  *find({ policy, routes, hosts }) {
    for (const wide of routes.filter(({ key }) => endsInWildcard(key))) {
      // Below other wildcards, a method that is missing is meant, unless the wildcard's rules are weaker.
      const meansAll = servesAll(wide);
      if (!meansAll && isOpen(wide.route)) continue; // weak-neighbour looks at those
      const hidden = new Map<string, PlacedRoute>();
      for (const { host, routes: together } of hosts) {
        if (!together.includes(wide)) continue;
        for (const other of together) {
          if (other.route.api !== wide.route.api || !covers(wide, other)) continue;
          if (!meansAll && !isWeaker(wide.route, other.route)) continue;
          const path = parsePath(examplePath(other.key, 'a-value'));
          if (typeof path === 'string') continue;
          for (const method of methodsOf(wide.key)) {
            const found = match(policy, host, method, path);
            const refused = found.kind === 'no_match' && found.reason.code === 'method_not_allowed';
            if (refused) hidden.set(`${method} ${other.key.pattern}`, other);
          }
        }
      }
      const [first] = hidden;
      if (first === undefined) continue;
      yield fault(
        wide.place,
        `it does not serve ${andMore([...hidden.keys()])}: that path belongs to ${JSON.stringify(first[1].route.key)}`,
        `add a route "${first[0]}" if such requests should pass`,
      );
    }
  },
};

export const noRoot: Lint = {
  name: 'no-root',
  finds: 'an API with `* /*`, or with `/*` on trial, that has no route for `/`',
  why: '`/*` matches one segment or more: `/` is answered with 404, though the route looks like all paths',
  remedy: 'add a route `* /` with the same rules, or leave it and accept the warning',
  *find({ policy, hosts }) {
    const root = parsePath('/');
    if (typeof root === 'string') return;
    const found = new Set<PlacedRoute>();
    for (const { host, routes } of hosts) {
      const all = routes.find(servesAll);
      if (all === undefined || found.has(all)) continue;
      const answer = match(policy, host, 'GET', root);
      if (answer.kind !== 'no_match' || answer.reason.code !== 'route_unknown') continue;
      found.add(all);
      yield fault(
        all.place,
        'it does not serve "/": "/*" matches one segment or more',
        `add a route "${all.key.methods.join('|')} /" with the same rules`,
      );
    }
  },
};

/** Whether a route is written for all that an API serves, as the first one in front of a live API is. */
const servesAll = ({ key, route }: PlacedRoute): boolean =>
  key.pattern === '/*' && (key.methods.includes('*') || route.reportOnly);

/** Whether the wildcard would match all that the other pattern matches. */
export function covers({ key: wide }: PlacedRoute, { key: other }: PlacedRoute): boolean {
  const fixed = wide.segments.slice(0, -1);
  return (
    other.pattern !== wide.pattern &&
    other.segments.length > fixed.length &&
    fixed.every((segment, i) => {
      const its = other.segments[i];
      if (its === undefined || its.kind === 'rest') return false;
      if (segment.kind === 'literal') return its.kind === 'literal' && its.text === segment.text;
      return its.kind === 'param' || (its.kind === 'literal' && its.text !== '');
    })
  );
}
