/** What the programs of this folder share: flags, a folder that goes away, children that end with them. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BenchError, childFailure, endAllChildren, UsageError } from './children.ts';

export interface Program<Amounts extends { readonly rounds: number }, Summary> {
  readonly help: string;
  readonly full: Amounts;
  readonly quick: Amounts;
  /** @param folder for files of its own */
  measure(amounts: Amounts, folder: string, flags: Flags): Promise<Summary>;
  render(summary: Summary): string;
  /** Flags of its own. */
  readonly flags?: Readonly<Record<string, { readonly type: 'boolean' | 'string' }>>;
  /** What these flags ask for besides; called before anything is measured, to refuse what makes no sense. */
  plan?(flags: Flags): Plan<Summary>;
}

export type Flags = Readonly<Record<string, string | boolean | undefined>>;

export interface Plan<Summary> {
  /** Figures that are there already: nothing is measured then. */
  readonly summary?: Summary | undefined;
  finish(summary: Summary): void;
}

/** Runs it, and ends the process: with 2 where the flags are wrong, 1 where anything else is. */
export async function runProgram<Amounts extends { readonly rounds: number }, Summary>(
  program: Program<Amounts, Summary>,
): Promise<never> {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-bench-'));
  process.once('exit', () => {
    endAllChildren();
    rmSync(folder, { recursive: true, force: true });
  });
  process.once('SIGHUP', () => process.exit(129));
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  try {
    const { amounts, json, flags } = readOptions(program);
    const plan = program.plan?.(flags);
    const summary = plan?.summary ?? (await measure(program, amounts, folder, flags));
    plan?.finish(summary);
    process.stdout.write(json ? `${JSON.stringify(summary, null, 2)}\n` : program.render(summary));
    process.exit(0);
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    process.stderr.write(`error  ${error.message}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  }
}

async function measure<Amounts extends { readonly rounds: number }, Summary>(
  program: Program<Amounts, Summary>,
  amounts: Amounts,
  folder: string,
  flags: Flags,
): Promise<Summary> {
  if (!existsSync('/proc/self/stat'))
    throw new BenchError('CPU time is read from /proc, which only Linux has');
  return Promise.race([program.measure(amounts, folder, flags), childFailure]);
}

function readOptions<Amounts extends { readonly rounds: number }>(
  program: Pick<Program<Amounts, never>, 'help' | 'full' | 'quick' | 'flags'>,
): { amounts: Amounts; json: boolean; flags: Flags } {
  const shared = {
    quick: { type: 'boolean' },
    rounds: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  let flags: Flags;
  try {
    flags = parseArgs({ options: { ...program.flags, ...shared } }).values as Flags;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${program.help}`);
  }
  if (flags['help']) {
    process.stdout.write(program.help);
    process.exit(0);
  }
  const amounts = flags['quick'] ? program.quick : program.full;
  const rounds = flags['rounds'] === undefined ? amounts.rounds : Number(flags['rounds']);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) {
    throw new UsageError(`--rounds ${flags['rounds']}: write a number from 1 to 100`);
  }
  return { amounts: { ...amounts, rounds }, json: flags['json'] === true, flags };
}

export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
