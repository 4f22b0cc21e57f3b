/** The routes of one pattern: which of them a request falls under, by its method and its query. */
import type { PatternLeaf, QueriedRoutes, Route } from './policy.ts';
import { isNarrower, meets, readQuery } from './query.ts';
import { isInStar } from './second-target.ts';

/** `Allow` lists these where a route serves every method, and methods in this order. */
const USUAL_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const NONE: readonly Route[] = [];

/** The route that a pattern has for a method. GET serves HEAD (RFC 9110 §9.3.2). */
export function routeFor(
  leaf: Pick<PatternLeaf, 'methods' | 'anyMethod'>,
  method: string,
): Route | undefined {
  const own = leaf.methods.get(method) ?? (method === 'HEAD' ? leaf.methods.get('GET') : undefined);
  if (own !== undefined) return own;
  // Methods are case-sensitive, but not to every server: `patch` must not pass by `*` where PATCH has its own rules.
  const upper = method.toUpperCase();
  return method !== upper || !isInStar(method) ? undefined : leaf.anyMethod;
}

/**
 * The routes of a pattern for a request: the first one serves it, and the rules of the others must hold as well. Those
 * whose query is there plainly come before the one without; of two such, the narrower one. A query that only may be read
 * so binds as well. Of two that say nothing of each other, both.
 */
export function routesFor(leaf: PatternLeaf, method: string, query: string): readonly Route[] {
  const route = routeFor(leaf, method);
  if (leaf.queried === undefined) return route === undefined ? NONE : [route];
  const pieces = readQuery(query);
  const plain: QueriedRoutes[] = [];
  const maybe: Route[] = [];
  for (const one of leaf.queried) {
    const own = routeFor(one, method);
    const how = own === undefined ? 'no' : meets(pieces, one.condition);
    if (how === 'plain') plain.push(one);
    else if (how === 'maybe' && own !== undefined) maybe.push(own);
  }
  const serving = plain
    .filter((one) => !plain.some((other) => isNarrower(other.condition, one.condition)))
    .map((one) => routeFor(one, method));
  const first = serving.length > 0 ? serving : [route];
  // Where none serves it plainly, one that only may be meant does not either.
  return first[0] === undefined ? NONE : [...first, ...maybe].filter((one) => one !== undefined);
}

/** All that a pattern has: what is for any query, and what is for certain ones. */
export const entriesOf = (leaf: PatternLeaf) => [leaf, ...(leaf.queried ?? [])];

/** In an order that does not depend on that of the file. */
export function routesOf(leaves: readonly PatternLeaf[]): Route[] {
  const routes = leaves
    .flatMap(entriesOf)
    .flatMap(({ methods, anyMethod }) => [...methods.values(), ...(anyMethod ? [anyMethod] : [])]);
  const name = ({ api, key }: Route) => `${api.name} ${key}`;
  return routes.sort((a, b) => (name(a) < name(b) ? -1 : 1));
}

/** The methods that the patterns have, as `Allow` lists them. */
export function allowedMethods(leaves: readonly PatternLeaf[]): string[] {
  const methods = new Set<string>();
  for (const leaf of leaves.flatMap(entriesOf)) {
    for (const method of leaf.methods.keys()) methods.add(method);
    if (leaf.anyMethod !== undefined) for (const method of USUAL_METHODS) methods.add(method);
  }
  if (methods.has('GET')) methods.add('HEAD');
  const unusual = [...methods].filter((method) => !USUAL_METHODS.includes(method));
  return [...USUAL_METHODS.filter((method) => methods.has(method)), ...unusual.sort()];
}
