import type { Api, Issuer, Route } from '../policy.ts';
import { type Bindings, checkBinding } from './bindings.ts';
import { compileCors } from './cors.ts';
import { type Fault, fault, type Place, schemaFaults, suggest, writePlace } from './fault.ts';
import { compileForward } from './forward.ts';
import { compileOrigin } from './origins.ts';
import { compileResource } from './resource.ts';
import { parseRouteKey, type RouteKey } from './route-key.ts';
import {
  type Accepted,
  byIss,
  compileRules,
  describeRules,
  type KnownIssuers,
  resolveIssuers,
} from './rules.ts';
import {
  type ApiConfig,
  apiSchema,
  corsSchema,
  extensionSchema,
  type RouteConfig,
  reportSchema,
  routeSchema,
} from './schema.ts';

const DEFAULT_TIMEOUT_MS = 15_000;
const DEFAULT_UPLOAD_TIMEOUT_MS = 300_000;

/** What the tables of APIs are compiled against. */
export interface Surroundings extends KnownIssuers {
  readonly bindings: Bindings;
}

/** A route with its key taken apart: what the route table is built from. */
export interface CompiledRoute {
  readonly route: Route;
  readonly key: RouteKey;
  readonly place: Place;
}

export interface CompiledApi {
  readonly api: Api;
  readonly routes: readonly CompiledRoute[];
}

/**
 * Compiles the tables `[vars.API_…]`. One that `extends` another only brings more routes for it: a variable holds
 * 5 KB. APIs whose own fields have faults are left out of the result.
 */
export function compileApis(
  tables: readonly (readonly [name: string, table: object])[],
  surroundings: Surroundings,
  faults: Fault[],
): CompiledApi[] {
  const bases = tables.filter(([, table]) => !isExtension(table));
  const extensions = tables.filter(([, table]) => isExtension(table));
  const baseNames = bases.map(([name]) => name);
  const parts = extensions.flatMap(([name, table]) => readExtension(name, table, baseNames, faults));
  return bases.flatMap(([name, table]) => {
    const more = parts.filter((part) => part.of === name);
    return compileApi(name, table, more, surroundings, faults) ?? [];
  });
}

/** Routes as they stand in one table. */
interface RoutePart {
  readonly table: string;
  readonly of: string;
  readonly routes: readonly { key: string; config: RouteConfig }[];
}

const isExtension = (table: object) => Object.hasOwn(table, 'extends');

function readExtension(
  name: string,
  table: object,
  baseNames: readonly string[],
  faults: Fault[],
): RoutePart[] {
  const routes = readRoutes(name, table, faults);
  const parsed = extensionSchema.safeParse(withoutRoutes(table));
  if (!parsed.success) {
    faults.push(
      ...schemaFaults([name], table, parsed.error.issues, () => Object.keys(extensionSchema.shape)),
    );
    return [];
  }
  const of = parsed.data.extends;
  if (!baseNames.includes(of)) {
    faults.push(
      fault([name, 'extends'], `there is no API ${JSON.stringify(of)} to extend`, suggest(of, baseNames)),
    );
  }
  return [{ table: name, of, routes }];
}

function compileApi(
  name: string,
  table: object,
  extensions: readonly RoutePart[],
  surroundings: Surroundings,
  faults: Fault[],
): CompiledApi | undefined {
  const place = [name];
  const { bindings } = surroundings;
  const parsed = apiSchema.safeParse(withoutRoutes(table));
  if (!parsed.success) faults.push(...schemaFaults(place, table, parsed.error.issues, apiFieldsAt));
  const own = { table: name, of: name, routes: readRoutes(name, table, faults) };
  if (!parsed.success) return undefined;
  const config = parsed.data;
  checkBinding('rateLimits', config.rate_limit, [name, 'rate_limit'], bindings, faults);
  const routes: CompiledRoute[] = [];
  const apiRoutes: Route[] = [];
  const api: Api = {
    name,
    hosts: config.hosts ?? [],
    ...compileOrigin(config, place, bindings, faults),
    resource: compileResource(config, place, faults),
    issuers: resolveIssuers(config.issuer, [name, 'issuer'], surroundings, faults),
    forward: compileForward(config.forward ?? {}, [name, 'forward'], faults),
    cors: compileCors(config.cors, [name, 'cors'], faults),
    timeoutMs: config.timeout_ms ?? DEFAULT_TIMEOUT_MS,
    uploadTimeoutMs: config.upload_timeout_ms ?? DEFAULT_UPLOAD_TIMEOUT_MS,
    routes: apiRoutes,
  };
  const accepted: Accepted = {
    issuers: api.issuers,
    issuersByIss: byIss(api.issuers),
    audiences: [config.audience].flat(),
  };
  for (const part of [own, ...extensions]) {
    for (const { key, config: routeConfig } of part.routes) {
      const routePlace = [part.table, 'routes', key];
      const routeKey = parseRouteKey(key, routePlace);
      if (Array.isArray(routeKey)) {
        faults.push(...routeKey);
        continue;
      }
      checkPrefix(routeKey, config.strip_prefix, routePlace, faults);
      const route = compileRoute(
        key,
        routeKey,
        routeConfig,
        { api, config, accepted, place: routePlace, surroundings },
        faults,
      );
      routes.push({ route, key: routeKey, place: routePlace });
      apiRoutes.push(route);
    }
  }
  return { api, routes };
}

function apiFieldsAt(path: Place): readonly string[] {
  if (path.length === 0) return Object.keys(apiSchema.shape);
  return path[0] === 'cors' ? Object.keys(corsSchema.shape) : ['header', 'as'];
}

function routeFieldsAt(path: Place): readonly string[] {
  if (path.length === 0) return Object.keys(routeSchema.shape);
  return path[0] === 'report' && path.length === 1 ? Object.keys(reportSchema.shape) : ['param'];
}

/** The routes of a table that are well-formed each in itself. */
function readRoutes(name: string, table: object, faults: Fault[]): { key: string; config: RouteConfig }[] {
  const tables = routeTablesOf(table);
  if (tables !== undefined && Object.keys(tables).length === 0) {
    faults.push(
      fault(
        [name, 'routes'],
        'there is no route',
        'add one like "GET /orders" = { scopes_all = ["read:orders"] }',
      ),
    );
  }
  return Object.entries(tables ?? {}).flatMap(([key, value]) => {
    const route = routeSchema.safeParse(value);
    if (route.success) return [{ key, config: route.data }];
    faults.push(...schemaFaults([name, 'routes', key], value, route.error.issues, routeFieldsAt));
    return [];
  });
}

/** Routes are checked one by one, so that a fault in one doesn't hide those of the others. */
const withoutRoutes = (table: object) =>
  routeTablesOf(table) === undefined ? table : { ...table, routes: {} };

function routeTablesOf(table: object): Record<string, unknown> | undefined {
  const { routes } = table as { routes?: unknown };
  const isTable = typeof routes === 'object' && routes !== null && !Array.isArray(routes);
  return isTable ? (routes as Record<string, unknown>) : undefined;
}

/** What is cut off must be there, literally, in every path that can match. */
function checkPrefix(key: RouteKey, prefix: string | undefined, place: Place, faults: Fault[]): void {
  if (prefix === undefined || key.pattern === prefix || key.pattern.startsWith(`${prefix}/`)) return;
  faults.push(
    fault(
      place,
      `the path does not begin with the strip_prefix ${JSON.stringify(prefix)}`,
      `paths are the public ones: write ${prefix}${key.pattern}`,
    ),
  );
}

const NO_ISSUERS: ReadonlyMap<string, Issuer> = new Map();

interface RouteContext {
  readonly api: Api;
  readonly config: ApiConfig;
  readonly accepted: Accepted;
  readonly place: Place;
  readonly surroundings: Surroundings;
}

function compileRoute(
  keyText: string,
  key: RouteKey,
  config: RouteConfig,
  { api, config: apiConfig, accepted, place, surroundings }: RouteContext,
  faults: Fault[],
): Route {
  const auth = config.auth ?? 'required';
  checkRulesBesideAuth(auth, config, place, faults);
  checkBinding('rateLimits', config.rate_limit, [...place, 'rate_limit'], surroundings.bindings, faults);
  const rules = compileRules(config, key, accepted, place, surroundings, faults);
  const report =
    config.report && compileRules(config.report, key, accepted, [...place, 'report'], surroundings, faults);
  if (config.report !== undefined && Object.keys(config.report).length === 0) {
    faults.push(fault([...place, 'report'], 'this is empty', 'name a rule to try, or leave the field out'));
  }
  const reportOnly = config.report_only ?? false;
  const forwardAuthorization =
    config.forward_authorization ?? apiConfig.forward_authorization ?? auth === 'none';
  const rateLimit =
    config.rate_limit !== undefined
      ? { binding: config.rate_limit, scope: `${api.name} ${keyText}` }
      : apiConfig.rate_limit !== undefined
        ? { binding: apiConfig.rate_limit, scope: api.name }
        : undefined;
  return {
    key: keyText,
    api,
    auth,
    ...rules,
    issuers: auth === 'none' ? NO_ISSUERS : rules.issuers,
    forwardAuthorization,
    rateLimit,
    report,
    reportOnly,
    ruleKey: JSON.stringify([
      api.name,
      auth,
      forwardAuthorization,
      reportOnly,
      rateLimit?.binding,
      config.rate_limit !== undefined,
      describeRules(rules),
      report && describeRules(report),
    ]),
  };
}

/** A rule that is never looked at would look like protection. */
function checkRulesBesideAuth(auth: Route['auth'], config: RouteConfig, place: Place, faults: Fault[]): void {
  const rules = ['scopes_all', 'scopes_any', 'clients', 'claims'] as const;
  const unread =
    auth === 'none'
      ? [...rules, 'audience' as const, 'issuer' as const, 'report' as const, 'report_only' as const]
      : auth === 'optional'
        ? rules
        : [];
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

/** For messages about two routes. */
export const describeRoute = ({ place }: CompiledRoute) => writePlace(place);
