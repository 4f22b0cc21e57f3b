/** Where an origin sends clients to by its own name, which they can't reach, or must not. */
import type { Api } from '../policy/policy.ts';
import { normaliseHost, parseUrl } from '../policy/uri.ts';

/** What the client asked. */
interface Asked {
  readonly scheme: string;
  readonly authority: string;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * Writes a `Location` on the origin's own host as clients see it: public scheme and host, `strip_prefix` put back, the
 * path of the origin's base taken off. Others stay as they are: relative ones, those of other hosts, and those beside
 * the base.
 *
 * @param headers of the origin's answer; changed in place
 */
export function rewriteLocation(headers: Headers, { origin, prefix }: Api, target: Asked): void {
  const location = headers.get('location');
  if (location === null || origin.kind !== 'url' || !/^(https?:)?\/\//i.test(location)) return;
  const base = parseUrl(origin.base);
  const url = parseUrl(location.startsWith('//') ? `${base?.protocol}${location}` : location);
  if (base === undefined || url === undefined || url.username !== '' || url.password !== '') return;
  const isOwnPort = url.port === '' || portOf(url) === portOf(base);
  if (normaliseHost(url.host) !== normaliseHost(base.host) || !isOwnPort) return;
  const below = base.pathname === '/' ? '' : base.pathname;
  if (url.pathname !== below && !url.pathname.startsWith(`${below}/`)) return;
  const path = ['', ...prefix].join('/') + url.pathname.slice(below.length);
  headers.set('location', `${target.scheme}://${target.authority}${path || '/'}${url.search}${url.hash}`);
}

const portOf = ({ port, protocol }: URL) => (port === '' ? DEFAULT_PORTS[protocol] : port);
