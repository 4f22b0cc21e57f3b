/** A summary for a person, within 80 columns; `--json` has everything in full. */
import { paint } from '../../text/terminal.ts';
import type { Dimension } from '../count/dimensions.ts';
import type { Filter } from '../count/filter.ts';
import type { Summary } from '../count/summary.ts';
import { notesOf, warningsOf } from './notes.ts';
import { andMore, cut, formatRange, MAX_ROWS, number, requestsText, rows } from './rows.ts';
import { timelineRows } from './timeline.ts';
import { withDetail } from './trials.ts';
import { turnRows } from './turn.ts';

export function renderSummary(summary: Summary, filter: Filter): string[] {
  const lines: string[] = [...headOf(summary, filter)];
  const section = (title: string, content: readonly string[]) => {
    if (content.length > 0) lines.push('', paint('bold', title), ...content);
  };
  const timeline = timelineRows(summary);
  section(timeline.title, timeline.lines);
  if (summary.change !== null) {
    const turn = turnRows(summary.change);
    section(turn.title, turn.lines);
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
  section('refused: when', reasonRows(summary));
  section('refused: who and what', refusedRows(summary));
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
  if (summary.other_lines > 0)
    lines.push('', paint('dim', `lines that are none of the gateway's: ${number(summary.other_lines)}`));
  return lines;
}

/** First what is wrong with the log: on a terminal that shows only the beginning, it must not be cut. */
function headOf(summary: Summary, filter: Filter): string[] {
  const { from, to, requests, allowed, denied } = summary;
  const counts =
    requests === 0
      ? ['no requests in the log']
      : [
          `${paint('bold', requestsText(requests))}: ${number(allowed)} allowed, ${number(denied)} denied`,
          paint('dim', `${formatRange(from ?? '', to ?? '')} UTC`),
        ];
  return [
    ...counts,
    ...warningsOf(summary).map((one) => paint('yellow', one)),
    ...notesOf(summary, filter).map((one) => paint('dim', one)),
  ];
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
  return andMore(lines, denials.length);
}

/** First and last of each reason. */
const reasonRows = ({ reasons }: Summary) =>
  rows(
    reasons.map(({ reason, trial, requests, first, last }) => [
      number(requests),
      trial ? `${reason} (trial)` : reason,
      formatRange(first, last),
    ]),
    [31],
  );

/** Whom people ask about; of each, the most frequent. */
const ASKED = [
  'entry',
  'path',
  'client',
  'issuer',
  'audience',
  'address',
  'country',
] as const satisfies Dimension[];
const MAX_VALUES = 3;

function refusedRows({ refused }: Summary): string[] {
  return ASKED.flatMap((name) => {
    // Who came without a token has no name; the reason says so already.
    const named = refused[name].filter(({ value }) => !value.startsWith('(no'));
    const lines = rows(
      named.slice(0, MAX_VALUES).map(({ value, requests }) => [number(requests), name, value]),
      [8],
    );
    const more = named.length - MAX_VALUES;
    return more > 0 ? [...lines, paint('dim', `  ${'…'.padStart(8)}  and ${more} more (--json)`)] : lines;
  });
}

/** Its first and last time have a line of their own: they are what people look for. */
const eventRows = ({ events }: Summary) =>
  andMore(
    events
      .slice(0, MAX_ROWS)
      .flatMap(({ event, issuer, detail, times, first, last }) => [
        ...rows([[number(times), event, [issuer, detail].filter(Boolean).join(', ')]], [22]),
        ...(first === null || last === null
          ? []
          : [paint('dim', `${' '.repeat(12)}${formatRange(first, last)}`)]),
      ]),
    events.length,
  );
