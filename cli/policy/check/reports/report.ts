import type { Source } from '../../file/source.ts';
import type { CheckResult } from '../check.ts';
import type { Finding } from '../findings.ts';

/** What there is to tell of one file. */
export interface Report {
  /** The file as it was named. */
  readonly path: string;
  /** Takes a moment: only for who shows lines. */
  readonly source: () => Source;
  readonly results: readonly CheckResult[];
}

export const findingsOf = ({ results }: Report): Finding[] =>
  results.flatMap(({ faults, warnings }) => [...faults, ...warnings]);
