/** The figures of docs/performance.md, between its markers. */
import { KEY_SERVER_MS } from './issuer.ts';
import { sourceText } from './machine.ts';
import { rangeText, type ScenarioSummary, type Summary } from './report.ts';
import { firstSightId, ONE_BY_ONE_ID, repeatedId } from './selection.ts';
import { count, milliseconds, ratioText } from './text.ts';
import { CLAIMGATE } from './variants.ts';

export const PAGE = 'docs/performance.md';
export const CHART = 'docs/performance.svg';

const START = '<!-- figures: npm run bench -- --docs -->\n';
const END = '<!-- end -->';

/** @returns the page with these figures instead of those that it has */
export function fillPage(page: string, summary: Summary): string {
  const start = page.indexOf(START);
  const end = page.indexOf(END, start);
  if (start === -1 || end === -1) throw new Error(`${PAGE} has no markers`);
  return `${page.slice(0, start + START.length)}${renderFigures(summary)}${page.slice(end)}`;
}

function renderFigures(summary: Summary): string {
  const { machine, amounts, connections } = summary;
  const startUps = Object.entries(summary.startUpMilliseconds).map(([name, times]) => [
    name,
    milliseconds(times.median),
    rangeText(times),
  ]);
  return `${[
    `Measured on ${machine.cpu}, ${machine.cores} cores, ${machine.workerd}, Node ${machine.node}; claimgate: ${sourceText(summary.source)}; a ${amounts.kind} run of ${Math.ceil(summary.seconds / 60)} min.`,
    `Medians over ${amounts.rounds} rounds (${Math.ceil(amounts.rounds / 2)} where no goal depends on them), ratios within a round as median ± half of its 95 % interval; ${connections} keep-alive connections.`,
    ...summary.skipped.map((line) => `${line}.`),
    '',
    ...renderLead(summary),
    '',
    '### Goals',
    '',
    ...table([
      ['goal', 'wanted', 'measured', ''],
      ...summary.goals.map(({ name, goal, measured, met }) => [
        name,
        goal,
        measured,
        met ? 'met' : '**missed**',
      ]),
    ]),
    '',
    `![CPU time of a request, by variant](${CHART.slice('docs/'.length)})`,
    '',
    '### Under load',
    '',
    ...summary.scenarios.flatMap(renderScenario),
    '### Start-up',
    '',
    `From spawning the process to its first answer, to a verified token (the bare proxy: to any). Median of ${amounts.startUps}. The key server takes ${KEY_SERVER_MS} ms.`,
    '',
    ...table([['', 'median', '(min – max)'], ...startUps]),
    '',
  ].join('\n')}`;
}

/** What most readers came for: one request, of RS256. */
function renderLead({ scenarios }: Summary): string[] {
  const cost = (id: string) => {
    const row = scenarios.find((scenario) => scenario.id === id)?.rows.find(({ name }) => name === CLAIMGATE);
    if (row === undefined) return 'was not measured';
    const { cpuMicroseconds, cpuToBase, p50Ms } = row;
    const cpu = `${count(cpuMicroseconds.median)} µs of CPU`;
    return `takes ${cpu}, ${cpuToBase.median.toFixed(2)} of what a bare proxy takes (median latency ${p50Ms.median.toFixed(1)} ms)`;
  };
  return [
    `- A request whose token was seen before ${cost(repeatedId('RS256'))}.`,
    `- A request whose token is new ${cost(firstSightId('RS256'))}.`,
    `- One request at a time, a token that was seen before ${cost(ONE_BY_ONE_ID)}.`,
  ];
}

function renderScenario({ title, rows }: ScenarioSummary): string[] {
  return [
    `**${title}**`,
    '',
    ...table([
      ['', 'requests/s', 'to the first', 'CPU µs', 'to the first', 'p50 ms', 'p99 ms'],
      ...rows.map((row) => [
        row.name,
        count(row.requestsPerSecond.median),
        ratioText(row.requestsPerSecondToBase),
        row.cpuMicroseconds.median.toFixed(0),
        ratioText(row.cpuToBase),
        row.p50Ms.median.toFixed(1),
        row.p99Ms.median.toFixed(1),
      ]),
    ]),
    '',
  ];
}

function table([header = [], ...rows]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), `|${header.map((_, i) => (i === 0 ? '---|' : '---:|')).join('')}`, ...rows.map(line)];
}
