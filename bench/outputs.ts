/** The files that a run of `npm run bench` writes, and the flags that name them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { renderChart } from './chart.ts';
import { UsageError } from './children.ts';
import { CHART, fillPage, PAGE } from './docs.ts';
import type { Flags, Plan } from './program.ts';
import { mergeSummaries, type Summary } from './report.ts';
import { readChoice } from './selection.ts';

/** Of the last run; ignored by git. */
export const RESULTS = 'bench/results.json';

export const FLAGS = {
  docs: { type: 'boolean' },
  chart: { type: 'string' },
  from: { type: 'string' },
  only: { type: 'string' },
  against: { type: 'string' },
} as const;

export function planOutputs(flags: Flags): Plan<Summary> {
  const { docs, chart, from } = flags;
  if (typeof chart === 'string' && (chart === '' || !existsSync(dirname(chart)))) {
    throw new UsageError(`--chart ${chart}: there is no such folder`);
  }
  const measuring = ['quick', 'rounds', 'only', 'against'].filter((name) => flags[name] !== undefined);
  if (from !== undefined && measuring.length > 0) {
    throw new UsageError(`--from measures nothing: leave out --${measuring.join(' and --')}`);
  }
  if (docs === true && (flags['only'] ?? flags['against']) !== undefined) {
    throw new UsageError('--docs is about all of this commit: leave out --only and --against, or use --from');
  }
  // Wrong names are told before anything is measured.
  readChoice(flags);
  return {
    summary: typeof from === 'string' ? mergeSummaries(from.split(',').map(readSummary)) : undefined,
    finish(summary) {
      if (from === undefined) writeFileSync(RESULTS, `${JSON.stringify(summary, null, 2)}\n`);
      if (typeof chart === 'string') writeFileSync(chart, renderChart(summary));
      if (docs === true) {
        writeFileSync(CHART, renderChart(summary));
        writeFileSync(PAGE, fillPage(readFileSync(PAGE, 'utf8'), summary));
      }
    },
  };
}

function readSummary(file: string): Summary {
  try {
    const summary = JSON.parse(readFileSync(file, 'utf8')) as Summary;
    if (Array.isArray(summary.scenarios) && Array.isArray(summary.goals)) return summary;
  } catch {
    // the same: there are no figures in it
  }
  throw new UsageError(`--from ${file}: that is no file that the bench wrote`);
}
