/** A log of which nothing was understood: what it looks like, and what would be. */
import { CommandError } from '../text/terminal.ts';
import { shown } from './count/shown.ts';
import type { Summary } from './count/summary.ts';
import type { Read } from './follow.ts';
import { FORMATS } from './read/formats.ts';
import { number } from './show/rows.ts';

/** @returns `undefined` for the log of a gateway, however quiet it was */
export function nothingRead(
  name: string,
  summary: Summary,
  { isEmpty, strange }: Read,
): CommandError | undefined {
  const { seen, events, outcomes, formats, other_lines: other, broken } = summary;
  if (seen.requests > 0 || events.length > 0 || outcomes.length > 0) return undefined;
  const events_ = Object.values(formats).reduce((sum, count) => sum + count, 0);
  if (isEmpty) return new CommandError(`${name} is empty; ${expected()}`);
  if (events_ > 0 && other === 0 && broken.parts === 0) return undefined;
  const found =
    events_ > 0
      ? `${name} has ${number(events_)} events of Cloudflare, and no line of the gateway in them: is it another Worker's log?`
      : `${name} has nothing that this command reads: ${whatIsThere(other, broken)}`;
  return new CommandError(`${found}${looks(strange)}; ${expected()}`);
}

function whatIsThere(other: number, broken: Summary['broken']): string {
  const [first] = broken.first;
  const parts = [
    other > 0 && `${number(other)} other ${other === 1 ? 'line' : 'lines'}`,
    first !== undefined && `line ${number(first.line)}: ${first.problem}`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? 'no events' : parts.join(', ');
}

function looks(strange: string | undefined): string {
  if (strange === undefined) return '';
  if (/[\0\ufffd]/.test(strange)) return ' (it looks like a binary file)';
  return ` (such as: ${shown(strange.slice(0, 60))})`;
}

const expected = () =>
  `it reads ${Object.values(FORMATS)
    .map(({ words }) => words)
    .join('; ')}; each also gzipped`;
