/** What the status of a failed fetch means for people, and what to do about it. */
export function statusWords(status: number | undefined): readonly [problem: string, remedy: string] {
  const places = 'give metadata_uri or jwks_uri';
  if (status === undefined || status === 404 || status === 410)
    return [`it has no such document (${status ?? 'no answer'})`, `look at issuer, or ${places}`];
  if (status === 429)
    return ['it takes no more requests for now (429)', 'ask its owner to let the gateway in'];
  if (status >= 500) return [`it fails (${status})`, 'look whether it is up'];
  if (status === 401 || status === 403)
    return [
      `it refuses to answer (${status}), as a firewall does`,
      `let requests with User-Agent claimgate pass there, or ${places}`,
    ];
  return [`it refuses to answer (${status})`, `look at issuer, or ${places}`];
}
