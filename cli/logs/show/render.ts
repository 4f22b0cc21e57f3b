/** A summary for a person, within 80 columns; `--json` has everything in full. */
import { paint } from '../../text/terminal.ts';
import type { Summary } from '../count/tally.ts';
import { formatSpan, type Trial } from '../trial/trials.ts';

const WIDTH = 80;
/** Rows that each list shows; the rest is counted. */
const MAX_ROWS = 12;

const number = (value: number) => value.toLocaleString('en-US');

const cut = (text: string, width: number) =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

const requestsText = (count: number) => `${number(count)} ${count === 1 ? 'request' : 'requests'}`;

/** Numbers to the right, in front; then texts, of which the last one takes what room there is. */
function rows(list: readonly (readonly [string, ...string[]])[], widths: readonly number[]): string[] {
  const used = 2 + 8 + widths.reduce((sum, width) => sum + 2 + width, 0);
  const all = [...widths, WIDTH - used - 2];
  const lines = list.slice(0, MAX_ROWS).map(([count, ...texts]) => {
    const cells = texts.map((text, i) => cut(text, all[i] ?? 0).padEnd(all[i] ?? 0));
    return `  ${count.padStart(8)}  ${cells.join('  ')}`.trimEnd();
  });
  return andMore(lines, list.length, 8);
}

/** The lines, and how many there would be more. */
function andMore(lines: readonly string[], all: number, width = 0): string[] {
  const more = all - MAX_ROWS;
  return [
    ...lines,
    ...(more > 0 ? [paint('dim', `  ${'…'.padStart(width)}  and ${more} more (--json)`)] : []),
  ];
}

export function renderSummary(summary: Summary): string[] {
  const { from, to, requests, allowed, denied } = summary;
  const lines: string[] = [];
  const section = (title: string, content: readonly string[]) => {
    if (content.length > 0) lines.push('', paint('bold', title), ...content);
  };

  if (requests === 0) lines.push('no requests in the log');
  else {
    lines.push(
      `${paint('bold', requestsText(requests))}: ${number(allowed)} allowed, ${number(denied)} denied`,
    );
    lines.push(paint('dim', `${formatInstant(from)} to ${formatInstant(to)} UTC`));
  }
  section(
    'routes                                  allowed  denied would deny   origin ms',
    routeRows(summary),
  );
  section('denied', denialRows(summary));
  section(
    'would be denied by rules on trial (--suggest says which are ready)',
    rows(
      summary.would_deny.map((one) => [number(one.requests), withDetail(one), one.client, one.route]),
      [24, 18],
    ),
  );
  section(
    'near misses: spelled otherwise than the route',
    rows(
      summary.near_misses.map((one) => [number(one.requests), one.route, one.near_miss.join(', ')]),
      [30],
    ),
  );
  section('events', eventRows(summary));
  section(
    'ended by the runtime',
    rows(
      summary.outcomes.map(({ outcome, times }) => [number(times), outcome]),
      [],
    ),
  );
  const hints = [
    summary.other_lines > 0 && `lines that are none of the gateway's: ${number(summary.other_lines)}`,
    summary.sampled && 'wrangler tail left requests out: there are too many; counts are too low',
  ].filter((hint) => hint !== false);
  if (hints.length > 0) lines.push('', ...hints.map((hint) => paint('dim', hint)));
  return lines;
}

function routeRows({ routes }: Summary): string[] {
  const lines = routes
    .slice(0, MAX_ROWS)
    .map((one) =>
      [
        `  ${cut(one.route, 36).padEnd(36)}`,
        number(one.allowed).padStart(8),
        number(one.denied).padStart(7),
        number(one.would_deny).padStart(10),
        (one.origin_ms_mean === null ? '-' : number(one.origin_ms_mean)).padStart(11),
      ].join(' '),
    );
  const more = routes.length - MAX_ROWS;
  return more > 0 ? [...lines, paint('dim', `  … and ${more} more (--json)`)] : lines;
}

/** The value that the policy wanted or the token claimed has a line of its own: people look for it. */
function denialRows({ denials }: Summary): string[] {
  const lines = denials.slice(0, MAX_ROWS).flatMap(({ requests, reason, route, client, detail }) => {
    const [line = ''] = rows(
      [[number(requests), reason, client.startsWith('(no') ? route : `${route}, ${client}`]],
      [24],
    );
    return detail === null || detail === ''
      ? [line]
      : [line, paint('dim', `${' '.repeat(12)}${cut(detail, 68)}`)];
  });
  return andMore(lines, denials.length, 8);
}

const eventRows = ({ events }: Summary) =>
  rows(
    events.map(({ event, issuer, detail, times, last }) => [
      number(times),
      event,
      [issuer, detail, last && `last ${formatInstant(last)}`].filter(Boolean).join(', '),
    ]),
    [22],
  );

const withDetail = ({ reason, detail }: { reason: string; detail: string | null }) =>
  detail === null || detail === '' ? reason : `${reason} ${detail}`;

const formatInstant = (iso: string | null) => (iso ?? '').slice(0, 19).replace('T', ' ');

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

/** Lines to be copied are not cut, however long they are. */
function renderChange({ change }: Trial, config: string): string[] {
  if (change.kind === 'by_hand') return [`  Enforce it by hand in ${config}: ${change.why}.`];
  return [
    `  To enforce it, in ${config} at line ${change.line}:`,
    ...change.remove.map((line) => paint('red', `  - ${line}`)),
    ...change.add.map((line) => paint('green', `  + ${line}`)),
  ];
}
