import type { Fault } from '../../src/policy/fault.ts';
import { compileSection, environmentOf, environmentsOf, readPolicyFile, type Section } from './config.ts';
import { checkFile } from './file-checks.ts';

/** What `check` found in one environment of a configuration file. */
export interface CheckResult {
  /** `undefined`: the top level. */
  readonly environment: string | undefined;
  readonly faults: readonly Fault[];
  /** What works as it is written, and may not be meant. */
  readonly warnings: readonly Fault[];
  readonly routes: number;
}

/** Compiles the policy of the top level and of every environment, since wrangler inherits no `vars`. */
export function checkConfig(path: string): CheckResult[] {
  const file = readPolicyFile(path);
  return environmentsOf(file).map((name) => checkSection(name, environmentOf(file, name)));
}

function checkSection(environment: string | undefined, section: Section): CheckResult {
  const compiled = compileSection(section);
  const faults = [...(compiled.ok ? [] : compiled.faults), ...checkFile(section)];
  if (!compiled.ok || faults.length > 0) return { environment, faults, warnings: [], routes: 0 };
  const { apis, warnings } = compiled.policy;
  return { environment, faults, warnings, routes: apis.reduce((sum, api) => sum + api.routes.length, 0) };
}
