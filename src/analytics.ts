import type { RequestLine } from './log.ts';

/** The platform refuses a longer index. */
const MAX_INDEX_BYTES = 96;

export interface DataPoint {
  readonly indexes: string[];
  readonly blobs: string[];
  readonly doubles: number[];
}

/**
 * A line of the log as a data point of Analytics Engine. The order of the columns is a promise: docs/operations.md
 * lists them. The index, by which the platform samples, is the route, cut to what fits.
 */
export function dataPoint(line: RequestLine): DataPoint {
  const texts = [
    line.route,
    line.decision,
    line.reason,
    line.would_deny,
    line.issuer,
    line.client,
    line.method,
    line.keys_from,
    line.host,
    line.country,
    line.worker_version,
    line.policy_version,
  ];
  return {
    indexes: [cutBytes(line.route ?? '', MAX_INDEX_BYTES)],
    blobs: texts.map((text) => text ?? ''),
    doubles: [line.status, line.key_wait_ms ?? 0, line.origin_ms ?? 0],
  };
}

/** Route keys are ASCII or cut a little short: no character is split. */
function cutBytes(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text);
  return bytes.length <= maxBytes
    ? text
    : new TextDecoder().decode(bytes.slice(0, maxBytes)).replace(/\ufffd$/, '');
}
