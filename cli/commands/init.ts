/** `claimgate init`: a gateway for one API, with tests and a pipeline, in a project of one's own. */
import { relative } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { Given } from '../init/answers.ts';
import { CommandError, currentTerminal, note, paint, printLine } from '../text/terminal.ts';

type Options = Given & { readonly yes?: boolean };

export function addInitCommand(program: Command): void {
  program
    .command('init [folder]')
    .description('write wrangler.toml, policy.test.toml and a workflow for one API; no file is replaced')
    .option('--name <name>', "the Worker's name (default: the folder's)")
    .option('--issuer <url>', 'who signs the tokens, as their iss has it')
    .option('--audience <text>', 'for whom they are, as their aud has it')
    .option('--origin <where>', 'where the API is: a URL, or service:WORKER')
    .option('--host <host>', 'the host that clients ask (default: one of workers.dev)')
    .option('--yes', 'ask nothing; examples stand for what is not given')
    .addHelpText(
      'after',
      '\nIt asks for what the flags leave open.\n\nExample:\n  claimgate init --issuer https://example.eu.auth0.com/ --audience https://api.example.com/orders --origin https://orders.internal.example --host api.example.com',
    )
    .action((folder: string | undefined, options: Options) => init(folder ?? '.', options));
}

async function init(folder: string, { yes = false, ...given }: Options): Promise<void> {
  const { findAnswers } = await import('../init/answers.ts');
  const { renderPolicyFile } = await import('../init/policy-file.ts');
  const { renderCases } = await import('../init/cases-file.ts');
  const { renderWorkflow } = await import('../init/workflow.ts');
  const { demandNew, demandRead, packagePath, repositoryRoot, writeNew } = await import('../init/project.ts');
  const root = repositoryRoot(folder);
  const inRoot = relative(root, folder);
  const workflow = `${relative(folder, root) || '.'}/.github/workflows/policy.yml`.replace(/^\.\//, '');
  const paths = ['wrangler.toml', 'policy.test.toml', workflow] as const;
  // Before anything is asked.
  demandRead(folder);
  demandNew(folder, paths);
  const { stdin, stderr } = currentTerminal();
  const terminal = stdin.isTTY && !yes ? createInterface({ input: stdin, output: stderr }) : undefined;
  const ask = terminal && ((text: string) => terminal.question(text));
  const answers = await findAnswers(given, folder, ask, yes).finally(() => terminal?.close());
  const installed = packagePath(folder);
  const policyText = renderPolicyFile(answers, installed ?? './node_modules/claimgate');
  await demandPolicy(policyText);
  const [policyPath, casesPath] = paths;
  writeNew(folder, [
    { path: policyPath, text: policyText },
    { path: casesPath, text: renderCases(answers) },
    { path: workflow, text: renderWorkflow(inRoot) },
  ]);
  for (const path of paths) printLine(`${paint('green', 'wrote')}  ${path}`);
  printLine();
  for (const [command, what] of NEXT) printLine(`  ${command.padEnd(31)}  ${paint('dim', what)}`);
  if (installed === undefined)
    note('\nclaimgate is not installed here yet; npm install --save-dev claimgate wrangler brings it');
}

const NEXT = [
  ['npx claimgate check --online', 'asks the issuer for its keys'],
  ['npx claimgate routes', 'who gets in where'],
  ['npx claimgate test', 'what must pass passes'],
  ['npx wrangler deploy', 'checks, and makes the KV namespace'],
] as const;

/** Throws `CommandError` where an answer makes no good policy. */
async function demandPolicy(text: string): Promise<void> {
  const { compileSection, environmentOf, parsePolicyFile } = await import('../policy/file/config.ts');
  const compiled = compileSection(environmentOf(parsePolicyFile('wrangler.toml', text), undefined));
  if (compiled.ok) return;
  const faults = compiled.faults.map(
    ({ at, problem, remedy }) => `\n  ${at.split('.').at(-1)}: ${problem}; ${remedy}`,
  );
  throw new CommandError(`these answers make no policy, and nothing was written:${faults.join('')}`);
}
