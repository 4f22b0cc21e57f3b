import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

/** What fits on a screen or two. */
const MAX_FUNCTION_LINES = 80;
const MAX_FILE_LINES = 250;
/** On the line above a function that is longer. */
const REASON = /^\s*\/\/ Long: \S/;

const files = ['src', 'cli', 'origin/src'].flatMap((root) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => join(root, file)),
);

/** Functions, methods and arrows: the line where each begins, counted from 1, and how many lines it has. */
function functionsIn(file: string, text: string): { line: number; length: number }[] {
  const { program, errors } = parseSync(file, text);
  expect(errors).toEqual([]);
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  const found: { line: number; length: number }[] = [];
  const add = ({ start, end }: { start: number; end: number }) => {
    const line = lineAt(start);
    found.push({ line, length: lineAt(end) - line + 1 });
  };
  new Visitor({
    FunctionDeclaration: add,
    FunctionExpression: add,
    ArrowFunctionExpression: add,
  }).visit(program);
  return found;
}

function longFunctions(file: string, text: string): string[] {
  const lines = text.split('\n');
  return functionsIn(file, text)
    .filter(({ line, length }) => length > MAX_FUNCTION_LINES && !REASON.test(lines[line - 2] ?? ''))
    .map(({ line, length }) => `${file}:${line} has ${length} lines`);
}

describe('what can be read at once', () => {
  it('no function is long without a reason beside it', () => {
    expect(files.length).toBeGreaterThan(200);
    expect(files.flatMap((file) => longFunctions(file, readFileSync(file, 'utf8')))).toEqual([]);
  });

  it('no file is long', () => {
    const long = files
      .map((file) => [file, readFileSync(file, 'utf8').trimEnd().split('\n').length] as const)
      .filter(([, lines]) => lines > MAX_FILE_LINES);
    expect(long).toEqual([]);
  });

  it.each([
    ['a declaration', 'function f() {', '}'],
    ['a generator', 'export function* f() {', '}'],
    ['an arrow', 'const f = () => {', '};'],
    ['a method', 'const o = { f() {', '} };'],
    ['one in a class', 'class C { f() {', '} }'],
  ])('finds %s', (_, head, end) => {
    const body = Array.from({ length: MAX_FUNCTION_LINES - 1 }, (_, i) => `  void ${i};`);
    const text = (extra: readonly string[], above = '') => [above, head, ...body, ...extra, end].join('\n');
    expect(longFunctions('a.ts', text([]))).toHaveLength(1);
    expect(longFunctions('a.ts', text([], '// Long: a table of all there is'))).toEqual([]);
    expect(longFunctions('a.ts', text([], '// Long:'))).toHaveLength(1);
    expect(longFunctions('a.ts', [head, ...body.slice(1), end].join('\n'))).toEqual([]);
  });
});
