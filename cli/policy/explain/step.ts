/** One step of the way of a request, told. */
import type { Reason } from '../../../src/decision.ts';

export type Verdict =
  | 'ok'
  | 'refused'
  /** A rule that is only tried would refuse; the request goes on. */
  | 'would_refuse'
  /** The step was left out, and says why. */
  | 'skipped';

export interface Step {
  readonly step: string;
  readonly verdict: Verdict;
  /** What it looked at. */
  readonly saw: string;
  /** What came of it. */
  readonly decided: string;
  /** What it looked at one by one. */
  readonly checks: readonly Check[];
}

export interface Check {
  readonly check: string;
  readonly saw: string;
  readonly verdict: Verdict;
}

/** A step, and the reason where it refuses: the way ends there. */
export interface Told {
  readonly step: Step;
  readonly reason?: Reason | undefined;
}

export function tell(
  step: string,
  saw: string,
  decided: string,
  { reason, checks = [], verdict }: { reason?: Reason | undefined; checks?: Check[]; verdict?: Verdict } = {},
): Told {
  const judged = verdict ?? (reason === undefined ? 'ok' : 'refused');
  return { step: { step, verdict: judged, saw, decided, checks }, reason };
}
