/** `claimgate test`: the cases beside the policy, judged by the gateway's own functions. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { formatFault } from '../../src/policy/compile/fault.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { initialCases, withoutMade } from '../policy/cases/init.ts';
import { parseCases, readCases } from '../policy/cases/read.ts';
import { renderSuite, suiteJson, suiteJunit } from '../policy/cases/report.ts';
import { failed, percent, runSuite, type Suite } from '../policy/cases/suite.ts';
import {
  compileSection,
  environmentOf,
  type PolicyFile,
  policyOf,
  type Section,
} from '../policy/file/config.ts';
import { enforcedSection } from '../policy/file/enforced.ts';
import { readPolicy } from '../policy/file/module.ts';
import { readText, writeWhole } from '../text/files.ts';
import { CommandError, EXIT, endWith, note, printJson, printLine } from '../text/terminal.ts';
import { countOf } from '../text/words.ts';
import { type PolicyOptions, withPolicy } from './options.ts';

interface Options extends PolicyOptions {
  readonly junit?: string;
  readonly minCoverage?: number;
  readonly mutate?: boolean;
  readonly failOnSurvivors?: boolean;
  readonly init?: boolean;
  readonly enforced?: boolean;
  readonly verbose?: boolean;
}

export function addTestCommand(program: Command): void {
  withPolicy(program.command('test [files...]'))
    .description('run the cases beside the policy (policy.test.toml), without network')
    .option('--init', 'write cases that show all of the policy; those of your own stay')
    .option('--min-coverage <percent>', 'fail where the cases show less of the policy', readPercent)
    .option('--mutate', 'change the policy in small ways, and list the changes that no case notices')
    .option('--fail-on-survivors', 'with --mutate: fail where there is such a change')
    .option('--enforced', 'take APIs on trial (report_only) as enforced')
    .option('--verbose', 'list every case')
    .option('--junit <file>', 'write the results for a build server')
    .addHelpText(
      'after',
      '\nExits with 1 if a case fails.\n\nExample:\n  claimgate test --mutate --min-coverage 100',
    )
    .action(run);
}

async function run(files: string[], options: Options): Promise<void> {
  const started = performance.now();
  if (options.failOnSurvivors && !options.mutate)
    throw new CommandError('--fail-on-survivors is about mutants; give --mutate too');
  const file = await readPolicy(options);
  const { section, policy } = tested(file, options);
  const paths = files.length > 0 ? files : [join(dirname(options.config), 'policy.test.toml')];
  const nowMs = Date.now();
  if (options.init) return init(paths, policy, nowMs);
  const cases = paths.flatMap(readCases);
  if (cases.length === 0)
    throw new CommandError(
      `there is no case in ${paths.join(', ')}; claimgate test --init FILE writes first ones`,
    );
  const suite = await runSuite(cases, { section, policy, nowMs, mutates: options.mutate === true });
  if (options.junit !== undefined) writeWhole(options.junit, suiteJunit(suite));
  if (options.json) printJson(suiteJson(suite));
  else {
    const milliseconds = performance.now() - started;
    for (const line of renderSuite(suite, milliseconds, options.verbose === true)) printLine(line);
  }
  if (isFailure(suite, options)) endWith(EXIT.findings);
}

function tested(file: PolicyFile, { env, enforced }: Options): { section: Section; policy: Policy } {
  const section = environmentOf(file, env);
  const policy = policyOf(file, env);
  if (!enforced) return { section, policy };
  const withoutTrials = enforcedSection(policy, section);
  const compiled = compileSection(withoutTrials);
  if (!compiled.ok)
    throw new CommandError(
      `without its trials, the policy has errors:${compiled.faults.map((one) => `\n  ${formatFault(one)}`).join('')}`,
      EXIT.misuse,
    );
  return { section: withoutTrials, policy: compiled.policy };
}

/** Whether the run fails. Says why where the list of cases does not. */
function isFailure(suite: Suite, { minCoverage, mutate, failOnSurvivors }: Options): boolean {
  const { coverage, mutation } = suite;
  const fails = failed(suite).length > 0;
  if (fails && mutate) note('Mutants are tried once all cases pass.');
  const isThin = minCoverage !== undefined && percent(coverage.shown, coverage.wanted) < minCoverage;
  if (isThin)
    note(`The coverage is below ${minCoverage} %; claimgate test --init writes the cases that are missing.`);
  const survive = failOnSurvivors === true && (mutation?.survivors.length ?? 0) > 0;
  return fails || isThin || survive;
}

/** Cases that were made before are made anew; what a person has written stays as it is. */
async function init(paths: readonly string[], policy: Policy, nowMs: number): Promise<void> {
  const [path = '', ...others] = paths;
  if (others.length > 0) throw new CommandError('--init writes one file; name one');
  const before = existsSync(path) ? readText(path, '') : '';
  const written = withoutMade(before);
  const own = written.trim() === '' ? [] : parseCases(path, written);
  const text = await initialCases(policy, nowMs, written, own);
  if (text === before) return printLine(`${path}: nothing to add`);
  writeWhole(path, text);
  const made = (text.match(/^\[\[case\]\]/gm)?.length ?? 0) - (written.match(/^\[\[case\]\]/gm)?.length ?? 0);
  const kept = own.length === 0 ? '' : `, beside ${countOf(own.length, 'case')} of your own`;
  printLine(`${path}: ${countOf(made, 'case')}${kept}; run them with: claimgate test`);
}

function readPercent(value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && number >= 0 && number <= 100) return number;
  throw new InvalidArgumentError('Write a number from 0 to 100.');
}
