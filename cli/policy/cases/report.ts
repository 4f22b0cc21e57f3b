/** Reports a run of cases: for a person, for a program, and for a build server (JUnit). */
import { wrap } from '../../text/snippet.ts';
import { paint } from '../../text/terminal.ts';
import { countOf } from '../../text/words.ts';
import type { Coverage, Item } from './coverage.ts';
import type { Mutation } from './mutate.ts';
import type { CaseResult, Failure } from './run.ts';
import { failed, percent, type Suite } from './suite.ts';

/** More passing cases than that are only counted. */
const MAX_LISTED = 40;

/** More of what is left open, too, unless all is asked for. */
const MAX_OPEN = 20;

/** Lines have 80 characters where their words allow it. */
export function renderSuite(suite: Suite, milliseconds: number, listsAll: boolean): string[] {
  const { results, coverage, mutation } = suite;
  const failures = failed(suite);
  const listed = listsAll || results.length <= MAX_LISTED ? results : failures;
  const count = failures.length === 0 ? paint('green', 'all pass') : paint('red', `${failures.length} fail`);
  return [
    ...listed.flatMap(renderCase),
    ...(listed.length > 0 ? [''] : []),
    `${countOf(results.length, 'case')}: ${count}  (${Math.round(milliseconds)} ms)`,
    ...renderCoverage(coverage, listsAll),
    ...(mutation === undefined ? [] : renderMutation(mutation, listsAll)),
  ];
}

function renderCase({ prepared, failures }: CaseResult): string[] {
  const { title, file, index } = prepared.case;
  if (failures.length === 0) return wrap(title, `${paint('green', 'ok')}    `, '      ');
  return [
    ...wrap(title, `${paint('red', 'FAIL')}  `, '      '),
    ...failures.flatMap(({ field, expected, got }) => [
      `      ${file.path}:${file.lineOf(index, field.split('.')[0])}  ${field}`,
      ...wrap(expected, '        expected  ', '                  '),
      ...wrap(got, '        got       ', '                  '),
    ]),
  ];
}

function renderCoverage({ missing, shown, wanted }: Coverage, listsAll: boolean): string[] {
  const title = `Coverage: ${shown} of ${wanted} (${percent(shown, wanted)} %)`;
  if (missing.length === 0) return [title];
  return [`${title}; no case shows`, ...some(missing, renderItem, listsAll)];
}

/** "refusing" and "passing" stand first, so that they stand below one another. */
function renderItem({ where, what, passing, refusing }: Item): string[] {
  const lacking = [!passing && 'passing', !refusing && 'refusing'].filter(Boolean).join(', ');
  return wrap(`${where}${what === '' ? '' : `: ${what}`}`, `  ${lacking.padEnd(17)}  `, ' '.repeat(23));
}

function renderMutation({ noticed, survivors }: Mutation, listsAll: boolean): string[] {
  const all = noticed + survivors.length;
  const title = `Mutants: ${noticed} of ${all} noticed (${percent(noticed, all)} %)`;
  if (survivors.length === 0) return [title];
  return [
    `${title}; no case notices`,
    ...some(survivors, ({ where, what }) => wrap(`${where}: ${what}`, '  ', '      '), listsAll),
  ];
}

function some<T>(all: readonly T[], render: (one: T) => string[], listsAll: boolean): string[] {
  const left = listsAll ? 0 : Math.max(0, all.length - MAX_OPEN);
  const lines = all.slice(0, all.length - left).flatMap(render);
  return left === 0 ? lines : [...lines, `  … and ${left} more; --verbose lists all`];
}

export function suiteJson(suite: Suite): object {
  const { results, coverage, mutation } = suite;
  const failures = failed(suite).length;
  return {
    passed: results.length - failures,
    failed: failures,
    cases: results.map(({ prepared, simulated, failures: list }) => ({
      name: prepared.case.title,
      file: prepared.case.file.path,
      line: prepared.case.file.lineOf(prepared.case.index),
      ok: list.length === 0,
      result: simulated.kind,
      reason: simulated.reason?.code ?? null,
      failures: list,
    })),
    coverage: {
      shown: coverage.shown,
      wanted: coverage.wanted,
      percent: percent(coverage.shown, coverage.wanted),
      missing: coverage.missing,
    },
    ...(mutation !== undefined && {
      mutants: {
        noticed: mutation.noticed,
        total: mutation.noticed + mutation.survivors.length,
        percent: percent(mutation.noticed, mutation.noticed + mutation.survivors.length),
        survivors: mutation.survivors,
      },
    }),
  };
}

/** The format of JUnit that build servers read: one suite a file. */
export function suiteJunit(suite: Suite): string {
  const files = Map.groupBy(suite.results, ({ prepared }) => prepared.case.file.path);
  const suites = [...files].map(([path, results]) => {
    const failures = results.filter((one) => one.failures.length > 0).length;
    return [
      `  <testsuite name="${xml(path)}" tests="${results.length}" failures="${failures}" errors="0" skipped="0">`,
      ...results.map((one) => junitCase(path, one)),
      '  </testsuite>',
    ].join('\n');
  });
  const total = `tests="${suite.results.length}" failures="${failed(suite).length}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="claimgate test" ${total}>\n${suites.join('\n')}\n</testsuites>\n`;
}

function junitCase(path: string, { prepared, failures }: CaseResult): string {
  const { title, file, index } = prepared.case;
  const line = file.lineOf(index);
  const open = `    <testcase name="${xml(title)}" classname="${xml(path)}" file="${xml(path)}" line="${line}"`;
  if (failures.length === 0) return `${open}/>`;
  const text = failures.map(failureLine).join('\n');
  return `${open}>\n      <failure message="${xml(failureLine(failures[0] as Failure))}">${xml(`${path}:${line}\n${text}`)}</failure>\n    </testcase>`;
}

const failureLine = ({ field, expected, got }: Failure) => `${field}: expected ${expected}, got ${got}`;

/** Replaces characters that XML can't hold at all. */
const xml = (text: string) =>
  text
    .replace(
      /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      '\ufffd',
    )
    .replace(/[<>&"'\n]/g, (character) => `&#${character.charCodeAt(0)};`);
