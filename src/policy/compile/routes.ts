import { paramOfHost } from '../hosts.ts';
import type { Api, Issuer, Route, RouteLimit, Rules } from '../policy.ts';
import { alternativeSchema } from '../rules/any-of.ts';
import { wantSchema } from '../rules/claims.ts';
import { RULE_NAMES } from '../rules/rules.ts';
import type { Bindings } from './bindings.ts';
import type { Place } from './fault.ts';
import type { Faults } from './faults.ts';
import { checkLimit, compileLimit, limitFieldsAt } from './limits.ts';
import { parseRouteKey, type RouteKey } from './route-key.ts';
import { type Accepted, compileRules, type KnownIssuers } from './rules.ts';
import { type ApiConfig, type RouteConfig, reportSchema, routeSchema } from './schema.ts';
import { readTable } from './schema-faults.ts';
import type { TrialConfig } from './trial.ts';
import { WrittenRoute } from './written-route.ts';

/** The rest of the policy, as far as the tables of APIs refer to it. */
export interface Surroundings extends KnownIssuers {
  readonly bindings: Bindings;
  /** What `GATEWAY` says of trials, for all APIs. */
  readonly trials: TrialConfig;
  /** `drop_headers` of `GATEWAY`. */
  readonly drops: readonly string[];
}

/** A route with its key taken apart: what the route table is built from. */
export interface CompiledRoute {
  readonly route: Route;
  readonly key: RouteKey;
  readonly at: Faults;
}

/** A route as it stands in a table, which may be one that extends its API. */
export interface RawRoute {
  readonly key: string;
  /** Its fields, as far as they are sound. */
  readonly config: RouteConfig;
  readonly at: Faults;
}

export interface RouteContext {
  readonly api: Api;
  /** The API's fields, as far as they are sound. */
  readonly config: Partial<ApiConfig>;
  readonly accepted: Accepted;
  readonly surroundings: Surroundings;
}

/** @param at the place of `routes` */
export function readRouteTables(table: object, at: Faults): RawRoute[] {
  return Object.entries(rawRoutesOf(table) ?? {}).map(([key, value]) => {
    const here = at.at(key);
    // Without any table there are no rules, but the key can still be read.
    return { key, config: readTable(routeSchema, value, here, routeFieldsAt) ?? {}, at: here };
  });
}

export function rawRoutesOf(table: object): Record<string, unknown> | undefined {
  const { routes } = table as { routes?: unknown };
  const isTable = typeof routes === 'object' && routes !== null && !Array.isArray(routes);
  return isTable ? (routes as Record<string, unknown>) : undefined;
}

function routeFieldsAt(path: Place): readonly string[] {
  if (path[0] === 'rate_limit') return limitFieldsAt(path.slice(1));
  const inner = path[0] === 'report' ? path.slice(1) : path;
  if (inner.length === 0) return Object.keys((path.length === 0 ? routeSchema : reportSchema).shape);
  return Object.keys((inner[0] === 'any_of' && inner.length === 2 ? alternativeSchema : wantSchema).shape);
}

/** There is one such header, and the API's is the gateway's own. */
export const CREDENTIAL_INSTEAD = [
  'origin_headers sets Authorization',
  "remove it: the caller's is not sent on by this API",
] as const;

const NO_ISSUERS: ReadonlyMap<string, Issuer> = new Map();

/** @returns `undefined` where the key has faults; those of its rules are told all the same */
export function compileRoute(
  { key: keyText, config, at }: RawRoute,
  { api, config: apiConfig, accepted, surroundings }: RouteContext,
): CompiledRoute | undefined {
  const key = withHostParam(parseRouteKey(keyText, at), api.hosts, at);
  if (key !== undefined) checkPrefix(key, apiConfig.strip_prefix, at);
  const auth = config.auth ?? 'required';
  checkRulesBesideAuth(auth, config, at);
  if (config.rate_limit !== undefined)
    checkLimit(config.rate_limit, surroundings.bindings, at.at('rate_limit'));
  if (key === undefined) return undefined;
  const rules = compileRules(config, key, accepted, surroundings, at);
  const report = config.report && compileReport(config.report, key, accepted, surroundings, at.at('report'));
  const isOnTrial = api.trial !== undefined;
  const reportOnly = config.report_only ?? isOnTrial;
  const isNext = api.origin.kind === 'next';
  if (isNext && config.forward_authorization !== undefined)
    at.at('forward_authorization').add(
      'forward_authorization has no effect beside origin = "next"',
      'remove it: handlers see the request as it came',
    );
  const hasCredential = api.originHeaders.some(({ header }) => header === 'authorization');
  if (hasCredential && config.forward_authorization === true)
    at.at('forward_authorization').add(...CREDENTIAL_INSTEAD);
  const forwardAuthorization =
    !hasCredential &&
    (isNext ||
      (isOnTrial && reportOnly) ||
      (config.forward_authorization ??
        apiConfig.forward_authorization ??
        // Beside another place, `Authorization` is the origin's own: it passes where the policy says so.
        (api.tokenFrom.kind === 'authorization' && (auth === 'none' || reportOnly))));
  const route = new WrittenRoute({
    key: keyText,
    api,
    auth,
    ...rules,
    issuers: auth === 'none' ? NO_ISSUERS : rules.issuers,
    forwardAuthorization,
    rateLimit: limitOf(keyText, config, api, apiConfig),
    report,
    reportOnly,
    isStrict: config.revocation === 'strict',
  });
  return { route, key, at };
}

/** A parameter of the host is one of the route, where each host of the API has it. */
function withHostParam(
  key: RouteKey | undefined,
  hosts: readonly string[],
  at: Faults,
): RouteKey | undefined {
  const names = new Set(hosts.map(paramOfHost));
  const [name] = names;
  if (key === undefined || name === undefined || names.size > 1) return key;
  if (key.params.some((one) => one.name === name))
    at.add(`the parameter :${name} is one of the host, too`, 'give each its own name');
  return { ...key, params: [...key.params, { name, at: 'host', before: 0, after: 0 }] };
}

function compileReport(
  config: NonNullable<RouteConfig['report']>,
  key: RouteKey,
  accepted: Accepted,
  surroundings: Surroundings,
  at: Faults,
): Rules {
  if (Object.keys(config).length === 0)
    at.add('report is empty', 'name a rule to try, or leave the field out');
  return compileRules(config, key, accepted, surroundings, at);
}

function limitOf(
  key: string,
  { rate_limit: own }: RouteConfig,
  { name }: Api,
  { rate_limit: shared }: Partial<ApiConfig>,
): RouteLimit | undefined {
  if (own !== undefined) return compileLimit(own, `${name} ${key}`);
  return shared === undefined ? undefined : compileLimit(shared, name);
}

/** The prefix that is not sent on must be there, literally, in every path that can match. */
function checkPrefix({ pattern }: RouteKey, prefix: string | undefined, at: Faults): void {
  if (prefix === undefined || pattern === prefix || pattern.startsWith(`${prefix}/`)) return;
  at.add(
    `the path does not begin with the strip_prefix ${JSON.stringify(prefix)}`,
    `paths are the public ones: write ${prefix}${pattern}`,
  );
}

/** A rule that is never looked at would look like protection. */
function checkRulesBesideAuth(auth: Route['auth'], config: RouteConfig, at: Faults): void {
  if (auth === 'required') return;
  const unread =
    auth === 'none'
      ? ([...RULE_NAMES, 'audience', 'issuer', 'report', 'report_only', 'revocation'] as const)
      : RULE_NAMES;
  for (const rule of unread) {
    if (config[rule] === undefined) continue;
    at.at(rule).add(`a rule has no effect beside auth = ${JSON.stringify(auth)}`, 'remove the rule, or auth');
  }
}
