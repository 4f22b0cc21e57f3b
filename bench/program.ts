/** What the programs of this folder share: flags, a folder that goes away, children that end with them. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BenchError, childFailure, endAllChildren } from './children.ts';

export interface Program<Amounts extends { readonly rounds: number }, Summary> {
  readonly help: string;
  readonly full: Amounts;
  readonly quick: Amounts;
  /** @param folder for files of its own */
  measure(amounts: Amounts, folder: string): Promise<Summary>;
  render(summary: Summary): string;
}

/** Runs it, and ends the process. */
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
    const { amounts, json } = readOptions(program);
    if (!existsSync('/proc/self/stat'))
      throw new BenchError('CPU time is read from /proc, which only Linux has');
    const measured = program.measure(amounts, folder);
    await Promise.race([measured, childFailure]);
    const summary = await measured;
    process.stdout.write(json ? `${JSON.stringify(summary, null, 2)}\n` : program.render(summary));
    process.exit(0);
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    process.stderr.write(`error  ${error.message}\n`);
    process.exit(1);
  }
}

function readOptions<Amounts extends { readonly rounds: number }>(
  program: Pick<Program<Amounts, never>, 'help' | 'full' | 'quick'>,
): { amounts: Amounts; json: boolean } {
  const options = {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    throw new BenchError(`${(error as Error).message}\n\n${program.help}`);
  }
  if (values.help) {
    process.stdout.write(program.help);
    process.exit(0);
  }
  const amounts = values.quick ? program.quick : program.full;
  const rounds = values.rounds === undefined ? amounts.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) {
    throw new BenchError(`--rounds ${values.rounds}: write a number from 1 to 100`);
  }
  return { amounts: { ...amounts, rounds }, json: values.json };
}

export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
