/**
 * Wraps prose at 100 columns: `npm run format` does it for every page. A paragraph that fits stays as it is, so that a
 * change stays small. Code, tables, headings and comments are left alone.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';

export const COLUMNS = 100;

/** All pages of the repository. */
export const PAGES = ['*.md', 'docs/*.md', 'examples/*/README.md'];

/** Spans of code and links stay in one piece: people search for them, and tests do. */
const ATOMS = /`[^`]*`\S*|!?\[[^\]]*\]\([^)]*\)\S*|\S+/g;

/** What would become a list, a heading, a quote or a table at the begin of a line. */
const MARKER = /^([-+*]|>.*|\|.*|#{1,6}|1[.)]|={2,}|-{2,})$/;

export function wrapMarkdown(text: string): string {
  const wrapped: string[] = [];
  let block: string[] = [];
  let fence: string | undefined;
  const flush = () => {
    wrapped.push(...wrapBlock(block));
    block = [];
  };
  for (const line of text.split('\n')) {
    const [, mark] = /^\s*(`{3,}|~{3,})/.exec(line) ?? [];
    if (fence !== undefined) {
      wrapped.push(line);
      if (mark?.startsWith(fence)) fence = undefined;
    } else if (mark !== undefined) {
      flush();
      fence = mark;
      wrapped.push(line);
    } else if (isLeftAlone(line)) {
      flush();
      wrapped.push(line);
    } else {
      if (beginsItem(line)) flush();
      block.push(line);
    }
  }
  flush();
  return wrapped.join('\n');
}

const isLeftAlone = (line: string) => line.trim() === '' || /^\s*(\||#|<!--|>|\[[^\]]+\]: )/.test(line);

const beginsItem = (line: string) => /^\s*([-*+]|\d+[.)]) /.test(line);

/** A paragraph, or an item of a list. Two blanks at an end would be a line break: those stay. */
function wrapBlock(lines: readonly string[]): readonly string[] {
  if (lines.every((line) => line.length <= COLUMNS) || lines.some((line) => / {2}$/.test(line))) return lines;
  const [, first = '', rest = ''] = /^(\s*(?:(?:[-*+]|\d+[.)]) +)?)(.*)$/s.exec(lines[0] ?? '') ?? [];
  const indent = ' '.repeat(first.length);
  const words = [rest, ...lines.slice(1).map((one) => one.trim())].join(' ').match(ATOMS) ?? [];
  const result: string[] = [];
  let line = first;
  for (const word of words) {
    const isStart = line === first || line === indent;
    if (!isStart && line.length + 1 + word.length > COLUMNS && !MARKER.test(word)) {
      result.push(line);
      line = indent + word;
    } else line += isStart ? word : ` ${word}`;
  }
  return [...result, line];
}

if (import.meta.main)
  for (const file of globSync(PAGES)) {
    const before = readFileSync(file, 'utf8');
    const after = wrapMarkdown(before);
    if (after !== before) writeFileSync(file, after);
  }
