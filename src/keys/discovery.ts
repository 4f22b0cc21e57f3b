import type { KeysFault } from '../decision.ts';
import type { Issuer } from '../policy/policy.ts';
import { type Fetch, fetchDocument } from './document.ts';
import type { DroppedKey, PublicJwk } from './jwk.ts';
import { readJwks } from './jwks.ts';

export interface FetchedKeys {
  readonly kind: 'fetched';
  /** The key set's. */
  readonly url: string;
  readonly keys: readonly PublicJwk[];
  readonly dropped: readonly DroppedKey[];
  /** `max-age` of the key set's answer, in seconds, if it had one. */
  readonly maxAgeSeconds: number | undefined;
}

export interface FetchFault {
  readonly kind: 'fault';
  readonly fault: KeysFault;
  /** The document that was asked for. `undefined`: none was. */
  readonly url?: string | undefined;
  /** The status of its answer, where that is the fault. */
  readonly status?: number | undefined;
  /** The keys of a set in which none can be used. */
  readonly dropped?: readonly DroppedKey[] | undefined;
}

const MAX_DOCUMENT_BYTES = 262_144;

/**
 * Fetches an issuer's keys: from its key set's URI, or by way of its metadata (OpenID Connect Discovery §4, RFC 8414
 * §3), whose `issuer` must be the configured one. https only, redirects are refused, 5 s and 256 KB at most a
 * document. Never throws.
 */
export async function fetchKeys(issuer: Issuer, fetch: Fetch): Promise<FetchedKeys | FetchFault> {
  let url: string;
  if (issuer.keys.kind === 'jwks') url = issuer.keys.uri;
  else {
    const found = await discover(issuer, fetch);
    if (typeof found !== 'string') return found;
    url = found;
  }
  const answer = await fetchJson(url, fetch);
  if (answer.kind === 'fault') return answer;
  const jwks = readJwks(answer.document);
  if (jwks === undefined) return { kind: 'fault', fault: 'not_json', url };
  if (jwks.keys.length === 0) return { kind: 'fault', fault: 'no_usable_key', url, dropped: jwks.dropped };
  return { kind: 'fetched', url, ...jwks, maxAgeSeconds: answer.maxAgeSeconds };
}

/** What a place of metadata can be besides metadata, the most telling first: what is told where no place has any. */
const NOT_HERE: readonly KeysFault[] = [
  'issuer_mismatch',
  'metadata_invalid',
  'redirect',
  'too_large',
  'not_json',
  'http_status',
];

/** Looks at each place in turn, until one has metadata, or the server fails: an outage must not double the requests. */
async function discover(issuer: Issuer, fetch: Fetch): Promise<string | FetchFault> {
  const urls = issuer.keys.kind === 'metadata' ? [issuer.keys.uri] : wellKnownUris(issuer.issuer);
  let told: FetchFault = { kind: 'fault', fault: 'metadata_invalid' };
  let rank = Number.POSITIVE_INFINITY;
  for (const url of urls) {
    const found = await readMetadata(issuer, url, fetch);
    if (typeof found === 'string') return found;
    const { fault, status = 0 } = found;
    if (!NOT_HERE.includes(fault) || status >= 500) return found;
    // "There is nothing here" says less than any other status.
    const itsRank = NOT_HERE.indexOf(fault) + (status === 404 || status === 410 ? 1 : 0);
    if (itsRank < rank) [told, rank] = [found, itsRank];
  }
  return told;
}

async function readMetadata(issuer: Issuer, url: string, fetch: Fetch): Promise<string | FetchFault> {
  const answer = await fetchJson(url, fetch);
  if (answer.kind === 'fault') return answer;
  const failed = (fault: KeysFault): FetchFault => ({ kind: 'fault', fault, url });
  if (typeof answer.document !== 'object' || answer.document === null) return failed('metadata_invalid');
  const metadata = answer.document as { issuer?: unknown; jwks_uri?: unknown };
  if (metadata.issuer !== issuer.issuer) return failed('issuer_mismatch');
  return typeof metadata.jwks_uri === 'string' ? metadata.jwks_uri : failed('metadata_invalid');
}

/**
 * OpenID Connect Discovery appends to the issuer; RFC 8414 §3.1 inserts after the host, with a name of its own or with
 * that of OpenID Connect (§5).
 */
function wellKnownUris(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
    ...(path === '' ? [] : [`${origin}/.well-known/openid-configuration${path}`]),
  ];
}

interface JsonAnswer {
  readonly kind: 'json';
  readonly document: unknown;
  readonly maxAgeSeconds: number | undefined;
}

async function fetchJson(url: string, fetch: Fetch): Promise<JsonAnswer | FetchFault> {
  const answer = await fetchDocument(url, fetch, {
    accept: 'application/json',
    maxBytes: MAX_DOCUMENT_BYTES,
  });
  if (answer.kind === 'fault') return answer;
  const maxAgeSeconds = readMaxAge(answer.headers.get('cache-control'));
  try {
    return { kind: 'json', document: JSON.parse(answer.text), maxAgeSeconds };
  } catch {
    return { kind: 'fault', fault: 'not_json', url };
  }
}

function readMaxAge(cacheControl: string | null): number | undefined {
  if (cacheControl === null) return undefined;
  if (/\bno-(store|cache)\b/i.test(cacheControl)) return 0;
  const seconds = /\bmax-age\s*=\s*"?([0-9]{1,10})/i.exec(cacheControl)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
