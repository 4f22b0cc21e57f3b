import { type Bindings, checkBinding } from './bindings.ts';
import { parseSelector } from './claims.ts';
import { type Fault, fault, type Place, schemaFaults, suggest, writePlace } from './fault.ts';
import { mayCarryClaim, normaliseHeaderName } from './headers.ts';
import { valueRule } from './issuers.ts';
import type { Api, ClaimRule, ForwardedClaim, Issuer, Origin, Route } from './policy.ts';
import { parseRouteKey, type RouteKey } from './route-key.ts';
import { type ApiConfig, apiSchema, type RouteConfig, routeSchema } from './schema.ts';
import { normaliseHost, parseTrustedUri, parseUrl } from './uri.ts';

const DEFAULT_TIMEOUT_MS = 15_000;
const DEFAULT_UPLOAD_TIMEOUT_MS = 300_000;

/** What the tables of APIs are compiled against. */
export interface Surroundings {
  readonly issuers: readonly Issuer[];
  /** All names under `[vars.ISSUERS]`, those of faulty ones too. */
  readonly issuerNames: readonly string[];
  readonly bindings: Bindings;
}

/** A route with its key taken apart: what the route table is built from. */
export interface CompiledRoute {
  readonly route: Route;
  readonly key: RouteKey;
  readonly place: Place;
}

/** Compiles one `[vars.API_…]` table. `undefined` where its own fields have faults. */
export function compileApi(
  name: string,
  table: unknown,
  surroundings: Surroundings,
  faults: Fault[],
): { api: Api; routes: CompiledRoute[] } | undefined {
  const place = [name];
  const routeTables = readRouteTables(table);
  // Routes are checked one by one, so that a fault in one doesn't hide those of the others.
  const parsed = apiSchema.safeParse(
    routeTables === undefined ? table : { ...(table as object), routes: {} },
  );
  if (!parsed.success) {
    const fields = (path: Place) => (path.length === 0 ? Object.keys(apiSchema.shape) : ['header', 'as']);
    faults.push(...schemaFaults(place, table, parsed.error.issues, fields));
  }
  const routeConfigs = Object.entries(routeTables ?? {}).flatMap(([key, value]) => {
    const route = routeSchema.safeParse(value);
    if (route.success) return [{ key, config: route.data }];
    const fields = (path: Place) => (path.length === 0 ? Object.keys(routeSchema.shape) : ['param']);
    faults.push(...schemaFaults([name, 'routes', key], value, route.error.issues, fields));
    return [];
  });
  if (routeTables !== undefined && Object.keys(routeTables).length === 0) {
    faults.push(
      fault(
        [name, 'routes'],
        'there is no route',
        'add one like "GET /orders" = { scopes_all = ["read:orders"] }',
      ),
    );
  }
  if (!parsed.success) return undefined;

  const config = parsed.data;
  const routes: CompiledRoute[] = [];
  const apiRoutes: Route[] = [];
  const api: Api = {
    name,
    hosts: config.hosts ?? [],
    origin: compileOrigin(config.origin, [name, 'origin'], surroundings.bindings, faults),
    resource: compileResource(config, place, faults),
    issuers: resolveIssuers(config.issuer, [name, 'issuer'], surroundings, faults),
    forward: compileForward(config.forward ?? {}, [name, 'forward'], faults),
    timeoutMs: config.timeout_ms ?? DEFAULT_TIMEOUT_MS,
    uploadTimeoutMs: config.upload_timeout_ms ?? DEFAULT_UPLOAD_TIMEOUT_MS,
    routes: apiRoutes,
  };
  for (const { key, config: routeConfig } of routeConfigs) {
    const routePlace = [name, 'routes', key];
    const routeKey = parseRouteKey(key, routePlace);
    if (Array.isArray(routeKey)) {
      faults.push(...routeKey);
      continue;
    }
    const route = compileRoute(key, routeKey, routeConfig, api, config, surroundings, faults);
    routes.push({ route, key: routeKey, place: routePlace });
    apiRoutes.push(route);
  }
  return { api, routes };
}

function readRouteTables(table: unknown): Record<string, unknown> | undefined {
  const routes = (table as { routes?: unknown } | null)?.routes;
  const isTable = typeof routes === 'object' && routes !== null && !Array.isArray(routes);
  return isTable ? (routes as Record<string, unknown>) : undefined;
}

function compileOrigin(text: string, place: Place, bindings: Bindings, faults: Fault[]): Origin {
  if (text.startsWith('service:')) {
    const binding = text.slice('service:'.length);
    checkBinding('services', binding, place, bindings, faults);
    return { kind: 'service', binding };
  }
  const url = parseUrl(text);
  if (
    url === undefined ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.username !== '' ||
    url.password !== '' ||
    /[?#]/.test(text)
  ) {
    faults.push(
      fault(
        place,
        `${JSON.stringify(text)} is no origin`,
        'write an http(s) URL without user name, query and fragment, or "service:BINDING"',
      ),
    );
    return { kind: 'url', base: '' };
  }
  return { kind: 'url', base: url.href.replace(/\/+$/, '') };
}

/** RFC 9728 §1.2: an https URL without fragment. By default the audience, where it is that and on a host of the API. */
function compileResource(config: ApiConfig, place: Place, faults: Fault[]): string | undefined {
  const onHost = (url: URL | undefined) =>
    url !== undefined && (config.hosts === undefined || config.hosts.includes(normaliseHost(url.host)));
  if (config.resource !== undefined) {
    if (!onHost(parseTrustedUri(config.resource))) {
      faults.push(
        fault(
          [...place, 'resource'],
          'this is no resource identifier of this API',
          'write an https URL on one of its hosts',
        ),
      );
    }
    return config.resource;
  }
  const { audience, hosts } = config;
  return typeof audience === 'string' && hosts !== undefined && onHost(parseTrustedUri(audience))
    ? audience
    : undefined;
}

function resolveIssuers(
  names: string | string[] | undefined,
  place: Place,
  { issuers, issuerNames }: Surroundings,
  faults: Fault[],
): Issuer[] {
  if (names === undefined) {
    if (issuerNames.length > 1) {
      faults.push(
        fault(
          place,
          'this is missing, and there are several issuers',
          `name one of ${issuerNames.join(', ')}`,
        ),
      );
    }
    return [...issuers];
  }
  return [names].flat().flatMap((name) => {
    if (!issuerNames.includes(name)) {
      faults.push(fault(place, `there is no issuer ${JSON.stringify(name)}`, suggest(name, issuerNames)));
    }
    return issuers.filter((issuer) => issuer.name === name);
  });
}

function compileForward(
  config: NonNullable<ApiConfig['forward']>,
  place: Place,
  faults: Fault[],
): ForwardedClaim[] {
  const seen = new Map<string, string>();
  return Object.entries(config).map(([claim, target]) => {
    const { header, as } = typeof target === 'string' ? { header: target, as: undefined } : target;
    const here = [...place, claim];
    if (!mayCarryClaim(header)) {
      faults.push(
        fault(
          here,
          `the header ${JSON.stringify(header)} can't carry a claim`,
          'name it x-…, in lower case, outside the families of "Headers" in docs/policy.md',
        ),
      );
    }
    const other = seen.get(normaliseHeaderName(header));
    if (other !== undefined) {
      faults.push(
        fault(
          here,
          `the claim ${JSON.stringify(other)} is already sent as ${header}`,
          'give each claim its own header',
        ),
      );
    }
    seen.set(normaliseHeaderName(header), claim);
    return { claim: parseSelector(claim), header, as: as ?? 'text' };
  });
}

function compileRoute(
  keyText: string,
  key: RouteKey,
  config: RouteConfig,
  api: Api,
  apiConfig: ApiConfig,
  surroundings: Surroundings,
  faults: Fault[],
): Route {
  const place = [api.name, 'routes', keyText];
  const auth = config.auth ?? 'required';
  checkRulesBesideAuth(auth, config, place, faults);
  const issuers =
    config.issuer === undefined
      ? api.issuers
      : narrow(
          resolveIssuers(config.issuer, [...place, 'issuer'], surroundings, faults),
          api.issuers,
          (i) => i.name,
          [...place, 'issuer'],
          faults,
        );
  const apiAudiences = [apiConfig.audience].flat();
  const audiences =
    config.audience === undefined
      ? apiAudiences
      : narrow([config.audience].flat(), apiAudiences, (a) => a, [...place, 'audience'], faults);
  const rules = {
    auth,
    scopesAll: config.scopes_all ?? [],
    scopesAny: config.scopes_any ?? [],
    claims: compileClaimRules(config.claims, key, [...place, 'claims'], faults),
    forwardAuthorization: config.forward_authorization ?? apiConfig.forward_authorization ?? auth === 'none',
  };
  return {
    key: keyText,
    api,
    ...rules,
    audiences,
    issuers: new Map(auth === 'none' ? [] : issuers.map((issuer) => [issuer.issuer, issuer])),
    clients: config.clients === undefined ? undefined : new Set(config.clients),
    ruleKey: JSON.stringify([
      api.name,
      auth,
      rules.forwardAuthorization,
      sorted(issuers.map((issuer) => issuer.name)),
      sorted(audiences),
      sorted(rules.scopesAll),
      sorted(rules.scopesAny),
      config.clients === undefined ? null : sorted(config.clients),
      sorted(rules.claims.map((rule) => JSON.stringify(rule))),
    ]),
  };
}

const sorted = (names: readonly string[]) => [...new Set(names)].sort();

/** A route's list may only name what its API has. */
function narrow<T>(
  mine: T[],
  apis: readonly T[],
  nameOf: (item: T) => string,
  place: Place,
  faults: Fault[],
): T[] {
  const allowed = apis.map(nameOf);
  for (const item of mine) {
    if (!allowed.includes(nameOf(item))) {
      faults.push(
        fault(
          place,
          `the API does not accept ${JSON.stringify(nameOf(item))}`,
          `a route can only narrow: add it to the API too, or ${suggest(nameOf(item), allowed)}`,
        ),
      );
    }
  }
  return mine;
}

/** A rule that is never looked at would look like protection. */
function checkRulesBesideAuth(auth: Route['auth'], config: RouteConfig, place: Place, faults: Fault[]): void {
  const rules = ['scopes_all', 'scopes_any', 'clients', 'claims'] as const;
  const unread =
    auth === 'none' ? [...rules, 'audience' as const, 'issuer' as const] : auth === 'optional' ? rules : [];
  for (const rule of unread) {
    if (config[rule] !== undefined) {
      faults.push(
        fault(
          [...place, rule],
          `a rule has no effect beside auth = ${JSON.stringify(auth)}`,
          'remove the rule, or auth',
        ),
      );
    }
  }
}

function compileClaimRules(
  config: RouteConfig['claims'],
  key: RouteKey,
  place: Place,
  faults: Fault[],
): ClaimRule[] {
  if (config !== undefined && Object.keys(config).length === 0) {
    faults.push(fault(place, 'this is empty', 'name at least one claim, or leave the field out'));
  }
  return Object.entries(config ?? {}).map(([claim, want]): ClaimRule => {
    if (typeof want !== 'object' || Array.isArray(want)) return valueRule(claim, want);
    const segment = key.segments.findIndex((s) => s.kind === 'param' && s.name === want.param);
    if (segment === -1) {
      const params = key.segments.flatMap((s) => (s.kind === 'param' ? [s.name] : []));
      faults.push(
        fault([...place, claim, 'param'], `the path has no :${want.param}`, suggest(want.param, params)),
      );
    }
    return { claim: parseSelector(claim), segment };
  });
}

/** For messages about two routes. */
export const describeRoute = ({ place }: CompiledRoute) => writePlace(place);
