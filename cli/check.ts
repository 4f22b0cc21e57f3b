import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import type { Bindings } from '../src/policy/bindings.ts';
import { type Compiled, compilePolicy } from '../src/policy/compile.ts';
import { type Fault, fault } from '../src/policy/fault.ts';

/** What `check` found in one environment of a configuration file. */
export interface CheckResult {
  /** `undefined`: the top level. */
  readonly environment: string | undefined;
  readonly faults: readonly Fault[];
  /** What works as it is written, and may not be meant. */
  readonly warnings: readonly Fault[];
  readonly routes: number;
}

/** A configuration file that can't be checked: missing, or no TOML. The message says what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type WorkerRoute = string | { pattern?: string };

export interface Section {
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
    ...environments.map(([name, section]) => checkSection(name, section)),
  ];
}

/** Reads wrangler.toml. Throws `ConfigError`, with what to do. */
export function readConfig(path: string): Section & { readonly env?: Record<string, Section> } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(
      code === 'ENOENT'
        ? `there is no ${path}; name the file with --config`
        : `${path} can't be read (${code})`,
    );
  }
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof TomlError) throw new ConfigError(`${path} is no TOML: ${error.message}`);
    throw error;
  }
}

/** Compiles the policy of one environment, as the gateway would. Throws `ConfigError` if there is no such environment. */
export function compileConfig(path: string, environment: string | undefined): Compiled {
  const config = readConfig(path);
  if (environment === undefined) return compileSection(config);
  const section = config.env?.[environment];
  if (section === undefined) throw new ConfigError(`${path} has no [env.${environment}]`);
  return compileSection(section);
}

function compileSection(section: Section): Compiled {
  const { vars = {} } = section;
  // The way through JSON is the one that wrangler sends the tables: dates become strings.
  return compilePolicy(JSON.parse(JSON.stringify(vars)) as Record<string, unknown>, listBindings(section));
}

/** Secrets are not in the file: whether they are there, the running Worker says. */
function listBindings({
  services = [],
  mtls_certificates = [],
  ratelimits = [],
  ...section
}: Section): Bindings {
  const given = (names: readonly (string | undefined)[]) => names.filter((name) => name !== undefined);
  const routes = [...(section.routes ?? []), section.route];
  return {
    services: given(services.map(({ binding }) => binding)),
    certificates: given(mtls_certificates.map(({ binding }) => binding)),
    rateLimits: given(ratelimits.map(({ name }) => name)),
    workerRoutes: given(routes.map((route) => (typeof route === 'object' ? route.pattern : route))),
  };
}

function checkSection(environment: string | undefined, section: Section): CheckResult {
  const compiled = compileSection(section);
  const faults = [...(compiled.ok ? [] : compiled.faults), ...checkFile(section)];
  if (!compiled.ok || faults.length > 0) return { environment, faults, warnings: [], routes: 0 };
  const { apis, warnings } = compiled.policy;
  return { environment, faults, warnings, routes: apis.reduce((sum, api) => sum + api.routes.length, 0) };
}

/** A variable of a Worker holds so much, as JSON. wrangler uploads more, only for it to be refused. */
const MAX_VARIABLE_BYTES = 5_000;

/** What the running Worker can't see: how the file holds the policy, and what answers before the Worker does. */
function checkFile({ vars = {}, cache, ...section }: Section): Fault[] {
  const faults: Fault[] = [];
  for (const [name, value] of Object.entries(vars)) {
    const bytes = Buffer.byteLength(JSON.stringify(value));
    if (bytes <= MAX_VARIABLE_BYTES) continue;
    faults.push(
      fault(
        [name],
        `this is ${bytes} bytes as JSON, and a variable holds ${MAX_VARIABLE_BYTES}`,
        `move routes into a table [vars.${name}_2] with extends = ${JSON.stringify(name)}`,
      ),
    );
  }
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
