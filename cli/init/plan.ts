/** What `claimgate init` would write. Nothing is written here. */
import { relative } from 'node:path';
import { initialCases, withoutMade } from '../policy/cases/init.ts';
import { parseCases } from '../policy/cases/read.ts';
import { parsePolicyFile, policyOf, readPolicyFile } from '../policy/file/config.ts';
import type { Answers } from './answers.ts';
import { besideFiles } from './beside.ts';
import { type Change, readIfThere } from './changes.ts';
import { addPolicy } from './into-config.ts';
import { renderPolicyFile } from './policy-file.ts';
import { repositoryRoot } from './project.ts';
import { renderWorkflow } from './workflow.ts';

const CASES = 'policy.test.toml';

export interface Plan {
  /** The policy, its cases, its workflow. */
  readonly changes: Change[];
  /** What is good to have. */
  readonly beside: readonly Change[];
  /** What a person has to look at. */
  readonly notes: string[];
}

/**
 * @param existing the configuration of a Worker that is there
 * @param installed where the package is, seen from the folder; `undefined`: it is not installed
 * @param worker the issuer's Worker, where the project gets one of its own
 */
export async function planChanges(
  folder: string,
  answers: Answers,
  existing: string | undefined,
  installed: string | undefined,
  worker: string | undefined,
): Promise<Plan> {
  const added =
    existing === undefined
      ? { text: renderPolicyFile(answers, installed ?? './node_modules/claimgate', worker), notes: [] }
      : addPolicy(readPolicyFile(existing), answers);
  const config = existing === undefined ? 'wrangler.toml' : relative(folder, existing);
  const changes: Change[] = [{ path: config, before: readIfThere(folder, config), after: added.text }];
  const notes = [...added.notes];
  const policy = policyOf(parsePolicyFile(config, added.text), undefined);
  const cases = readIfThere(folder, CASES);
  const own = withoutMade(cases ?? '');
  const after = await initialCases(policy, Date.now(), own, own.trim() === '' ? [] : parseCases(CASES, own));
  if (after !== cases) changes.push({ path: CASES, before: cases, after });
  const root = repositoryRoot(folder);
  const workflow = `${relative(folder, root) || '.'}/.github/workflows/policy.yml`.replace(/^\.\//, '');
  if (readIfThere(folder, workflow) === undefined)
    changes.push({
      path: workflow,
      before: undefined,
      after: renderWorkflow(relative(root, folder), config),
    });
  else notes.push(`${workflow} is there already, and stays as it is`);
  return { changes, beside: besideFiles(folder, config), notes };
}
