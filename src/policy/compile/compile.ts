import { normaliseHeaderName } from '../headers.ts';
import { hostKey } from '../hosts.ts';
import { hasRoute } from '../match.ts';
import { parsePath } from '../path.ts';
import type { Policy, RouteTable, Settings } from '../policy.ts';
import { type CompiledApi, compileApis } from './apis.ts';
import { checkAssertions, checkKeySetPath, compileAssertionSettings } from './assertion.ts';
import type { Bindings } from './bindings.ts';
import { checkDropped } from './dropped.ts';
import type { Fault, Place } from './fault.ts';
import { collectFaults, type Faults } from './faults.ts';
import { compileIssuers } from './issuers.ts';
import { isApiName, isIssuersName, isPolicyTable, meantName } from './names.ts';
import { nameHosts } from './resource.ts';
import { checkRevocation } from './revocation.ts';
import { assertionSettingsSchema, settingsSchema } from './schema.ts';
import { readTable, type Sound } from './schema-faults.ts';
import { checkSignalPaths, compileSignals, signalFieldsAt } from './signals.ts';
import { buildTable } from './table.ts';
import { checkTrialDate, markAlone } from './trial.ts';

export type Compiled =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/**
 * Compiles the policy from the variables of a Worker: the tables `GATEWAY`, `ISSUERS` and `API_*`. Other variables are
 * not looked at, unless they look like one of these misspelt. Pure; finds all faults at once.
 *
 * @param bindings what may be named, where it is known
 */
export function compilePolicy(vars: Readonly<Record<string, unknown>>, bindings: Bindings = {}): Compiled {
  const faults = collectFaults();
  for (const [name, value] of Object.entries(vars)) {
    const meant = meantName(name, value);
    if (meant !== undefined)
      faults
        .at(name)
        .add(
          'the name looks like that of a policy table, and is none',
          `did you mean ${meant}? If it is no policy, rename it`,
        );
  }
  const tables = Object.entries(vars).filter((entry): entry is [string, object] => isPolicyTable(...entry));
  checkNames(Object.fromEntries(tables), [], faults);
  // A string here would read like policy, and block nobody.
  const config =
    readTable(settingsSchema, vars['GATEWAY'] ?? {}, faults.at('GATEWAY'), settingsFieldsAt) ?? {};
  const settings = compileSettings(config, faults.at('GATEWAY'));
  const { issuers, names } = compileIssuers(
    vars['ISSUERS'],
    tables.filter(([name]) => name !== 'ISSUERS' && isIssuersName(name)),
    bindings,
    faults,
  );
  const transmitters = compileSignals(config.signals, { issuers, names, bindings }, faults);
  const apiTables = tables.filter(([name]) => isApiName(name));
  if (apiTables.length === 0)
    faults.at('vars').add('there is no API', 'add a table such as [vars.API_ORDERS]');
  const drops = config.drop_headers ?? [];
  checkDropped(drops, faults.at('GATEWAY', 'drop_headers'));
  const surroundings = { issuers, issuerNames: names, bindings, trials: config, drops };
  const compiled = compileApis(apiTables, surroundings, faults);
  const apis = compiled.map(({ api }) => api);
  checkTrialDate(config.report_only_until, apis, faults.at('GATEWAY', 'report_only_until'));
  const { hosts, otherHosts } = buildTables(compiled);
  checkHealthPath(settings, [...hosts.values(), otherHosts], faults.at('GATEWAY', 'health_path'));
  checkAssertions({ settings: settings.assertion, apis, issuers, bindings }, faults);
  checkKeySetPath(apis, { hosts, otherHosts }, faults);
  checkRevocation({ settings, apis, issuers, bindings, transmitters }, faults);
  checkSignalPaths(transmitters, { settings, apis, tables: [...hosts.values(), otherHosts] }, faults);
  if (faults.list().length > 0) return { ok: false, faults: faults.list() };
  markAlone(apis);
  // Others are names that clients have uses for: only the API that sets one drops it.
  const ownHeaders = new Set(
    apis.flatMap(({ forward, originHeaders }) =>
      [...forward, ...originHeaders]
        .map(({ header }) => normaliseHeaderName(header))
        .filter((name) => name.startsWith('x-')),
    ),
  );
  const policy = { settings, issuers, transmitters, apis, hosts, otherHosts, ownHeaders };
  nameHosts(policy);
  return { ok: true, policy };
}

const settingsFieldsAt = (path: Place): readonly string[] =>
  path[0] === 'signals'
    ? signalFieldsAt(path.slice(1))
    : Object.keys(path[0] === 'assertion' ? assertionSettingsSchema.shape : settingsSchema.shape);

/**
 * JavaScript gives this name a meaning of its own: what it names would be lost on the way.
 *
 * @param place of the table; it comes back as it was
 */
function checkNames(table: object, place: (string | number)[], faults: Faults): void {
  if (Object.hasOwn(table, '__proto__'))
    faults.at(...place, '__proto__').add('nothing can be named "__proto__"', 'remove it, or rename it');
  for (const name in table) {
    const value = (table as Record<string, unknown>)[name];
    if (typeof value !== 'object' || value === null) continue;
    // One place for all: there are as many as tables, and only those of faults are written down.
    place.push(name);
    checkNames(value, place, faults);
    place.pop();
  }
}

function compileSettings(config: Sound<typeof settingsSchema>, at: Faults): Settings {
  return {
    logSubject: config.log_subject ?? 'none',
    logSample: config.log_sample ?? 1,
    logRequests: config.log_requests ?? 'denied',
    blockedClients: new Set(config.blocked_clients),
    blockedKids: new Set(config.blocked_kids),
    healthPath: config.health_path,
    problemBase: config.problem_base,
    revocation: config.revocation,
    assertion: compileAssertionSettings(config.assertion, at.at('assertion')),
  };
}

/** A path that the gateway answers itself never reaches a route. */
function checkHealthPath(
  { healthPath }: Settings,
  tables: readonly (RouteTable | undefined)[],
  at: Faults,
): void {
  const path = healthPath === undefined ? undefined : parsePath(healthPath);
  if (path === undefined || typeof path === 'string') return;
  if (tables.some((table) => table !== undefined && hasRoute(table, 'GET', path)))
    at.add('a route serves this path too, and would never be reached', 'choose a path of its own');
}

function buildTables(apis: readonly CompiledApi[]): Pick<Policy, 'hosts' | 'otherHosts'> {
  const byHost = new Map<string | undefined, CompiledApi[]>();
  for (const entry of apis) {
    const { hosts } = entry.api;
    for (const host of hosts.length === 0 ? [undefined] : new Set(hosts.map(hostKey))) {
      const entries = byHost.get(host);
      if (entries === undefined) byHost.set(host, [entry]);
      else entries.push(entry);
    }
  }
  const hosts = new Map<string, RouteTable>();
  let otherHosts: RouteTable | undefined;
  for (const [host, entries] of byHost) {
    const table = buildTable(entries);
    if (host === undefined) otherHosts = table;
    else hosts.set(host, table);
  }
  return { hosts, otherHosts };
}
