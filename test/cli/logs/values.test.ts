/** JSON in a text: whatever is around it, and however the text is cut into pieces. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createValueReader } from '../../../cli/logs/read/values.ts';

function read(...pieces: readonly string[]) {
  const found = {
    values: [] as unknown[],
    lines: [] as number[],
    other: [] as string[],
    broken: [] as string[],
  };
  const reader = createValueReader({
    value(value, line) {
      found.values.push(value);
      found.lines.push(line);
    },
    other: (text) => void found.other.push(text),
    broken: (line, problem) => void found.broken.push(`${line}: ${problem}`),
  });
  for (const piece of pieces) reader.write(piece);
  reader.end();
  return found;
}

/** In pieces that end wherever chance says. */
function pieces(text: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
  return places.slice(1).map((end, i) => text.slice(places[i], end));
}

const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), { maxLength: 6 });
const cuts = fc.array(fc.nat(10_000), { maxLength: 12 });

/** The ways in which programs write several objects. */
const WRITERS: Readonly<Record<string, (values: readonly object[]) => string>> = {
  'one a line': (values) => values.map((one) => `${JSON.stringify(one)}\n`).join(''),
  'spread over lines': (values) => values.map((one) => `${JSON.stringify(one, null, 2)}\n`).join(''),
  'without anything between': (values) => values.map((one) => JSON.stringify(one)).join(''),
  'an array': (values) => JSON.stringify(values),
  'an array over lines': (values) => JSON.stringify(values, null, 2),
  'a line for each member': (values) => `[\n${values.map((one) => JSON.stringify(one)).join(',\n')}\n]`,
};

describe('objects', () => {
  it.each(Object.entries(WRITERS))('%s: all of them, in whatever pieces they come', (_how, write) => {
    fc.assert(
      fc.property(objects, cuts, (values, places) => {
        const text = write(values);
        const found = read(...pieces(text, places));
        expect(found.values).toEqual(JSON.parse(JSON.stringify(values)));
        expect([found.other, found.broken]).toEqual([[], []]);
      }),
    );
  });

  it('pieces make no difference, whatever the text', () => {
    const bits = fc.array(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        '"',
        '\\',
        '\n',
        ',',
        ':',
        ' ',
        'a',
        '{"a":1}',
        '{\n',
        '[a] {"a":1}',
      ),
    );
    fc.assert(
      fc.property(bits, cuts, (text, places) => {
        const whole = text.join('');
        const [one, other] = [read(whole), read(...pieces(whole, places))];
        expect([other.values, other.lines, other.broken]).toEqual([one.values, one.lines, one.broken]);
        expect(other.other.length).toBe(one.other.length);
      }),
    );
  });

  it.each([
    ['a brace at the end of a piece', ['{', '\n[\n{']],
    ['a brace at the beginning of one', [']', '{\n[\n{']],
  ])('pieces make no difference: %s', (_what, parts) => {
    const [one, other] = [read(parts.join('')), read(...parts)];
    expect([other.values, other.lines, other.broken]).toEqual([one.values, one.lines, one.broken]);
  });

  /** scripts/dev/servers.ts writes the name. */
  it('with the name of a Worker before them, as npm start prints them', () => {
    const text = '[gateway] {"a":1}\n[api] ready\n[job] {\n[x] {"b":2} and more\n[gateway] {"c":3}';
    fc.assert(
      fc.property(cuts, (places) => {
        expect(read(...pieces(text, places))).toEqual({
          values: [{ a: 1 }, { c: 3 }],
          lines: [1, 5],
          other: ['[api] ready', '[job] {', '[x] {"b":2} and more'],
          broken: [],
        });
      }),
    );
  });

  it('know their line', () => {
    const text = '{"a":1}\nnoise\n{\n  "b": 2\n}\n\n[{"c":3},\n{"d":4}]\n';
    expect(read(text)).toMatchObject({
      values: [{ a: 1 }, { b: 2 }, { c: 3 }, { d: 4 }],
      lines: [1, 3, 7, 8],
    });
  });
});

describe('what is cut takes nothing from what comes after it', () => {
  it.each<[string, string, unknown[], string[]]>([
    ['within a text', '{"a":"b\n{"c":1}\n', [{ c: 1 }], ['1: this object is cut in the middle of a text']],
    [
      'between members',
      '{"a":1\n{"c":1}\n',
      [{ c: 1 }],
      ['1: this object is cut: the next line begins another'],
    ],
    [
      'after a comma of an array: the next line could be its member',
      '{"a":[1,\n{"c":1}\n{"d":1}\n',
      [{ c: 1 }, { d: 1 }],
      ['1: this object is cut: the next line begins another'],
    ],
    [
      'spread over lines',
      '{\n  "a": [\n{\n  "c": 1\n}\n',
      [{ c: 1 }],
      ['1: this object is cut: the next line begins another'],
    ],
    ['not JSON', '{ level: info }\n{"c":1}\n', [{ c: 1 }], ['1: this is not valid JSON']],
    ['at the end', '{"c":1}\n{"d":', [{ c: 1 }], ['2: the log ends in the middle of this object']],
    [
      'at the end, and before',
      '{"d":\n{"c":1}\n{"e":"',
      [{ c: 1 }],
      ['1: this object is cut: the next line begins another', '3: the log ends in the middle of this object'],
    ],
  ])('%s', (_where, text, values, broken) => {
    expect(read(text)).toMatchObject({ values, broken });
  });

  it('a member that begins a line is no cut', () => {
    const wrapped = { events: [{ a: 1 }, { b: 2 }] };
    expect(read('{"events":[\n{"a":1},\n{"b":2}\n]}')).toMatchObject({ values: [wrapped], broken: [] });
  });

  it('an object without an end is given up, and what it held is let go', () => {
    const piece = `"${'x'.repeat(1024 * 1024)}",`;
    const found = read('{"a":[', ...Array.from({ length: 40 }, () => piece), '\n{"c":1}\n');
    expect(found).toMatchObject({ values: [{ c: 1 }], broken: ['1: this object is longer than 32 MiB'] });
  });
});

describe('other text', () => {
  it.each([
    ['brackets around a level', '[error] 17#17: no such file\n'],
    ['a number', '17\n'],
    ['a list of numbers', '[1, 2]\n'],
    ['null', 'null\n'],
    ['without a line end', 'noise'],
  ])('%s is one line', (_what, text) => {
    expect(read(text, '\n{"c":1}\n')).toMatchObject({ values: [{ c: 1 }], other: [text.trim()], broken: [] });
  });

  it('shows the beginning of a long line, and holds no more of it', () => {
    const found = read(...Array.from({ length: 100 }, () => 'x'.repeat(10_000)), '\n{"c":1}');
    expect(found.values).toEqual([{ c: 1 }]);
    expect(found.other.map((text) => text.length)).toEqual([200]);
  });
});
