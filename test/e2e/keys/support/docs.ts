/** The tables of docs/keys.md that tests are made from. */
import { readFileSync } from 'node:fs';

export type Row = Readonly<Record<string, string>>;

/** The rows of the table whose first column has this head, each cell by the head of its column. */
export function readTable(firstHead: string): Row[] {
  const lines = readFileSync('docs/keys.md', 'utf8').split('\n');
  const start = lines.findIndex((line) => cellsOf(line)[0] === firstHead);
  if (start === -1) throw new Error(`docs/keys.md has no table that begins with "${firstHead}"`);
  const heads = cellsOf(lines[start]);
  const rows: Row[] = [];
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith('|')) break;
    const cells = cellsOf(line);
    rows.push(Object.fromEntries(heads.map((head, i) => [head, cells[i] ?? ''])));
  }
  return rows;
}

/** Without the backticks: they are for the reader. */
function cellsOf(line = ''): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.replaceAll('`', '').trim());
}

/** What a flood asked for: fetches of the issuer, and operations of KV. */
export interface Cost {
  readonly fetches: number;
  readonly reads: number;
  readonly writes: number;
}

/** `1 · 2 · 1`: in the order of `Cost`. */
export function readCost(cell: string): Cost {
  const [fetches = Number.NaN, reads = Number.NaN, writes = Number.NaN] = cell.split(' · ').map(Number);
  return { fetches, reads, writes };
}

export function withinCost(cost: Cost, limit: Cost): boolean {
  return cost.fetches <= limit.fetches && cost.reads <= limit.reads && cost.writes <= limit.writes;
}
