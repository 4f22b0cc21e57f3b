/** Hosts of this machine: `http:` is allowed there, since nothing travels. */
export function isLoopbackHost(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.[0-9]{1,3}){3}$/.test(hostname)
  );
}

/** Where the document of a resource is (RFC 9728 §3.1): this goes between its host and its path. */
export const METADATA_PATH = '/.well-known/oauth-protected-resource';

export function metadataUrl(resource: string): URL {
  const url = new URL(resource);
  url.pathname = `${METADATA_PATH}${url.pathname === '/' ? '' : url.pathname}`;
  return url;
}

/** Reads a URI whose answer decides who gets in: https, or http on a loopback host; no user info, no fragment. */
export function parseTrustedUri(text: string): URL | undefined {
  const url = parseUrl(text);
  if (url === undefined || url.username !== '' || url.password !== '' || text.includes('#')) return undefined;
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
  return secure ? url : undefined;
}

export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** A host in its normal form already, with or without a port. */
const NORMAL_HOST = /^([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::[0-9]*)?$/;

/** A host as it is compared: lower case, without port and trailing dot. */
export function normaliseHost(authority: string): string {
  const normal = NORMAL_HOST.exec(authority);
  if (normal !== null) return normal[1] as string;
  return authority
    .toLowerCase()
    .replace(/:[0-9]*$/, '')
    .replace(/\.$/, '');
}
