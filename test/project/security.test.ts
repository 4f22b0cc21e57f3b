/** SECURITY.md names the tests that hold its promises: `file`, "name". */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { testNames } from '../../scripts/test-names.ts';

const text = readFileSync('SECURITY.md', 'utf8').replace(/\s+/g, ' ');
const cited = [...text.matchAll(/`(test\/[\w/.-]+)`, "([^"]+)"/g)].map(
  ([, file = '', name = '']) => [file, name] as const,
);

/** Names of descriptions count, too: they stand for all tests in them. */
const known = new Map<string, Set<string>>();
for (const { file, path, title } of testNames())
  for (const name of [...path, title]) known.set(file, (known.get(file) ?? new Set()).add(name));

const without = (name: string) => name.replace(/ \(RFC[^)]*\)$/, '');

describe('SECURITY.md', () => {
  it.each(cited)('%s has the test "%s"', (file, name) => {
    expect([...(known.get(file) ?? [])].map(without)).toContain(name);
  });

  it('has a test for each promise, and for everyone whom it trusts', () => {
    const parts = readFileSync('SECURITY.md', 'utf8').split(/^## /m);
    const promises =
      parts
        .find((part) => part.startsWith('What claimgate promises'))
        ?.split(/^\d+\. /m)
        .slice(1) ?? [];
    const trusted =
      parts
        .find((part) => part.startsWith('Who is trusted'))
        ?.split(/^(?=\*\*)/m)
        .slice(1) ?? [];
    expect(promises.length).toBe(5);
    expect(trusted.length).toBeGreaterThan(10);
    for (const one of [...promises, ...trusted]) expect(one).toMatch(/`test\/[\w/.-]+`,\s+"/);
  });

  it('says how to report in private, and names no address that nobody reads', () => {
    expect(text).toContain('*Report a vulnerability*');
    expect(text).not.toMatch(/[\w.]+@[\w.]+/);
  });
});
