/**
 * docs/public-surface.txt: what users may rely on, one a line. `npm run docs` writes it. docs/public-surface.released.txt
 * is the same of the newest release. A test asks for a line in CHANGELOG.md about whatever differs.
 */

import { EXIT } from '../../cli/text/command-error.ts';
import { FAILURES } from '../../issuer/src/failure.ts';
import { ASSERTION_CODES } from '../../origin/src/refusal.ts';
import { PROBLEMS } from '../../src/http/problem.ts';
import { commandLines } from './commands.ts';
import { exportLines } from './exports.ts';
import { headerLines } from './headers.ts';
import { jsonLines } from './json-outputs.ts';
import { logLines, policyLines } from './schemas.ts';

export const SURFACE_FILE = 'docs/public-surface.txt';
export const RELEASED_FILE = 'docs/public-surface.released.txt';

const HEAD = `# What users may rely on: see docs/upgrading.md. Made by \`npm run docs\`; don't edit it.
# Whatever changes here is named in CHANGELOG.md.
`;

export async function renderSurface(): Promise<string> {
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ['policy', policyLines()],
    ['log', logLines()],
    ['reason', reasonLines()],
    ['header', headerLines()],
    ['export', exportLines()],
    ['command', commandLines()],
    ['json', await jsonLines()],
  ];
  return `${HEAD}${parts
    .map(
      ([name, lines]) =>
        `\n${unique(lines)
          .map((line) => `${name} ${line}\n`)
          .join('')}`,
    )
    .join('')}`;
}

const unique = (lines: readonly string[]) => [...new Set(lines)].sort();

function reasonLines(): string[] {
  return [
    ...Object.entries(PROBLEMS).map(([code, { status }]) => `gateway ${code}: ${status}`),
    ...Object.keys(FAILURES).map((code) => `issuer ${code}`),
    ...ASSERTION_CODES.map((code) => `origin ${code}`),
    ...Object.entries(EXIT).map(([name, code]) => `exit ${code}: ${name}`),
  ];
}

/** A line that one text has and the other lacks, and the names by which CHANGELOG.md may tell of it. */
export interface Change {
  readonly line: string;
  readonly names: readonly string[];
}

export function changesBetween(released: string, current: string): Change[] {
  const [before, after] = [linesOf(released), linesOf(current)];
  return [...lacking(after, before), ...lacking(before, after)];
}

const linesOf = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

function lacking(lines: readonly string[], others: readonly string[]): Change[] {
  const known = new Set(others);
  const paths = new Set(others.flatMap((line) => partsOf(line).map(({ path }) => path)));
  return lines
    .filter((line) => !known.has(line))
    .map((line) => {
      const parts = partsOf(line);
      const added = parts.filter(({ path }) => !paths.has(path));
      return { line, names: (added.length > 0 ? added : parts.slice(-1)).map(({ name }) => name) };
    });
}

/** `policy vars.API_*.cors.max_age: integer` has the parts `policy`, `vars`, `API_*`, `cors` and `max_age`. */
function partsOf(line: string): { path: string; name: string }[] {
  const whole = line.replace(/: .*$/, '');
  return [...whole.matchAll(/[^.\s]+/g)].map((found) => ({
    path: whole.slice(0, found.index + found[0].length),
    name: found[0].replaceAll('[]', ''),
  }));
}

/** @param unreleased the part of CHANGELOG.md that is to come */
export const isTold = ({ names }: Change, unreleased: string) =>
  names.some((name) =>
    new RegExp(`(?<![\\w-])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`).test(unreleased),
  );

/** The part of CHANGELOG.md about what is not released yet. */
export const unreleasedIn = (changelog: string) =>
  /^## Unreleased\n([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(changelog)?.[1] ?? '';
