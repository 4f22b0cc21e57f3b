/** One step of the way of a request, for people. */
import type { Reason } from '../../../src/decision.ts';

export type Verdict =
  | 'ok'
  | 'refused'
  /** A rule that is only reported would refuse; the request goes on. */
  | 'would_refuse'
  /** The step was left out, and says why. */
  | 'skipped';

export interface Step {
  readonly step: string;
  readonly verdict: Verdict;
  /** The thing that it looked at. */
  readonly saw: string;
  /** The result. */
  readonly decided: string;
  /** The things that it looked at one by one. */
  readonly checks: readonly Check[];
}

export interface Check {
  readonly check: string;
  readonly saw: string;
  readonly verdict: Verdict;
}

interface StepDetails {
  /** Why the step refuses, if it does. */
  readonly reason?: Reason | undefined;
  readonly checks?: readonly Check[];
  /** Needed if the reason doesn't say it. */
  readonly verdict?: Verdict;
}

export function makeStep(
  step: string,
  saw: string,
  decided: string,
  { reason, checks = [], verdict = reason === undefined ? 'ok' : 'refused' }: StepDetails = {},
): Step {
  return { step, verdict, saw, decided, checks };
}
