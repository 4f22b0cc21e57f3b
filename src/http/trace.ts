/** The trace id of a `traceparent` (W3C Trace Context §3.2). The header itself is passed on as it came. */
export function readTraceId(headers: Headers): string | undefined {
  const [, traceId] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(headers.get('traceparent') ?? '') ?? [];
  return traceId === '0'.repeat(32) ? undefined : traceId;
}
