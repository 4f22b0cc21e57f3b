/** What the job needs to be told. */
export interface Settings {
  /** Issuer identifier, literally as in its metadata. */
  readonly issuer: URL;
  /** Base of the API's URLs, with a slash at the end. */
  readonly api: URL;
  readonly audience: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const REMEDIES = {
  ISSUER: 'the issuer’s https URL, slash included; [vars] in wrangler.toml',
  API: 'the https URL of the gateway; [vars] in wrangler.toml',
  AUDIENCE: 'the identifier of the API at the issuer; [vars] in wrangler.toml',
  CLIENT_ID: 'the id of the client that the issuer made for this job; [vars] in wrangler.toml, or .dev.vars',
  CLIENT_SECRET: 'its secret; `npx wrangler secret put CLIENT_SECRET`, or .dev.vars',
} as const;

type Setting = keyof typeof REMEDIES;

/**
 * Reads the settings from the Worker's environment.
 *
 * @throws an error that names every setting that is missing or unusable, and where it belongs. It holds no values
 */
export function readSettings(env: object): Settings {
  const unusable = new Set<Setting>();
  const read = (name: Setting): string => {
    const value = (env as Record<string, unknown>)[name];
    if (typeof value === 'string' && value !== '') return value;
    unusable.add(name);
    return '';
  };
  const readUrl = (name: Setting): URL => {
    const url = URL.parse(read(name));
    if (url !== null && isTrusted(url)) return url;
    unusable.add(name);
    return new URL('https://unusable.invalid');
  };
  const settings = {
    issuer: readUrl('ISSUER'),
    api: readUrl('API'),
    audience: read('AUDIENCE'),
    clientId: read('CLIENT_ID'),
    clientSecret: read('CLIENT_SECRET'),
  };
  if (unusable.size > 0) {
    const lines = [...unusable].map((name) => `\n  ${name}: ${REMEDIES[name]}`);
    throw new Error(`Settings are missing or unusable:${lines.join('')}`);
  }
  if (!settings.api.pathname.endsWith('/')) settings.api.pathname += '/';
  return settings;
}

/** Secrets and tokens travel by https only, or do not leave this machine. */
const isTrusted = (url: URL) =>
  url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));

export const isLoopback = (hostname: string) => ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
