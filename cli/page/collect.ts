/** What the page shows of a policy: its tables, what the check says, what cases leave open, what changed. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type {
  ChangesData,
  CoverageData,
  DifferenceData,
  EnvironmentData,
  FindingData,
  PageData,
} from '../../page/data.ts';
import { isPolicyTable } from '../../src/policy/compile/names.ts';
import { readCases } from '../policy/cases/read.ts';
import { runSuite } from '../policy/cases/suite.ts';
import { type CheckResult, checkPolicy } from '../policy/check/check.ts';
import type { Finding } from '../policy/check/findings.ts';
import { answersTo, writeCaller, writeRequest, writeSubject } from '../policy/diff/describe.ts';
import { byChange, comparePolicies } from '../policy/diff/diff.ts';
import type { Difference } from '../policy/diff/difference.ts';
import { type PolicyPair, pairPolicies } from '../policy/diff/environments.ts';
import { maskUrl } from '../policy/explain/mask.ts';
import { compileSection, environmentOf, hasPolicy, type PolicyFile } from '../policy/file/config.ts';
import { VERSION } from '../text/version.ts';

export interface CollectOptions {
  readonly file: PolicyFile;
  /** `undefined`: all that have a policy. */
  readonly environments: readonly (string | undefined)[];
  /** What it is compared with. */
  readonly old?: PolicyFile | undefined;
  readonly nowMs: number;
}

export async function collectPage({ file, environments, old, nowMs }: CollectOptions): Promise<PageData> {
  const results = checkPolicy(file, { environments });
  const pairs = old === undefined ? [] : pairPolicies(old, file, undefined);
  const shown: EnvironmentData[] = [];
  for (const result of results) {
    const section = environmentOf(file, result.environment);
    if (!hasPolicy(section)) continue;
    const pair = pairs.find(({ environment }) => environment === result.environment);
    shown.push({
      name: result.environment ?? null,
      vars: shownVars(section.vars ?? {}),
      findings: findingsOf(result),
      coverage: await coverageOf(file, result, nowMs),
      changes: pair === undefined || old === undefined ? null : await changesOf(pair, old.path, nowMs),
    });
  }
  return { file: file.path, version: VERSION, environments: shown };
}

/** The tables of the policy, as far as anybody may see them. */
function shownVars(vars: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const tables = Object.entries(vars).filter((entry) => isPolicyTable(...entry));
  return JSON.parse(JSON.stringify(Object.fromEntries(tables)), (name, value: unknown) =>
    typeof value === 'string' ? shownText(value) : name === 'origin_headers' ? shownSecrets(value) : value,
  ) as Record<string, unknown>;
}

/** A URL may have a password, or a key in its query. */
const shownText = (text: string) => maskUrl(text.replace(/(:\/\/)[^/?#@]*@/g, '$1'));

/** What should name a secret may be one. */
function shownSecrets(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      typeof one === 'string' && one.startsWith('secret:') ? one : 'secret:COVERED',
    ]),
  );
}

const findingsOf = ({ faults, warnings }: CheckResult): FindingData[] =>
  [...faults, ...warnings].map(asShown);

function asShown({ severity, rule, at, place, problem, remedy, why, region }: Finding): FindingData {
  const [table, field, key] = place;
  const isApi = typeof table === 'string' && table.startsWith('API_');
  return {
    ...{ severity, rule, at, problem, remedy, why, line: region.line },
    api: isApi ? table : null,
    route: isApi && field === 'routes' && typeof key === 'string' ? key : null,
  };
}

/** By the cases beside the policy, if there are any and all hold. */
async function coverageOf(
  file: PolicyFile,
  { environment, faults }: CheckResult,
  nowMs: number,
): Promise<CoverageData | null> {
  const path = join(dirname(file.path), 'policy.test.toml');
  if (faults.length > 0 || !existsSync(path)) return null;
  const section = environmentOf(file, environment);
  const compiled = compileSection(section);
  if (!compiled.ok) return null;
  const cases = readCases(path);
  const { policy } = compiled;
  const { coverage } = await runSuite(cases, { section, policy, nowMs, mutates: false });
  const open: Record<string, string[]> = {};
  for (const { where, what, passing, refusing } of coverage.missing) {
    const sides = [...(passing ? [] : ['letting through']), ...(refusing ? [] : ['refusing'])].join(' and ');
    open[where] = [...(open[where] ?? []), what === '' ? sides : `${what}: ${sides}`];
  }
  return { cases: cases.length, open };
}

async function changesOf(pair: PolicyPair, from: string, nowMs: number): Promise<ChangesData> {
  const nowSeconds = Math.floor(nowMs / 1000);
  const { findings, other } = await comparePolicies(pair.old, pair.now, nowSeconds);
  return {
    from,
    differences: [...findings].sort(byChange).map((one) => differenceOf(one, nowSeconds)),
    other: other.map(({ place, before, now }) => `${place}: ${before} → ${now}`),
  };
}

function differenceOf(difference: Difference, nowSeconds: number): DifferenceData {
  const { change, before, now, example, place, routes } = difference;
  const answers = answersTo(difference);
  return {
    ...{ change, subject: writeSubject(difference), before, now },
    example:
      example === undefined
        ? []
        : [
            writeRequest(example, routes),
            writeCaller(example, place, nowSeconds),
            ...(answers === undefined ? [] : [`was ${answers[0]}, is ${answers[1]}`]),
          ],
  };
}
