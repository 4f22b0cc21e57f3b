/** A comparison as a comment on a pull request. */

import { code, plain } from '../../text/markdown.ts';
import {
  answersTo,
  NO_DIFFERENCE,
  OTHERWISE,
  writeCaller,
  writeCounts,
  writeRequest,
  writeSubject,
} from './describe.ts';
import type { Comparison, Difference } from './difference.ts';

const MOST_ROUTES = 20;

export function renderMarkdown({ findings, other }: Comparison, nowSeconds: number): string[] {
  if (findings.length + other.length === 0) return [NO_DIFFERENCE];
  const lines = [`${writeCounts(findings, other.length)}.`, ''];
  if (findings.length > 0) {
    lines.push('| | what | before | now | example |', '|---|---|---|---|---|');
    lines.push(...findings.map((difference) => renderRow(difference, nowSeconds)), '');
  }
  if (other.length > 0) {
    const changes = other.map(
      ({ place, before, now, verdict }) =>
        `- ${code(place)}: ${plain(before)} → ${plain(now)}${verdict === undefined ? '' : ` (${verdict})`}`,
    );
    lines.push(OTHERWISE, '', ...changes, '');
  }
  return lines.slice(0, -1);
}

function renderRow(difference: Difference, nowSeconds: number): string {
  const { change, before, now } = difference;
  const subject = writeSubject(difference, MOST_ROUTES).map(code);
  const cells = [
    `**${change}**`,
    subject.join('<br>'),
    before.map(plain).join('<br>'),
    now.map(plain).join('<br>'),
    renderExample(difference, nowSeconds),
  ];
  return `| ${cells.join(' | ')} |`;
}

function renderExample(difference: Difference, nowSeconds: number): string {
  const { example, place, routes } = difference;
  if (routes.length === 0) return '';
  if (example === undefined) return 'none was found';
  const request = code(writeRequest(example, routes));
  const caller = plain(writeCaller(example, place, nowSeconds));
  const answers = answersTo(difference)?.map(code).join(' → ');
  return `${request} ${caller}${answers === undefined ? '' : `<br>${answers}`}`;
}
