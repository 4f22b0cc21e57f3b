import type { Reason } from '../decision.ts';
import { type ParsedPath, parsePath } from './path.ts';
import type { Api, PatternLeaf, PatternNode, Policy, Route, RouteTable } from './policy.ts';
import { isInStar, UNROUTABLE_METHODS } from './second-target.ts';

/** The routes that a request falls under. */
export interface Match {
  readonly kind: 'match';
  /** The route that serves the request. */
  readonly route: Route;
  /**
   * Other routes that a lax origin could read the request as; their rules must hold too.
   * Same API, other rules; mostly empty.
   */
  readonly nearMisses: readonly Route[];
  /** Why the table would refuse the request, if all was enforced that is on trial. */
  readonly refusal?: Reason | undefined;
}

/** A refusal by the route table, with what is known of the path for logs and challenges. */
export interface NoMatch {
  readonly kind: 'no_match';
  readonly reason: Reason;
  readonly nearMiss?: Route | undefined;
  /** The API that has the path, where it lacks the method. */
  readonly api?: Api | undefined;
}

/** `Allow` lists these where a route serves every method, and methods in this order. */
const USUAL_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const NONE: readonly Route[] = [];

/**
 * Finds the route for a request: of all patterns that match, compared segment by segment from the left, a literal
 * beats `:param` beats `*`; then the method. The order of the file never matters.
 *
 * @param host lower case, without port and trailing dot
 */
export function match(policy: Policy, host: string, method: string, path: ParsedPath): Match | NoMatch {
  const table = tableOf(policy, host);
  if (table === undefined) return noMatch({ code: 'route_unknown' });
  const found = find(table, method, path);
  return found.kind === 'match' ? found : (onTrial(table, found, method, path) ?? found);
}

/**
 * The route for a path that can be read in two ways: there is one where nothing is enforced beside it.
 *
 * @param segments the path as every `fetch` writes it
 */
export function matchUnread(
  policy: Policy,
  host: string,
  method: string,
  segments: readonly string[],
): Route | undefined {
  const route = tableOf(policy, host)?.fallback;
  if (route?.api.trial?.isAlone !== true || !takes(route, method, segments)) return undefined;
  return isBelow(route.api) && !staysBelow(segments) ? undefined : route;
}

/** Whether the API is a part of its origin, or of its host. */
const isBelow = ({ prefix, origin }: Api): boolean =>
  prefix.length > 0 || (origin.kind === 'url' && /^[a-z]+:\/\/[^/]+\//.test(origin.base));

/** Whether no origin can read the path as one that leads up: only empty segments make it odd. */
const staysBelow = (segments: readonly string[]): boolean =>
  typeof parsePath(`/${segments.filter((one) => one !== '').join('/')}`) !== 'string';

export const tableOf = (policy: Policy, host: string) => policy.hosts.get(host) ?? policy.otherHosts;

function find(table: RouteTable, method: string, path: ParsedPath): Match | NoMatch {
  const leaf = findFirst(table.exact, path.segments);
  if (leaf === undefined) return noMatch({ code: 'route_unknown' });
  const route = routeFor(leaf, method);
  if (route === undefined) {
    const reason: Reason = { code: 'method_not_allowed', allow: allowedMethods([leaf]) };
    return noMatch(reason, undefined, onlyApi(routesOf([leaf])));
  }
  if (table.allFolded && isFolded(path)) return { kind: 'match', route, nearMisses: NONE };
  return withNearMisses(table, leaf, route, method, path);
}

/** A request that the table refuses, and an API on trial takes all the same: where no reading of its path is protected. */
function onTrial(
  { exact, folded, fallback }: RouteTable,
  { reason, api }: NoMatch,
  method: string,
  path: ParsedPath,
): Match | undefined {
  const route = api?.trial?.anything ?? fallback;
  if (route === undefined || !takes(route, method, path.encoded)) return undefined;
  const own = findFirst(exact, path.segments);
  for (const { leaves } of findAll(folded, path.folded)) {
    if (isProtected(leaves, method)) return undefined;
    // The path is its own: what is less specific is none of its business.
    if (own !== undefined && leaves.includes(own)) break;
  }
  return { kind: 'match', route, nearMisses: NONE, refusal: reason };
}

/** Whether they have routes of an API that is not on trial, or one that is enforced for this method. */
const isProtected = (leaves: readonly PatternLeaf[], method: string): boolean =>
  leaves.some(
    (leaf) =>
      routesOf([leaf]).some(({ api }) => api.trial === undefined) ||
      // What a route for `*` does not stand for, a trial must not open.
      (routeFor(leaf, method.toUpperCase()) ?? leaf.anyMethod)?.reportOnly === false,
  );

/** Whether the API's origin can be asked for it at all. */
const takes = ({ api }: Route, method: string, segments: readonly string[]): boolean =>
  !UNROUTABLE_METHODS.has(method.toUpperCase()) && api.prefix.every((segment, i) => segment === segments[i]);

/** The route that a pattern has for a method. GET serves HEAD (RFC 9110 §9.3.2). */
export function routeFor(leaf: PatternLeaf, method: string): Route | undefined {
  const own = leaf.methods.get(method) ?? (method === 'HEAD' ? leaf.methods.get('GET') : undefined);
  if (own !== undefined) return own;
  // Methods are case-sensitive, but not to every server: `patch` must not pass by `*` where PATCH has its own rules.
  const upper = method.toUpperCase();
  return method !== upper || !isInStar(method) ? undefined : leaf.anyMethod;
}

/** Whether some route serves the path itself: a wildcard that covers it is another matter. */
export function hasRoute(table: RouteTable, method: string, path: ParsedPath): boolean {
  const leaf = findFirst(table.exact, path.segments);
  return leaf !== undefined && !leaf.pattern.endsWith('*') && routeFor(leaf, method) !== undefined;
}

const noMatch = (reason: Reason, nearMiss?: Route, api?: Api): NoMatch => ({
  kind: 'no_match',
  reason,
  nearMiss,
  api,
});

/**
 * An origin may fold case, slashes, parameters or encodings, all of them or some. Every pattern that is more specific
 * than the matched one and fits the folded request may be what it reads: its rules must hold as well, and its limits
 * count. A pattern that is another spelling of the matched one has the same rules, but may have a limit of its own.
 */
function withNearMisses(
  table: RouteTable,
  exactLeaf: PatternLeaf,
  route: Route,
  method: string,
  path: ParsedPath,
): Match | NoMatch {
  const nearMisses: Route[] = [];
  let refusal: Reason | undefined;
  for (const { leaves } of findAll(table.folded, path.folded)) {
    const isOwn = leaves.includes(exactLeaf);
    const near = leaves.map((leaf) => routeFor(leaf, method)).filter((one) => one !== undefined);
    const foreign = near.find(({ api }) => api !== route.api);
    if (foreign !== undefined || near.length === 0) {
      const refused = foreign ? noMatch({ code: 'route_unknown' }, foreign) : lacksMethod(leaves, route.api);
      if (isProtected(leaves, method)) return refused;
      refusal ??= refused.reason;
    }
    for (const one of near) {
      if (one.api !== route.api || !differs(one, route)) continue;
      if (nearMisses.every((other) => differs(one, other))) nearMisses.push(one);
    }
    if (isOwn) break;
  }
  return { kind: 'match', route, nearMisses, refusal };
}

/** The path is one of another API, or lacks the method: either way, no rule of it could be asked. */
function lacksMethod(leaves: readonly PatternLeaf[], api: Api): NoMatch {
  const routes = routesOf(leaves);
  const foreign = routes.find((one) => one.api !== api);
  if (foreign !== undefined) return noMatch({ code: 'route_unknown' }, foreign);
  return noMatch({ code: 'method_not_allowed', allow: allowedMethods(leaves) }, routes[0], api);
}

const differs = (one: Route, other: Route) =>
  one.ruleKey !== other.ruleKey || one.rateLimit?.scope !== other.rateLimit?.scope;

/** In an order that does not depend on that of the file. */
function routesOf(leaves: readonly PatternLeaf[]): Route[] {
  const routes = leaves.flatMap(({ methods, anyMethod }) => [
    ...methods.values(),
    ...(anyMethod ? [anyMethod] : []),
  ]);
  const name = ({ api, key }: Route) => `${api.name} ${key}`;
  return routes.sort((a, b) => (name(a) < name(b) ? -1 : 1));
}

/** The API that all routes belong to. Where there are several, none speaks for the path. */
function onlyApi([first, ...others]: readonly Route[]): Api | undefined {
  return others.every(({ api }) => api === first?.api) ? first?.api : undefined;
}

function allowedMethods(leaves: readonly PatternLeaf[]): string[] {
  const methods = new Set<string>();
  for (const leaf of leaves) {
    for (const method of leaf.methods.keys()) methods.add(method);
    if (leaf.anyMethod !== undefined) for (const method of USUAL_METHODS) methods.add(method);
  }
  if (methods.has('GET')) methods.add('HEAD');
  const unusual = [...methods].filter((method) => !USUAL_METHODS.includes(method));
  return [...USUAL_METHODS.filter((method) => methods.has(method)), ...unusual.sort()];
}

function isFolded({ segments, folded }: ParsedPath): boolean {
  if (segments === folded) return true;
  return segments.length === 1 && segments[0] === ''
    ? true
    : segments.length === folded.length && segments.every((segment, i) => segment === folded[i]);
}

/**
 * Visits the patterns that fit, the most specific first, until `accepts` takes one. Each node of the tree is visited
 * once at most.
 */
function visit<Leaf>(
  node: PatternNode<Leaf>,
  segments: readonly string[],
  accepts: (leaf: Leaf) => boolean,
  depth = 0,
): boolean {
  if (depth === segments.length) return node.leaf !== undefined && accepts(node.leaf);
  const segment = segments[depth] as string;
  const literal = node.literals?.get(segment);
  if (literal !== undefined && visit(literal, segments, accepts, depth + 1)) return true;
  if (segment === '') return false; // after a final slash: neither a parameter nor a rest
  if (node.param !== undefined && visit(node.param, segments, accepts, depth + 1)) return true;
  return node.wildcard !== undefined && accepts(node.wildcard);
}

function findFirst<Leaf>(node: PatternNode<Leaf>, segments: readonly string[]): Leaf | undefined {
  let found: Leaf | undefined;
  visit(node, segments, (leaf) => {
    found = leaf;
    return true;
  });
  return found;
}

/** All patterns that fit, the most specific first. */
export function findAll<Leaf>(node: PatternNode<Leaf>, segments: readonly string[]): Leaf[] {
  const found: Leaf[] = [];
  visit(node, segments, (leaf) => {
    found.push(leaf);
    return false;
  });
  return found;
}
