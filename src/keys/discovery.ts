import type { KeysFault } from '../decision.ts';
import type { Issuer } from '../policy/policy.ts';
import { parseTrustedUri } from '../policy/uri.ts';
import { type DroppedKey, type PublicJwk, readJwks } from './jwks.ts';

/** How requests to an issuer are made: the network, or a service binding. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface FetchedKeys {
  readonly kind: 'fetched';
  readonly keys: readonly PublicJwk[];
  readonly dropped: readonly DroppedKey[];
  /** `max-age` of the key set's answer, in seconds, if it had one. */
  readonly maxAgeSeconds: number | undefined;
}

export interface FetchFault {
  readonly kind: 'fault';
  readonly fault: KeysFault;
  /** The server said that there is no such document. */
  readonly missing?: boolean;
}

const FETCH_TIMEOUT_MS = 5_000;
const MAX_DOCUMENT_BYTES = 262_144;

const failed = (fault: KeysFault): FetchFault => ({ kind: 'fault', fault });

/**
 * Fetches an issuer's keys: from its key set's URI, or by way of its metadata (OpenID Connect Discovery §4, RFC 8414
 * §3), whose `issuer` must be the configured one. https only, redirects are refused, 5 s and 256 KB at most a
 * document. Never throws.
 */
export async function fetchKeys(issuer: Issuer, fetch: Fetch): Promise<FetchedKeys | FetchFault> {
  let jwksUri: string;
  if (issuer.keys.kind === 'jwks') jwksUri = issuer.keys.uri;
  else {
    const found = await discover(issuer, fetch);
    if (typeof found !== 'string') return found;
    jwksUri = found;
  }
  const answer = await fetchJson(jwksUri, fetch);
  if (answer.kind === 'fault') return answer;
  const jwks = readJwks(answer.document);
  if (jwks === undefined) return failed('not_json');
  if (jwks.keys.length === 0) return failed('no_usable_key');
  return { kind: 'fetched', ...jwks, maxAgeSeconds: answer.maxAgeSeconds };
}

async function discover(issuer: Issuer, fetch: Fetch): Promise<string | FetchFault> {
  const uris = issuer.keys.kind === 'metadata' ? [issuer.keys.uri] : wellKnownUris(issuer.issuer);
  let answer: JsonAnswer | FetchFault = failed('metadata_invalid');
  for (const uri of uris) {
    answer = await fetchJson(uri, fetch);
    // Only "there is nothing here" leads on to the next place: an outage must not double the requests.
    if (answer.kind !== 'fault' || answer.missing !== true) break;
  }
  if (answer.kind === 'fault') return answer;
  if (typeof answer.document !== 'object' || answer.document === null) return failed('metadata_invalid');
  const metadata = answer.document as { issuer?: unknown; jwks_uri?: unknown };
  if (metadata.issuer !== issuer.issuer) return failed('issuer_mismatch');
  if (typeof metadata.jwks_uri !== 'string') return failed('metadata_invalid');
  return metadata.jwks_uri;
}

/** OpenID Connect Discovery appends to the issuer; RFC 8414 §3.1 inserts after the host. */
function wellKnownUris(issuer: string): string[] {
  const url = new URL(issuer);
  const path = url.pathname.replace(/\/$/, '');
  return [
    `${url.origin}${path}/.well-known/openid-configuration`,
    `${url.origin}/.well-known/oauth-authorization-server${path}`,
  ];
}

interface JsonAnswer {
  readonly kind: 'json';
  readonly document: unknown;
  readonly maxAgeSeconds: number | undefined;
}

async function fetchJson(uri: string, fetch: Fetch): Promise<JsonAnswer | FetchFault> {
  if (parseTrustedUri(uri) === undefined) return failed('insecure_uri');
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  try {
    const response = await fetch(uri, {
      headers: { accept: 'application/json' },
      redirect: 'manual',
      // Cloudflare's cache would answer with the key set from before a rotation.
      cache: 'no-store',
      signal,
    });
    if (response.status >= 300 && response.status < 400) return await discard(response, 'redirect');
    if (!response.ok) {
      const missing = response.status === 404 || response.status === 410;
      return { ...(await discard(response, 'http_status')), missing };
    }
    const text = await readText(response, MAX_DOCUMENT_BYTES);
    if (text === undefined) return failed('too_large');
    const maxAgeSeconds = readMaxAge(response.headers.get('cache-control'));
    try {
      return { kind: 'json', document: JSON.parse(text), maxAgeSeconds };
    } catch {
      return failed('not_json');
    }
  } catch {
    return failed(signal.aborted ? 'timeout' : 'network_error');
  }
}

/** An unread body would hold its connection, of which a Worker has six. */
async function discard(response: Response, fault: KeysFault): Promise<FetchFault> {
  await response.body?.cancel();
  return failed(fault);
}

/** @returns `undefined` if the body is longer than `limit` bytes; the rest is then not read */
async function readText(response: Response, limit: number): Promise<string | undefined> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.byteLength;
    if (length > limit) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

function readMaxAge(cacheControl: string | null): number | undefined {
  if (cacheControl === null) return undefined;
  if (/\bno-(store|cache)\b/i.test(cacheControl)) return 0;
  const seconds = /\bmax-age\s*=\s*"?([0-9]{1,10})/i.exec(cacheControl)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
