/** For code scanning: SARIF 2.1.0 (OASIS). */
import type { Finding, Rule } from '../findings.ts';
import { RULES } from '../kinds.ts';
import { findingsOf, type Report, uriOf } from './report.ts';

export function renderSarif(report: Report, version: string): string {
  const uri = uriOf(report.file.path);
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'claimgate', version, rules: RULES.map(describe) } },
        columnKind: 'utf16CodeUnits',
        results: findingsOf(report).map((finding) => toResult(uri, finding)),
      },
    ],
  };
  return JSON.stringify(log, null, 2);
}

const describe = ({ name, severity = 'warning', finds, why, remedy }: Rule) => ({
  id: name,
  shortDescription: { text: sentence(finds) },
  fullDescription: { text: sentence(why) },
  help: { text: sentence(remedy) },
  defaultConfiguration: { level: severity },
});

function toResult(uri: string, { rule, severity, at, problem, remedy, region }: Finding) {
  return {
    ruleId: rule,
    ruleIndex: RULES.findIndex(({ name }) => name === rule),
    level: severity,
    message: { text: `${at}: ${problem}; ${remedy}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri },
          region: {
            startLine: region.line,
            startColumn: region.column,
            endLine: region.endLine,
            endColumn: region.endColumn,
          },
        },
        logicalLocations: [{ fullyQualifiedName: at }],
      },
    ],
  };
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
