import type { Reason } from '../decision.ts';
import { isWellFormed, parseSelector, readClaim } from '../policy/claims.ts';
import type { Api, ForwardedClaim, Principal } from '../policy/policy.ts';

// The look-behind keeps a long run of blanks inside from taking quadratic time.
const TO_ENCODE = /[%,]|[^\x20-\x7e]+|^ +|(?<! ) +$/gu;
const NOT_ASCII = /[^\x20-\x7e]/g;

/** A claim as `as = "text"`: `decodeURIComponent` gives back the claim. */
export function encodeText(value: string): string {
  return value.replace(TO_ENCODE, (run) => encodeURIComponent(run));
}

/** An array of strings as `as = "list"`: split at `,`, then `decodeURIComponent` each. */
export function encodeList(values: readonly string[]): string {
  return values.map(encodeText).join(',');
}

/** JSON in ASCII only, as `as = "json"`. */
export function encodeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    NOT_ASCII,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The subject is sent where it is text, whatever the policy forwards. */
const SUBJECT: ForwardedClaim = {
  claim: parseSelector('sub'),
  header: 'x-claim-sub',
  as: 'text',
  only: undefined,
};

/** A claim that could not be sent in the form that the policy asks for. */
export type SkippedClaim = (claim: ForwardedClaim) => void;

/** A caller's claims as headers, or the reason why they can't be sent. */
type Rendered = readonly (readonly [name: string, value: string])[] | Reason;

/** Caches the rendered headers per principal. One entry: callers mostly stay with one API. */
const rendered = new WeakMap<Principal, { readonly claims: Claims; readonly result: Rendered }>();

/** What an API says of claims: one object for all its requests. */
type Claims = Pick<Api, 'forward' | 'maxClaimsBytes'>;

/**
 * Writes who is calling into headers: `x-claim-iss`, `-sub`, `-client-id`, `-scope`, and what the API forwards. A
 * missing or empty claim sends no header. The headers must have been stripped before.
 *
 * @param skipped told of claims that are present, but of a type that the policy didn't declare
 * @returns a reason where the claims don't fit into headers
 */
export function setClaimHeaders(
  headers: Headers,
  principal: Principal,
  claims: Claims,
  skipped: SkippedClaim,
): Reason | undefined {
  let known = rendered.get(principal);
  if (known?.claims !== claims) {
    known = { claims, result: render(principal, claims, skipped) };
    rendered.set(principal, known);
  }
  const { result } = known;
  if ('code' in result) return result;
  for (const [name, value] of result) headers.set(name, value);
  return undefined;
}

function render(principal: Principal, { forward, maxClaimsBytes }: Claims, skipped: SkippedClaim): Rendered {
  const lines: [string, string][] = [];
  let total = 0;
  const add = (name: string, value: string, claim: string): Reason | undefined => {
    if (value === '') return undefined;
    total += name.length + value.length;
    if (total > maxClaimsBytes) return { code: 'claims_too_large', claim };
    lines.push([name, value]);
    return undefined;
  };
  const { issuer, subject, client, scopes } = principal;
  const reason =
    add('x-claim-iss', encodeText(issuer.issuer), 'iss') ??
    add('x-claim-sub', encodeText(subject ?? ''), 'sub') ??
    add('x-claim-client-id', encodeText(client ?? ''), 'client_id') ??
    add('x-claim-scope', [...scopes].join(' '), 'scope');
  if (reason !== undefined) return reason;
  if (subject === undefined && (principal.claims['sub'] ?? '') !== '') skipped(SUBJECT);
  for (const forwarded of forward) {
    const claim = readClaim(principal.claims, forwarded.claim);
    if (claim === undefined || claim === null) continue;
    // A lone surrogate has no bytes in UTF-8: the origin would read another text than the issuer signed.
    if (!isWellFormed(claim)) return { code: 'claims_malformed', claim: forwarded.claim.text };
    let value: string | undefined;
    try {
      // From 2^53 on, the numbers of two subjects are read as one.
      const isNumber = typeof claim === 'number' && forwarded.claim.path.join() === 'sub';
      value = isNumber ? undefined : encodeAs(forwarded, claim);
    } catch {
      return { code: 'claims_too_large', claim: forwarded.claim.text }; // nested too deeply for JSON.stringify
    }
    if (value === undefined) skipped(forwarded);
    else {
      const tooLarge = add(forwarded.header, value, forwarded.claim.text);
      if (tooLarge !== undefined) return tooLarge;
    }
  }
  return lines;
}

function encodeAs({ as, only }: ForwardedClaim, claim: unknown): string | undefined {
  switch (as) {
    case 'text':
      return typeof claim === 'string' ? encodeText(claim) : undefined;
    case 'list': {
      const items: unknown = typeof claim === 'string' ? [claim] : claim;
      if (!Array.isArray(items)) return undefined;
      if (!items.every((item) => typeof item === 'string')) return undefined;
      return encodeList(only === undefined ? items : items.filter((item) => isSent(only, item)));
    }
    case 'json':
      return encodeJson(claim);
  }
}

/** Whether `only` lets this value through. */
export const isSent = ({ values, prefixes }: NonNullable<ForwardedClaim['only']>, value: string): boolean =>
  values.includes(value) || prefixes.some((prefix) => value.startsWith(prefix));
