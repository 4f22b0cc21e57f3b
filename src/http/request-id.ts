/** The gateway's own id of a request. No client can choose it: two requests never share one. */
export const newRequestId = (): string => crypto.randomUUID();

/** The client's own id, if it can do no harm in a log or a header. */
export function clientRequestId(headers: Headers): string | undefined {
  // Most requests have none, and asking for a second one costs as much as for the first.
  const given = headers.get('x-request-id') ?? headers.get('x-client-request-id');
  return given !== null && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : undefined;
}
