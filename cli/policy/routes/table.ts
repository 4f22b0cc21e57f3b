/** The route table of a policy: who gets in, and what the origin gets. One entry a route, for every form of output. */

import { ASSERTION_HEADER } from '../../../src/policy/assertion.ts';
import { IDENTITY_HEADERS } from '../../../src/policy/headers.ts';
import { parsePath } from '../../../src/policy/path.ts';
import type { Api, Policy, Route } from '../../../src/policy/policy.ts';
import { findAll } from '../../../src/policy/tree.ts';
import { secretWords } from '../what-if/simulate.ts';
import { tablesOf } from '../what-if/targets.ts';
import { keyOf, onlyWords, originWords, patternOf, whoGetsIn, whoGetsInHere } from '../words.ts';

export interface RouteEntry {
  readonly route: Route;
  readonly methods: readonly string[];
  readonly path: string;
  /** The whole sentence. */
  readonly who: string;
  /** The same, below what is told of the API. */
  readonly whoHere: string;
  readonly origin: string;
  /** Headers that the origin gets of the gateway, each with what is in it. */
  readonly headers: readonly (readonly [name: string, content: string])[];
}

export interface ApiEntry {
  readonly api: Api;
  readonly routes: readonly RouteEntry[];
}

/** @param filter a path that routes serve, or a part of their path */
export function routeTable(policy: Policy, filter?: string, apiName?: string): ApiEntry[] {
  const serving = filter === undefined ? undefined : patternsFor(policy, filter);
  const fits = (path: string) => filter === undefined || path.includes(filter) || serving?.has(path) === true;
  return policy.apis
    .filter(({ name }) => apiName === undefined || name === apiName)
    .map((api) => ({ api, routes: api.routes.map(entryOf).filter(({ path }) => fits(path)) }))
    .filter(({ routes }) => routes.length > 0);
}

/** Patterns that fit a path, on any host. */
function patternsFor(policy: Policy, filter: string): ReadonlySet<string> {
  const path = filter.startsWith('/') ? parsePath(filter) : 'invalid_encoding';
  if (typeof path === 'string') return new Set();
  return new Set(
    tablesOf(policy).flatMap(({ exact }) => findAll(exact, path.segments).map(({ pattern }) => pattern)),
  );
}

function entryOf(route: Route): RouteEntry {
  const { methods } = keyOf(route);
  const { api } = route;
  return {
    route,
    methods,
    path: patternOf(route),
    who: whoGetsIn(route),
    whoHere: whoGetsInHere(route),
    origin: originWords(api.origin),
    headers: headersOf(route),
  };
}

export const IDENTITY = ['issuer', 'subject', 'client id', 'scopes'];

function headersOf({ api, auth, forwardAuthorization }: Route): [string, string][] {
  // Handlers in the same Worker get the caller as an object.
  if (api.origin.kind === 'next') return [];
  const headers = new Map<string, string>();
  if (auth !== 'none') {
    for (const [i, name] of IDENTITY_HEADERS.entries()) headers.set(name, IDENTITY[i] ?? '');
    for (const { header, claim, as, only } of api.forward) {
      const chosen = only === undefined ? '' : `, ${onlyWords(only)}`;
      headers.set(header, (as === 'text' ? claim.text : `${claim.text} as ${as}`) + chosen);
    }
  }
  for (const { header, secret } of api.originHeaders) headers.set(header, secretWords(secret));
  if (api.assertion !== undefined) headers.set(ASSERTION_HEADER, `signed, for ${api.assertion.audience}`);
  if (api.prefix.length > 0) headers.set('x-forwarded-prefix', `/${api.prefix.join('/')}`);
  if (forwardAuthorization) headers.set('authorization', 'as the client sent it');
  return [...headers];
}
