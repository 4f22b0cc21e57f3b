/** Makes the assertion that an origin gets with a request: docs/assertion.md says what it holds. */
import { base64url } from 'jose';
import { bodyWithin } from '../bytes.ts';
import type { Reason } from '../decision.ts';
import type { Assertion, AssertionSettings } from '../policy/assertion.ts';
import { MAX_ASSERTION_LENGTH } from '../policy/assertion.ts';
import { readClaim } from '../policy/claims.ts';
import type { Api, ForwardedClaim, Principal, Route } from '../policy/policy.ts';
import { type AssertionKey, signerOf, signingKey } from './assertion-keys.ts';
import { isSent } from './claim-headers.ts';
import { isBodyTaken } from './forward.ts';

/** What an assertion is about. */
export interface Asserting {
  readonly route: Route;
  readonly principal: Principal | undefined;
  readonly requestId: string;
  /** The method, and path and query, as the origin receives them. */
  readonly method: string;
  readonly target: string;
  /** RFC 9530, of the body that is sent. */
  readonly digest?: string | undefined;
}

export interface Asserted {
  readonly kid: string;
  /** `jti`. */
  readonly id: string;
  readonly token: string;
}

export type Assert = (about: Asserting, assertion: Assertion) => Promise<Asserted | Reason>;

/** Shorter than this, one that is kept is not given out again. */
const MIN_LEFT_SECONDS = 5;

/** @param now milliseconds since 1970 */
export function createAsserter(
  settings: AssertionSettings,
  keys: readonly AssertionKey[],
  now: () => number,
): Assert {
  const kept = createMemory();
  return async (about, assertion) => {
    const at = Math.floor(now() / 1000);
    const isKept = assertion.bind === 'none';
    const known = isKept ? kept.find(about, at) : undefined;
    if (known !== undefined) return known;
    const scope = demandedScopes(about.route, about.principal);
    const key = signingKey(keys, at);
    if (key === undefined) return { code: 'assertion_failed', cause: 'no_key' };
    const exp = endOf(at, settings, isKept ? about.principal : undefined);
    const payload = {
      ...fixedClaims(about, settings, assertion, scope),
      iat: at,
      exp,
      ...ofRequest(about, isKept),
    };
    let token: string;
    try {
      token = await sign(payload, key);
    } catch {
      return { code: 'assertion_failed', cause: 'signing' };
    }
    if (token.length > MAX_ASSERTION_LENGTH) return tooLong(token, payload.req?.target);
    const made = { kid: key.kid, id: payload.jti, token };
    if (isKept) kept.keep(about, { made, until: exp - MIN_LEFT_SECONDS });
    return made;
  };
}

/** One that serves many requests serves none after the token's end, which none of them waits for. */
function endOf(at: number, { lifetimeSeconds }: AssertionSettings, principal: Principal | undefined): number {
  const end = at + lifetimeSeconds;
  // A token whose time is over passes for the tolerance of its issuer; `exp` has to come after `iat`.
  return principal === undefined ? end : Math.min(end, Math.max(at + MIN_LEFT_SECONDS, principal.exp));
}

/** What has to be shorter. @param target a URL is ASCII: each character is a byte, and four thirds of one in base64 */
function tooLong({ length }: string, target = ''): Reason {
  const isOfTarget = length - (target.length * 4) / 3 <= MAX_ASSERTION_LENGTH;
  return isOfTarget ? { code: 'target_too_long' } : { code: 'claims_too_large', claim: 'tctx' };
}

const ENCODER = new TextEncoder();
/** RFC 7518 §3.4, RFC 8037 §3.1: Web Crypto's signatures have the form of JWS. */
const SIGNING = { ES256: { name: 'ECDSA', hash: 'SHA-256' }, EdDSA: { name: 'Ed25519' } } as const;

/** RFC 7515 §7.1. */
async function sign(payload: object, key: AssertionKey): Promise<string> {
  const { header, privateKey } = await signerOf(key);
  const input = `${header}.${base64url.encode(JSON.stringify(payload))}`;
  const signature = await crypto.subtle.sign(SIGNING[key.alg], privateKey, ENCODER.encode(input));
  return `${input}.${base64url.encode(new Uint8Array(signature))}`;
}

/** Of the token's scopes, those that the route demands: no origin can go further on the caller's behalf. */
export function demandedScopes({ demands }: Route, principal: Principal | undefined): string {
  if (principal === undefined) return '';
  const demanded = demands.flatMap(({ anyOf }) =>
    anyOf.flatMap((one) => (one.of === 'scope' && principal.scopes.has(one.value) ? [one.value] : [])),
  );
  return [...new Set(demanded)].join(' ');
}

function fixedClaims(
  { route, principal }: Asserting,
  { issuer }: AssertionSettings,
  { audience }: Assertion,
  scope: string,
) {
  return {
    iss: issuer,
    aud: audience,
    req_wl: issuer,
    ...(principal && {
      sub: principal.subject,
      client_id: principal.client,
      scope: scope === '' ? undefined : scope,
      tctx: { iss: principal.issuer.issuer, claims: claimsOf(principal, route.api) },
    }),
  };
}

function ofRequest({ requestId, method, target, digest }: Asserting, isKept: boolean) {
  // The id of a request is its own already; an assertion that serves many has one besides.
  if (isKept) return { jti: crypto.randomUUID(), txn: requestId, req: undefined };
  return { jti: requestId, txn: requestId, req: { method, target, digest } };
}

/** What the API forwards, as it stands in the token. `undefined`: nothing. */
function claimsOf({ claims }: Principal, { forward }: Api): Record<string, unknown> | undefined {
  const sent = forward.flatMap((one) => {
    const value = chosenOf(one, readClaim(claims, one.claim));
    // From 2^53 on, the numbers of two subjects are read as one: no header has them either.
    if (typeof value === 'number' && one.claim.path.join() === 'sub') return [];
    return value === undefined || value === null ? [] : [[one.claim.text, value] as const];
  });
  return sent.length === 0 ? undefined : Object.fromEntries(sent);
}

/** `only` chooses from lists; of a claim that is none, the header has nothing either. */
function chosenOf({ only }: ForwardedClaim, value: unknown): unknown {
  if (only === undefined || value === undefined) return value;
  const items = Array.isArray(value) ? value : [value];
  return items.filter((item) => typeof item === 'string' && isSent(only, item));
}

/** A URL as `fetch` writes it, which encodes some characters of a query that came without, and its path and query. */
export function asFetched(url: string): { readonly url: string; readonly target: string } {
  const { href } = new URL(url);
  return { url: href, target: href.slice(href.indexOf('/', href.indexOf('://') + 3)) };
}

/**
 * The digest of a body (RFC 9530: of the bytes as they are sent), which can be sent afterwards.
 *
 * @returns a reason where there is more than `maxBytes`
 */
export async function digestOf(request: Request, maxBytes: number): Promise<string | Reason> {
  if (isBodyTaken(request)) return { code: 'body_taken' };
  let body: Uint8Array<ArrayBuffer> | undefined = new Uint8Array();
  try {
    // A copy, since no request with a body can be made for GET.
    if (request.body !== null) body = await bodyWithin(request.clone().body as ReadableStream, maxBytes);
  } catch {
    return { code: 'internal_error' }; // the client left, or a form was cut off
  }
  if (body === undefined) return { code: 'body_too_large' };
  const hash = await crypto.subtle.digest('SHA-256', body);
  return `sha-256=:${btoa(String.fromCharCode(...new Uint8Array(hash)))}:`;
}

interface Kept {
  readonly made: Asserted;
  /** Seconds since 1970. */
  readonly until: number;
}

/** Assertions by caller and route, which says the scopes. They go with their callers, which go with their tokens. */
function createMemory() {
  const nobody = {};
  const memory = new WeakMap<object, Map<Route, Kept>>();
  return {
    find({ principal, route }: Asserting, at: number): Asserted | undefined {
      const known = memory.get(principal ?? nobody)?.get(route);
      return known !== undefined && at < known.until ? known.made : undefined;
    },
    keep({ principal, route }: Asserting, kept: Kept): void {
      const caller = principal ?? nobody;
      const all = memory.get(caller) ?? new Map<Route, Kept>();
      memory.set(caller, all.set(route, kept));
    },
  };
}
