import type { Reason } from '../decision.ts';
import { tableOf } from './hosts.ts';
import { nearPattern } from './near.ts';
import { type ParsedPath, parsePath } from './path.ts';
import type { Api, PatternLeaf, Policy, Route, RouteTable } from './policy.ts';
import { UNROUTABLE_METHODS } from './second-target.ts';
import { allowedMethods, entriesOf, routeFor, routesFor, routesOf } from './served.ts';
import { findFirst, findFolded } from './tree.ts';

/** The routes that a request falls under. */
export interface Match {
  readonly kind: 'match';
  /** The route that serves the request. */
  readonly route: Route;
  /**
   * Other routes that a lax origin could read the request as; their rules must hold too. Same API, other rules, or such
   * as a switch may close; mostly empty.
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

const NONE: readonly Route[] = [];

/**
 * Finds the route for a request: of all patterns that match, compared segment by segment from the left, a literal
 * beats `:param` beats `*`; then the method, then the query. The order of the file never matters.
 *
 * @param host lower case, without port and trailing dot
 * @param query with its `?`, as it came
 */
export function match(
  policy: Policy,
  host: string,
  method: string,
  path: ParsedPath,
  query = '',
): Match | NoMatch {
  const table = tableOf(policy, host);
  if (table === undefined) return noMatch({ code: 'route_unknown' });
  // A switch closes one route of two that have the same rules.
  const differs = policy.settings.revocation === undefined ? haveOtherRules : areTwo;
  const found = find(table, method, path, query, differs);
  if (found.kind === 'match') return found;
  const missed = withNear(table, found, method, path, query);
  return onTrial(table, missed, method, path, query, differs) ?? missed;
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

/** The same refusal, with the route that the path misses by its spelling. */
function withNear(
  table: RouteTable,
  found: NoMatch,
  method: string,
  path: ParsedPath,
  query: string,
): NoMatch {
  const near = found.reason.code === 'route_unknown' ? nearPattern(table, method, path, query) : undefined;
  return near === undefined ? found : { ...found, reason: { code: 'route_unknown', near } };
}

function find(
  table: RouteTable,
  method: string,
  path: ParsedPath,
  query: string,
  differs: Differs,
): Match | NoMatch {
  const leaf = findFirst(table.exact, path.segments);
  if (leaf === undefined) return noMatch({ code: 'route_unknown' });
  const [route, ...others] = routesFor(leaf, method, query);
  if (route === undefined) return noMatch(lacksRoute(leaf, method), undefined, onlyApi(routesOf([leaf])));
  if (!table.allFolded || !isFolded(path))
    return withNearMisses(table, leaf, route, method, path, query, differs);
  return { kind: 'match', route, nearMisses: others.length === 0 ? NONE : distinct(others, route, differs) };
}

/** A request that the table refuses, and an API on trial takes all the same: where no reading of its path is protected. */
function onTrial(
  { exact, folded, fallback }: RouteTable,
  { reason, api }: NoMatch,
  method: string,
  path: ParsedPath,
  query: string,
  differs: Differs,
): Match | undefined {
  const route = api?.trial?.anything ?? fallback;
  if (route === undefined || !takes(route, method, path.encoded)) return undefined;
  const own = findFirst(exact, path.segments);
  const near: Route[] = [];
  for (const { leaves } of findFolded(folded, path)) {
    if (isProtected(leaves, method, query)) return undefined;
    // Nothing of their rules is enforced; they may be closed.
    if (differs === areTwo) near.push(...leaves.flatMap((leaf) => routesFor(leaf, method, query)));
    // The path is its own: what is less specific is none of its business.
    if (own !== undefined && leaves.includes(own)) break;
  }
  return { kind: 'match', route, nearMisses: distinct(near, route, differs), refusal: reason };
}

/** Whether they have routes of an API that is not on trial, or one that is enforced for this method. */
const isProtected = (leaves: readonly PatternLeaf[], method: string, query: string): boolean =>
  leaves.some(
    (leaf) =>
      routesOf([leaf, ...(leaf.verbs ?? [])]).some(({ api }) => api.trial === undefined) ||
      guards(leaf, method.toUpperCase(), query).some(({ reportOnly }) => !reportOnly),
  );

/** What a route for `*` does not stand for, a trial must not open. */
function guards(leaf: PatternLeaf, method: string, query: string): readonly Route[] {
  const routes = routesFor(leaf, method, query);
  return routes.length > 0 || leaf.anyMethod === undefined ? routes : [leaf.anyMethod];
}

/** Whether the API's origin can be asked for it at all. */
const takes = ({ api }: Route, method: string, segments: readonly string[]): boolean =>
  !UNROUTABLE_METHODS.has(method.toUpperCase()) && api.prefix.every((segment, i) => segment === segments[i]);

/** The reason for a path that has no route for the method, none for the query, or none at all. */
const lacksRoute = (leaf: PatternLeaf, method: string): Reason =>
  leaf.queried?.some((one) => routeFor(one, method) !== undefined) || routesOf([leaf]).length === 0
    ? { code: 'route_unknown' }
    : { code: 'method_not_allowed', allow: allowedMethods([leaf]) };

/** Whether some route serves the path itself: a wildcard that covers it is another matter. */
export function hasRoute(table: RouteTable, method: string, path: ParsedPath): boolean {
  const leaf = findFirst(table.exact, path.segments);
  if (leaf === undefined || leaf.pattern.endsWith('*')) return false;
  return entriesOf(leaf).some((one) => routeFor(one, method) !== undefined);
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
  query: string,
  differs: Differs,
): Match | NoMatch {
  const nearMisses: Route[] = [];
  let refusal: Reason | undefined;
  for (const { leaves } of findFolded(table.folded, path)) {
    const isOwn = leaves.includes(exactLeaf);
    const near = leaves.flatMap((leaf) => routesFor(leaf, method, query));
    const foreign = near.find(({ api }) => api !== route.api);
    if (foreign !== undefined || near.length === 0) {
      const refused = foreign ? noMatch({ code: 'route_unknown' }, foreign) : lacksMethod(leaves, route.api);
      if (isProtected(leaves, method, query)) return refused;
      refusal ??= refused.reason;
    }
    nearMisses.push(...near.filter(({ api }) => api === route.api));
    if (isOwn) break;
  }
  return { kind: 'match', route, nearMisses: distinct(nearMisses, route, differs), refusal };
}

/** The path is one of another API, or lacks the method: either way, no rule of it could be asked. */
function lacksMethod(leaves: readonly PatternLeaf[], api: Api): NoMatch {
  const routes = routesOf(leaves);
  const foreign = routes.find((one) => one.api !== api);
  if (foreign !== undefined || routes.length === 0) return noMatch({ code: 'route_unknown' }, foreign);
  return noMatch({ code: 'method_not_allowed', allow: allowedMethods(leaves) }, routes[0], api);
}

/** Those that say something which none before them says. */
const distinct = (routes: readonly Route[], serving: Route, differs: Differs): readonly Route[] =>
  routes.filter(
    (one, i) => differs(one, serving) && routes.slice(0, i).every((other) => differs(one, other)),
  );

type Differs = (one: Route, other: Route) => boolean;

const haveOtherRules: Differs = (one, other) =>
  one.ruleKey !== other.ruleKey || one.rateLimit?.scope !== other.rateLimit?.scope;

const areTwo: Differs = (one, other) => one !== other;

/** The API that all routes belong to. Where there are several, none speaks for the path. */
function onlyApi([first, ...others]: readonly Route[]): Api | undefined {
  return others.every(({ api }) => api === first?.api) ? first?.api : undefined;
}

function isFolded({ segments, folded }: ParsedPath): boolean {
  if (segments === folded) return true;
  return segments.length === 1 && segments[0] === ''
    ? true
    : segments.length === folded.length && segments.every((segment, i) => segment === folded[i]);
}
