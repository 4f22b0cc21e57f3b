/** The policy in wrangler's configuration: read and compiled as the gateway would, for every tool. */
import { type Compiled, compilePolicy } from '../../../src/policy/compile/compile.ts';
import { formatFault } from '../../../src/policy/compile/fault.ts';
import { isPolicyTable, meantName } from '../../../src/policy/compile/names.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { sectionOf, type WithEnvironments } from '../../formats/environments.ts';
import { readableConfig, remedyFor } from '../../formats/find.ts';
import type { Format } from '../../formats/format.ts';
import { formatOf, parseConfig } from '../../formats/formats.ts';
import { readText } from '../../text/files.ts';
import { isTable } from '../../text/json.ts';
import { CommandError, EXIT } from '../../text/terminal.ts';
import { listBindings } from './bindings.ts';

type WorkerRoute = string | { pattern?: string; custom_domain?: boolean };

/** The members of one environment of the configuration that a policy needs. */
export interface Section {
  /** The environment's name, which no file has in this place; `undefined`: the top level. */
  readonly environment?: string;
  readonly main?: string;
  readonly vars?: Record<string, unknown>;
  /** The tables among `vars` are of a module: no variables, whose size is limited. */
  readonly policyInCode?: boolean;
  readonly services?: readonly { binding?: string }[];
  readonly mtls_certificates?: readonly { binding?: string }[];
  readonly ratelimits?: readonly { name?: string }[];
  readonly route?: WorkerRoute;
  readonly routes?: readonly WorkerRoute[];
  readonly assets?: { readonly binding?: string; readonly run_worker_first?: boolean | readonly string[] };
  readonly cache?: { enabled?: boolean };
  readonly kv_namespaces?: readonly { binding?: string }[];
  readonly durable_objects?: {
    readonly bindings?: readonly { name?: string; class_name?: string; script_name?: string }[];
  };
  /** What becomes of classes of Durable Objects from one deployment to the next: in one of these two. */
  readonly migrations?: readonly object[];
  readonly exports?: object;
  readonly triggers?: { crons?: readonly string[] };
  readonly workers_dev?: boolean;
  readonly preview_urls?: boolean;
  /** wrangler refuses to deploy while one of these is not set. It inherits none. */
  readonly secrets?: { readonly required?: readonly string[] };
}

/** A configuration of wrangler that was read. */
export interface PolicyFile {
  /** Its name in messages. */
  readonly path: string;
  readonly text: string;
  readonly format: Format;
  readonly config: WithEnvironments<Section>;
}

/** Throws `CommandError` where there is no such file, or it can't be read. */
export function readPolicyFile(path: string): PolicyFile {
  const readable = readableConfig(path);
  return parsePolicyFile(readable, readText(readable, remedyFor(readable)));
}

/** Throws `CommandError` where the text can't be read, with the place. @param path its name in messages */
export function parsePolicyFile(path: string, text: string): PolicyFile {
  const config = parseConfig(path, text);
  const format = formatOf(path, text);
  demandTables(path, text, format, config);
  return { path, text, format, config: config as WithEnvironments<Section> };
}

/** Environments and variables are tables: a list in their place would be one that nobody looks into. */
function demandTables(path: string, text: string, format: Format, config: Record<string, unknown>): void {
  const demand = (place: readonly string[], value: unknown) => {
    if (value === undefined || isTable(value)) return;
    const { line, column } = format.positions(text).regionOf(place);
    throw new CommandError(
      `${path}:${line}:${column}: ${place.join('.')} is not a table; write ${format.table(place)}`,
    );
  };
  const { env } = config;
  demand(['env'], env);
  demand(['vars'], config['vars']);
  for (const [name, section] of Object.entries(isTable(env) ? env : {})) {
    demand(['env', name], section);
    demand(['env', name, 'vars'], isTable(section) ? section['vars'] : undefined);
  }
}

/** The names of its environments; `undefined` is the top level. */
export const environmentsOf = ({ config }: PolicyFile): (string | undefined)[] => [
  undefined,
  ...Object.keys(config.env ?? {}),
];

/** One environment, with what it inherits. Throws `CommandError` if there is no such environment. */
export function environmentOf({ config, path }: PolicyFile, environment: string | undefined): Section {
  const section = sectionOf(config, path, environment);
  return environment === undefined ? section : { ...inherit(config, section), environment };
}

/** wrangler passes these on to environments that have none of their own. It passes on no bindings and no vars. */
const INHERITED = [
  ...(['main', 'workers_dev', 'preview_urls', 'triggers', 'cache', 'assets'] as const),
  ...(['migrations', 'exports'] as const),
];

function inherit(top: Section, section: Section): Section {
  const { route, routes } = top;
  const own = section.route !== undefined || section.routes !== undefined;
  const inherited = Object.fromEntries(
    INHERITED.filter((name) => top[name] !== undefined).map((name) => [name, top[name]]),
  );
  return { ...inherited, ...(!own && { ...(route && { route }), ...(routes && { routes }) }), ...section };
}

/** Compiles the policy of one environment, as the gateway would. Throws `CommandError` if there is no such environment. */
export function compileConfig(path: string, environment: string | undefined): Compiled {
  return compileSection(environmentOf(readPolicyFile(path), environment));
}

/** Whether an environment has any table of the policy under `[vars]`, or one that looks like a slip. */
export const hasPolicy = ({ vars = {} }: Section): boolean =>
  Object.entries(vars).some(
    ([name, value]) => isPolicyTable(name, value) || meantName(name, value) !== undefined,
  );

export function compileSection(section: Section): Compiled {
  const { vars = {} } = section;
  // The way through JSON is the one that wrangler sends the tables: dates become strings.
  return compilePolicy(
    JSON.parse(JSON.stringify(vars)) as Record<string, unknown>,
    listBindings(section, section.environment),
  );
}

/** The policy of one environment. Throws `CommandError` where it has errors, with all of them. */
export function policyOf(file: PolicyFile, environment: string | undefined): Policy {
  const compiled = compileSection(environmentOf(file, environment));
  if (compiled.ok) return compiled.policy;
  const where = environment === undefined ? file.path : `${file.path} [env.${environment}]`;
  const list = compiled.faults.map((fault) => `\n  ${file.format.say(formatFault(fault))}`).join('');
  throw new CommandError(
    `the policy in ${where} has errors; claimgate check shows where:${list}`,
    EXIT.misuse,
  );
}
