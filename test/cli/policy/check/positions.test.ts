/** From a place in the policy to the characters of the file, in every way that TOML writes tables. */
import { describe, expect, it } from 'vitest';
import { FORMATS } from '../../../../cli/formats/formats.ts';
import { readTomlPositions } from '../../../../cli/formats/toml-positions.ts';
import { checkPolicy } from '../../../../cli/policy/check/check.ts';
import { parsePolicyFile } from '../../../../cli/policy/file/config.ts';
import { readSource } from '../../../../cli/policy/file/source.ts';
import { renderSnippet, wrap } from '../../../../cli/text/snippet.ts';
import { policyText } from '../../support/policies.ts';

/** The text of the file at a place. */
function at(text: string, ...path: (string | number)[]): string {
  const { line, column, endLine, endColumn } = readTomlPositions(text).regionOf(path);
  const lines = text.split('\n').slice(line - 1, endLine);
  lines[lines.length - 1] = lines.at(-1)?.slice(0, endColumn - 1) ?? '';
  lines[0] = lines[0]?.slice(column - 1) ?? '';
  return lines.join('\n');
}

describe('a place in the file', () => {
  it.each<[string, string, (string | number)[], string]>([
    ['a table with a header', '[vars.API_X]\na = 1', ['vars', 'API_X'], 'API_X'],
    ['a value', '[vars.API_X]\na = 1', ['vars', 'API_X', 'a'], 'a = 1'],
    ['a table that only deeper headers name', '[vars.API_X.routes]', ['vars', 'API_X'], 'API_X'],
    ['its own header, wherever it stands', '[a."b".c]\n[a.b]\nx = 1', ['a', 'b'], 'b'],
    ['dotted keys', 'vars.API_X.audience = "x"', ['vars', 'API_X', 'audience'], 'vars.API_X.audience = "x"'],
    ['a part of dotted keys', 'vars.API_X.audience = "x"', ['vars', 'API_X'], 'API_X'],
    ['an inline table', '[a]\nb = { c = { d = 1 } }', ['a', 'b'], 'b'],
    ['in an inline table', '[a]\nb = { c = { d = 1 } }', ['a', 'b', 'c', 'd'], 'd = 1'],
    ['dotted keys in an inline table', 'a = { b.c = 1, b.d = 2 }', ['a', 'b', 'd'], 'b.d = 2'],
    ['quoted keys', '[r]\n"GET /x" = 1\n\'b "c"\' = 2', ['r', 'b "c"'], '\'b "c"\' = 2'],
    ['an escaped key', '"a\\u0041" = 1', ['aA'], '"a\\u0041" = 1'],
    ['an item of a list', 'a = ["x", "yy"]', ['a', 1], '"yy"'],
    ['in a table in a list', 'a = [{ p = "x" }, { p = "y" }]', ['a', 1, 'p'], 'p = "y"'],
    ['a list of several lines', 'a = [\n  "x",\n  "y",\n]', ['a'], 'a'],
    ['its item', 'a = [\n  "x",\n  "y",\n]', ['a', 1], '"y"'],
    ['tables in a list', '[[s]]\nb = 1\n[[s]]\nb = 2', ['s', 1, 'b'], 'b = 2'],
    ['an environment', '[env.p.vars.API_X]\na = 1', ['env', 'p', 'vars', 'API_X', 'a'], 'a = 1'],
    ['what is missing: the table around it', '[vars.API_X]\na = 1', ['vars', 'API_X', 'b'], 'API_X'],
    [
      'a table that is missing: what names the one around',
      '[env.p]\nname = "x"',
      ['env', 'p', 'vars', 'ISSUERS'],
      'p',
    ],
    ['nothing near', 'a = 1', ['vars', 'ISSUERS'], ''],
    ['after other alphabets', 'a = { "é😀" = 1, b = 2 }', ['a', 'b'], 'b = 2'],
    ['with Windows lines', 'a = 1\r\nb = 2\r\n', ['b'], 'b = 2'],
    ['with a byte order mark', '\ufeffa = 1\nb = 2', ['b'], 'b = 2'],
  ])('%s', (_what, text, path, expected) => {
    expect(at(text, ...path)).toBe(expected);
  });

  it('is found for the faults of a policy, in each environment', () => {
    const text = `${policyText()}${policyText().slice(policyText().indexOf('[vars.')).replaceAll('[vars.', '[env.p.vars.').replace('audience = "x"', 'audience = 5')}`;
    const results = checkPolicy(parsePolicyFile('wrangler.toml', text));
    const line = text.split('\n').indexOf('audience = 5') + 1;
    expect(
      results.flatMap(({ faults }) =>
        faults.map(({ at: place, region }) => [place, region.line, region.column]),
      ),
    ).toContainEqual(['API_X.audience', line, 1]);
  });
});

describe('what is shown of the file', () => {
  it.each([
    ['a plain variable', '[vars]\nS = "hunter2"', 'S = "*******"'],
    ['in an environment', '[env.p.vars]\nS = "hunter2"', 'S = "*******"'],
    [
      'a header that names no secret',
      '[vars.API_X]\norigin_headers = { x-s = "hunter2", x-t = "secret:T" }',
      'origin_headers = { x-s = "*******", x-t = "secret:T" }',
    ],
    [
      'a password in a URL',
      '[vars.API_X]\norigin = "https://me:hunter2@x.example"',
      `origin = "${'*'.repeat(28)}"`,
    ],
    ['text of several lines', '[vars]\nS = """\nhunter2"""', '*******"""'],
  ])('hides %s', (_what, text, expected) => {
    expect(readSource({ text, format: FORMATS.toml }).lines.at(-1)).toBe(expected);
  });

  it('hides everything of what only wrangler can read', () => {
    expect(readSource({ text: 'S = "hunter2" "', format: FORMATS.toml }).lines).toEqual(['S = "*******" "']);
  });

  it('is the line with a mark, which fits 80 columns', () => {
    const long = `"GET /x" = { ${'a'.repeat(60)} = 1, bad = 2, ${'c'.repeat(60)} = 3 }`;
    const start = long.indexOf('bad');
    const region = { line: 100, column: start + 1, endLine: 100, endColumn: start + 8 };
    const lines = [...Array.from({ length: 99 }, () => ''), long];
    const [, source = '', marks = ''] = renderSnippet(lines, region);
    expect(Math.max(source.length, marks.length)).toBeLessThanOrEqual(80);
    expect(source.slice(marks.indexOf('^'), marks.lastIndexOf('^') + 1)).toBe('bad = 2');
    expect(source).toMatch(/^100 \| ….*…$/);
  });

  it('obeys no control characters of the file', () => {
    const region = { line: 1, column: 1, endLine: 1, endColumn: 2 };
    expect(renderSnippet(['a\t\u001b[31m\u202e'], region)[1]).toBe('1 | a \ufffd[31m\ufffd');
  });

  it('text breaks between words, and not within quotes', () => {
    const text = `${'word '.repeat(14)}"GET /a path" and`;
    expect(wrap(text, '', '  ')).toEqual(['word '.repeat(14).trim(), '  "GET /a path" and']);
  });
});
