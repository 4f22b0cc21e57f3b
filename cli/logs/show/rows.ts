/** Lines of a summary, within 80 columns; `--json` has everything in full. */
import { paint } from '../../text/terminal.ts';

export const WIDTH = 80;
/** Rows that each list shows; the rest is counted. */
export const MAX_ROWS = 12;

export const number = (value: number) => value.toLocaleString('en-US');

export const cut = (text: string, width: number) =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

export const requestsText = (count: number) => `${number(count)} ${count === 1 ? 'request' : 'requests'}`;

/** Numbers to the right, in front; then texts, of which the last one takes what room there is. */
export function rows(
  list: readonly (readonly [string, ...string[]])[],
  widths: readonly number[],
  max = MAX_ROWS,
): string[] {
  const used = 2 + 8 + widths.reduce((sum, width) => sum + 2 + width, 0);
  const all = [...widths, WIDTH - used - 2];
  const lines = list.slice(0, max).map(([count, ...texts]) => {
    const cells = texts.map((text, i) => cut(text, all[i] ?? 0).padEnd(all[i] ?? 0));
    return `  ${count.padStart(8)}  ${cells.join('  ')}`.trimEnd();
  });
  return andMore(lines, list.length, max);
}

/** The lines, and how many there would be more. */
export function andMore(lines: readonly string[], all: number, max = MAX_ROWS): string[] {
  return [
    ...lines,
    ...(all > max ? [paint('dim', `  ${'…'.padStart(8)}  and ${all - max} more (--json)`)] : []),
  ];
}

/** To the second. */
export const formatInstant = (iso: string | null) => (iso ?? '').slice(0, 19).replace('T', ' ');

/** Two instants, the day once. */
export function formatRange(from: string, to: string): string {
  const [one, other] = [formatInstant(from), formatInstant(to)];
  if (one === other) return one;
  return one.slice(0, 10) === other.slice(0, 10) ? `${one} to ${other.slice(11)}` : `${one} to ${other}`;
}
