/** Rules on trial, for a person: whether each can be enforced. */
import { paint } from '../../text/terminal.ts';
import { formatSpan, type Trial } from '../trial/trials.ts';
import { number, requestsText, rows } from './rows.ts';

const VERDICTS = {
  ready: ['green', 'ready'],
  not_ready: ['red', 'not ready'],
  too_little: ['yellow', 'too little traffic'],
} as const;

export function renderTrials(trials: readonly Trial[], config: string): string[] {
  return trials.flatMap((trial, i) => [...(i === 0 ? [] : ['']), ...renderTrial(trial, config)]);
}

function renderTrial(trial: Trial, config: string): string[] {
  const [style, words] = VERDICTS[trial.verdict];
  const lines = [
    paint('bold', `${trial.route}  (${trial.trial})`),
    `  ${paint(style, words)}: ${requestsText(trial.requests)} in ${formatSpan(trial.seconds)}, ${
      trial.would_deny === 0 ? 'none would be refused' : `${number(trial.would_deny)} would be refused`
    }`,
  ];
  if (trial.verdict === 'not_ready')
    lines.push(
      ...rows(
        trial.refused.map((one) => [number(one.requests), withDetail(one), one.client]),
        [38],
      ),
    );
  if (trial.verdict === 'too_little') lines.push(...trial.missing.map((one) => `  ${one}`));
  if (trial.verdict === 'ready') lines.push(...renderChange(trial, config));
  return lines;
}

export const withDetail = ({ reason, detail }: { reason: string; detail: string | null }) =>
  detail === null || detail === '' ? reason : `${reason} ${detail}`;

/** Lines to be copied are not cut, however long they are. */
function renderChange({ change }: Trial, config: string): string[] {
  if (change.kind === 'by_hand') return [`  Enforce it by hand in ${config}: ${change.why}.`];
  return [
    `  To enforce it, in ${config} at line ${change.line}:`,
    ...change.remove.map((line) => paint('red', `  - ${line}`)),
    ...change.add.map((line) => paint('green', `  + ${line}`)),
  ];
}
