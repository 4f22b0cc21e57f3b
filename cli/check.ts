import type { Bindings } from '../src/policy/bindings.ts';
import { type Compiled, compilePolicy } from '../src/policy/compile.ts';
import { type Fault, fault } from '../src/policy/fault.ts';
import { readToml, sectionOf } from './toml.ts';

/** What `check` found in one environment of a configuration file. */
export interface CheckResult {
  /** `undefined`: the top level. */
  readonly environment: string | undefined;
  readonly faults: readonly Fault[];
  /** What works as it is written, and may not be meant. */
  readonly warnings: readonly Fault[];
  readonly routes: number;
}

type WorkerRoute = string | { pattern?: string };

interface Section {
  readonly vars?: Record<string, unknown>;
  readonly services?: readonly { binding?: string }[];
  readonly mtls_certificates?: readonly { binding?: string }[];
  readonly ratelimits?: readonly { name?: string }[];
  readonly route?: WorkerRoute;
  readonly routes?: readonly WorkerRoute[];
  readonly cache?: { enabled?: boolean };
}

/** Compiles the policy of the top level and of every environment, since wrangler inherits no `vars`. */
export function checkConfig(path: string): CheckResult[] {
  const config = readConfig(path);
  const environments = Object.entries(config.env ?? {});
  return [
    checkSection(undefined, config),
    ...environments.map(([name, section]) => checkSection(name, inherit(config, section))),
  ];
}

const readConfig = (path: string) => readToml<Section>(path, 'name the file with --config');

/** Compiles the policy of one environment, as the gateway would. Throws `CommandError` if there is no such environment. */
export function compileConfig(path: string, environment: string | undefined): Compiled {
  const config = readConfig(path);
  const section = sectionOf(config, path, environment);
  return compileSection(environment === undefined ? section : inherit(config, section));
}

/** wrangler passes routes on to environments that have none of their own; bindings and vars it does not. */
function inherit(top: Section, section: Section): Section {
  const { route, routes } = top;
  const own = section.route !== undefined || section.routes !== undefined;
  return own ? section : { ...section, ...(route && { route }), ...(routes && { routes }) };
}

function compileSection(section: Section): Compiled {
  const { vars = {} } = section;
  // The way through JSON is the one that wrangler sends the tables: dates become strings.
  return compilePolicy(JSON.parse(JSON.stringify(vars)) as Record<string, unknown>, listBindings(section));
}

/** Secrets are not in the file: whether they are there, the running Worker says. */
function listBindings(section: Section): Bindings {
  const names = (tables: unknown, member: string) =>
    listOf(tables).flatMap((table) => {
      const name = (table as Record<string, unknown> | null)?.[member];
      return typeof name === 'string' ? [name] : [];
    });
  const routes = [...listOf(section.routes), section.route];
  return {
    services: names(section.services, 'binding'),
    certificates: names(section.mtls_certificates, 'binding'),
    rateLimits: names(section.ratelimits, 'name'),
    workerRoutes: routes.flatMap((route) =>
      typeof route === 'string' ? [route] : names([route], 'pattern'),
    ),
  };
}

/** What is no list is wrangler's to complain about. */
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function checkSection(environment: string | undefined, section: Section): CheckResult {
  const compiled = compileSection(section);
  const faults = [...(compiled.ok ? [] : compiled.faults), ...checkFile(section)];
  if (!compiled.ok || faults.length > 0) return { environment, faults, warnings: [], routes: 0 };
  const { apis, warnings } = compiled.policy;
  return { environment, faults, warnings, routes: apis.reduce((sum, api) => sum + api.routes.length, 0) };
}

/** A variable of a Worker holds so much, as JSON. wrangler uploads more, only for it to be refused. */
const MAX_VARIABLE_BYTES = 5_000;

function sizeRemedy(name: string, value: unknown): string {
  if (!name.startsWith('API_')) return 'make it shorter';
  const base = (value as { extends?: unknown }).extends ?? name;
  return `move routes into another table, such as [vars.${String(base)}_MORE] with extends = ${JSON.stringify(base)}`;
}

/** A secret that stands in the file is none. */
function findPlainSecrets(vars: Readonly<Record<string, unknown>>): Fault[] {
  return Object.entries(vars).flatMap(([name, table]) => {
    const headers = (table as { origin_headers?: Record<string, unknown> } | null)?.origin_headers ?? {};
    return Object.entries(headers)
      .filter(
        ([, value]) => typeof value === 'string' && typeof vars[value.replace(/^secret:/, '')] === 'string',
      )
      .map(([header]) =>
        fault(
          [name, 'origin_headers', header],
          'its secret stands in the file, under [vars]',
          'take it out there, and set it with `npx wrangler secret put`',
        ),
      );
  });
}

/** What the running Worker can't see: how the file holds the policy, and what answers before the Worker does. */
function checkFile({ vars = {}, cache, ...section }: Section): Fault[] {
  const faults: Fault[] = [];
  for (const [name, value] of Object.entries(vars)) {
    const bytes = Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value));
    if (bytes <= MAX_VARIABLE_BYTES) continue;
    faults.push(
      fault(
        [name],
        `this is ${bytes} bytes, and a variable holds ${MAX_VARIABLE_BYTES}`,
        sizeRemedy(name, value),
      ),
    );
  }
  faults.push(...findPlainSecrets(vars));
  for (const name of Object.keys(section).filter((key) => /^(GATEWAY|ISSUERS?|API[-_].+)$/i.test(key))) {
    faults.push(fault([name], 'policy stands under [vars]', `write [vars.${name}]`));
  }
  if (cache?.enabled === true) {
    faults.push(
      fault(
        ['cache', 'enabled'],
        'the cache would answer before the gateway has looked at a token',
        'remove [cache] from wrangler.toml',
      ),
    );
  }
  return faults;
}
