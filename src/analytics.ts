import type { RequestLine } from './log.ts';

/**
 * A line of the log as a data point of Analytics Engine. The order of the columns is a promise: docs/operations.md
 * lists them. The index is the route, by which the platform samples.
 */
export function dataPoint(line: RequestLine): AnalyticsEngineDataPoint {
  const texts = [
    line.route,
    line.decision,
    line.reason,
    line.would_deny,
    line.issuer,
    line.client,
    line.method,
    line.keys_from,
  ];
  return {
    indexes: [line.route ?? ''],
    blobs: texts.map((text) => text ?? ''),
    doubles: [line.status, line.key_wait_ms ?? 0, line.origin_ms ?? 0],
  };
}
