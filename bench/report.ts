/** What the bench says: a summary that is kept as JSON, and the tables for people. */
import { atRev } from './against.ts';
import type { Amounts } from './amounts.ts';
import { type Goal, type Judged, judge } from './goals.ts';
import { KEY_SERVER_MS } from './issuer.ts';
import { type Machine, type Source, sourceText } from './machine.ts';
import type { Sample, ScenarioResult } from './measure.ts';
import { CONNECTIONS } from './scenarios.ts';
import { ratios, type Spread, spread } from './statistics.ts';
import { align, count, kilobytes, milliseconds, ratioText } from './text.ts';

export interface Measured extends Judged {
  readonly machine: Machine;
  readonly source: Source;
  /** The other commit. */
  readonly rev?: string | undefined;
  /** What could not be compared, and why. */
  readonly skipped: readonly string[];
  readonly seconds: number;
}

export interface RowSummary {
  readonly name: string;
  readonly requestsPerSecond: Spread;
  readonly requestsPerSecondToBase: Spread;
  readonly cpuMicroseconds: Spread;
  readonly cpuToBase: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  readonly rounds: readonly Sample[];
}

export interface ScenarioSummary {
  readonly id: string;
  readonly title: string;
  readonly rows: readonly RowSummary[];
}

/** A row of this commit over the same of the other one. */
export interface AgainstRow {
  readonly scenario: string;
  readonly row: string;
  readonly cpu: Spread;
  readonly throughput: Spread;
}

export interface Summary {
  readonly machine: Machine;
  readonly source: Source;
  readonly seconds: number;
  readonly connections: number;
  readonly amounts: Amounts;
  readonly goals: readonly Goal[];
  readonly scenarios: readonly ScenarioSummary[];
  readonly startUpMilliseconds: Readonly<Record<string, Spread>>;
  /** This commit has no name, the other one its own. */
  readonly compileMilliseconds: Readonly<Record<string, Spread>>;
  readonly keyFetches: Judged['keyFetches'];
  readonly kvTraffic: Judged['kvTraffic'];
  readonly against?: { readonly rev: string; readonly rows: readonly AgainstRow[] } | undefined;
  readonly bundle: Judged['bundle'];
  readonly skipped: readonly string[];
}

export function summarise(measured: Measured): Summary {
  const { machine, source, rev, seconds, amounts, keyFetches, kvTraffic, bundle, skipped } = measured;
  const spreads = (all: Readonly<Record<string, readonly number[]>>) =>
    Object.fromEntries(Object.entries(all).map(([name, times]) => [name, spread(times)]));
  return {
    machine,
    source,
    seconds: Math.round(seconds),
    connections: CONNECTIONS,
    amounts,
    goals: judge(measured),
    scenarios: measured.scenarios.map(summariseScenario),
    startUpMilliseconds: spreads(measured.startUps),
    compileMilliseconds: spreads(measured.compilations),
    keyFetches,
    kvTraffic,
    against: rev === undefined ? undefined : { rev, rows: compareWith(rev, measured.scenarios) },
    bundle,
    skipped,
  };
}

function compareWith(rev: string, scenarios: readonly ScenarioResult[]): AgainstRow[] {
  return scenarios.flatMap(({ id, samples }) =>
    Object.keys(samples).flatMap((row) => {
      const [own = [], other] = [samples[row], samples[atRev(row, rev)]];
      if (other === undefined) return [];
      const toOther = (figure: keyof Sample) =>
        ratios(
          own.map((sample) => sample[figure]),
          other.map((sample) => sample[figure]),
        );
      return [
        { scenario: id, row, cpu: toOther('cpuMicroseconds'), throughput: toOther('requestsPerSecond') },
      ];
    }),
  );
}

/** The figures of runs that measured different parts of the same commit. */
export function mergeSummaries(summaries: readonly Summary[]): Summary {
  const [first] = summaries as [Summary];
  const merged = <T>(of: (summary: Summary) => Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(summaries.flatMap((summary) => Object.entries(of(summary))));
  const goals = new Map(summaries.flatMap((summary) => summary.goals).map((goal) => [goal.name, goal]));
  return {
    ...first,
    seconds: summaries.reduce((sum, { seconds }) => sum + seconds, 0),
    goals: [...goals.values()],
    scenarios: summaries.flatMap(({ scenarios }) => scenarios),
    startUpMilliseconds: merged((summary) => summary.startUpMilliseconds),
    compileMilliseconds: merged((summary) => summary.compileMilliseconds),
    keyFetches: summaries.find(({ keyFetches }) => keyFetches)?.keyFetches,
    kvTraffic: summaries.find(({ kvTraffic }) => kvTraffic)?.kvTraffic,
  };
}

/** The first row is what the others are compared with. */
function summariseScenario({ id, title, samples }: ScenarioResult): ScenarioSummary {
  const [base = []] = Object.values(samples);
  const rows = Object.entries(samples).map(([name, rounds]): RowSummary => {
    const of = (figure: keyof Sample) => rounds.map((sample) => sample[figure]);
    const toBase = (figure: keyof Sample) =>
      ratios(
        of(figure),
        base.map((sample) => sample[figure]),
      );
    return {
      name,
      requestsPerSecond: spread(of('requestsPerSecond')),
      requestsPerSecondToBase: toBase('requestsPerSecond'),
      cpuMicroseconds: spread(of('cpuMicroseconds')),
      cpuToBase: toBase('cpuMicroseconds'),
      p50Ms: spread(of('p50Ms')),
      p99Ms: spread(of('p99Ms')),
      rounds,
    };
  });
  return { id, title, rows };
}

export function renderText(summary: Summary): string {
  const { machine, amounts, connections, bundle, against } = summary;
  const tables = summary.scenarios.map(({ title, rows }) => [
    title,
    ...align([
      ['', 'requests/s', 'to the first', 'CPU µs/request', 'to the first', 'p50 ms', 'p99 ms'],
      ...rows.map((row) => [
        `  ${row.name}`,
        count(row.requestsPerSecond.median),
        ratioText(row.requestsPerSecondToBase),
        row.cpuMicroseconds.median.toFixed(1),
        ratioText(row.cpuToBase),
        row.p50Ms.median.toFixed(2),
        row.p99Ms.median.toFixed(2),
      ]),
    ]),
    '',
  ]);
  const startUps = Object.entries(summary.startUpMilliseconds).map(([name, times]) => [
    `  ${name}`,
    milliseconds(times.median),
    rangeText(times),
  ]);
  return [
    `${machine.cpu}, ${machine.cores} cores; ${machine.workerd}; node ${machine.node}; ${amounts.kind} run, ${summary.seconds} s`,
    `claimgate: ${sourceText(summary.source)}`,
    `${connections} keep-alive connections, or what a scenario says; medians over up to ${amounts.rounds} rounds, every variant in each;`,
    'ratios are taken within a round: median ± half of its 95 % interval. CPU is user and system time of the process. Latency is that',
    'of a machine under full load. claimgate runs with log_sample = 0, no line for allowed requests, where no row says',
    'otherwise; refused requests are always logged, here too.',
    ...summary.skipped,
    '',
    ...tables.flat(),
    ...(startUps.length === 0
      ? []
      : [
          `Start-up, median of ${amounts.startUps} (min – max): from spawning the process to its first answer, to a verified token, but for`,
          `the bare proxy. The key server takes ${KEY_SERVER_MS} ms.`,
          ...align(startUps),
          '',
        ]),
    ...Object.entries(summary.compileMilliseconds).map(
      ([name, times]) =>
        `Compiling a policy of 2,000 routes${name && ` at ${name}`}, median of ${amounts.compilations}: ${milliseconds(times.median)} ${rangeText(times)}`,
    ),
    ...kvLines(summary),
    `Bundle of src/index.ts, minified: ${kilobytes(bundle.raw)}, gzip ${kilobytes(bundle.gzip)} (1 KB = 1,000 bytes)`,
    '',
    ...align([
      ['Goals', 'measured', 'goal', ''],
      ...summary.goals.map(({ name, measured, goal, met }) => [name, measured, goal, met ? 'met' : 'missed']),
    ]),
    '',
    ...(against === undefined ? [] : [...againstLines(against), '']),
  ].join('\n');
}

function againstLines({ rev, rows }: NonNullable<Summary['against']>): string[] {
  return align([
    [`This commit over ${rev}`, 'CPU', 'requests/s'],
    ...rows.map(({ scenario, row, cpu, throughput }) => [
      `  ${scenario}: ${row}`,
      ratioText(cpu),
      ratioText(throughput),
    ]),
  ]);
}

function kvLines({ kvTraffic }: Summary): string[] {
  if (kvTraffic === undefined) return [];
  const { seconds, firstRequest, idle, busy, cron } = kvTraffic;
  const words = ({ reads, writes }: typeof idle) => `${reads} reads, ${writes} writes`;
  return [
    `KV, one isolate and issuer: first request ${words(firstRequest)}; ${seconds} s idle ${words(idle)}; ${seconds} s busy ${words(busy)}; a run of the cron ${words(cron)}`,
  ];
}

export const rangeText = ({ min, max }: Spread) => `(${milliseconds(min)} – ${milliseconds(max)})`;
