import * as oauth from 'oauth4webapi';
import { isLoopback } from './settings.ts';

export interface TokenSource {
  /**
   * A token that will be good for a while.
   *
   * @throws {TokenError} where none can be had
   */
  get(): Promise<string>;
  /** Makes sure that a token which was refused is not given out again. */
  forget(token: string): void;
}

/** No token can be had. The message says why, and holds no secret. */
export class TokenError extends Error {
  override name = 'TokenError';
}

export interface TokenSourceOptions {
  readonly issuer: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly audience: string;
  readonly scope: string;
  readonly fetch: typeof fetch;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How long a caller waits for a token. */
  readonly timeoutMs?: number;
}

/** A token is renewed this long before it expires: on its way it must not get too old. */
const MARGIN_SECONDS = 60;
/** For issuers that don't say (RFC 6749 §5.1 only recommends it). A token that ends sooner is answered with 401. */
const ASSUMED_LIFETIME_SECONDS = 300;

interface HeldToken {
  readonly value: string;
  readonly renewAtMs: number;
}

/** Tokens by the client credentials grant (RFC 6749 §4.4), kept in memory. Those who ask at once share one request. */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { now, timeoutMs = 10_000 } = options;
  let held: HeldToken | undefined;
  let flight: Promise<HeldToken> | undefined;

  return {
    async get() {
      if (held !== undefined && now() < held.renewAtMs) return held.value;
      const mine = flight ?? requestToken(options, timeoutMs);
      flight = mine;
      try {
        // The platform can cancel the invocation that made the request, and its promise then never settles: whoever
        // waits has a limit of their own.
        const token = await within(timeoutMs, mine);
        held = token;
        return token.value;
      } catch (error) {
        throw new TokenError(explain(error, options));
      } finally {
        if (flight === mine) flight = undefined;
      }
    },
    forget(token) {
      // By now there may be a newer one, which was not refused.
      if (held?.value === token) held = undefined;
    },
  };
}

async function requestToken(options: TokenSourceOptions, timeoutMs: number): Promise<HeldToken> {
  const { issuer, clientId, clientSecret, audience, scope, now } = options;
  const http = () => ({
    [oauth.customFetch]: (url: string, init: object) => options.fetch(url, init),
    [oauth.allowInsecureRequests]: issuer.protocol === 'http:' && isLoopback(issuer.hostname),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http()));
  const client = { client_id: clientId };
  // Before the request: the token's life begins while it is under way.
  const askedAtMs = now();
  const response = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    oauth.ClientSecretPost(clientSecret),
    { audience, scope },
    http(),
  );
  const token = await oauth.processClientCredentialsResponse(server, client, response);
  if (token.token_type !== 'bearer') throw new TypeError('the token is not a Bearer token');
  const lifetimeSeconds = token.expires_in ?? ASSUMED_LIFETIME_SECONDS;
  return {
    value: token.access_token,
    renewAtMs: askedAtMs + (lifetimeSeconds - MARGIN_SECONDS) * 1000,
  };
}

async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TypeError('it took too long')), timeoutMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** In words for the log. Causes are left out: they lead to requests and answers. */
function explain(error: unknown, { issuer }: TokenSourceOptions): string {
  const start = `No token from ${issuer.href}:`;
  if (error instanceof oauth.ResponseBodyError) {
    const remedy = error.error === 'invalid_client' ? ' Check CLIENT_ID and CLIENT_SECRET.' : '';
    const description = error.error_description === undefined ? '' : ` (${error.error_description})`;
    return `${start} ${error.status} ${error.error}${description}.${remedy}`;
  }
  return `${start} ${error instanceof Error ? error.message : 'unknown error'}.`;
}
