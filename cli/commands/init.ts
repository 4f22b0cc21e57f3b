/** `claimgate init`: a gateway for one API, with tests and a pipeline, in a project of one's own. */
import { existsSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { Given } from '../init/answers.ts';
import { CommandError, currentTerminal, note, paint, printLine } from '../text/terminal.ts';

type Options = Omit<Given, 'issuer'> & {
  /** `true`: the project gets one of its own. */
  readonly issuer?: string | true;
  readonly issuerHost?: string;
  readonly yes?: boolean;
};

export function addInitCommand(program: Command): void {
  program
    .command('init [folder]')
    .description('write wrangler.toml, policy.test.toml and a workflow for one API; no file is replaced')
    .option('--name <name>', "the Worker's name (default: the folder's)")
    .option(
      '--issuer [url]',
      'who signs the tokens, as their iss has it; without a URL: an issuer of your own',
    )
    .option('--issuer-host <host>', 'the host of your own issuer (default: auth, beside --host)')
    .option('--audience <text>', 'for whom they are, as their aud has it')
    .option('--origin <where>', 'where the API is: a URL, or service:WORKER')
    .option('--host <host>', 'the host that clients ask (default: one of workers.dev)')
    .option('--yes', 'ask nothing; examples stand for what is not given')
    .addHelpText(
      'after',
      '\nIt asks for what the flags leave open.\n\nExample:\n  claimgate init --issuer https://example.eu.auth0.com/ --audience https://api.example.com/orders --origin https://orders.internal.example --host api.example.com\n  claimgate init --issuer --audience https://api.example.com/orders --origin service:orders',
    )
    .action((folder: string | undefined, options: Options) => init(folder ?? '.', options));
}

async function init(folder: string, { yes = false, issuer, issuerHost, ...flags }: Options): Promise<void> {
  if (issuer !== true && issuerHost !== undefined)
    throw new CommandError('--issuer-host is about an issuer of your own; give --issuer without a URL too');
  if (issuer === true && existsSync(join(folder, 'wrangler.toml')))
    return addIssuer(folder, flags, issuerHost);
  const { issuerFiles, issuerHostOf, issuerWorkerName } = await import('../init/issuer-file.ts');
  const ownHost = issuer === true ? issuerHostOf(issuerHost, flags.host) : undefined;
  const given: Given = {
    ...flags,
    issuer: ownHost === undefined ? (issuer as string) : `https://${ownHost}/`,
  };
  const { findAnswers } = await import('../init/answers.ts');
  const { renderPolicyFile, topicOf } = await import('../init/policy-file.ts');
  const { renderCases } = await import('../init/cases-file.ts');
  const { renderWorkflow } = await import('../init/workflow.ts');
  const { demandNew, demandRead, packagePath, repositoryRoot, writeNew } = await import('../init/project.ts');
  const root = repositoryRoot(folder);
  const inRoot = relative(root, folder);
  const workflow = `${relative(folder, root) || '.'}/.github/workflows/policy.yml`.replace(/^\.\//, '');
  const paths = ['wrangler.toml', 'policy.test.toml', workflow] as const;
  // Before anything is asked.
  demandRead(folder);
  demandNew(folder, ownHost === undefined ? paths : [...paths, ...ISSUER_PATHS]);
  const { stdin, stderr } = currentTerminal();
  const terminal = stdin.isTTY && !yes ? createInterface({ input: stdin, output: stderr }) : undefined;
  const ask = terminal && ((text: string) => terminal.question(text));
  const answers = await findAnswers(given, folder, ask, yes).finally(() => terminal?.close());
  const installed = packagePath(folder);
  const worker = ownHost === undefined ? undefined : issuerWorkerName(answers.name);
  const policyText = renderPolicyFile(answers, installed ?? './node_modules/claimgate', worker);
  await demandPolicy(policyText);
  const [policyPath, casesPath] = paths;
  const files = [
    { path: policyPath, text: policyText },
    { path: casesPath, text: renderCases(answers) },
    { path: workflow, text: renderWorkflow(inRoot) },
    ...(ownHost === undefined || worker === undefined
      ? []
      : issuerFiles(worker, ownHost, packagePath(join(folder, 'issuer')) ?? '../node_modules/claimgate')),
  ];
  writeNew(folder, files);
  for (const { path } of files) printLine(`${paint('green', 'wrote')}  ${path}`);
  printLine();
  if (ownHost !== undefined) await printIssuerSteps(answers.audience, topicOf(answers));
  const next = ownHost === undefined ? NEXT : NEXT_WITH_ISSUER;
  const width = Math.max(...next.map(([command]) => command.length));
  for (const [command, what] of next) printLine(`  ${command.padEnd(width)}  ${paint('dim', what)}`);
  if (installed === undefined) note(`\nclaimgate is not installed here yet; ${INSTALL}`);
}

/** No registry has it: what `npm install claimgate` would bring is somebody else's. */
const INSTALL = 'npm install --save-dev FILE wrangler brings it, where FILE is what npm pack made in a clone';

const ISSUER_PATHS = ['issuer/wrangler.toml', 'issuer/.gitignore'] as const;

async function printIssuerSteps(audience: string, topic: string): Promise<void> {
  const { issuerSteps } = await import('../init/issuer-file.ts');
  for (const [command, what] of issuerSteps(audience, topic)) {
    printLine(paint('dim', `  # ${what}`));
    printLine(`  ${command}`);
  }
  printLine();
}

/** The issuer alone, for a policy that is there already and stays as it is. */
async function addIssuer(
  folder: string,
  { name, host, audience }: Given,
  issuerHost?: string,
): Promise<void> {
  const { issuerFiles, issuerHostOf, issuerWorkerName, policyLines } = await import('../init/issuer-file.ts');
  const { workerName } = await import('../init/answers.ts');
  const { demandNew, packagePath, writeNew } = await import('../init/project.ts');
  demandNew(folder, ISSUER_PATHS);
  const worker = issuerWorkerName(name ?? workerName(basename(resolve(folder))));
  const at = issuerHostOf(issuerHost, host);
  const installed = packagePath(join(folder, 'issuer'));
  const files = issuerFiles(worker, at, installed ?? '../node_modules/claimgate');
  writeNew(folder, files);
  for (const { path } of files) printLine(`${paint('green', 'wrote')}  ${path}`);
  printLine('\nwrangler.toml stays as it is. Its policy trusts the new issuer with these lines:\n');
  for (const line of policyLines(at, worker)) printLine(line === '' ? '' : `  ${line}`);
  printLine();
  await printIssuerSteps(audience ?? 'https://api.example.com', 'items');
  if (installed === undefined) note(`claimgate is not installed here yet; ${INSTALL}`);
}

type Step = readonly [command: string, what: string];

const LOCALLY: readonly Step[] = [
  ['npx claimgate routes', 'who gets in where'],
  ['npx claimgate test', 'what must pass passes'],
];
const DEPLOY: Step = ['npx wrangler deploy', 'checks, and makes the KV namespace'];

const NEXT: readonly Step[] = [
  ['npx claimgate check --online', 'asks the issuer for its keys'],
  ...LOCALLY,
  DEPLOY,
];

const NEXT_WITH_ISSUER: readonly Step[] = [
  ...LOCALLY,
  ['npx wrangler deploy --config issuer/wrangler.toml', 'the issuer first; its keys: docs/issuer.md'],
  DEPLOY,
];

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
