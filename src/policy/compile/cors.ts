import type { Cors } from '../cors.ts';
import type { TokenPlace } from '../policy.ts';
import type { Faults } from './faults.ts';
import type { CorsConfig } from './schema.ts';
import { readOrigin } from './web-origins.ts';

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
    at.at('origins').add('"*" stands for all origins already', 'keep "*" alone, or name the origins');
  if (any && credentials)
    at.at('credentials').add(
      'every page of the web could call with cookies',
      'name the origins, or remove credentials',
    );
  if (origins.includes('null') && credentials)
    at.at('credentials').add(
      'any page can make its origin "null", and could call with cookies',
      'remove "null", or credentials',
    );
  const exact = new Set<string>();
  const patterns = [];
  for (const [i, origin] of origins.entries()) {
    if (origin === '*') continue;
    const entry = readOrigin(origin);
    if (typeof entry === 'string') exact.add(entry);
    else if ('problem' in entry) at.at('origins', i).add(entry.problem, entry.remedy);
    else patterns.push(entry);
  }
  for (const list of ['headers', 'expose'] as const) {
    for (const [i, name] of (config[list] ?? []).entries()) {
      if (!/^[A-Za-z0-9!#$%&'+.^_`|~-]+$/.test(name))
        at.at(list, i).add(
          `${JSON.stringify(name)} is not a header name`,
          'name each header; there is no "*"',
        );
    }
  }
  return {
    kind: 'gateway',
    origins: any ? undefined : { exact, patterns },
    headers:
      config.headers ?? (tokenFrom.kind === 'header' ? [tokenFrom.header, 'content-type'] : DEFAULT_HEADERS),
    expose: [...ALWAYS_EXPOSED, ...(config.expose ?? [])],
    maxAgeSeconds: config.max_age ?? DEFAULT_MAX_AGE_SECONDS,
    credentials,
  };
}
