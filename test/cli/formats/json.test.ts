/** wrangler.json and wrangler.jsonc: what wrangler reads is read, with places; what it reads in silence is told. */
import { describe, expect, it } from 'vitest';
import { FORMATS, parseConfig } from '../../../cli/formats/formats.ts';
import { readJsonPositions } from '../../../cli/formats/json-positions.ts';
import { parsePolicyFile } from '../../../cli/policy/file/config.ts';
import { readSource } from '../../../cli/policy/file/source.ts';

const read = (text: string) => parseConfig('wrangler.jsonc', text);

function at(text: string, ...path: (string | number)[]): string {
  const { line, column, endLine, endColumn } = readJsonPositions(text).regionOf(path);
  const lines = text.split('\n').slice(line - 1, endLine);
  lines[lines.length - 1] = lines.at(-1)?.slice(0, endColumn - 1) ?? '';
  lines[0] = lines[0]?.slice(column - 1) ?? '';
  return lines.join('\n');
}

describe('what wrangler reads', () => {
  // The dialect: wrangler's packages/workers-utils/src/parse.ts reads both endings with allowTrailingComma.
  it.each([
    ['comments', '{ // one\n "a": 1 /* two\n lines */ }'],
    ['trailing commas', '{ "a": 1, }'],
    ['a byte order mark', '\ufeff{ "a": 1 }'],
    ['Windows lines', '{\r\n\t"a": 1\r\n}\r\n'],
    ['tabs', '{\n\t"a":\t1\n}'],
    ['a comment at the top', '// what create-cloudflare writes\n{ "a": 1 }'],
  ])('%s', (_what, text) => {
    for (const path of ['wrangler.json', 'wrangler.jsonc', '/dev/fd/63'])
      expect(parseConfig(path, text), path).toEqual({ a: 1 });
  });

  it('is TOML where neither ending nor text say that it is JSON', () => {
    expect(parseConfig('/dev/fd/63', '# {\n[vars]\na = 1')).toEqual({ vars: { a: 1 } });
  });
});

describe('bad input is told with its place', () => {
  it.each<[string, string, string]>([
    ['a missing comma', '{\n  "a": 1\n  "b": 2\n}', 'a comma is missing; mend line 3, column 3'],
    ['a missing brace', '{\n  "a": {', 'a closing } is missing; mend line 2, column 9'],
    ['a missing value', '{ "a": }', 'a value is missing; mend line 1, column 8'],
    ['a missing colon', '{ "a" 1 }', 'a colon is missing behind the name; mend line 1, column 7'],
    ['single quotes', "{ 'a': 1 }", 'mend line 1, column 3'],
    ['a text without its end', '{\n\t"a": "x\n}', 'a text does not end on its line; mend line 2, column 7'],
    [
      'a comment without its end',
      '{ "a": 1 }\n/* ',
      'a comment does not end; write */; mend line 2, column 1',
    ],
    ['more than one object', '{}\n{}', 'something follows the end of the object; mend line 2, column 1'],
    ['TOML', '[vars]\na = 1', 'mend line 1, column 2'],
    ['a list', '[1]', 'the file is one array, and must be an object { … }; mend line 1, column 1'],
    ['a text', '"x"', 'the file is one string, and must be an object { … }; mend line 1, column 1'],
    ['nothing', '', 'a value is missing; mend line 1, column 1'],
    ['comments only', '// x\n', 'a value is missing; mend line 2, column 1'],
    [
      'the same key twice',
      '{\n "a": { "b": 1,\n  "b": 2 } }',
      'the key "b" is in line 2 too, and wrangler takes the last one; remove one; mend line 3, column 3',
    ],
    [
      'the same key, escaped',
      '{ "a": 1, "\\u0061": 2 }',
      'the key "a" is in line 1 too, and wrangler takes the last one; remove one; mend line 1, column 11',
    ],
    [
      'the key __proto__',
      '{ "vars": { "__proto__": { "API_X": {} } } }',
      'wrangler drops the key "__proto__"; remove it; mend line 1, column 13',
    ],
    [
      'a huge nesting',
      `{ "a": ${'['.repeat(200_000)}`,
      'it is nested more than 1000 levels deep; mend line 1, column 1007',
    ],
    ['UTF-16', Buffer.from('\ufeff{}', 'utf16le').toString('utf8'), 'is not in UTF-8; save it as UTF-8'],
  ])('%s', (_what, text, message) => {
    let told = '';
    try {
      read(text);
    } catch (error) {
      told = String(error);
    }
    expect(told).toContain('CommandError: wrangler.jsonc is no');
    expect(told).toContain(message);
  });

  it.each<[string, string]>([
    ['{ "vars": [] }', 'wrangler.jsonc:1:3: vars is not a table; write "vars": { … }'],
    ['{ "vars": null }', 'vars is not a table'],
    ['{\n "env": { "p": { "vars": "x" } } }', 'wrangler.jsonc:2:18: env.p.vars is not a table'],
    ['{ "env": [{}] }', 'env is not a table'],
    ['{ "env": { "p": null } }', 'env.p is not a table'],
  ])('what should be a table: %s', (text, message) => {
    expect(() => parsePolicyFile('wrangler.jsonc', text)).toThrow(message);
  });

  it('says it for TOML, too', () => {
    expect(() => parsePolicyFile('wrangler.toml', 'vars = 1')).toThrow(
      'wrangler.toml:1:1: vars is not a table; write [vars]',
    );
  });

  it('shows no values', () => {
    for (const text of [
      '{ "vars": { "S": "hunter2" "T": 1 } }',
      '{ "vars": { "S": "hunter2, "T": "x" } }',
      '{ "vars": { "S": hunter2, "T": "x" } }',
      '{ "vars": { "S" "hunter2", "T": "x" } }',
      '{ "vars": { "S": "a\\"hunter2" // hunter2\n "T": "hunter2" } }',
    ])
      expect(() => read(text)).not.toThrow(/hunter2/);
  });
});

describe('a place in JSON', () => {
  it.each<[string, string, (string | number)[], string]>([
    ['a short value', '{ "a": 1, "b": [1, 2] }', ['b'], '"b": [1, 2]'],
    ['a table', '{ "vars": { "API_X": {} } }', ['vars', 'API_X'], '"API_X"'],
    ['a list of several lines', '{ "a": [\n1\n] }', ['a'], '"a"'],
    ['its item', '{ "a": [\n1,\n"x"] }', ['a', 1], '"x"'],
    ['in a table in a list', '{ "a": [{ "p": 1 }, { "p": 2 }] }', ['a', 1, 'p'], '"p": 2'],
    ['an escaped key', '{ "\\u0061": 1 }', ['a'], '"\\u0061": 1'],
    ['what is missing: the table around it', '{ "a": { "b": 1 } }', ['a', 'c'], '"a"'],
    ['nothing near', '{ "a": 1 }', ['vars'], ''],
    ['after other alphabets', '{ "é😀": 1, "b": 2 }', ['b'], '"b": 2'],
    ['with Windows lines and tabs', '{\r\n\t"a": 1,\r\n\t"b": 2\r\n}', ['b'], '"b": 2'],
    ['with a byte order mark', '\ufeff{ "a": 1 }', ['a'], '"a": 1'],
    ['of the same key twice: nothing', '{ "a": 1, "a": 2 }', ['a'], ''],
  ])('%s', (_what, text, path, expected) => {
    expect(at(text, ...path)).toBe(expected);
  });

  it('comments have their text, line by line', () => {
    const { comments } = readJsonPositions(
      '{ // one\n/* two */ "a": 1, /*\n * three\r\n */\n"b": "// four" }',
    );
    expect(comments.map(({ line, text }) => [line, text.trim()])).toEqual([
      [1, 'one'],
      [2, 'two'],
      [2, ''],
      [3, 'three'],
      [4, ''],
    ]);
  });
});

describe('what is shown of the file', () => {
  it.each([
    ['a plain variable', '{ "vars": {\n"S": "hunter2" } }', '"S": "*******" } }'],
    ['in an environment', '{ "env": { "p": { "vars": {\n"S": "hunter2" } } } }', '"S": "*******" } } } }'],
    [
      'a header that names no secret',
      '{ "vars": { "API_X": {\n"origin_headers": { "x-s": "hunter2", "x-t": "secret:T" } } } }',
      '"origin_headers": { "x-s": "*******", "x-t": "secret:T" } } } }',
    ],
    ['all that is broken', '{ "vars": {\n"S": "hunter2" "T"', '"S": "*******" "*"'],
  ])('hides %s', (_what, text, expected) => {
    expect(readSource({ text, format: FORMATS.jsonc }).lines.at(-1)).toBe(expected);
  });
});
