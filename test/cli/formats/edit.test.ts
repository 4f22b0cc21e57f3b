/** A change of a table in the user's own file: the change and nothing else, in each format. */
import fc from 'fast-check';
import { getNodeValue, parseTree } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import type { TableChange } from '../../../cli/formats/format.ts';
import { FORMATS } from '../../../cli/formats/formats.ts';
import { readJsonPositions } from '../../../cli/formats/json-positions.ts';

const edit = (text: string, before: object, after: object, place: TableChange['place'] = ['r']) =>
  FORMATS.jsonc.edit(text, { place, before, after } as TableChange);

describe('an edit of JSON', () => {
  const trial = { report: { clients: ['a'] } };
  const enforced = { clients: ['a'] };
  it.each<[string, string, object, object, string]>([
    [
      'on one line, what comes takes the place of what goes',
      '{ "r": { "report": { "clients": ["a"] } }, } // end',
      trial,
      enforced,
      '{ "r": { "clients": ["a"] }, } // end',
    ],
    [
      'on lines, with the comments around',
      '{\n\t"r": {\n\t\t// why\n\t\t"report": { "clients": ["a"] }, // since May\n\t},\n}',
      trial,
      { ...enforced, auth: 'optional' },
      '{\n\t"r": {\n\t\t// why\n\t\t"clients": ["a"],\n\t\t"auth": "optional", // since May\n\t},\n}',
    ],
    [
      'a value',
      '{ "r": { "a": 1, "b": [ 2 ] } }',
      { a: 1, b: [2] },
      { a: 3, b: [2] },
      '{ "r": { "a": 3, "b": [ 2 ] } }',
    ],
    ['the last field goes', '{ "r": { "a": 1, "b": 2 } }', { a: 1, b: 2 }, { a: 1 }, '{ "r": { "a": 1 } }'],
    ['the first field goes', '{ "r": { "a": 1, "b": 2 } }', { a: 1, b: 2 }, { b: 2 }, '{ "r": { "b": 2 } }'],
    [
      'a line goes, a comment stays',
      '{ "r": {\r\n  "a": 1, // one\r\n  "b": 2\r\n} }',
      { a: 1, b: 2 },
      { a: 1 },
      '{ "r": {\r\n  "a": 1 // one\r\n} }',
    ],
    ['all fields go', '{ "r": { "a": 1, "b": 2 } }', { a: 1, b: 2 }, {}, '{ "r": { } }'],
    ['into an empty table', '{ "r": {} }', {}, { a: 1 }, '{ "r": { "a": 1 } }'],
    [
      'into an empty table with a comment',
      '{\n  "r": {\n    // none\n  }\n}',
      {},
      { a: 1, b: 2 },
      '{\n  "r": {\n    // none\n    "a": 1,\n    "b": 2\n  }\n}',
    ],
    ['behind the last', '{ "r": { "a": 1 } }', { a: 1 }, { a: 1, b: 2 }, '{ "r": { "a": 1, "b": 2 } }'],
    [
      'behind the last, and its comment',
      '{\n  "r": {\n    "a": 1 // one\n  }\n}',
      { a: 1 },
      { a: 1, b: 2 },
      '{\n  "r": {\n    "a": 1, // one\n    "b": 2\n  }\n}',
    ],
    [
      'with a trailing comma, as it was',
      '{\n  "r": {\n    "a": 1, // one\n  }\n}',
      { a: 1 },
      { a: 1, b: 2 },
      '{\n  "r": {\n    "a": 1, // one\n    "b": 2,\n  }\n}',
    ],
    [
      'at the byte that a mark moves',
      '\ufeff{ "r": { "a": 1 } }',
      { a: 1 },
      { a: 2 },
      '\ufeff{ "r": { "a": 2 } }',
    ],
  ])('%s', (_what, text, before, after, expected) => {
    expect(edit(text, before, after)).toBe(expected);
  });

  it('is none where there is no such table', () => {
    expect(edit('{ "r": 1 }', {}, { a: 1 })).toBeUndefined();
    expect(edit('{}', {}, { a: 1 })).toBeUndefined();
  });

  const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 5 });
  const table = names.chain((all) =>
    fc
      .tuple(...all.map(() => fc.constantFrom<unknown>(1, 'x', [1, { y: 2 }], { z: ',' })))
      .map(
        (values) => Object.fromEntries(all.map((name, i) => [name, values[i]])) as Record<string, unknown>,
      ),
  );
  const layout = fc.record({
    lines: fc.boolean(),
    trailing: fc.boolean(),
    comments: fc.array(fc.constantFrom('', '', ' // c,\n', ' /* } */ '), { minLength: 12, maxLength: 12 }),
  });

  it('makes the table what it is to be, and loses no comment, however the file is laid out', () => {
    fc.assert(
      fc.property(table, table, layout, (before, after, { lines, trailing, comments }) => {
        const entries = Object.entries(before);
        const fields = entries.map(([name, value], i) => {
          const comma = trailing || i < entries.length - 1 ? ',' : '';
          return `${JSON.stringify(name)}: ${JSON.stringify(value)}${comments[2 * i] ?? ''}${comma}${comments[2 * i + 1] ?? ''}`;
        });
        const gap = lines ? '\n    ' : ' ';
        const text = `{ "first": 1, "r": {${gap}${fields.join(gap)}${gap}}, "last": 2 }`;
        const edited = edit(text, before, after) ?? '';
        const errors: Parameters<typeof parseTree>[1] = [];
        const tree = parseTree(edited, errors, { allowTrailingComma: true });
        expect([edited, errors]).toEqual([edited, []]);
        expect(tree && getNodeValue(tree)).toEqual({ first: 1, r: after, last: 2 });
        const kept = (one: string) => readJsonPositions(one).comments.map((comment) => comment.text.trim());
        expect(kept(edited)).toEqual(kept(text));
      }),
      { numRuns: 500 },
    );
  });
});
