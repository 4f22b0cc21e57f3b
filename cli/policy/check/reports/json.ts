/** For programs: all that is known, by environment. */
import type { Finding } from '../findings.ts';
import type { Report } from './report.ts';

export function renderJson({ file: { path }, results }: Report): string {
  const flat = ({ region, ...finding }: Finding) => ({ ...finding, file: path, ...region });
  return JSON.stringify(
    results.map(({ faults, warnings, ...result }) => ({
      ...result,
      faults: faults.map(flat),
      warnings: warnings.map(flat),
    })),
    null,
    2,
  );
}
