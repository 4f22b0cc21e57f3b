/** `claimgate logs`: what the gateway's log amounts to, which rules on trial can be enforced, and drafts of routes. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Filter } from '../logs/count/filter.ts';
import type { Summary } from '../logs/count/summary.ts';
import type { LoggedRequest } from '../logs/read/line.ts';
import { type Moment, readMoment } from '../logs/read/moments.ts';
import type { Source } from '../logs/source.ts';
import type { Enough, Trial } from '../logs/trial/trials.ts';
import {
  CommandError,
  currentTerminal,
  EXIT,
  endWith,
  paint,
  printJson,
  printLine,
  warn,
} from '../text/terminal.ts';
import { readDuration, withConfig } from './options.ts';

interface Options {
  readonly config: string;
  readonly env?: string;
  readonly since?: Moment;
  readonly until?: Moment;
  readonly at?: Moment;
  readonly reason?: string;
  readonly client?: string;
  readonly route?: string;
  readonly path?: string;
  readonly suggest?: boolean;
  readonly draft?: boolean;
  readonly json?: boolean;
  readonly minRequests: number;
  readonly minTime: number;
}

/** The traffic that makes a rule ready, unless flags say otherwise. */
const ENOUGH: Enough = { requests: 100, seconds: 86_400 };

const HELP = `
Without a file it starts \`wrangler tail --format json\`. It reads the output of that, events of Workers Logs (exported,
or from its API), Logpush files, and lines of JSON as the gateway writes them; gzipped or not. What it does not
understand is counted.

Times are UTC unless they have a zone: 2026-11-24T10:00:00Z, 10:00 (the last one in the log), or 2h and 30min, which
count back from the newest line of a file, and from now for a log that goes on.

Exit code 1: with --suggest, a rule would refuse somebody. Exit code 2: nothing in the log was understood.

Examples:
  claimgate logs --env production
  npx wrangler tail --env production --format json > day.log
  claimgate logs day.log --since 09:00 --until 11:00
  claimgate logs day.log --at 10:00 --client shop
  claimgate logs day.log --suggest --env production
  claimgate logs day.log --draft`;

export function addLogsCommand(program: Command): void {
  const command = program
    .command('logs [file]')
    .description("sum up the gateway's log: a file, - for standard input, or live from Cloudflare");
  withConfig(command, 'the configuration with the policy and the Worker')
    .option('--env <name>', 'an environment of that file')
    .option('--since <when>', 'leave out what is older', readWhen)
    .option('--until <when>', 'leave out what is as new, or newer', readWhen)
    .option('--at <when>', 'compare what was before with what came from then on', readWhen)
    .option('--reason <code>', 'only requests that were, or would be, refused for this reason')
    .option('--client <id>', 'only requests of this client, or of tokens that claim to be its')
    .option('--route <route>', 'only requests for this route: "GET /orders/:id"')
    .option('--path <path>', 'only requests for this path, and those below it')
    .option('--suggest', 'tell which rules on trial (report, report_only) can be enforced')
    .option('--draft', 'propose routes for the requests in the log, in the format of the configuration')
    .option('--min-requests <n>', 'with --suggest: so many make an answer', readCount, ENOUGH.requests)
    .option(
      '--min-time <time>',
      'with --suggest: such a time makes one (default: 1d)',
      readTime,
      ENOUGH.seconds,
    )
    .option('--json', 'print JSON, at the end')
    .addHelpText('after', HELP)
    .action(logs);
}

/** What the log is asked for. */
interface Question {
  render(summary: Summary): string[];
  json(summary: Summary): unknown;
  /** Whether it could not be yes. */
  finds(summary: Summary): boolean;
  /** Takes each request that is looked at, beside the counts. */
  readonly add?: (request: LoggedRequest) => void;
}

async function logs(file: string | undefined, options: Options): Promise<void> {
  const { createTally } = await import('../logs/count/tally.ts');
  const { follow } = await import('../logs/follow.ts');
  const { redraw } = await import('../logs/show/redraw.ts');
  const { nothingRead } = await import('../logs/nothing.ts');
  const { openSource, unreadable } = await import('../logs/source.ts');
  demandOneQuestion(options);
  const enough = new AbortController();
  const source = openSource(file, options, enough.signal);
  const { filter, splitMs } = await resolveFilter(source, options);
  // Before hours of listening: a policy that can't be read would be told at the end only.
  const ask = options.suggest ? readJudge : options.draft ? draft : summarise;
  const question = await ask(options, filter);
  const tally = createTally(filter, splitMs, question.add);
  const isLive = source.kind !== 'file' && currentTerminal().stdout.isTTY && !options.json && !options.draft;
  const clear = isLive ? redraw(() => question.render(tally.read())) : undefined;
  const stop = () => enough.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const read = await follow(source.input, tally, enough.signal)
    .catch((error: unknown) => {
      throw unreadable(source.name, error);
    })
    .finally(() => {
      clear?.();
      process.removeListener('SIGINT', stop);
      process.removeListener('SIGTERM', stop);
    });
  const summary = tally.read();
  // If wrangler failed at once, there is nothing to show.
  const failure = await source.ended.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure !== undefined && summary.requests === 0) throw failure;
  const nothing =
    source.kind === 'tail' || enough.signal.aborted ? undefined : nothingRead(source.name, summary, read);
  if (nothing !== undefined) throw nothing;
  if (options.json) printJson(question.json(summary));
  else for (const line of question.render(summary)) printLine(line);
  if (question.finds(summary)) endWith(EXIT.findings);
  if (failure !== undefined) throw failure;
}

async function summarise(_options: Options, filter: Filter): Promise<Question> {
  const { renderSummary } = await import('../logs/show/summary.ts');
  return {
    render: (summary) => renderSummary(summary, filter),
    json: (summary) => summary,
    finds: () => false,
  };
}

async function draft({ config, env }: Options): Promise<Question> {
  const { createDraft } = await import('../logs/draft/draft.ts');
  const { warningsOf } = await import('../logs/show/notes.ts');
  const { add, render, json } = createDraft(config, env);
  return {
    add,
    render(summary) {
      for (const warning of warningsOf(summary)) warn(warning);
      return render(summary);
    },
    json,
    finds: () => false,
  };
}

async function readJudge({ config, env, minRequests, minTime }: Options, filter: Filter): Promise<Question> {
  const { policyOf, readPolicyFile } = await import('../policy/file/config.ts');
  const { judgeTrials } = await import('../logs/trial/trials.ts');
  const { renderTrials } = await import('../logs/show/trials.ts');
  const { notesOf, warningsOf } = await import('../logs/show/notes.ts');
  const policyFile = readPolicyFile(config);
  const policy = policyOf(policyFile, env);
  const { say } = policyFile.format;
  const enough = { requests: minRequests, seconds: minTime };
  const judge = (summary: Summary) => judgeTrials(summary, policy, policyFile, env, enough);
  return {
    render(summary) {
      const trials = judge(summary);
      if (trials.length === 0)
        return [`${config} has no rules on trial; ${say('report = { … }')} tries one (docs/tightening.md)`];
      const notes = [...warningsOf(summary).map((one) => paint('yellow', one)), ...notesOf(summary, filter)];
      return [...notes, ...(notes.length > 0 ? [''] : []), ...renderTrials(trials, config)];
    },
    json: (summary) => judge(summary).map(withoutText),
    finds: (summary) => judge(summary).some(({ verdict }) => verdict === 'not_ready'),
  };
}

/** The changed file as a whole is for nobody to read. */
function withoutText({ change, ...trial }: Trial) {
  if (change.kind === 'by_hand') return { ...trial, change };
  const { text: _, ...lines } = change;
  return { ...trial, change: lines };
}

/** Some flags belong to one question only. */
function demandOneQuestion(options: Options): void {
  const { suggest, draft, at } = options;
  const chosen = (['reason', 'client', 'route', 'path'] as const).find((name) => options[name] !== undefined);
  if (suggest && draft) throw new CommandError('--suggest and --draft exclude each other; leave one out');
  if (suggest && chosen !== undefined)
    throw new CommandError(`--suggest judges by all requests; leave out --${chosen}`);
  if (at !== undefined && (suggest || draft))
    throw new CommandError(`--at is for the summary; leave out --${suggest ? 'suggest' : 'draft'}`);
}

/** Of a file, times count back from its newest line; of a log that goes on, from now. */
async function resolveFilter(
  source: Source,
  options: Options,
): Promise<{ filter: Filter; splitMs?: number }> {
  const { isRelative, resolveMoment } = await import('../logs/read/moments.ts');
  const { newestIn } = await import('../logs/source.ts');
  const { since, until, at, reason, client, route, path } = options;
  const isAsked = source.kind === 'file' && [since, until, at].some(isRelative);
  const newestMs = (isAsked ? await newestIn(source.name) : undefined) ?? Date.now();
  const [sinceMs, untilMs, splitMs] = [since, until, at].map(
    (moment) => moment && resolveMoment(moment, newestMs),
  );
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs)
    throw new CommandError(
      `--since (${new Date(sinceMs).toISOString()}) is not before --until (${new Date(untilMs).toISOString()})`,
    );
  return {
    filter: { sinceMs, untilMs, reason, client, route, path },
    ...(splitMs !== undefined && { splitMs }),
  };
}

function readWhen(value: string): Moment {
  const moment = readMoment(value);
  if (typeof moment === 'string') throw new InvalidArgumentError(moment);
  return moment;
}

const readTime = (value: string): number => (value === '0' ? 0 : readDuration(value));

function readCount(value: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(value)) throw new InvalidArgumentError('Write a whole number from 1.');
  return Number(value);
}
