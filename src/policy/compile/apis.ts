import type { Api, Route } from '../policy.ts';
import { compileAssertion } from './assertion.ts';
import { compileCors } from './cors.ts';
import { compileDropped } from './dropped.ts';
import { closest, type Place, suggest } from './fault.ts';
import type { Faults } from './faults.ts';
import { compileForward } from './forward.ts';
import { checkLimit, compileLimit, limitFieldsAt } from './limits.ts';
import { openRoute } from './open-route.ts';
import { compileOrigin } from './origins.ts';
import { compileResource } from './resource.ts';
import {
  type CompiledRoute,
  compileRoute,
  type RawRoute,
  rawRoutesOf,
  readRouteTables,
  type Surroundings,
} from './routes.ts';
import { type Accepted, byIss, resolveIssuers } from './rules.ts';
import {
  type ApiConfig,
  apiSchema,
  assertionSchema,
  corsSchema,
  extensionSchema,
  forwardSchema,
  prefixSchema,
} from './schema.ts';
import { readTable } from './schema-faults.ts';
import { compileTokenPlace } from './token-place.ts';
import { compileTrial, isTried } from './trial.ts';

export const DEFAULT_TIMEOUT_MS = 15_000;
export const DEFAULT_UPLOAD_TIMEOUT_MS = 300_000;
/** What the strictest common servers take in one line: 200 groups of Entra ID are 7,400. */
export const DEFAULT_MAX_CLAIMS_BYTES = 8_192;

export interface CompiledApi {
  readonly api: Api;
  readonly routes: readonly CompiledRoute[];
}

/**
 * Compiles the tables `[vars.API_…]`. One that `extends` another only brings more routes for it: a variable holds
 * 5 KB. Of an API whose `hosts` have faults the routes are left out of the result: nobody knows what they stand beside.
 */
export function compileApis(
  tables: readonly (readonly [name: string, table: object])[],
  surroundings: Surroundings,
  faults: Faults,
): CompiledApi[] {
  const bases = tables.filter(([name, table]) => !isExtension(table) && !isForeign(table, faults.at(name)));
  const baseNames = bases.map(([name]) => name);
  const extensions = tables
    .filter(([, table]) => isExtension(table))
    .map(([name, table]) => readExtension(table, baseNames, faults.at(name)));
  return bases.flatMap(([name, table]) => {
    const more = extensions.filter(({ of }) => of === name).flatMap(({ routes }) => routes);
    return compileApi(name, table, more, surroundings, faults.at(name)) ?? [];
  });
}

const addNoRoute = (at: Faults) =>
  at.add('there is no route', 'add one like "GET /orders" = { scopes_all = ["read:orders"] }');

/** A variable of somebody else's. Its fields would all be faults, and none would say why. */
function isForeign(table: object, at: Faults): boolean {
  const fields = Object.keys(table);
  const isOurs = fields.length === 0 || fields.some((field) => closest(field, Object.keys(apiSchema.shape)));
  if (!isOurs || Array.isArray(table))
    at.add(
      'a variable whose name begins with API_ must be the table of an API',
      'give the variable another name',
    );
  return !isOurs || Array.isArray(table);
}

const isExtension = (table: object) => Object.hasOwn(table, 'extends');

function readExtension(
  table: object,
  baseNames: readonly string[],
  at: Faults,
): { of: string | undefined; routes: readonly RawRoute[] } {
  const routes = readRouteTables(table, at.at('routes'));
  if (routes.length === 0 && rawRoutesOf(table) !== undefined) addNoRoute(at.at('routes'));
  const of = readTable(extensionSchema, withoutRoutes(table), at)?.extends;
  if (of !== undefined && !baseNames.includes(of))
    at.at('extends').add(`there is no API ${JSON.stringify(of)} to extend`, suggest(of, baseNames));
  return { of, routes };
}

function compileApi(
  name: string,
  table: object,
  extended: readonly RawRoute[],
  surroundings: Surroundings,
  at: Faults,
): CompiledApi | undefined {
  const { bindings } = surroundings;
  const config = readTable(apiSchema, withoutRoutes(table), at, apiFieldsAt);
  const rawRoutes = [...readRouteTables(table, at.at('routes')), ...extended];
  if (config === undefined) return undefined;
  checkLimit(config.rate_limit, bindings, at.at('rate_limit'));
  const isSound = (field: keyof ApiConfig) => config[field] !== undefined || !Object.hasOwn(table, field);
  const issuers = isSound('issuer')
    ? resolveIssuers(config.issuer, surroundings, at.at('issuer'))
    : surroundings.issuers;
  const apiRoutes: Route[] = [];
  const resource = isSound('hosts') ? compileResource(config, at.at('resource')) : undefined;
  const isPassed = config.cors === 'origin';
  const tokenFrom = compileTokenPlace(config.token_from, at.at('token_from'));
  const cors =
    config.cors === 'origin'
      ? undefined
      : compileCors(config.cors?.origins && config.cors, tokenFrom, at.at('cors'));
  const assertion = compileAssertion(config, at);
  // What the gateway would answer itself, an API on trial goes on answering.
  const isOnTrial = isTried(config, surroundings.trials);
  const api: Api & { trial: Api['trial']; preflights: Api['preflights'] } = {
    name,
    hosts: config.hosts ?? [],
    ...compileOrigin(isSound('hosts') ? config : { ...config, hosts: [] }, bindings, at),
    resource: isOnTrial ? undefined : resource,
    scopePrefix: config.scope_prefix ?? '',
    scopesSupported: config.scopes_supported,
    tellsAudience: config.tell_audience,
    issuers,
    tokenFrom,
    readsForms: config.form_methods === 'read',
    forward: compileForward(config.forward ?? {}, at.at('forward')),
    cors: isOnTrial ? undefined : isPassed ? { kind: 'origin' } : cors,
    preflights: undefined,
    dropped: compileDropped(config, surroundings.drops, at.at('drop_headers')),
    rewritesLocation: config.rewrite_location ?? true,
    maxClaimsBytes: config.max_claims_bytes ?? DEFAULT_MAX_CLAIMS_BYTES,
    // It says that the rules were met, and on trial nothing says so.
    assertion: isOnTrial ? undefined : assertion,
    timeoutMs: config.timeout_ms ?? DEFAULT_TIMEOUT_MS,
    uploadTimeoutMs: config.upload_timeout_ms ?? DEFAULT_UPLOAD_TIMEOUT_MS,
    routes: apiRoutes,
    trial: undefined,
  };
  if (isPassed && !isOnTrial) api.preflights = preflightsOf(api, config.rate_limit);
  api.trial = compileTrial(config, surroundings.trials, api, at);
  if (rawRoutes.length === 0 && isSound('routes') && api.trial === undefined) addNoRoute(at.at('routes'));
  const accepted: Accepted = {
    issuers: isSound('issuer') ? issuers : undefined,
    issuersByIss: byIss(issuers),
    audiences: config.audience === undefined ? undefined : [config.audience].flat(),
  };
  const routes = rawRoutes.flatMap((raw) => compileRoute(raw, { api, config, accepted, surroundings }) ?? []);
  apiRoutes.push(...routes.map(({ route }) => route));
  return isSound('hosts') ? { api, routes } : undefined;
}

/** What sends preflights on: without a token, and counted by the address. */
const preflightsOf = (api: Api, limit: ApiConfig['rate_limit']): Route => ({
  ...openRoute(api, 'OPTIONS (preflights)', 'preflights'),
  rateLimit: limit === undefined ? undefined : { ...compileLimit(limit, api.name), by: 'address' },
});

function apiFieldsAt(path: Place): readonly string[] {
  if (path.length === 0) return Object.keys(apiSchema.shape);
  if (path[0] === 'rate_limit') return limitFieldsAt(path.slice(1));
  if (path[0] === 'assertion') return Object.keys(assertionSchema.shape);
  if (path[0] === 'cors') return Object.keys(corsSchema.shape);
  return Object.keys(path.includes('only') ? prefixSchema.shape : forwardSchema.shape);
}

/** Routes are checked one by one, so that a fault in one doesn't hide those of the others. */
const withoutRoutes = (table: object) =>
  rawRoutesOf(table) === undefined ? table : { ...table, routes: {} };
