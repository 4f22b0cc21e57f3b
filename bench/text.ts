/** Figures as people read them. */
import type { Spread } from './statistics.ts';

export const count = (value: number) => Math.round(value).toLocaleString('en');
export const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} KB`;
/** With its noise, where there is more than one value. */
export const ratioText = ({ median, noise }: Spread) =>
  Number.isNaN(noise) ? median.toFixed(2) : `${median.toFixed(2)} ± ${noise.toFixed(2)}`;
export const milliseconds = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;

/** The first column to the left, the others to the right; a row with one cell is a heading. */
export function align(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) =>
    Math.max(...rows.map((row) => (row.length === 1 ? 0 : (row[column]?.length ?? 0))));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(width(0)) : cell.padStart(width(i))))
      .join('  ')
      .trimEnd(),
  );
}
