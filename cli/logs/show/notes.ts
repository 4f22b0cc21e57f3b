/** What a person must know of the log before its numbers: what is missing, and what was asked for. */

import { isoOf } from '../count/counters.ts';
import { describeFilter, type Filter } from '../count/filter.ts';
import { shown } from '../count/shown.ts';
import type { Summary } from '../count/summary.ts';
import { formatSpan } from '../trial/trials.ts';
import { formatInstant, formatRange, number, requestsText } from './rows.ts';

/** Clocks of machines differ by less. */
const NOTED_BACK_SECONDS = 60;

/** Why counts are too low. */
export const warningsOf = ({ sampled_why: sampled, broken }: Summary): string[] => [
  ...sampled.map((why) => `requests are missing: ${why}`),
  ...(broken.parts === 0 ? [] : [brokenText(broken)]),
];

function brokenText({ parts, first }: Summary['broken']): string {
  const places = first.slice(0, 2).map(({ line, problem }) => `line ${number(line)}: ${problem}`);
  const more = parts > places.length ? '; …' : '';
  return `${number(parts)} ${parts === 1 ? 'part' : 'parts'} could not be read (${places.join('; ')}${more})`;
}

export function notesOf({ order, seen, copies }: Summary, filter: Filter): string[] {
  const { sinceMs, untilMs, path } = filter;
  const window = [
    ...(sinceMs === undefined ? [] : [`since ${formatInstant(isoOf(sinceMs))} UTC`]),
    ...(untilMs === undefined ? [] : [`until ${formatInstant(isoOf(untilMs))} UTC`]),
  ].join(', ');
  const wanted = shown(describeFilter(filter));
  const isNewestFirst = order.backwards > seen.requests / 2;
  return [
    window,
    wanted && `only ${wanted}`,
    (window !== '' || wanted !== '') && `the log has ${requestsText(seen.requests)}${rangeOf(seen)}`,
    path !== undefined &&
      seen.pathless > 0 &&
      `${requestsText(seen.pathless)} left out: no path in the log (log_requests = "all" has it)`,
    copies > 0 &&
      `${number(copies)} ${copies === 1 ? 'line is' : 'lines are'} in the log twice, and counted once`,
    isNewestFirst && 'the log begins with the newest line; everything here is in order of time',
    !isNewestFirst &&
      order.back_s_max >= NOTED_BACK_SECONDS &&
      `clocks jump back ${number(order.backwards)} ${order.backwards === 1 ? 'time' : 'times'}, by up to ${formatSpan(order.back_s_max)}; everything here is in order of time`,
  ].filter((note): note is string => note !== false && note !== '');
}

const rangeOf = ({ from, to }: Summary['seen']) =>
  from === null || to === null ? '' : `, ${formatRange(from, to)} UTC`;
