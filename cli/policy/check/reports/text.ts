/** For people: each finding with its line, and a sum for each environment. */
import { renderSnippet, wrap } from '../../../text/snippet.ts';
import { paint } from '../../../text/terminal.ts';
import { countOf } from '../../../text/words.ts';
import type { CheckResult } from '../check.ts';
import type { Finding } from '../findings.ts';
import { POLICY_ERROR } from '../kinds.ts';
import type { OnlineFacts } from '../online.ts';
import { renderOnline } from './online.ts';
import type { Report } from './report.ts';

export function renderText({ file: { path, format }, source, results, online }: Report): string {
  const hasFindings = results.some(({ faults, warnings }) => faults.length + warnings.length > 0);
  const shown = hasFindings ? source().lines : [];
  const lines = results.flatMap((result) => [
    ...(online?.has(result.environment) ? renderOnline(online.get(result.environment) as OnlineFacts) : []),
    ...[...result.faults, ...result.warnings].flatMap((finding) => [
      ...renderFinding(path, shown, finding),
      '',
    ]),
    ...renderSum(path, result),
  ]);
  const accepted = results.some(({ warnings }) => warnings.length > 0)
    ? [
        '',
        ...wrap(
          `To accept a warning, write "${format.comment} claimgate: allow NAME" on its line or above it. docs/check.md has them all.`,
          '',
          '',
        ),
      ]
    : [];
  return [...lines, ...accepted].join('\n');
}

function renderFinding(path: string, lines: readonly string[], finding: Finding): string[] {
  const { rule, severity, at, problem, remedy, why, region } = finding;
  const title = rule === POLICY_ERROR.name ? severity : `${severity}[${rule}]`;
  const [first = '', ...more] = wrap(problem, `${title}: `, '  ');
  const margin = ' '.repeat(String(region.line).length);
  const place = `${path}:${region.line}:${region.column}`;
  const fits = `${margin}--> ${place}  ${at}`.length <= 80;
  const style = severity === 'error' ? 'red' : 'yellow';
  return [
    paint(style, title) + first.slice(title.length),
    ...more,
    `${margin}${paint('dim', '-->')} ${place}${fits ? `  ${paint('bold', at)}` : ''}`,
    ...(fits ? [] : [`${margin}    ${paint('bold', at)}`]),
    ...paintMarks(renderSnippet(lines, region), style),
    ...wrap(remedy, `${margin} = fix: `, `${margin}   `),
    // Errors in the policy may be many, and all have one reason: the sum has it.
    ...(rule === POLICY_ERROR.name ? [] : wrap(why, `${margin} = why: `, `${margin}   `)),
  ];
}

const paintMarks = (snippet: readonly string[], style: 'red' | 'yellow') =>
  snippet.map((line, i) =>
    i === snippet.length - 1 ? line.replace(/\^+$/, (marks) => paint(style, marks)) : line,
  );

function renderSum(path: string, { environment, policy, faults, warnings, routes }: CheckResult): string[] {
  const where = environment === undefined ? path : `${path} [env.${environment}]`;
  if (!policy && faults.length === 0)
    return wrap(
      `${where} has no policy: a gateway that is deployed from there answers 503`,
      `${paint('dim', 'note')}   `,
      '       ',
    );
  const more = warnings.length > 0 ? `, ${countOf(warnings.length, 'warning')}` : '';
  if (faults.length === 0) {
    return [`${paint('green', 'ok')}     ${where}: ${countOf(routes, 'route')}${more}`];
  }
  const broken = faults.some(({ rule }) => rule === POLICY_ERROR.name);
  return [
    `${paint('red', 'error')}  ${where}: ${countOf(faults.length, 'error')}${more}`,
    ...(broken ? [`       ${POLICY_ERROR.why}`] : []),
  ];
}
