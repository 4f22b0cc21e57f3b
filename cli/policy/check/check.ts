/** The check of a wrangler.toml: errors, and warnings of what works and may not be meant. */
import type { Place } from '../../../src/policy/compile/fault.ts';
import {
  compileSection,
  environmentOf,
  environmentsOf,
  hasPolicy,
  type PolicyFile,
  type Section,
} from '../file/config.ts';
import { readSource, type Source } from '../file/source.ts';
import { type Allowances, readAllowances } from './allow.ts';
import { findAlikeNames } from './environment-names.ts';
import { FILE_CHECKS } from './file-checks.ts';
import type { Finding, Hit, Rule } from './findings.ts';
import { POLICY_ERROR } from './kinds.ts';
import { LINTS } from './lints/lints.ts';
import { type Facts, readSubject } from './lints/subject.ts';

/** The findings in one environment of a configuration file. */
export interface CheckResult {
  /** `undefined`: the top level. */
  readonly environment: string | undefined;
  /** Whether the environment has any table of a policy. Without one, the gateway answers 503 to everything there. */
  readonly policy: boolean;
  readonly faults: readonly Finding[];
  /** Warnings: it works as it is written, and may not be meant. Looked for if there are no faults. */
  readonly warnings: readonly Finding[];
  readonly routes: number;
}

export interface CheckOptions {
  /** Which to check; all where it is left out, since wrangler inherits no `vars`. */
  readonly environments?: readonly (string | undefined)[];
  /** Facts that are known besides the file. */
  readonly facts?: Facts;
}

/** Pure. Throws `CommandError` if there is no such environment. */
export function checkPolicy(
  file: PolicyFile,
  { environments, facts = {} }: CheckOptions = {},
): CheckResult[] {
  const view = openFile(file);
  const sections = (environments ?? environmentsOf(file)).map(
    (name) => [name, environmentOf(file, name)] as const,
  );
  // An environment without any policy may be meant: nobody deploys it, or another Worker. A file without one is not.
  const isFile = sections.some(([, section]) => hasPolicy(section));
  const results = sections.map(([name, section]) =>
    isFile && !hasPolicy(section)
      ? checkWithoutPolicy(view, name, section)
      : checkSection(view, name, section, facts),
  );
  const [first, ...others] = results.map((result, i) => withoutRepeated(result, results.slice(0, i)));
  const ofFile = [...findAlikeNames(file, view.source), ...view.allowances().faults];
  return first === undefined ? [] : [{ ...first, warnings: [...first.warnings, ...ofFile] }, ...others];
}

/** Leaves out findings in inherited parts that an earlier environment has. */
function withoutRepeated(result: CheckResult, earlier: readonly CheckResult[]): CheckResult {
  const key = ({ rule, region, problem }: Finding) => JSON.stringify([rule, region, problem]);
  const known = new Set(earlier.flatMap(({ faults, warnings }) => [...faults, ...warnings].map(key)));
  const isNew = (finding: Finding) => !known.has(key(finding));
  return {
    ...result,
    faults: result.faults.filter((one) => !inherited(one) || isNew(one)),
    warnings: result.warnings.filter((one) => !inherited(one) || isNew(one)),
  };
}

const inherited = ({ place }: Finding) =>
  ['cache', 'assets', 'workers_dev', 'preview_urls', 'routes', 'route'].includes(String(place[0]));

/** A file whose positions are read when the first finding needs them. */
interface View {
  readonly file: PolicyFile;
  source(): Source;
  allowances(): Allowances;
}

function openFile(file: PolicyFile): View {
  let source: Source | undefined;
  let allowances: Allowances | undefined;
  const view: View = {
    file,
    source: () => (source ??= readSource(file)),
    allowances: () =>
      (allowances ??= file.text.includes('claimgate:')
        ? readAllowances(view.source())
        : { allows: () => false, faults: [] }),
  };
  return view;
}

/** Only what has nothing to do with a policy, such as a table of it beside `[vars]`. */
function checkWithoutPolicy(view: View, environment: string | undefined, section: Section): CheckResult {
  const finish = (rule: Rule) => (hit: Hit) => toFinding(view, environment, rule, hit);
  const faults = FILE_CHECKS.flatMap((check) => check.find(section).map(finish(check)));
  return { environment, policy: false, faults, warnings: [], routes: 0 };
}

function checkSection(
  view: View,
  environment: string | undefined,
  section: Section,
  facts: Facts,
): CheckResult {
  const finish = (rule: Rule) => (hit: Hit) => toFinding(view, environment, rule, hit);
  const compiled = compileSection(section);
  const faults = [
    ...(compiled.ok ? [] : compiled.faults).map(finish(POLICY_ERROR)),
    ...FILE_CHECKS.flatMap((check) => check.find(section).map(finish(check))),
  ];
  if (!compiled.ok || faults.length > 0)
    return { environment, policy: true, faults, warnings: [], routes: 0 };
  const subject = readSubject(compiled.policy, section, environment, facts);
  const found = LINTS.flatMap((one) => [...one.find(subject)].map(finish(one))).filter(
    ({ rule, severity, region }) => severity === 'error' || !view.allowances().allows(rule, region),
  );
  return {
    environment,
    policy: true,
    faults: found.filter(({ severity }) => severity === 'error'),
    warnings: found.filter(({ severity }) => severity === 'warning'),
    routes: compiled.policy.apis.reduce((sum, api) => sum + api.routes.length, 0),
  };
}

function toFinding(view: View, environment: string | undefined, rule: Rule, hit: Hit): Finding {
  const { outsideVars, ...fault } = hit;
  const { say } = view.file.format;
  return {
    ...fault,
    problem: say(hit.problem),
    remedy: say(hit.remedy),
    rule: rule.name,
    severity: hit.severity ?? rule.severity ?? 'warning',
    why: say(rule.why),
    region: view.source().regionOf(pathOf(view.file, environment, hit)),
  };
}

/** The path from the top of the file. Parts outside `[vars]` may be inherited from there. */
function pathOf({ config }: PolicyFile, environment: string | undefined, { place, outsideVars }: Hit): Place {
  const section = environment === undefined ? [] : ['env', environment];
  if (outsideVars !== true) return [...section, 'vars', ...place];
  const own = environment === undefined ? config : config.env?.[environment];
  const isOwn = Object.hasOwn(own ?? {}, place[0] ?? '');
  return isOwn || !Object.hasOwn(config, place[0] ?? '') ? [...section, ...place] : place;
}
