/** For GitHub Actions: workflow commands, which become annotations at the lines. */
import type { Finding } from '../findings.ts';
import { findingsOf, pathInside, type Report } from './report.ts';

export function renderGithub(report: Report): string {
  return findingsOf(report)
    .map((finding) => renderCommand(report.file.path, finding))
    .join('\n');
}

function renderCommand(path: string, { rule, severity, at, problem, remedy, why, region }: Finding): string {
  const properties = {
    file: pathInside(path) ?? path,
    line: region.line,
    endLine: region.endLine,
    col: region.column,
    endColumn: region.endColumn,
    title: `${rule}: ${at}`,
  };
  const list = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${severity} ${list.join(',')}::${escapeData(`${problem}; ${remedy}\nWhy: ${why}`)}`;
}

const escapeData = (text: string) =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const escapeProperty = (text: string) => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
