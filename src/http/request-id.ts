/** Random bits of this isolate, 74 of them, and a number that is its own for each request. */
let prefix: string | undefined;
let next = 0;

/**
 * The gateway's own id of a request, in the form of a UUID (RFC 9562 §5.8: version 8). No client can choose it: two
 * requests never share one. It is no secret: whoever has one can guess others of the same isolate.
 */
export function newRequestId(): string {
  // Not before there is a request: Workers have no randomness at start.
  prefix ??= crypto
    .randomUUID()
    .slice(0, -12)
    .replace(/-4(?=...-)/, '-8');
  return prefix + (next++).toString(16).padStart(12, '0');
}

/** The client's own id, if it can do no harm in a log or a header. */
export function clientRequestId(headers: Headers): string | undefined {
  // Most requests have none, and asking for a second one costs as much as for the first.
  const given = headers.get('x-request-id') ?? headers.get('x-client-request-id');
  return given !== null && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : undefined;
}
