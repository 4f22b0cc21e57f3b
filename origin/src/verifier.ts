/** Checks the assertion of a request, in the order of docs/assertion.md. */
import { type AssertionClaims, readClaims } from './claims.ts';
import { isObject, readAssertion, toBase64 } from './decode.ts';
import { type FetchKeys, fetchedKeys, fixedKeys } from './key-source.ts';
import { checkSignature, findKey, type JwkSet } from './keys.ts';
import { refuse } from './refusal.ts';
import type { ReplayMemory } from './replay.ts';
import type { OriginCaller, OriginRequest } from './request.ts';

/** The first three may be variables of the environment: one that is not set ends the start with an error. */
export interface VerifierOptions {
  /** `assertion.issuer` of `[vars.GATEWAY]`. */
  readonly issuer: string | undefined;
  /** `assertion.audience` of the API. */
  readonly audience: string | undefined;
  /** Where the gateway publishes its keys: an https URL, or the keys themselves. */
  readonly keys: string | URL | JwkSet | undefined;
  /** What each assertion must be bound to. Default: `request`, that is method and target. */
  readonly bind?: 'request' | 'body' | 'none';
  /** Refuses an assertion that was used before. Default: none, so that one can be used again until it ends. */
  readonly replay?: ReplayMemory;
  /** How far this clock and the gateway's may be apart. Default: 5, at most 60. */
  readonly clockSkewSeconds?: number;
  /** In milliseconds. Default: `Date.now`. */
  readonly now?: () => number;
  /** Fetches the keys. Default: the global `fetch`. A Worker can give the `fetch` of a service binding. */
  readonly fetch?: FetchKeys;
}

export interface VerifiedRequest {
  /** `undefined`: the request had no token, on a public or an optional route. */
  readonly caller: OriginCaller | undefined;
  /** As in `X-Request-Id`. */
  readonly requestId: string | undefined;
  /** Of the assertion (`jti`), and when it ends, in seconds since 1970. A secret has neither. */
  readonly id: string | undefined;
  readonly expiresAt: number | undefined;
}

export interface OriginVerifier {
  /** With `body`, adapters must hand over the body. */
  readonly bind: 'request' | 'body' | 'none';
  /** @throws OriginRefusal with the code of docs/assertion.md */
  verify(request: OriginRequest): Promise<VerifiedRequest>;
}

const MAX_LIFETIME_SECONDS = 120;
const DEFAULT_SKEW_SECONDS = 5;
const MAX_SKEW_SECONDS = 60;

/** @throws TypeError where something is missing or would make checks worthless: better no service than an open one */
export function createVerifier(options: VerifierOptions): OriginVerifier {
  const { bind = 'request', replay, clockSkewSeconds = DEFAULT_SKEW_SECONDS, now = Date.now } = options;
  const issuer = demandText('issuer', options.issuer);
  const audience = demandText('audience', options.audience);
  if (!['request', 'body', 'none'].includes(bind))
    throw new TypeError("bind: write 'request', 'body' or 'none'");
  // Text, as of a variable, would be put behind a number.
  if (
    typeof clockSkewSeconds !== 'number' ||
    !(clockSkewSeconds >= 0 && clockSkewSeconds <= MAX_SKEW_SECONDS)
  )
    throw new TypeError(`clockSkewSeconds: write a number from 0 to ${MAX_SKEW_SECONDS}`);
  if (replay !== undefined && bind === 'none')
    throw new TypeError("replay: with bind: 'none' the gateway sends one assertion many times; leave it out");
  const { keys: given } = options;
  const source =
    isObject(given) && !(given instanceof URL)
      ? fixedKeys(given as JwkSet)
      : fetchedKeys(demandUrl(given), options.fetch ?? ((url, init) => fetch(url, init)), now);
  return {
    bind,
    async verify(request) {
      const assertion = readAssertion(request.headers);
      const keys = await source.get(assertion.kid, request.waitUntil);
      await checkSignature(findKey(keys, assertion.kid), assertion);
      const claims = readClaims(assertion.unverifiedClaims);
      checkParties(claims, issuer, audience);
      checkTimes(claims, now() / 1000, clockSkewSeconds);
      await checkBinding(claims, request, bind);
      const { id, expiresAt, caller, requestId } = claims;
      if (replay !== undefined && !(await replay(id, expiresAt + clockSkewSeconds)))
        refuse('replayed', 'The assertion was used before.');
      return { caller, requestId, id, expiresAt };
    },
  };
}

function checkParties(claims: AssertionClaims, issuer: string, audience: string): void {
  if (claims.issuer !== issuer)
    refuse('issuer_mismatch', `The assertion is of another issuer than ${quote(issuer)}.`);
  if (claims.audience.length !== 1 || claims.audience[0] !== audience)
    refuse(
      'audience_mismatch',
      `The assertion is for another audience than ${quote(audience)}, or for more than one.`,
    );
}

function checkTimes({ issuedAt, expiresAt }: AssertionClaims, now: number, skew: number): void {
  if (expiresAt - issuedAt > MAX_LIFETIME_SECONDS)
    refuse('lifetime_too_long', `The assertion lives longer than ${MAX_LIFETIME_SECONDS} s.`);
  if (issuedAt - now > skew)
    refuse('not_yet_valid', `The assertion is valid from ${instant(issuedAt)}; it is ${instant(now)} here.`);
  if (now - expiresAt >= skew)
    refuse('expired', `The assertion ended at ${instant(expiresAt)}; it is ${instant(now)} here.`);
}

/** Times of year 275760 and later are no dates. */
const instant = (seconds: number): string =>
  Math.abs(seconds) < 8.64e12 ? new Date(seconds * 1000).toISOString() : String(seconds);

async function checkBinding(
  { bound }: AssertionClaims,
  request: OriginRequest,
  bind: OriginVerifier['bind'],
): Promise<void> {
  if (bound === undefined) {
    if (bind !== 'none') refuse('unbound', 'The assertion is bound to no request.');
    return;
  }
  // Whatever `bind` is: the gateway said it of one request.
  if (bound.method !== request.method)
    refuse('method_mismatch', `The assertion is for ${quote(bound.method)}, not ${quote(request.method)}.`);
  if (bound.target !== request.target)
    refuse('target_mismatch', `The assertion is for ${quote(bound.target)}, not ${quote(request.target)}.`);
  if (bind === 'body' && bound.digest !== (await digestOf(request.body)))
    refuse('body_mismatch', 'The assertion is for another body.');
}

/** Control characters are escaped: sentences go into logs. */
const quote = (text: string): string => JSON.stringify(text.slice(0, 500));

async function digestOf(body: OriginRequest['body']): Promise<string> {
  const read = typeof body === 'function' ? await body() : (body ?? '');
  const bytes = typeof read === 'string' ? new TextEncoder().encode(read) : read;
  return `sha-256=:${toBase64(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))}:`;
}

function demandText(name: string, value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '')
    throw new TypeError(`${name}: the verifier needs it; it is ${value === undefined ? 'not set' : 'empty'}`);
  if (value !== value.trim()) throw new TypeError(`${name}: it has blanks or line breaks at an end`);
  return value;
}

/** Over http anybody on the way could put keys of their own. */
function demandUrl(value: unknown): string {
  const text = demandText('keys', value instanceof URL ? value.href : value);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? '');
  if (url === undefined || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback)))
    throw new TypeError('keys: write an https URL; http is for this machine only');
  if (url.username !== '' || url.password !== '')
    throw new TypeError('keys: the URL must have no credentials');
  return url.href;
}
