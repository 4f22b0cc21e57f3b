/** The checks of a token that need no key. Pure: the clock is an argument. */
import { isReason, type Reason, type ReasonOf } from '../decision.ts';
import { DEFAULT_CLAIMS, normaliseTokenType, parseSelector, readClaim } from '../policy/claims.ts';
import { isMet } from '../policy/demands.ts';
import type { ClaimSelector, Issuer, Principal, Settings } from '../policy/policy.ts';
import type { UnverifiedHeader, UnverifiedToken } from './decode.ts';
import { readStatusReference } from './status/reference.ts';

const SCOPE_CLAIMS = DEFAULT_CLAIMS.scope.map(parseSelector);
const CLIENT_CLAIMS = DEFAULT_CLAIMS.client.map(parseSelector);
const AUDIENCE_CLAIM = parseSelector(DEFAULT_CLAIMS.audience[0]);
/** RFC 6749 §3.3. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
/** No demand of an issuer is about a route's parameter. */
const NO_PLACE = { segments: [], host: '' };
const NONE: ReadonlySet<string> = new Set();

/** Header checks: algorithm and type are what this issuer is configured for (RFC 8725 §3.1, §3.11). */
export function checkHeader(header: UnverifiedHeader, issuer: Issuer): Reason | undefined {
  if (!allowsAlgorithm(issuer, header.alg)) return { code: 'algorithm_not_allowed', alg: header.alg };
  if (!issuer.tokenTypes.has(normaliseTokenType(header.typ ?? 'jwt'))) {
    return { code: 'token_type_not_allowed', typ: header.typ };
  }
  return undefined;
}

/** `Ed25519` (RFC 9864) and `EdDSA` (RFC 8037) are the same here: no Ed448 key is ever accepted. */
function allowsAlgorithm(issuer: Issuer, alg: string): boolean {
  if (alg === 'EdDSA' || alg === 'Ed25519') {
    return issuer.algorithms.has('EdDSA') || issuer.algorithms.has('Ed25519');
  }
  return issuer.algorithms.has(alg);
}

/**
 * Reads the claims that the gateway acts on. `null` is absent everywhere. What is demanded, and what the issuer's table
 * names, must be what its RFC says (RFC 7519 §4.1, RFC 6749 §3.3); what nobody asked for can't refuse a token: a claim
 * that is only looked at by its usual name, and has another form, is not taken.
 *
 * The result speaks for a caller only once the signature is verified.
 */
export function readClaims({ claims, header }: UnverifiedToken, issuer: Issuer): Principal | Reason {
  const { cnf, exp, iat, nbf, sub } = claims;
  if (cnf != null) return { code: 'sender_constrained' };
  if (!isNumericDate(exp)) return malformed('exp');
  // A date that may keep a token out is used, wherever it is.
  if (nbf != null && !isNumericDate(nbf)) return malformed('nbf');
  const client = readClient(claims, issuer);
  if (typeof client === 'object') return client;
  const scopes = readScopes(claims, issuer);
  if ('code' in scopes) return scopes;
  const audiences = readAudiences(claims, issuer);
  if ('code' in audiences) return audiences;
  for (const demand of issuer.requiredClaims)
    if (!isMet(demand, { scopes, audiences, client, claims }, NO_PLACE)) return demand.refusal;
  const status = readStatusReference(claims, issuer);
  if (status !== undefined && isReason(status)) return status;
  return {
    issuer,
    subject: isName(sub) ? sub : undefined,
    client,
    clientIds: readClientIds(claims, issuer),
    scopes,
    audiences,
    kid: header.kid,
    claims,
    exp,
    // Only an issuer with a limit of age asks for it, and then misses it.
    iat: isNumericDate(iat) ? iat : undefined,
    nbf: nbf ?? undefined,
    ...(status && { status }),
  };
}

const malformed = (claim: string): ReasonOf<'claims_malformed'> => ({ code: 'claims_malformed', claim });

/** RFC 7519 §2 NumericDate: seconds, fractions allowed. */
export function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** A name that can be sent on. A number is none: from 2^53 on, two of them are read as one. */
const isName = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.isWellFormed();

/** @returns `undefined` where there is none */
function readClient(
  claims: UnverifiedToken['claims'],
  { clientClaim }: Issuer,
): string | undefined | ReasonOf<'claims_malformed'> {
  if (clientClaim === undefined) {
    for (const selector of CLIENT_CLAIMS) {
      const value = readClaim(claims, selector);
      if (isName(value)) return value;
    }
    return undefined;
  }
  const value = readClaim(claims, clientClaim);
  if (value == null || value === '') return undefined;
  return isName(value) ? value : malformed(clientClaim.text);
}

/** The claims that the blocklist looks at for client ids: the issuer's own, and all usual ones. */
export const clientIdClaims = ({ clientClaim }: Issuer): readonly ClaimSelector[] =>
  clientClaim === undefined ? CLIENT_CLAIMS : [clientClaim, ...CLIENT_CLAIMS];

/** Whatever could be read as a client id: a blocked one must not pass by being a number, or one of a list. */
function readClientIds(claims: UnverifiedToken['claims'], issuer: Issuer): string[] {
  const ids: string[] = [];
  for (const selector of clientIdClaims(issuer)) {
    const value = readClaim(claims, selector);
    for (const one of Array.isArray(value) ? value : [value])
      if (typeof one === 'string' || typeof one === 'number') ids.push(String(one));
  }
  return ids;
}

function readScopes(
  claims: UnverifiedToken['claims'],
  { scopeClaim }: Issuer,
): ReadonlySet<string> | ReasonOf<'claims_malformed'> {
  if (scopeClaim === undefined) {
    for (const selector of SCOPE_CLAIMS) {
      const scopes = toScopes(readClaim(claims, selector));
      if (scopes !== undefined) return scopes;
    }
    return NONE;
  }
  const value = readClaim(claims, scopeClaim);
  if (value == null) return NONE;
  const isOdd = Array.isArray(value) && !value.every((scope) => typeof scope === 'string');
  return (isOdd ? undefined : toScopes(value)) ?? malformed(scopeClaim.text);
}

/**
 * The scopes of a claim; what is not a scope-token is none, and a list's entries are never split: "User Admin" is not two.
 *
 * @returns `undefined` where the claim is neither text nor a list
 */
function toScopes(value: unknown): ReadonlySet<string> | undefined {
  if (value === '') return NONE;
  const scopes: unknown = typeof value === 'string' ? value.split(/[ \t]+/) : value;
  if (!Array.isArray(scopes)) return undefined;
  return new Set(scopes.filter((scope) => typeof scope === 'string' && SCOPE_TOKEN.test(scope)) as string[]);
}

function readAudiences(
  claims: UnverifiedToken['claims'],
  { audienceClaim = AUDIENCE_CLAIM }: Issuer,
): readonly string[] | ReasonOf<'claims_malformed'> {
  const value = readClaim(claims, audienceClaim);
  if (value == null) return [];
  const audiences: readonly unknown[] = Array.isArray(value) ? value : [value];
  return audiences.every((audience) => typeof audience === 'string')
    ? audiences
    : malformed(audienceClaim.text);
}

/** Whether the policy's blocklists name the client or the key of a token, whatever claim the client is found by. */
export function checkBlocked({ clientIds, kid }: Principal, settings: Settings): Reason | undefined {
  const client = clientIds.find((one) => settings.blockedClients.has(one));
  if (client !== undefined) return { code: 'client_blocked', client };
  return kid !== undefined && settings.blockedKids.has(kid) ? { code: 'key_blocked' } : undefined;
}

/** The reasons for which a token is not valid at an instant. */
export type TimeReason = ReasonOf<
  'token_expired' | 'token_not_yet_valid' | 'token_too_old' | 'claims_malformed'
>;

/** Whether a token is valid at this instant (RFC 7519 §4.1.4 to §4.1.6). Runs on every request, remembered or not. */
export function checkTimes({ exp, iat, nbf, issuer }: Principal, nowSeconds: number): TimeReason | undefined {
  const { clockToleranceSeconds: tolerance, maxTokenAgeSeconds, notBeforeSeconds } = issuer;
  if (nowSeconds >= exp + tolerance) return { code: 'token_expired', exp };
  if (nbf !== undefined && nbf > nowSeconds + tolerance) return { code: 'token_not_yet_valid', nbf };
  if (maxTokenAgeSeconds === undefined && notBeforeSeconds === undefined) return undefined;
  if (iat === undefined) return malformed('iat');
  if (maxTokenAgeSeconds !== undefined) {
    if (nowSeconds >= iat + maxTokenAgeSeconds + tolerance) return { code: 'token_too_old', iat };
    // A date of issue in the future would make the token younger than it is.
    if (iat > nowSeconds + tolerance) return { code: 'token_not_yet_valid', nbf: iat };
  }
  if (notBeforeSeconds !== undefined && iat < notBeforeSeconds) return { code: 'token_too_old', iat };
  return undefined;
}
