/** `claimgate logs`: what the gateway's log amounts to, and which rules on trial can be enforced. */
import { createReadStream, fstatSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { type Command, InvalidArgumentError } from 'commander';
import type { Summary } from '../logs/count/tally.ts';
import type { Enough } from '../logs/trial/trials.ts';
import { codeOf } from '../text/files.ts';
import { CommandError, currentTerminal, EXIT, endWith, printJson, printLine } from '../text/terminal.ts';
import { readDuration } from './options.ts';

interface Options {
  readonly config: string;
  readonly env?: string;
  readonly since?: number;
  readonly suggest?: boolean;
  readonly json?: boolean;
  readonly minRequests: number;
  readonly minTime: number;
}

/** The traffic that makes a rule ready, unless flags say otherwise. */
const ENOUGH: Enough = { requests: 100, seconds: 86_400 };

export function addLogsCommand(program: Command): void {
  program
    .command('logs [file]')
    .description("sum up the gateway's log: a file, - for standard input, or live from Cloudflare")
    .option('--config <file>', 'the wrangler.toml with the policy and the Worker', 'wrangler.toml')
    .option('--env <name>', 'an environment of that file')
    .option('--since <when>', 'leave out what is older: 90min, 2h, 3d, or a date', readSince)
    .option('--suggest', 'tell which rules on trial (report, report_only) can be enforced')
    .option('--min-requests <n>', 'with --suggest: so many make an answer', readCount, ENOUGH.requests)
    .option(
      '--min-time <time>',
      'with --suggest: such a time makes one (default: 1d)',
      readTime,
      ENOUGH.seconds,
    )
    .option('--json', 'print JSON, at the end')
    .addHelpText(
      'after',
      `
Without a file it starts \`wrangler tail --format json\`. It reads the output of that, and lines of JSON as the
gateway writes them; other lines are counted. Exit code 1: with --suggest, a rule would refuse somebody.

Examples:
  claimgate logs --env production
  npx wrangler tail --env production --format json > day.log
  claimgate logs day.log
  claimgate logs day.log --suggest --env production`,
    )
    .action(logs);
}

async function logs(file: string | undefined, options: Options): Promise<void> {
  const { createTally } = await import('../logs/count/tally.ts');
  const { follow, redraw } = await import('../logs/follow.ts');
  const { renderSummary, renderTrials } = await import('../logs/show/render.ts');
  // Before hours of listening: a policy that can't be read would be told at the end only.
  const judge = options.suggest ? await readJudge(options) : undefined;
  const enough = new AbortController();
  const source = await openSource(file, options, enough.signal);
  const tally = createTally(options.since);
  const render = () => {
    const summary = tally.read();
    return judge === undefined ? renderSummary(summary) : renderTrials(judge(summary), options.config);
  };
  const isLive = source.live && currentTerminal().stdout.isTTY && !options.json;
  const clear = isLive ? redraw(render) : undefined;
  const stop = () => enough.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    await follow(source.input, tally, enough.signal);
  } catch (error) {
    throw unreadable(file, error);
  } finally {
    clear?.();
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
  const summary = tally.read();
  const trials = judge?.(summary);
  // If wrangler failed at once, there is nothing to show.
  const failure = await source.ended.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure !== undefined && summary.requests === 0) throw failure;
  if (options.json) printJson(trials === undefined ? summary : trials.map(withoutText));
  else if (trials?.length === 0)
    printLine(`${options.config} has no rules on trial; report = { … } tries one (docs/tightening.md)`);
  else for (const line of render()) printLine(line);
  if (trials?.some(({ verdict }) => verdict === 'not_ready')) endWith(EXIT.findings);
  if (failure !== undefined) throw failure;
}

async function readJudge({ config, env, minRequests, minTime }: Options) {
  const { policyOf, readPolicyFile } = await import('../policy/file/config.ts');
  const { judgeTrials } = await import('../logs/trial/trials.ts');
  const policyFile = readPolicyFile(config);
  const policy = policyOf(policyFile, env);
  const enough = { requests: minRequests, seconds: minTime };
  return (summary: Summary) => judgeTrials(summary, policy, policyFile, env, enough);
}

type Trials = ReturnType<Awaited<ReturnType<typeof readJudge>>>;

/** The changed file as a whole is for nobody to read. */
function withoutText({ change, ...trial }: Trials[number]) {
  if (change.kind === 'by_hand') return { ...trial, change };
  const { text: _, ...lines } = change;
  return { ...trial, change: lines };
}

interface Source {
  readonly input: Readable;
  /** It goes on: what is counted so far is worth showing. */
  readonly live: boolean;
  /** Rejects with what went wrong besides reading. */
  readonly ended: Promise<void>;
}

async function openSource(file: string | undefined, options: Options, enough: AbortSignal): Promise<Source> {
  const isPiped = file === undefined && options.env === undefined && isPipe();
  if (file === undefined && !isPiped) {
    const { startTail } = await import('../logs/read/tail.ts');
    demandFile(options.config, 'name the file with --config, or a log to read');
    const { output, ended } = startTail(options.config, options.env, enough);
    return { input: output, live: true, ended };
  }
  if (isPiped || file === '-')
    return { input: currentTerminal().stdin, live: true, ended: Promise.resolve() };
  demandFile(file ?? '', 'save a log with: npx wrangler tail --format json > day.log');
  return { input: createReadStream(file ?? ''), live: false, ended: Promise.resolve() };
}

/** Whether something was handed to this command: a terminal and /dev/null are not. */
function isPipe(): boolean {
  const stats = fstatSync(0, { throwIfNoEntry: false });
  return stats?.isFIFO() || stats?.isFile() || stats?.isSocket() || false;
}

/** @param remedy what to do where there is none */
function demandFile(path: string, remedy: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new CommandError(`there is no ${path}; ${remedy}`);
  if (stats.isDirectory()) throw new CommandError(`${path} is a folder; ${remedy}`);
}

function unreadable(file: string | undefined, error: unknown): unknown {
  const code = codeOf(error);
  return code === undefined ? error : new CommandError(`${file ?? 'standard input'} can't be read (${code})`);
}

function readSince(value: string): number {
  if (/^[0-9]+(s|m|min|h|d)?$/.test(value)) return Date.now() - readDuration(value) * 1000;
  const at = Date.parse(value);
  if (Number.isNaN(at))
    throw new InvalidArgumentError('Write a time such as 2h or 3d, or a date such as 2026-11-24T12:00:00Z.');
  return at;
}

const readTime = (value: string): number => (value === '0' ? 0 : readDuration(value));

function readCount(value: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(value)) throw new InvalidArgumentError('Write a whole number from 1.');
  return Number(value);
}
