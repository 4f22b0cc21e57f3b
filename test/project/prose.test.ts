/** How pages are written: lines, cells, and how each begins. Links are in docs.test.ts. */
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COLUMNS, PAGES, wrapMarkdown } from '../../scripts/wrap-markdown.ts';

/** A cell that needs more needs a section. */
const MAX_CELL = 120;

const pages = globSync(PAGES).sort();
const read = (file: string) => readFileSync(file, 'utf8');

/** Without code, which is as wide as what it shows. */
const proseOf = (text: string) => text.replace(/^( *)(```|~~~)[\s\S]*?^\1\2$/gm, '').split('\n');

/** A link or a span of code that has no blank can't be wrapped. */
const isOneWord = (line: string) =>
  !/\S \S/.test(
    line
      .trim()
      .replace(/^([-*+]|\d+[.)]) /, '')
      .replace(/`[^`]*`|\[[^\]]*\]\([^)]*\)/g, '_'),
  );

/** A list breaks after each of its names. */
const isListOfNames = (cell: string) => cell.split(/, | and |: /).every((name) => name.length <= 30);

const longLines = (text: string) =>
  proseOf(text).filter((line) => line.length > COLUMNS && !/^\s*(\||<!--)/.test(line) && !isOneWord(line));

const longCells = (text: string) =>
  proseOf(text)
    .filter((line) => line.startsWith('|'))
    .flatMap((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\]\([^)]*\)/g, ']')))
    .filter((cell) => cell.length > MAX_CELL && !isListOfNames(cell));

/** The paragraph after the title. */
const openingOf = (text: string) =>
  text
    .replace(/^<!--.*-->\n+/, '')
    .replace(/^# .*\n+/, '')
    .split('\n\n')[0]
    ?.replaceAll('\n', ' ') ?? '';

describe.each(pages)('%s', (page) => {
  it('has lines of 100 columns (npm run format)', () => {
    expect(longLines(read(page))).toEqual([]);
  });

  it("has the field's words, and sentences with a subject", () => {
    // The history of decisions has the words of its time.
    if (page === 'docs/decisions.md') return;
    const text = proseOf(read(page)).join('\n');
    expect(text.match(/\b(in vain|emergency brake|may not be meant|down the street)\b/gi)).toBeNull();
    expect(text.match(/^Of (a|an|the|this) .*/gm)).toBeNull();
  });

  it('has short cells in tables', () => {
    expect(longCells(read(page))).toEqual([]);
  });
});

describe('the opening', () => {
  it.each(
    pages.filter(
      (page) => page.startsWith('docs/') || /^(ARCHITECTURE|CONTRIBUTING|RELEASING|SECURITY)\.md$/.test(page),
    ),
  )('of %s says who needs it, and what they can do afterwards', (page) => {
    const opening = openingOf(read(page));
    expect(opening).toMatch(/^For /);
    expect(opening).toMatch(/\bAfter(wards| it| this page)\b/);
  });
});

describe('wrapping', () => {
  const long = 'word '.repeat(30).trim();
  const wrap = (text: string) => wrapMarkdown(text).split('\n');

  it('breaks a paragraph, and leaves one that fits as it is', () => {
    expect(wrap(long).map((line) => line.length)).toEqual([99, 49]);
    expect(wrap('a\nb')).toEqual(['a', 'b']);
  });

  it('indents what follows in an item', () => {
    expect(wrap(`1. ${long}`)[1]).toMatch(/^ {3}word/);
    expect(wrap(`- a\n- ${long}`)[2]).toMatch(/^ {2}word/);
  });

  it.each([
    ['code', `\`\`\`\n${long} ${long}\n\`\`\``],
    ['a table', `| ${long} | ${long} |`],
    ['a heading', `# ${long}`],
    ['a comment', `<!-- ${long} -->`],
    ['a line break', `${long}  \nb`],
  ])('leaves %s alone', (_what, text) => {
    expect(wrapMarkdown(text)).toBe(text);
  });

  it.each(['`a b c`', '[a b](c)'])('keeps %s in one piece', (atom) => {
    const text = `${'word '.repeat(19)}${atom} ${long}`;
    expect(wrap(text).some((line) => line.includes(atom))).toBe(true);
  });

  it('makes no list and no heading of a word', () => {
    for (const mark of ['-', '1.', '#', '>', '+'])
      for (const line of wrap(`${'word '.repeat(19)}wor ${mark} ${long}`))
        expect(line.startsWith(mark)).toBe(false);
  });

  it('changes nothing that is wrapped', () => {
    for (const page of pages) expect(wrapMarkdown(read(page)), page).toBe(read(page));
  });
});
