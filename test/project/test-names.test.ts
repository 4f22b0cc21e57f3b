import { describe, expect, it } from 'vitest';
import { renderConformancePage } from '../../scripts/conformance-page.ts';
import { namesIn, testNames } from '../../scripts/test-names.ts';

const paths = (text: string) => namesIn('a.test.ts', text).map(({ path }) => path.join(' > '));

describe('the names of tests', () => {
  it.each([
    ['a test', "it('x', () => {})", ['x']],
    ['a test in a description', "describe('d', () => { it('x', () => {}); })", ['d > x']],
    [
      'a description in another',
      "describe('d', () => { describe('e', () => it('x', () => {})); })",
      ['d > e > x'],
    ],
    ['rows', "it.each([['a', 1], ['b', 2]])('is %s', () => {})", ['is a', 'is b']],
    ['rows that are texts', "it.each(['a', 'b'])('is %s', () => {})", ['is a', 'is b']],
    ['rows with types', "it.each<[string]>([['a']])('%s', () => {})", ['a']],
    [
      'rows that have a name',
      "const ROWS: string[] = ['a', 'b']; it.each(ROWS)('is %s', () => {})",
      ['is a', 'is b'],
    ],
    ['a table from elsewhere', "it.each(ALL)('is %s', () => {})", ['is %s']],
    ['a row whose name is computed', "it.each([[x(), 1]])('is %s', () => {})", ['is %s']],
    ['rows that the name does not show', "it.each([['a'], ['b']])('x', () => {})", ['x']],
    ['descriptions of rows', "describe.each(ALL)('%s', () => { it('x', () => {}); })", ['%s > x']],
    ['what is no test', "push('x'); a.it('x', () => {}); it(name, () => {});", []],
  ])('%s', (_what, text, want) => {
    expect(paths(text)).toEqual(want);
  });

  it('are there for the whole repository', () => {
    const found = testNames();
    expect(found.length).toBeGreaterThan(3000);
    expect(found).toContainEqual(
      expect.objectContaining({
        file: 'test/project/test-names.test.ts',
        path: ['the names of tests', 'rows with types'],
      }),
    );
  });
});

describe('the table of clauses', () => {
  const page = (text: string) => renderConformancePage(namesIn('test/a.test.ts', text));
  const row = (clause: string, what: string) =>
    `| [§${clause}](https://www.rfc-editor.org/rfc/rfc6750#section-${clause}) | ${what} | \`a.test.ts\` |\n`;

  it('has each test once that names a clause, in the order of the clauses', () => {
    const text = `describe('d', () => {
      it.each([['a (RFC 6750 §2.10)'], ['b'], ['c (RFC 6750 §2.9)']])('%s', () => {});
      it.each([['a'], ['b']])('is %s (RFC 6750 §3)', () => {});
    })`;
    expect(page(text)).toContain(row('2.9', 'd: c') + row('2.10', 'd: a') + row('3', 'd: is …'));
  });

  it('has a description once for all that it describes', () => {
    const text = "describe('d (RFC 6750 §3)', () => { it('x', () => {}); it('y', () => {}); })";
    expect(page(text).split('rfc6750#')).toHaveLength(2);
    expect(page(text)).toContain(row('3', 'd'));
  });

  it('asks for the title of an RFC that it does not know', () => {
    expect(() => page("it('x (RFC 9999)', () => {})")).toThrow(
      'give its title in scripts/conformance-page.ts',
    );
  });
});
