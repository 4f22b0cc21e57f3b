/** The checks of a token that need no key. Pure: the clock is an argument. */
import type { Reason, ReasonOf } from '../decision.ts';
import { DEFAULT_CLAIMS, normaliseTokenType, parseSelector, readClaim } from '../policy/claims.ts';
import { isMet } from '../policy/demands.ts';
import type { ClaimSelector, Issuer, Principal, Settings } from '../policy/policy.ts';
import { isWellFormed, type UnverifiedHeader, type UnverifiedToken } from './decode.ts';

const SCOPE_CLAIMS = DEFAULT_CLAIMS.scope.map(parseSelector);
const CLIENT_CLAIMS = DEFAULT_CLAIMS.client.map(parseSelector);
const AUDIENCE_CLAIMS = DEFAULT_CLAIMS.audience.map(parseSelector);
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
 * Reads the claims that the gateway acts on, with strict types: whatever is present must be what its RFC says
 * (RFC 7519 §4.1, RFC 6749 §3.3). An empty `sub` or client id counts as absent.
 *
 * The result speaks for a caller only once the signature is verified.
 */
export function readClaims({ claims, header }: UnverifiedToken, issuer: Issuer): Principal | Reason {
  if (Object.hasOwn(claims, 'cnf')) return { code: 'sender_constrained' };
  if (!isWellFormed(claims)) return { code: 'claims_malformed', claim: 'unicode' };
  const { exp, iat, nbf, sub } = claims;
  if (!isNumericDate(exp)) return malformed('exp');
  if (iat !== undefined && !isNumericDate(iat)) return malformed('iat');
  if (nbf !== undefined && !isNumericDate(nbf)) return malformed('nbf');
  if (sub !== undefined && typeof sub !== 'string') return malformed('sub');
  const client = readClient(claims, issuer);
  if (client === null) return malformed('client id');
  const scopes = readScopes(claims, issuer);
  if (scopes === null) return malformed('scope');
  const audiences = readAudiences(claims, issuer);
  if (audiences === null) return malformed('aud');
  for (const demand of issuer.requiredClaims)
    if (!isMet(demand, { scopes, audiences, client, claims }, NO_PLACE)) return demand.refusal;
  const subject = sub === '' ? undefined : sub;
  return {
    issuer,
    subject,
    client,
    clientIds: readClientIds(claims, issuer),
    scopes,
    audiences,
    kid: header.kid,
    claims,
    exp,
    iat,
    nbf,
  };
}

const malformed = (claim: string): ReasonOf<'claims_malformed'> => ({ code: 'claims_malformed', claim });

/** RFC 7519 §2 NumericDate: seconds, fractions allowed. */
function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** `undefined`: none; `null`: malformed. */
function readClient(claims: UnverifiedToken['claims'], issuer: Issuer): string | undefined | null {
  const value = firstPresent(claims, issuer.clientClaim, CLIENT_CLAIMS);
  if (value === undefined || value === '') return undefined;
  return typeof value === 'string' ? value : null;
}

/** The claims that the blocklist looks at for client ids: the issuer's own, and all usual ones. */
export const clientIdClaims = ({ clientClaim }: Issuer): readonly ClaimSelector[] =>
  clientClaim === undefined ? CLIENT_CLAIMS : [clientClaim, ...CLIENT_CLAIMS];

function readClientIds(claims: UnverifiedToken['claims'], issuer: Issuer): string[] {
  return clientIdClaims(issuer)
    .map((selector) => readClaim(claims, selector))
    .filter((value) => typeof value === 'string');
}

function readScopes(claims: UnverifiedToken['claims'], issuer: Issuer): ReadonlySet<string> | null {
  const value = firstPresent(claims, issuer.scopeClaim, SCOPE_CLAIMS);
  if (value === undefined || value === '') return NONE;
  const scopes: unknown = typeof value === 'string' ? value.split(' ') : value;
  if (!Array.isArray(scopes)) return null;
  const valid = scopes.every((scope) => typeof scope === 'string' && SCOPE_TOKEN.test(scope));
  return valid ? new Set(scopes as string[]) : null;
}

function readAudiences(claims: UnverifiedToken['claims'], issuer: Issuer): readonly string[] | null {
  const value = firstPresent(claims, issuer.audienceClaim, AUDIENCE_CLAIMS);
  if (value === undefined) return [];
  const audiences: unknown = Array.isArray(value) ? value : [value];
  return (audiences as unknown[]).every((audience) => typeof audience === 'string')
    ? (audiences as string[])
    : null;
}

function firstPresent(
  claims: UnverifiedToken['claims'],
  configured: ClaimSelector | undefined,
  usual: readonly ClaimSelector[],
): unknown {
  if (configured !== undefined) return readClaim(claims, configured);
  for (const selector of usual) {
    const value = readClaim(claims, selector);
    if (value !== undefined) return value;
  }
  return undefined;
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
