/** `claimgate init`: a gateway for one API, with tests and a pipeline, in a project of one's own. */
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { Answers, Ask, Given } from '../init/answers.ts';
import type { Change } from '../init/changes.ts';
import { CommandError, currentTerminal, endWith, note, paint, printLine } from '../text/terminal.ts';

type Options = Omit<Given, 'issuer'> & {
  /** `true`: the project gets one of its own. */
  readonly issuer?: string | true;
  readonly issuerHost?: string;
  readonly yes?: boolean;
};

export function addInitCommand(program: Command): void {
  program
    .command('init [folder]')
    .description('write a policy with tests and a workflow, or add one to a Worker that is there')
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
  const { existingConfig } = await import('../init/project.ts');
  const existing = existingConfig(folder);
  if (issuer === true && existing !== undefined) return addIssuer(folder, existing, flags, issuerHost);
  const { issuerFiles, issuerHostOf, issuerWorkerName } = await import('../init/issuer-file.ts');
  const ownHost = issuer === true ? issuerHostOf(issuerHost, flags.host) : undefined;
  const given: Given = {
    ...flags,
    issuer: ownHost === undefined ? (issuer as string) : `https://${ownHost}/`,
  };
  const { topicOf } = await import('../init/policy-file.ts');
  const { demandNew, packagePath } = await import('../init/project.ts');
  // Before anything is asked.
  if (ownHost !== undefined) demandNew(folder, ISSUER_PATHS);
  const dialog = openDialog(yes);
  try {
    const answers = await askFor(given, folder, existing, dialog?.ask, yes);
    const installed = packagePath(folder);
    const worker = ownHost === undefined ? undefined : issuerWorkerName(answers.name);
    const { planChanges } = await import('../init/plan.ts');
    const { changes, beside, notes } = await planChanges(folder, answers, existing, installed, worker);
    if (ownHost !== undefined && worker !== undefined) {
      const at = packagePath(join(folder, 'issuer')) ?? '../node_modules/claimgate';
      const files = issuerFiles(worker, ownHost, at);
      changes.push(...files.map(({ path, text }) => ({ path, before: undefined, after: text })));
    }
    // Nobody is here to agree: the files that others have written stay as they are.
    const isAlone = dialog === undefined && !yes;
    changes.push(...beside.filter(({ before }) => !isAlone || before === undefined));
    if (isAlone)
      for (const { path, before } of beside)
        if (before !== undefined) notes.push(`${path} stays as it is; --yes adds to it`);
    if (!(await isAgreed(changes, dialog?.ask, yes))) return note('Nothing was written.');
    const { writeChanges } = await import('../init/changes.ts');
    writeChanges(folder, changes);
    const width = 'changed'.length;
    for (const { path, before } of changes)
      printLine(`${paint('green', (before === undefined ? 'wrote' : 'changed').padEnd(width))}  ${path}`);
    for (const one of notes) printLine(`${paint('yellow', 'look'.padEnd(width))}  ${one}`);
    printLine();
    if (ownHost !== undefined) {
      const topic = topicOf(answers);
      await printIssuerSteps(answers.audience, [`read:${topic}`, `write:${topic}`]);
    }
    printNext(answers.origin === 'next', ownHost !== undefined);
    if (installed === undefined) note(`\nclaimgate is not installed here yet; ${INSTALL}`);
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
    // Ctrl-C, or the end of the input: they know.
    note('\nNothing was written.');
    endWith(STOPPED);
  } finally {
    dialog?.close();
  }
}

/** As shells tell of a process that Ctrl-C has ended. */
const STOPPED = 130;

/** A terminal to ask on. `undefined` where there is none, or nothing is to be asked. */
function openDialog(yes: boolean): { ask: Ask; close(): void } | undefined {
  const { stdin, stderr } = currentTerminal();
  if (!stdin.isTTY || yes) return undefined;
  const terminal = createInterface({ input: stdin, output: stderr });
  const stop = new AbortController();
  terminal.on('SIGINT', () => stop.abort());
  terminal.on('close', () => stop.abort());
  return {
    ask: (text) => terminal.question(text, { signal: stop.signal }),
    close: () => terminal.close(),
  };
}

async function askFor(
  given: Given,
  folder: string,
  existing: string | undefined,
  ask: Ask | undefined,
  yes: boolean,
): Promise<Answers> {
  const { findAnswers, workerName } = await import('../init/answers.ts');
  const { judgeAnswer } = await import('../init/judge.ts');
  const { readPolicyFile } = await import('../policy/file/config.ts');
  const { name } = existing === undefined ? {} : (readPolicyFile(existing).config as { name?: unknown });
  return findAnswers({
    given,
    usual: {
      name: typeof name === 'string' ? name : workerName(basename(resolve(folder))),
      // A Worker that is there has handlers of its own.
      ...(existing !== undefined && { origin: 'next' }),
    },
    ask,
    takesExamples: yes,
    judge: judgeAnswer,
    tell: note,
  });
}

/** Files that are there are changed only by who has seen the change. */
async function isAgreed(changes: readonly Change[], ask: Ask | undefined, yes: boolean): Promise<boolean> {
  const changed = changes.filter(({ before }) => before !== undefined);
  if (changed.length === 0) return true;
  const { shownLines } = await import('../init/changes.ts');
  for (const change of changed) {
    note(paint('bold', change.path));
    for (const { sign, text } of shownLines(change))
      note(sign === ' ' ? `  ${text}` : paint(sign === '+' ? 'green' : 'red', `${sign} ${text}`));
    note('');
  }
  if (yes) return true;
  if (ask === undefined)
    throw new CommandError(
      `${changed.map(({ path }) => path).join(', ')} would change as shown, and nothing was written; give --yes to write it`,
    );
  return /^y(es)?$/i.test((await ask('Write this? (y/N): ')).trim());
}

function printNext(isNext: boolean, hasIssuer: boolean): void {
  if (isNext) for (const line of IN_CODE) printLine(line === '' ? '' : `  ${line}`);
  const next = hasIssuer ? NEXT_WITH_ISSUER : NEXT;
  const width = Math.max(...next.map(([command]) => command.length));
  for (const [command, what] of next) printLine(`  ${command.padEnd(width)}  ${paint('dim', what)}`);
}

/** What a policy with `origin = "next"` needs; docs/hono.md has the same for a plain Worker. */
const IN_CODE = [
  "import { claimgate } from 'claimgate/hono';   // in your Worker, above its routes: docs/hono.md",
  'app.use(claimgate({ env }));                  // without Hono: createGateway({ env, next })',
  '',
];

/** No registry has it: what `npm install claimgate` would bring is somebody else's. */
const INSTALL = 'npm install --save-dev FILE wrangler brings it, where FILE is what npm pack made in a clone';

const ISSUER_PATHS = ['issuer/wrangler.toml', 'issuer/.gitignore'] as const;

async function printIssuerSteps(audience: string, scopes: readonly string[]): Promise<void> {
  const { issuerSteps } = await import('../init/issuer-file.ts');
  for (const [command, what] of issuerSteps(audience, scopes)) {
    printLine(paint('dim', `  # ${what}`));
    printLine(`  ${command}`);
  }
  printLine();
}

/** The issuer alone, for a policy that is there already and stays as it is. */
async function addIssuer(
  folder: string,
  existing: string,
  { name, host, audience }: Given,
  issuerHost?: string,
): Promise<void> {
  const { issuerFiles, issuerHostOf, issuerWorkerName, policyLines } = await import('../init/issuer-file.ts');
  const { readAskedPolicy } = await import('../init/asked-policy.ts');
  const { workerName } = await import('../init/answers.ts');
  const { demandNew, packagePath } = await import('../init/project.ts');
  const { writeChanges } = await import('../init/changes.ts');
  demandNew(folder, ISSUER_PATHS);
  const asked = readAskedPolicy(existing);
  const worker = issuerWorkerName(name ?? workerName(basename(resolve(folder))));
  const at = issuerHostOf(issuerHost, host);
  const installed = packagePath(join(folder, 'issuer'));
  const files = issuerFiles(worker, at, installed ?? '../node_modules/claimgate');
  writeChanges(
    folder,
    files.map(({ path, text }) => ({ path, before: undefined, after: text })),
  );
  for (const { path } of files) printLine(`${paint('green', 'wrote')}  ${path}`);
  printLine('\nThe configuration stays as it is. Its policy trusts the new issuer with these lines:\n');
  for (const line of policyLines(at, worker, asked)) printLine(line === '' ? '' : `  ${line}`);
  printLine();
  const scopes = asked === undefined || asked.scopes.length === 0 ? ['read:items'] : asked.scopes;
  await printIssuerSteps(audience ?? asked?.audience ?? 'https://api.example.com', scopes);
  if (installed === undefined) note(`claimgate is not installed here yet; ${INSTALL}`);
}

type Step = readonly [command: string, what: string];

const LOCALLY: readonly Step[] = [
  ['npx wrangler dev', 'the gateway, on this machine'],
  ['npx claimgate routes', 'who gets in where'],
  ['npx claimgate test', 'what must pass passes'],
];
const DEPLOY: Step = ['npx wrangler deploy', 'checks, and makes the KV namespace'];

const NEXT: readonly Step[] = [
  ...LOCALLY,
  ['npx claimgate check --online', 'asks the issuer for its keys'],
  DEPLOY,
];

const NEXT_WITH_ISSUER: readonly Step[] = [
  ...LOCALLY,
  ['npx wrangler deploy --config issuer/wrangler.toml', 'the issuer first; its keys: docs/issuer.md'],
  DEPLOY,
];
