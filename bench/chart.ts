/** The chart of docs/performance.md, as SVG: CPU time of a request, by variant. */
import type { RowSummary, Summary } from './report.ts';
import { firstSightId, repeatedId } from './selection.ts';
import { count } from './text.ts';
import { BARE_AGAIN, CLAIMGATE } from './variants.ts';

const WIDTH = 760;
const LABELS = 190;
const FIGURES = 60;
const BAR = 13;
const ROW = 2 * BAR + 12;
const TOP = 66;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; font-size: 15px; }
  .own { font-weight: 600; }
  .figure { font-size: 11px; fill: #57606a; }
  .repeated { fill: #2f6f9f; }
  .new { fill: #9cc3de; }
  .background { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .figure { fill: #9da7b3; }
    .repeated { fill: #6cb0e0; }
    .new { fill: #33566f; }
    .background { fill: #0d1117; }
  }
`;

interface Bars {
  readonly name: string;
  readonly repeated: number;
  readonly firstSight: number;
}

/** RS256, where all variants took part; the least CPU time first. */
export function renderChart(summary: Summary): string {
  const bars = readBars(summary);
  const most = Math.max(...bars.flatMap(({ repeated, firstSight }) => [repeated, firstSight]));
  const length = (value: number) => (value / most) * (WIDTH - LABELS - FIGURES);
  const height = TOP + bars.length * ROW + 30;
  const bar = (y: number, kind: string, value: number) => [
    `<rect class="${kind}" x="${LABELS}" y="${y}" width="${length(value).toFixed(1)}" height="${BAR}" rx="2"/>`,
    `<text class="figure" x="${(LABELS + length(value) + 6).toFixed(1)}" y="${y + BAR - 3}">${count(value)}</text>`,
  ];
  const rows = bars.flatMap(({ name, repeated, firstSight }, i) => {
    const y = TOP + i * ROW;
    const own = name === CLAIMGATE ? ' class="own"' : '';
    return [
      `<text${own} x="${LABELS - 10}" y="${y + BAR + 5}" text-anchor="end">${escapeXml(name)}</text>`,
      ...bar(y, 'repeated', repeated),
      ...bar(y + BAR + 1, 'new', firstSight),
    ];
  });
  const key = (x: number, kind: string, text: string) => [
    `<rect class="${kind}" x="${x}" y="38" width="${BAR}" height="${BAR}" rx="2"/>`,
    `<text x="${x + BAR + 6}" y="49">${escapeXml(text)}</text>`,
  ];
  const title = 'CPU time of a request in µs, RS256';
  const { machine } = summary;
  const under = `${machine.cpu}, ${machine.cores} cores, ${machine.workerd}; medians; less is better`;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${title}">`,
    `<style>${STYLE}</style>`,
    `<rect class="background" width="${WIDTH}" height="${height}"/>`,
    `<text class="title" x="16" y="24">${title}</text>`,
    ...key(16, 'repeated', 'one token again and again'),
    ...key(220, 'new', 'each token seen for the first time'),
    ...rows,
    `<text class="figure" x="16" y="${height - 10}">${escapeXml(under)}</text>`,
    '</svg>',
  ].join('\n')}\n`;
}

function readBars({ scenarios }: Summary): Bars[] {
  const rowsOf = (id: string) => scenarios.find((scenario) => scenario.id === id)?.rows ?? [];
  const cpu = (rows: readonly RowSummary[], name: string) =>
    rows.find((row) => row.name === name)?.cpuMicroseconds.median ?? 0;
  const repeated = rowsOf(repeatedId('RS256'));
  const firstSight = rowsOf(firstSightId('RS256'));
  return repeated
    .filter(({ name }) => name !== BARE_AGAIN)
    .map(({ name }) => ({ name, repeated: cpu(repeated, name), firstSight: cpu(firstSight, name) }))
    .sort((a, b) => a.repeated - b.repeated);
}

const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
