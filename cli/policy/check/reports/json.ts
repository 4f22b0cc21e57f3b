/** For programs: all that is known, by environment. */
import type { Finding } from '../findings.ts';
import type { OnlineFacts } from '../online.ts';
import { onlineJson } from './online.ts';
import type { Report } from './report.ts';

const onlineOf = (facts: OnlineFacts | undefined) => facts && { online: onlineJson(facts) };

export function renderJson({ file: { path }, results, online }: Report): string {
  const flat = ({ region, ...finding }: Finding) => ({ ...finding, file: path, ...region });
  return JSON.stringify(
    results.map(({ faults, warnings, ...result }) => ({
      ...result,
      faults: faults.map(flat),
      warnings: warnings.map(flat),
      ...onlineOf(online?.get(result.environment)),
    })),
    null,
    2,
  );
}
