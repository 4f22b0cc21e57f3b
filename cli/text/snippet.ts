/** The line of a file that something is about, with the place marked below it. */
import { visible } from './terminal.ts';

/** A part of a file: counted from 1, the end is behind the last character. Columns count UTF-16 units. */
export interface Region {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** The width of a terminal that people have. */
export const WIDTH = 80;

export const splitLines = (text: string): string[] => text.split(/\r?\n/);

/** Covers a part of the lines, whose length stays. The quotes of a text stay too. */
export function maskRegion(lines: string[], { line, column, endLine, endColumn }: Region): void {
  for (let i = line; i <= endLine; i++) {
    const text = lines[i - 1] ?? '';
    const from = i === line ? column - 1 : 0;
    const to = i === endLine ? endColumn - 1 : text.length;
    lines[i - 1] = text.slice(0, from) + text.slice(from, to).replace(/[^"']/g, '*') + text.slice(to);
  }
}

/** Covers every value: of a line that can't be read, nobody knows what it holds. Names before a `=` stay. */
export function maskValues(line: string): string {
  const name = /^\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^"'=#])*=/.exec(line)?.[0].length ?? line.search(/["']/);
  // A forgotten `=`: what comes behind the first word may be anything, but a header is none.
  if (name === -1)
    return line.replace(
      /^(\s*[^\s[]\S*\s+)(.*)/,
      (_, first: string, rest: string) => first + rest.replace(/\S/g, '*'),
    );
  return (
    line.slice(0, name) +
    line.slice(name).replace(/[^\s"'[\]{},=#]+(?![^\s"'[\]{},=#]|\s*=)/g, (value) => '*'.repeat(value.length))
  );
}

/** The same for a line of JSON: texts before a colon stay, and punctuation. Comments may hold anything. */
export const maskJson = (line: string): string =>
  line.replace(
    /((?:^|[{,])\s*"(?:[^"\\]|\\.)*"\s*:)|"(?:[^"\\]|\\.)*"?|[^\s"[\]{},:]+/g,
    (part, name?: string) => name ?? part.replace(/[^"]/g, '*'),
  );

/**
 * Three lines: a rule, the source, and the marks.
 *
 * @param lines of the whole file
 */
export function renderSnippet(lines: readonly string[], region: Region): string[] {
  const number = String(region.line);
  const margin = ' '.repeat(number.length);
  const text = visible(lines[region.line - 1] ?? '');
  const end = region.endLine === region.line ? region.endColumn - 1 : text.trimEnd().length;
  const { shown, start, marks } = crop(text, region.column - 1, end, WIDTH - number.length - 3);
  return [
    `${margin} |`,
    `${number} | ${shown}`.trimEnd(),
    `${margin} | ${' '.repeat(start)}${'^'.repeat(marks)}`,
  ];
}

/** A long line is cut around the place. */
function crop(text: string, from: number, to: number, width: number) {
  const start = Math.min(from, text.length);
  const length = Math.max(1, to - start);
  if (text.length <= width) return { shown: text, start, marks: length };
  const first = start + length <= width - 1 ? 0 : Math.max(0, Math.min(start - 10, text.length - width + 2));
  const head = first > 0 ? '…' : '';
  const room = width - head.length - 1;
  const tail = first + room < text.length ? '…' : '';
  const shown = head + text.slice(first, first + room) + tail;
  const at = start - first + head.length;
  return { shown, start: at, marks: Math.max(1, Math.min(length, width - at)) };
}

/** Breaks text between words, not within quotes. Later lines are indented; what is too long stays whole. */
export const wrap = (text: string, first: string, later: string): string[] =>
  fill(visible(text).match(/(?:"[^"]*"|[^\s"])+|"/g) ?? [], first, later);

/** Lines of words. A word that is too long stays whole, so that it can be copied. */
export function fill(words: readonly string[], first = '', later = '', width = WIDTH): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of words) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = later;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}
