/** What the bench says: a summary that is printed as JSON, or as tables for people. */
import type { Machine } from './machine.ts';
import { type Amounts, CONNECTIONS, type Scenario, type ScenarioResult } from './measure.ts';
import { ratios, type Spread, spread } from './statistics.ts';
import { BARE, CLAIMGATE, HONO_JOSE, PUBLIC_PATH } from './variants.ts';

export interface Measured {
  readonly machine: Machine;
  readonly amounts: Amounts;
  readonly scenarios: readonly ScenarioResult[];
  /** Bytes of src/index.ts, bundled and minified. */
  readonly bundle: { readonly raw: number; readonly gzip: number };
  /** Milliseconds, by the name of the variant. */
  readonly startUps: Readonly<Record<string, readonly number[]>>;
}

const MAX_REPEATED_RATIO = 1.25;
const MAX_FIRST_SIGHT_RATIO = 1;
const MAX_GZIP_BYTES = 45_000;

export function summarise(measured: Measured) {
  const { machine, amounts, bundle } = measured;
  const scenarios = measured.scenarios.map((result) => {
    const base = series(result, BARE);
    const variants = Object.entries(result.samples).map(([name, samples]) => {
      const { requestsPerSecond, cpuMicroseconds } = series(result, name);
      return {
        name,
        requestsPerSecond: spread(requestsPerSecond),
        requestsPerSecondToBare: ratios(requestsPerSecond, base.requestsPerSecond),
        cpuMicroseconds: spread(cpuMicroseconds),
        cpuToBare: ratios(cpuMicroseconds, base.cpuMicroseconds),
        rounds: samples,
      };
    });
    return { name: nameScenario(result, amounts), variants };
  });
  const startUpMilliseconds = Object.fromEntries(
    Object.entries(measured.startUps).map(([name, times]) => [name, spread(times)]),
  );
  const goals = [...measured.scenarios.map((result) => cpuGoal(result, amounts)), sizeGoal(bundle.gzip)];
  return { machine, connections: CONNECTIONS, amounts, scenarios, goals, bundle, startUpMilliseconds };
}

export type Summary = ReturnType<typeof summarise>;

function series({ samples }: ScenarioResult, variant: string) {
  const own = samples[variant] ?? [];
  return {
    requestsPerSecond: own.map((sample) => sample.requestsPerSecond),
    cpuMicroseconds: own.map((sample) => sample.cpuMicroseconds),
  };
}

function nameScenario({ alg, tokens }: Scenario, { firstSight }: Amounts): string {
  return tokens === 'repeated'
    ? `${alg}, 1 repeated token`
    : `${alg}, ${count(firstSight)} distinct, first sight`;
}

function cpuGoal(result: ScenarioResult, amounts: Amounts) {
  const isRepeated = result.tokens === 'repeated';
  const [base, limit] = isRepeated ? [BARE, MAX_REPEATED_RATIO] : [HONO_JOSE, MAX_FIRST_SIGHT_RATIO];
  const measured = ratios(series(result, CLAIMGATE).cpuMicroseconds, series(result, base).cpuMicroseconds);
  const name = `${nameScenario(result, amounts)}: CPU of ${CLAIMGATE} / ${base}`;
  return { name, limit: limit.toFixed(2), measured: ratioText(measured), met: measured.median <= limit };
}

function sizeGoal(gzip: number) {
  return {
    name: 'src/index.ts, minified, gzip',
    limit: kilobytes(MAX_GZIP_BYTES),
    measured: kilobytes(gzip),
    met: gzip <= MAX_GZIP_BYTES,
  };
}

export function renderText(summary: Summary): string {
  const { machine, amounts, bundle, startUpMilliseconds } = summary;
  const header = ['', 'requests/s', 'to bare proxy', 'CPU µs/request', 'to bare proxy'];
  const rows = summary.scenarios.flatMap(({ name, variants }) => [
    [name],
    ...variants.map((variant) => [
      `  ${variant.name}`,
      count(variant.requestsPerSecond.median),
      ratioText(variant.requestsPerSecondToBare),
      variant.cpuMicroseconds.median.toFixed(1),
      ratioText(variant.cpuToBare),
    ]),
  ]);
  const goalRows = summary.goals.map(({ name, limit, measured, met }) => [
    name,
    measured,
    `≤ ${limit}`,
    met ? 'met' : 'MISSED',
  ]);
  const startUpRows = Object.entries(startUpMilliseconds).map(([name, { median, min, max }]) => [
    name,
    `${median.toFixed(0)} ms`,
    `(${min.toFixed(0)} – ${max.toFixed(0)})`,
  ]);
  return [
    `${machine.cpu}, ${machine.cores} cores; ${machine.workerd}; node ${machine.node}`,
    `${amounts.rounds} rounds, every variant in each; ${CONNECTIONS} keep-alive connections; a round has`,
    `${count(amounts.repeated)} requests with the repeated token, or ${count(amounts.firstSight)} with a new token each.`,
    'Medians over rounds; ratios are taken within a round: median (min – max). CPU is user and',
    'system time of the workerd process. claimgate runs with log_sample = 0: no log lines are measured.',
    '',
    ...align([header, ...rows]),
    '',
    ...align([['Goals', 'measured', 'goal', ''], ...goalRows]),
    '',
    `Bundle of src/index.ts, minified: ${kilobytes(bundle.raw)}, gzip ${kilobytes(bundle.gzip)} (1 KB = 1,000 bytes)`,
    '',
    `Start-up, median of ${amounts.startUps} (min – max): from spawning workerd to its first answer, on the public route`,
    `${PUBLIC_PATH}. Includes the start of the process itself, compiling script and policy, and the origin's answer.`,
    ...align(startUpRows),
    '',
  ].join('\n');
}

export const count = (value: number) => Math.round(value).toLocaleString('en');
export const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} KB`;
export const ratioText = ({ median, min, max }: Spread) =>
  `${median.toFixed(2)} (${min.toFixed(2)} – ${max.toFixed(2)})`;

/** The first column to the left, the others to the right; a row with one cell is a heading. */
export function align(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) =>
    Math.max(...rows.map((row) => (row.length === 1 ? 0 : (row[column]?.length ?? 0))));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(width(0)) : cell.padStart(width(i))))
      .join('  ')
      .trimEnd(),
  );
}
