import type { Cors, TokenPlace } from '../policy.ts';
import { parseUrl } from '../uri.ts';
import type { Faults } from './faults.ts';
import type { CorsConfig } from './schema.ts';

export const DEFAULT_HEADERS = ['authorization', 'content-type'];
/** Headers of refusals that a page needs to read. */
const ALWAYS_EXPOSED = ['WWW-Authenticate', 'Retry-After', 'X-Request-Id'];
export const DEFAULT_MAX_AGE_SECONDS = 600;

export function compileCors(
  config: CorsConfig | undefined,
  tokenFrom: TokenPlace,
  at: Faults,
): Cors | undefined {
  if (config === undefined) return undefined;
  const { origins, credentials = false } = config;
  const any = origins.includes('*');
  if (any && origins.length > 1)
    at.at('origins').add('"*" is all origins', 'keep "*" alone, or name the origins');
  if (any && credentials)
    at.at('credentials').add(
      'every page of the web could call with cookies',
      'name the origins, or remove credentials',
    );
  for (const [i, origin] of origins.entries()) {
    if (origin === '*' || isWebOrigin(origin)) continue;
    const meant = parseUrl(origin)?.origin;
    at.at('origins', i).add(
      `${JSON.stringify(origin)} is no web origin`,
      meant === undefined || meant === 'null'
        ? 'write scheme, host and port as browsers do, such as "https://app.example.com"'
        : `did you mean ${JSON.stringify(meant)}?`,
    );
  }
  for (const list of ['headers', 'expose'] as const) {
    for (const [i, name] of (config[list] ?? []).entries()) {
      if (!/^[A-Za-z0-9!#$%&'+.^_`|~-]+$/.test(name))
        at.at(list, i).add(`${JSON.stringify(name)} is no header name`, 'name each header; there is no "*"');
    }
  }
  return {
    origins: any ? undefined : new Set(origins),
    headers:
      config.headers ?? (tokenFrom.kind === 'header' ? [tokenFrom.header, 'content-type'] : DEFAULT_HEADERS),
    expose: [...ALWAYS_EXPOSED, ...(config.expose ?? [])],
    maxAgeSeconds: config.max_age ?? DEFAULT_MAX_AGE_SECONDS,
    credentials,
  };
}

function isWebOrigin(text: string): boolean {
  const url = parseUrl(text);
  return url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.origin === text;
}
