/** `claimgate diff`: what a change of the policy means, before it is live. */
import { type Command, InvalidArgumentError } from 'commander';
import { suggest } from '../../src/policy/compile/fault.ts';
import { CHANGES, type Comparison } from '../policy/diff/difference.ts';
import type { Sides } from '../policy/diff/sides.ts';
import { code } from '../text/markdown.ts';
import { CommandError, EXIT, endWith, paint, printJson, printLine, visible } from '../text/terminal.ts';
import { formatOf, nowSeconds, type PolicyOptions, withConfig, withEnvironments } from './options.ts';

const FORMATS = ['text', 'markdown', 'json'] as const;
const FAIL_ON = [...CHANGES, 'any'] as const;
type FailOn = (typeof FAIL_ON)[number];

/** Whoever minds that more get in minds that a route is new; and the other way round. */
const INCLUDED: Readonly<Partial<Record<FailOn, FailOn>>> = { widened: 'opened', narrowed: 'closed' };

interface Options extends PolicyOptions {
  readonly format?: (typeof FORMATS)[number];
  readonly failOn?: readonly FailOn[];
  readonly against?: string;
}

export function addDiffCommand(program: Command): void {
  const command = withEnvironments(program.command('diff [old] [new]'), FORMATS).description(
    'compare two policies by what they mean: who gets in, and what origins get',
  );
  withConfig(command, 'the file that is meant where a revision is named, or nothing')
    .option('--against <name>', 'compare the environment of --env with this one, in the same file')
    .option(
      '--fail-on <changes>',
      `exit with 1 if there are such: ${FAIL_ON.join(', ')}; several with commas`,
      readFailOn,
    )
    .addHelpText(
      'after',
      `
Each side is a file, a git revision (its configuration), or REV:path. Without: HEAD
against the file as it is now; in a pull request, the commit where the branch began.
One revision means where this branch left it: what main did since is not blamed on it.
A...B means the same of two revisions, and A..B both as they are.

opened    requests that nobody could make get in      widened   more callers get in
closed    the other way round                         narrowed  fewer callers get in
moved     the origin gets something else, or it is another one
--fail-on widened means opened too, and narrowed closed.

Examples:
  claimgate diff
  claimgate diff main --fail-on widened
  claimgate diff main...HEAD
  claimgate diff --env staging --against production
  claimgate diff v1.2 HEAD --env production --format markdown
  claimgate diff old.toml new.jsonc`,
    )
    .action(run);
}

async function run(old: string | undefined, now: string | undefined, options: Options): Promise<void> {
  const { config, env, against, failOn = [] } = options;
  const format = formatOf(options);
  // The comparison is loaded when it is needed: other commands start without it.
  const { readSides } = await import('../policy/diff/sides.ts');
  const { byChange, comparePolicies } = await import('../policy/diff/diff.ts');
  const { bindingDifferences, fileChanges } = await import('../policy/diff/bindings.ts');
  const files = await (against !== undefined && old === undefined
    ? readOne(config)
    : readSides(old, now, config, process.env));
  const seconds = nowSeconds();
  const results: Result[] = [];
  const { pairs, sides } = await pairUp(files, env, against);
  for (const { environment, sections, hosts = [], ...pair } of pairs) {
    const { findings, other } = await comparePolicies(pair.old, pair.now, seconds);
    results.push({
      environment,
      findings: [...findings, ...bindingDifferences(pair, sections)].sort(byChange),
      other: [
        ...hosts.map(([before, after]) => ({ place: 'hosts', before, now: after })),
        ...other,
        ...fileChanges(sections),
      ],
    });
  }
  await print(sides, results, format, seconds);
  if (results.some((result) => isMinded(result, failOn))) endWith(EXIT.findings);
}

/** Environments of one file are compared as it is now. */
async function readOne(config: string): Promise<Sides> {
  const { readPolicyFile } = await import('../policy/file/config.ts');
  const file = readPolicyFile(config);
  return { old: file, now: file };
}

async function pairUp({ old, now }: Sides, env: string | undefined, against: string | undefined) {
  const { pairEnvironments, pairPolicies, sideName } = await import('../policy/diff/environments.ts');
  if (against === undefined)
    return { pairs: pairPolicies(old, now, env), sides: { old: old.path, new: now.path } };
  if (env === undefined)
    throw new CommandError('--against needs --env: name the environment that is compared with it');
  const sides = { old: sideName(old, against || undefined), new: sideName(now, env || undefined) };
  return { pairs: [pairEnvironments(old, now, { old: against, now: env })], sides };
}

interface Result extends Comparison {
  readonly environment: string | undefined;
}

async function print(
  sides: { readonly old: string; readonly new: string },
  results: readonly Result[],
  format: string,
  seconds: number,
): Promise<void> {
  if (format === 'json') {
    printJson({
      ...sides,
      environments: results.map(({ environment = null, ...rest }) => ({ environment, ...rest })),
    });
    return;
  }
  const name = (environment: string | undefined) =>
    environment === undefined ? 'top level' : `env.${environment}`;
  if (format === 'markdown') {
    const { renderMarkdown } = await import('../policy/diff/markdown.ts');
    printLine(`## Policy: ${code(sides.old)} → ${code(sides.new)}`);
    for (const result of results) {
      printLine();
      if (results.length > 1) printLine(`### ${visible(name(result.environment))}\n`);
      for (const line of renderMarkdown(result, seconds)) printLine(line);
    }
    return;
  }
  const { renderText } = await import('../policy/diff/text.ts');
  printLine(paint('dim', visible(`${sides.old} -> ${sides.new}`)));
  for (const result of results) {
    printLine();
    if (results.length > 1) printLine(`${paint('bold', visible(`[${name(result.environment)}]`))}\n`);
    for (const line of renderText(result, seconds)) printLine(line);
  }
}

function isMinded({ findings, other }: Comparison, failOn: readonly FailOn[]): boolean {
  const minded = new Set(failOn.flatMap((one) => [one, INCLUDED[one] ?? one]));
  if (minded.has('any')) return findings.length + other.length > 0;
  return findings.some(({ change }) => minded.has(change));
}

function readFailOn(value: string, before: readonly FailOn[] = []): FailOn[] {
  const names = value.split(',').map((name) => name.trim());
  const read = names.map((name): FailOn => {
    const found = FAIL_ON.find((choice) => choice === name.toLowerCase());
    if (found === undefined)
      throw new InvalidArgumentError(`There is no such change; ${suggest(name, FAIL_ON)}`);
    return found;
  });
  return [...before, ...read];
}
