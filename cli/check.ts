import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import type { Bindings } from '../src/policy/bindings.ts';
import { type Compiled, compilePolicy } from '../src/policy/compile.ts';
import type { Fault } from '../src/policy/fault.ts';

/** What `check` found in one environment of a configuration file. */
export interface CheckResult {
  /** `undefined`: the top level. */
  readonly environment: string | undefined;
  readonly faults: readonly Fault[];
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
  if (!compiled.ok) return { environment, faults: compiled.faults, routes: 0 };
  return {
    environment,
    faults: [],
    routes: compiled.policy.apis.reduce((sum, api) => sum + api.routes.length, 0),
  };
}
