/** What the bench says: a summary that is kept as JSON, and the tables for people. */
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
  /** Milliseconds, by what was started. */
  readonly startUps: Readonly<Record<string, readonly number[]>>;
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

export interface Summary {
  readonly machine: Machine;
  readonly source: Source;
  readonly seconds: number;
  readonly connections: number;
  readonly amounts: Amounts;
  readonly goals: readonly Goal[];
  readonly scenarios: readonly ScenarioSummary[];
  readonly startUpMilliseconds: Readonly<Record<string, Spread>>;
  readonly compileMilliseconds: Spread;
  readonly keyFetches: Judged['keyFetches'];
  readonly bundle: Judged['bundle'];
  readonly skipped: readonly string[];
}

export function summarise(measured: Measured): Summary {
  const { machine, source, seconds, amounts, keyFetches, bundle, skipped } = measured;
  return {
    machine,
    source,
    seconds: Math.round(seconds),
    connections: CONNECTIONS,
    amounts,
    goals: judge(measured),
    scenarios: measured.scenarios.map(summariseScenario),
    startUpMilliseconds: Object.fromEntries(
      Object.entries(measured.startUps).map(([name, times]) => [name, spread(times)]),
    ),
    compileMilliseconds: spread(measured.compilations),
    keyFetches,
    bundle,
    skipped,
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
  const { machine, amounts, connections, bundle, compileMilliseconds } = summary;
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
    'ratios are taken within a round: median (min – max). CPU is user and system time of the process. Latency is that',
    'of a machine under full load. claimgate runs with log_sample = 0, no line for allowed requests, where no row says',
    'otherwise; refused requests are always logged, here too.',
    ...summary.skipped,
    '',
    ...tables.flat(),
    `Start-up, median of ${amounts.startUps} (min – max): from spawning the process to its first answer, to a verified token, but for`,
    `the bare proxy. The key server takes ${KEY_SERVER_MS} ms.`,
    ...align(startUps),
    '',
    `Compiling a policy of 2,000 routes, median of ${amounts.compilations}: ${milliseconds(compileMilliseconds.median)} ${rangeText(compileMilliseconds)}`,
    `Bundle of src/index.ts, minified: ${kilobytes(bundle.raw)}, gzip ${kilobytes(bundle.gzip)} (1 KB = 1,000 bytes)`,
    '',
    ...align([
      ['Goals', 'measured', 'goal', ''],
      ...summary.goals.map(({ name, measured, goal, met }) => [name, measured, goal, met ? 'met' : 'missed']),
    ]),
    '',
  ].join('\n');
}

export const rangeText = ({ min, max }: Spread) => `(${milliseconds(min)} – ${milliseconds(max)})`;
