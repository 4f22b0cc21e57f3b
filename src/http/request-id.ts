/** The client's id if it can do no harm in a log or a header, else a new one. */
export function readRequestId(headers: Headers): string {
  const given = headers.get('x-request-id');
  return given !== null && /^[A-Za-z0-9._-]{8,64}$/.test(given) ? given : crypto.randomUUID();
}
