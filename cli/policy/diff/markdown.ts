/** A comparison as a comment on a pull request. */

import { code, plain } from '../../text/markdown.ts';
import {
  NO_DIFFERENCE,
  OTHERWISE,
  writeCaller,
  writeCounts,
  writeRequest,
  writeSubject,
  writeVerdict,
} from './describe.ts';
import type { Comparison, Finding } from './finding.ts';

const MOST_ROUTES = 20;

export function renderMarkdown({ findings, other }: Comparison, nowSeconds: number): string[] {
  if (findings.length + other.length === 0) return [NO_DIFFERENCE];
  const lines = [`${writeCounts(findings, other.length)}.`, ''];
  if (findings.length > 0) {
    lines.push('| | what | before | now | example |', '|---|---|---|---|---|');
    lines.push(...findings.map((finding) => renderRow(finding, nowSeconds)), '');
  }
  if (other.length > 0) {
    const changes = other.map(
      ({ place, before, now }) => `- ${code(place)}: ${plain(before)} → ${plain(now)}`,
    );
    lines.push(OTHERWISE, '', ...changes, '');
  }
  return lines.slice(0, -1);
}

function renderRow(finding: Finding, nowSeconds: number): string {
  const { change, before, now } = finding;
  const subject = writeSubject(finding, MOST_ROUTES).map(code);
  const cells = [
    `**${change}**`,
    subject.join('<br>'),
    before.map(plain).join('<br>'),
    now.map(plain).join('<br>'),
    renderExample(finding, nowSeconds),
  ];
  return `| ${cells.join(' | ')} |`;
}

function renderExample({ change, example, place, routes }: Finding, nowSeconds: number): string {
  if (routes.length === 0) return '';
  if (example === undefined) return 'none was found';
  const request = code(
    writeRequest(
      example,
      routes.flatMap(({ hosts }) => hosts),
    ),
  );
  const caller = plain(writeCaller(example, place, nowSeconds));
  const { before, now } = example;
  const verdicts =
    change === 'moved' || before === undefined || now === undefined
      ? []
      : [`${code(writeVerdict(before))} → ${code(writeVerdict(now))}`];
  return [`${request} ${caller}`, ...verdicts].join('<br>');
}
