/** A run of all cases, with what it says of the policy. */
import type { Policy } from '../../../src/policy/policy.ts';
import type { Section } from '../file/config.ts';
import { type Coverage, measureCoverage } from './coverage.ts';
import { type Mutation, mutate } from './mutate.ts';
import type { Case } from './read.ts';
import { type CaseResult, createJudge, prepareCase } from './run.ts';

export interface Suite {
  readonly results: readonly CaseResult[];
  readonly coverage: Coverage;
  /** Present if it was asked for and all cases hold: a case that fails already notices nothing. */
  readonly mutation: Mutation | undefined;
}

export interface SuiteOptions {
  readonly section: Section;
  readonly policy: Policy;
  readonly nowMs: number;
  readonly mutates: boolean;
}

export async function runSuite(
  cases: readonly Case[],
  { section, policy, nowMs, mutates }: SuiteOptions,
): Promise<Suite> {
  const judge = createJudge(policy);
  const prepared = cases.map((one) => prepareCase(policy, one, nowMs));
  const results: CaseResult[] = [];
  for (const one of prepared) results.push(await judge(one));
  const holds = results.every(({ failures }) => failures.length === 0);
  return {
    results,
    coverage: measureCoverage(policy, results),
    mutation: mutates && holds ? await mutate(section, policy, prepared) : undefined,
  };
}

export const failed = ({ results }: Suite): CaseResult[] =>
  results.filter(({ failures }) => failures.length > 0);

/** A share as whole percent; only all of it is 100. */
export const percent = (part: number, whole: number): number =>
  whole === 0 ? 100 : Math.floor((part / whole) * 100);
