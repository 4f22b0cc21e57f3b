import { fault } from '../../../../src/policy/compile/fault.ts';
import type { Property } from '../../../../src/policy/policy.ts';
import { methodKind } from '../../../../src/policy/second-target.ts';
import { isWeaker } from './strength.ts';
import { andMore, endsInWildcard, type HostRoutes, type Lint, type PlacedRoute } from './subject.ts';

export const unjudgedMethod: Lint = {
  name: 'unjudged-method',
  finds:
    'a route for a method that names a second resource in its body, beside rules that could be walked around by it',
  why: 'nobody reads the body: BIND, MERGE, REPORT and others reach what they name there, whatever its own rules say',
  remedy: 'demand for the method what the strictest of those routes demands, or leave the method out',
  *find({ hosts }) {
    const reported = new Set<unknown>();
    for (const { routes } of hosts)
      for (const placed of routes) {
        const { route, key, place } = placed;
        const methods = key.methods.filter((method) => methodKind(method) === 'named');
        if (methods.length === 0 || reported.has(route)) continue;
        const param = paramOf(placed);
        // At the path itself, another method's rules say nothing of what this one may do.
        const guarded = routes.filter(
          (other) =>
            other.route.api === route.api &&
            other.key.pattern !== key.pattern &&
            isWeaker(route, other.route),
        );
        if (param === undefined && guarded.length === 0) continue;
        reported.add(route);
        const around =
          param === undefined
            ? `may reach what ${andMore(guarded.map((other) => JSON.stringify(other.route.key)))} guards`
            : `may reach what another :${param} has`;
        yield fault(
          place,
          `the body of ${methods.join(', ')} names a second resource, which nobody judges: it ${around}`,
          'leave the method out, or give it rules that suffice for all that it can name',
        );
      }
  },
};

/** The parameter that a rule of the route is bound to. */
const paramOf = ({ route }: PlacedRoute): string | undefined =>
  route.demands.flatMap(({ anyOf }) => anyOf).flatMap(paramsOf)[0];

/** Of a value, or of a member on the way to one. */
const paramsOf = (property: Property): string[] => [
  ...('param' in property ? [property.param.name] : []),
  ...('claim' in property ? property.claim.path : []).flatMap((token) =>
    typeof token === 'string' ? [] : [token.name],
  ),
];

export const lostCopy: Lint = {
  name: 'lost-copy',
  finds: 'a route for COPY or MOVE without the plain routes that it needs',
  why: 'a copy is judged as a GET of its source and a PUT of its destination, a move as a DELETE of its source, too: where no route serves those, it is always refused',
  remedy: 'add routes for GET, PUT and DELETE, or drop the one for COPY or MOVE',
  *find({ hosts }) {
    const reported = new Set<unknown>();
    for (const host of hosts)
      for (const placed of host.routes) {
        const { route, key, place } = placed;
        const copies = key.methods.filter((method) => methodKind(method) === 'destination');
        if (copies.length === 0 || reported.has(route)) continue;
        const missing = [
          ...(serves(host, 'GET', placed) ? [] : ['GET of its path']),
          ...(copies.includes('MOVE') && !serves(host, 'DELETE', placed) ? ['DELETE of its path'] : []),
          ...(serves(host, 'PUT', placed, true) ? [] : ['PUT of any path']),
        ];
        if (missing.length === 0) continue;
        reported.add(route);
        yield fault(
          place,
          `${copies.join(' and ')} ${copies.length === 1 ? 'is' : 'are'} always refused: no route serves ${missing.join(', ')}`,
          'add these routes, or remove this one',
        );
      }
  },
};

/** Whether some route serves a method: at the same pattern, at one that ends in `*`, or anywhere. */
const serves = (
  { routes }: HostRoutes,
  method: string,
  { route, key }: PlacedRoute,
  isAnywhere = false,
): boolean =>
  routes.some(
    (other) =>
      other.route.api === route.api &&
      (other.key.methods.includes(method) || other.key.methods.includes('*')) &&
      (isAnywhere || other.key.pattern === key.pattern || endsInWildcard(other.key) || endsInWildcard(key)),
  );
