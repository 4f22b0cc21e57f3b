/** A log of which nothing was understood: what it looks like, and what would be. */
import { CommandError } from '../text/terminal.ts';
import { countOf } from '../text/words.ts';
import { shown } from './count/shown.ts';
import type { Summary } from './count/summary.ts';
import type { Read } from './follow.ts';
import { FORMATS } from './read/formats.ts';
import { isOwnEvent } from './read/line.ts';
import { cut, number } from './show/rows.ts';

/** @returns `undefined` for the log of a gateway, however quiet it was */
export function nothingRead(
  name: string,
  summary: Summary,
  { isEmpty, strange }: Read,
): CommandError | undefined {
  const { seen, events, outcomes, formats, other_lines: other, broken } = summary;
  if (seen.requests > 0 || outcomes.length > 0 || events.some(({ event }) => isOwnEvent(event)))
    return undefined;
  if (isEmpty && broken.parts === 0) return new CommandError(`${name} is empty${expected()}`);
  const strangers = events.reduce((sum, { times }) => sum + times, 0);
  const known = Object.values({ ...formats, line: 0 }).reduce((sum, count) => sum + count, 0);
  if (known > 0 && other + strangers + broken.parts === 0) return undefined;
  const found =
    known > 0
      ? `${name} has ${countOf(known, 'event')} of Cloudflare, and no line of the gateway: is it another Worker's log?`
      : `${name} has nothing that this command reads: ${whatIsThere(other + strangers, broken)}`;
  return new CommandError(`${found}${looks(strange ?? events[0]?.event)}${expected()}`);
}

function whatIsThere(other: number, broken: Summary['broken']): string {
  const [first] = broken.first;
  const parts = [
    other > 0 && countOf(other, 'other line'),
    first !== undefined && `line ${number(first.line)}: ${first.problem}`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? 'no events' : parts.join(', ');
}

function looks(strange: string | undefined): string {
  if (strange === undefined) return '';
  if (/[\0\ufffd]/.test(strange)) return ' (it looks like a binary file)';
  return ` (such as: ${shown(cut(strange, 60))})`;
}

const expected = () =>
  [
    '\n       It reads, each also gzipped:',
    ...Object.values(FORMATS).map(({ words }) => `\n       - ${words}`),
  ].join('');
