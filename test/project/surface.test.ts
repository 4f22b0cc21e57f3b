/** What users may rely on, against the newest release: whatever changes has a line in CHANGELOG.md. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  changesBetween,
  isTold,
  RELEASED_FILE,
  renderSurface,
  SURFACE_FILE,
  unreleasedIn,
} from '../../scripts/surface/surface.ts';

const read = (file: string) => readFileSync(file, 'utf8');

describe('the public surface', () => {
  it('is what docs/public-surface.txt says (npm run docs)', async () => {
    expect(read(SURFACE_FILE)).toBe(await renderSurface());
  });

  it('has no change since the newest release that CHANGELOG.md does not tell', () => {
    const unreleased = unreleasedIn(read('CHANGELOG.md'));
    const untold = changesBetween(read(RELEASED_FILE), read(SURFACE_FILE)).filter(
      (one) => !isTold(one, unreleased),
    );
    expect(
      untold.map(({ line, names }) => `${line}: name ${names.join(' or ')} under "## Unreleased"`),
    ).toEqual([]);
  });

  it.each(['policy', 'log', 'reason', 'header', 'export', 'command', 'json'])(
    'has lines of the kind %s',
    (kind) => {
      expect(read(SURFACE_FILE).match(new RegExp(`^${kind} `, 'gm'))?.length).toBeGreaterThan(10);
    },
  );
});

describe('a change', () => {
  const RELEASED =
    '# head\n\npolicy vars.API_*.cors: table\npolicy vars.API_*.cors.max_age: integer\ncommand claimgate check --json\n';
  const named = (current: string) => changesBetween(RELEASED, current).map(({ names }) => names);

  it.each([
    ['nothing', '', []],
    ['a comment', '# other', []],
    ['a field', 'policy vars.API_*.cors.origins: list of string', [['origins']]],
    [
      'a table and its field',
      'policy vars.API_*.limit: table\npolicy vars.API_*.limit.by: string',
      [['limit'], ['limit', 'by']],
    ],
    ['a flag', 'command claimgate check --strict', [['--strict']]],
    ['a command with flags', 'command claimgate watch --json', [['watch', '--json']]],
  ])('that adds %s has the names of what is new', (_what, added, want) => {
    expect(named(`${RELEASED}${added}\n`)).toEqual(want);
  });

  it('of a type has the name of the field', () => {
    expect(named(RELEASED.replace('integer', 'number'))).toEqual([['max_age'], ['max_age']]);
  });

  it('that takes away has a name, too', () => {
    expect(named(RELEASED.replace(/^command.*\n/m, ''))).toEqual([
      ['command', 'claimgate', 'check', '--json'],
    ]);
  });

  it.each([
    ['the name as code', '- `max_age` may be a text.', true],
    ['a longer name', '- `max_age_seconds` is new.', false],
    ['a name after a hyphen', '- `x-max_age` is new.', false],
    ['nothing', '', false],
  ])('is told by %s: %s', (_what, text, want) => {
    expect(isTold({ line: '', names: ['max_age'] }, text)).toBe(want);
  });

  it('is told in the unreleased part only', () => {
    expect(unreleasedIn('# Changes\n\n## Unreleased\n\n- a\n\n## 0.1.0\n\n- b\n').trim()).toBe('- a');
    expect(unreleasedIn('# Changes\n\n## Unreleased\n\n- a\n').trim()).toBe('- a');
    expect(unreleasedIn('# Changes\n\n## 0.1.0\n\n- b\n')).toBe('');
  });
});
