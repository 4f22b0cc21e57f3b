/** Asks the gateway's own decision about a request, in the browser: nothing leaves it. */
import type { Explanation } from '../cli/policy/explain/explanation.ts';
import { explanationOf } from '../cli/policy/explain/explanation.ts';
import { trace } from '../cli/policy/explain/trace.ts';
import { carryToken } from '../cli/policy/what-if/place.ts';
import { completeUrl } from '../cli/policy/what-if/targets.ts';
import { completeClaims, routeOf, unsignedToken } from '../cli/policy/what-if/unsigned.ts';
import { withoutSignature } from '../cli/policy/what-if/without-signature.ts';
import type { Verify } from '../src/decide.ts';
import { createKeySource } from '../src/keys/source.ts';
import type { Policy } from '../src/policy/policy.ts';
import { createTokenCache } from '../src/token/cache.ts';
import { type ObserveToken, verifyToken } from '../src/token/verify.ts';

/** A request, as a person wrote it. */
export interface Asked {
  readonly method: string;
  /** A URL, or a path. */
  readonly url: string;
  /** A token, or the claims of one as JSON. Empty: none. */
  readonly token: string;
  /** A key set as JSON. Empty: signatures are not checked. */
  readonly keys: string;
  /** Lines such as `Accept: text/csv`. */
  readonly headers: string;
}

/** Rejects with an error whose message says what to write instead. */
export async function ask(policy: Policy, asked: Asked, nowMs: number): Promise<Explanation> {
  const method = asked.method.trim();
  const given = asked.url.trim();
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method)) throw new Error('The method: write it like GET.');
  if (!given.startsWith('/') && !/^https?:\/\//.test(given))
    throw new Error('The URL: write https://api.example.com/orders, or a path such as /orders.');
  const headers = readHeaders(asked.headers);
  const url = completeUrl(policy, method, given);
  const token = asked.token.trim().replace(/^(authorization:\s*)?bearer\s+/i, '');
  const isClaims = token.startsWith('{');
  const route = routeOf(policy, method, url);
  if (isClaims) {
    const claims = completeClaims(policy, route, readJson(token, 'The claims'), nowMs);
    carryToken(headers, route?.api, unsignedToken(policy, route, claims));
  } else if (token !== '') carryToken(headers, route?.api, token);
  const keys = isClaims || asked.keys.trim() === '' ? undefined : readJson(asked.keys, 'The key set');
  const signature = isClaims ? 'unsigned' : keys === undefined ? 'offline' : 'verified';
  const verifier = keys === undefined ? withoutSignature : withKeySet(keys);
  const request = { method, url, headers };
  return explanationOf(
    request,
    await trace(request, { policy, signature, nowMs, verifier, statuses: 'not_asked' }),
    signature,
    nowMs,
  );
}

function readJson(text: string, what: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new Error(`${what}: this is not a JSON object.`);
}

function readHeaders(text: string): Headers {
  const headers = new Headers();
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const at = line.indexOf(':');
    try {
      if (at <= 0) throw new TypeError();
      headers.append(line.slice(0, at).trim(), line.slice(at + 1).trim());
    } catch {
      throw new Error('The headers: write one a line, like Accept: text/csv.');
    }
  }
  return headers;
}

/** As the gateway verifies, with these keys in place of what an issuer publishes. */
const withKeySet =
  (keySet: object) =>
  (policy: Policy, now: () => number, observe: ObserveToken): Verify => {
    const answer = async (url: string) => Response.json(documentAt(policy, url, keySet));
    const io = { store: undefined, fetchFor: () => answer, now, waitUntil: () => {}, log: () => {} };
    const { settings } = policy;
    const statuses = 'not_asked' as const;
    const context = { settings, keys: createKeySource(), cache: createTokenCache(), statuses, io, observe };
    return (token, routes) => verifyToken(token, routes, context);
  };

/** Every issuer's metadata leads to the same keys. */
function documentAt({ issuers }: Policy, url: string, keySet: object): object {
  const isKeys = (uri: string) => url === uri || url.endsWith('/page-keys');
  const found = issuers.find(({ issuer, keys }) =>
    keys.kind === 'jwks'
      ? isKeys(keys.uri)
      : keys.kind === 'metadata'
        ? url === keys.uri
        : url.startsWith(issuer.replace(/\/$/, '')),
  );
  if (found === undefined || found.keys.kind === 'jwks' || url.endsWith('/page-keys')) return keySet;
  return { issuer: found.issuer, jwks_uri: `${new URL(found.issuer).origin}/page-keys` };
}
