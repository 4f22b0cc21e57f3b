/** Rules on trial, against what the log says of them: whether they can be enforced. */
import { routeName } from '../../../src/log.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { isOnTrial } from '../../../src/policy/trial.ts';
import type { PolicyFile } from '../../policy/file/config.ts';
import { UNITS } from '../../text/terminal.ts';
import { countOf } from '../../text/words.ts';
import type { Summary } from '../count/summary.ts';
import { type Proposal, proposeChange } from './change.ts';

/** How much traffic makes an answer. */
export interface Enough {
  readonly requests: number;
  readonly seconds: number;
}

/** As `claimgate logs --suggest --json` prints it: names are stable. */
export interface Trial {
  readonly route: string;
  readonly trial: 'report' | 'report_only';
  /** `too_little`: nobody would be refused, of too few to tell. */
  readonly verdict: 'ready' | 'not_ready' | 'too_little';
  /** That passed the rules which are enforced today, and so were judged by those on trial. */
  readonly requests: number;
  /** How long the route had such traffic: pauses count for six hours at most. */
  readonly seconds: number;
  readonly would_deny: number;
  readonly refused: readonly {
    readonly client: string;
    readonly reason: string;
    readonly detail: string | null;
    readonly requests: number;
  }[];
  /** Whether requests are missing from the log: then it is never `ready`. */
  readonly sampled: boolean;
  /** Why it is too little. */
  readonly missing: readonly string[];
  readonly change: Proposal;
}

export function judgeTrials(
  summary: Summary,
  policy: Policy,
  file: PolicyFile,
  environment: string | undefined,
  enough: Enough,
): Trial[] {
  // Of an API on trial, what no route takes is on trial, too.
  const routes = policy.apis.flatMap(({ routes: its, trial }) => [
    ...its,
    ...(trial ? [trial.anything] : []),
  ]);
  return routes
    .filter(({ report, reportOnly }) => reportOnly || report !== undefined)
    .map((route): Trial => {
      const name = routeName(route);
      // Another spelling of a path is judged by the rules of all routes that it fits: it counts against each.
      const refused = summary.would_deny
        .filter((one) => one.route === name || one.near_miss.includes(name))
        .map(({ route: _, near_miss: __, ...one }) => one);
      const wouldDeny = refused.reduce((sum, one) => sum + one.requests, 0);
      const counted = summary.routes.find((one) => one.route === name);
      const { allowed: requests, active_s: seconds } = counted ?? { allowed: 0, active_s: 0 };
      const missing = missingOf(requests, seconds, summary, policy.settings.logSample, enough);
      return {
        route: name,
        trial: route.reportOnly ? 'report_only' : 'report',
        verdict: wouldDeny > 0 ? 'not_ready' : missing.length > 0 ? 'too_little' : 'ready',
        requests,
        seconds,
        would_deny: wouldDeny,
        refused,
        sampled: summary.sampled,
        missing,
        change:
          route === route.api.trial?.anything
            ? {
                kind: 'by_hand',
                why: 'the API is enforced without report_only, once all its routes are ready',
              }
            : proposeChange(file, environment, route.api.name, route.key, isOnTrial(route)),
      };
    });
}

function missingOf(
  requests: number,
  seconds: number,
  { sampled_why: sampled, broken, outcomes }: Summary,
  logSample: number,
  enough: Enough,
): string[] {
  const ended = outcomes.reduce((sum, { times }) => sum + times, 0);
  const thinned = logSample < 1 ? `; log_sample = ${logSample} leaves most out` : '';
  return [
    requests < enough.requests && `${requests} of ${enough.requests} requests (--min-requests)${thinned}`,
    requests > 0 &&
      seconds < enough.seconds &&
      `${formatSpan(seconds)} of ${formatSpan(enough.seconds)} (--min-time): who comes once a day may not have come`,
    broken.parts > 0 &&
      `${countOf(broken.parts, 'part')} of the log could not be read: mend or leave out that file`,
    ended > 0 &&
      `the runtime ended ${countOf(ended, 'invocation')} (${outcomes.map(({ outcome }) => outcome).join(', ')}): such requests may have no line`,
    ...sampled.map((why) => `${why}; ask Analytics Engine (docs/operations.md)`),
  ].filter((one) => one !== false);
}

/** Two units at most: `2 d 3 h`. */
export function formatSpan(seconds: number): string {
  const first = UNITS.findIndex(([size]) => seconds >= size);
  if (first === -1) return '0 s';
  let rest = seconds;
  const parts = UNITS.slice(first, first + 2).flatMap(([size, unit]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count > 0 ? [`${count} ${unit}`] : [];
  });
  return parts.join(' ');
}
