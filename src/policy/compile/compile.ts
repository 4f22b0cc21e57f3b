import { normaliseHeaderName } from '../headers.ts';
import { hasRoute } from '../match.ts';
import { parsePath } from '../path.ts';
import type { Api, Origin, Policy, RouteTable, Settings } from '../policy.ts';
import { isLoopbackHost, parseTrustedUri, parseUrl } from '../uri.ts';
import { type CompiledRoute, compileApis, type Surroundings } from './apis.ts';
import type { Bindings } from './bindings.ts';
import { type Fault, fault, schemaFaults } from './fault.ts';
import { compileIssuers } from './issuers.ts';
import { settingsSchema } from './schema.ts';
import { buildTable } from './table.ts';

export type Compiled =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/**
 * Compiles the policy from the variables of a Worker: the tables `GATEWAY`, `ISSUERS` and `API_*`. Strings are not
 * policy, whatever their name. Pure; finds all faults at once.
 *
 * @param bindings what may be named, where it is known
 */
export function compilePolicy(vars: Readonly<Record<string, unknown>>, bindings: Bindings = {}): Compiled {
  const faults: Fault[] = [];
  const tables = Object.entries(vars).filter((entry): entry is [string, object] => isTable(entry[1]));
  for (const [name, table] of tables) {
    if (!isPolicyName(name) && !isVersionMetadata(table)) faults.push(misnamed(name));
  }
  const settings = compileSettings(vars['GATEWAY'], faults);
  const issuerTables = isRecord(vars['ISSUERS']) ? vars['ISSUERS'] : undefined;
  if (issuerTables === undefined) {
    faults.push(
      fault(['ISSUERS'], 'this is missing', 'add a table [vars.ISSUERS.<name>] with issuer = "https://…"'),
    );
  }
  const { issuers, names } = compileIssuers(
    issuerTables ?? {},
    bindings,
    issuerTables === undefined ? [] : faults,
  );
  const surroundings: Surroundings = { issuers, issuerNames: names, bindings };
  const apiTables = tables.filter(([name]) => name.startsWith('API_'));
  const compiled = compileApis(apiTables, surroundings, faults);
  const apis = compiled.map(({ api }) => api);
  const routes = compiled.flatMap((one) => one.routes);
  if (apiTables.length === 0) {
    faults.push(fault(['vars'], 'there is no API', 'add a table such as [vars.API_ORDERS]'));
  }
  const { hosts, otherHosts } = buildTables(routes, faults);
  checkHealthPath(settings, [...hosts.values(), otherHosts], faults);
  if (faults.length > 0) return { ok: false, faults: distinct(faults) };
  const ownHeaders = new Set(
    apis.flatMap(({ forward, originHeaders }) =>
      [...forward, ...originHeaders].map(({ header }) => normaliseHeaderName(header)),
    ),
  );
  const warnings = findWarnings(apis, routes);
  return { ok: true, policy: { settings, issuers, apis, hosts, otherHosts, ownHeaders, warnings } };
}

function compileSettings(table: unknown, faults: Fault[]): Settings {
  // A string here would read like policy, and block nobody.
  const parsed = settingsSchema.safeParse(table ?? {});
  if (!parsed.success) {
    faults.push(
      ...schemaFaults(['GATEWAY'], table, parsed.error.issues, () => Object.keys(settingsSchema.shape)),
    );
  }
  const config = parsed.data ?? {};
  return {
    logSubject: config.log_subject ?? 'none',
    logSample: config.log_sample ?? 1,
    blockedClients: new Set(config.blocked_clients),
    blockedKids: new Set(config.blocked_kids),
    healthPath: config.health_path,
    problemBase: compileProblemBase(config.problem_base, faults),
  };
}

/** A fragment is appended to it: the result must be one URI that people can look up (RFC 9457 §3.1.1). */
function compileProblemBase(base: string | undefined, faults: Fault[]): string | undefined {
  if (base === undefined) return undefined;
  const url = /^https?:\/\/[^\s?#\\]+$/.test(base) ? parseTrustedUri(base) : undefined;
  if (url === undefined) {
    const named = base.includes('@') ? 'a URL with a password' : JSON.stringify(base);
    faults.push(
      fault(
        ['GATEWAY', 'problem_base'],
        `${named} is not an https URL without query and fragment`,
        'write one such as "https://docs.example.com/reasons" (http on a loopback host only)',
      ),
    );
  }
  return url?.href;
}

/** What works as it is written, and may not be meant. */
function findWarnings(apis: readonly Api[], routes: readonly CompiledRoute[]): Fault[] {
  const open = routes
    .filter(({ route }) => route.reportOnly)
    .map(({ place, route }) =>
      fault(
        [...place, 'report_only'],
        `the route is open to anonymous requests${route.forwardAuthorization ? ', and refused tokens reach the origin in Authorization' : ''}`,
        'remove it when the log shows no would_deny',
      ),
    );
  const inTheClear = apis
    .filter(({ origin, originHeaders }) => originHeaders.length > 0 && isInTheClear(origin))
    .map(({ name }) => fault([name, 'origin'], 'secrets travel to it unencrypted', 'write an https URL'));
  return [...open, ...inTheClear];
}

function isInTheClear(origin: Origin): boolean {
  const url = origin.kind === 'url' ? parseUrl(origin.base) : undefined;
  return url?.protocol === 'http:' && !isLoopbackHost(url.hostname);
}

/** A path that the gateway answers itself never reaches a route. */
function checkHealthPath(
  settings: Settings,
  tables: readonly (RouteTable | undefined)[],
  faults: Fault[],
): void {
  const { healthPath } = settings;
  const path = healthPath === undefined ? undefined : parsePath(healthPath);
  if (path === undefined || typeof path === 'string') return;
  const taken = tables.some((table) => table !== undefined && hasRoute(table, 'GET', path));
  if (taken)
    faults.push(
      fault(
        ['GATEWAY', 'health_path'],
        'a route serves this path too, and would never be reached',
        'choose a path of its own',
      ),
    );
}

function buildTables(routes: readonly CompiledRoute[], faults: Fault[]) {
  const byHost = new Map<string | undefined, CompiledRoute[]>();
  for (const entry of routes) {
    const { hosts } = entry.route.api;
    for (const host of hosts.length === 0 ? [undefined] : new Set(hosts)) {
      const entries = byHost.get(host);
      if (entries === undefined) byHost.set(host, [entry]);
      else entries.push(entry);
    }
  }
  const hosts = new Map<string, RouteTable>();
  let otherHosts: RouteTable | undefined;
  for (const [host, entries] of byHost) {
    const table = buildTable(entries, faults);
    if (host === undefined) otherHosts = table;
    else hosts.set(host, table);
  }
  return { hosts, otherHosts };
}

const isPolicyName = (name: string) => name === 'GATEWAY' || name === 'ISSUERS' || /^API_./.test(name);

/** A table whose name is a slip away from policy would silently be no policy. */
function misnamed(name: string): Fault {
  const known = ['GATEWAY', 'ISSUERS'].find((candidate) =>
    candidate.startsWith(name.toUpperCase().slice(0, 4)),
  );
  const api = /^api[-_ ]?(.*)$/i.exec(name);
  const meant =
    known ??
    `API_${(api === null ? name : (api[1] ?? '')).toUpperCase().replace(/[^A-Z0-9]/g, '_') || 'NAME'}`;
  return fault(
    [name],
    'tables under [vars] are policy, and this is none that the gateway knows',
    `did you mean ${meant}?`,
  );
}

/** What `[version_metadata]` binds is a plain object too, and the platform's. */
function isVersionMetadata(value: object): boolean {
  return Object.keys(value).sort().join() === 'id,tag,timestamp';
}

/** A table of wrangler.toml; bindings are objects of classes of their own. */
function isTable(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return isTable(value) && !Array.isArray(value);
}

function distinct(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.map((item) => [JSON.stringify(item), item])).values()];
}
