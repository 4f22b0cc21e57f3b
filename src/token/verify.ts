import { isReason, type Reason } from '../decision.ts';
import type { KeyIo } from '../keys/io.ts';
import type { KeyOrigin, KeySource, KeysAtHand, KeysReason } from '../keys/source.ts';
import { checkAudience } from '../policy/authorize.ts';
import type { Issuer, Principal, Route, Settings } from '../policy/policy.ts';
import type { TokenCache } from './cache.ts';
import { checkBlocked, checkHeader, checkTimes, readClaims } from './checks.ts';
import { decodeToken, type UnverifiedToken } from './decode.ts';
import { checkSignature } from './signature.ts';
import { checkStatus } from './status/check.ts';
import type { StatusSource } from './status/source.ts';

/** Context of the checks that need no key. */
export interface CheckContext {
  readonly settings: Settings;
  readonly io: Pick<KeyIo, 'now'>;
  /** Is told of each check of a token, in order, up to the one that refuses: for tools that explain it. */
  readonly observe?: ObserveToken;
}

/** The checks of a token that need no key, in the order in which their reasons count. */
const TOKEN_STEPS = ['decode', 'issuer', 'header', 'claims', 'blocked', 'times', 'audience'] as const;
export type TokenStep = (typeof TOKEN_STEPS)[number];

export type ObserveToken = (step: TokenStep, seen: SeenToken, reason: Reason | undefined) => void;

/** As much of a token as the checks so far have made out. It goes on changing: an observer reads it at once. */
export interface SeenToken {
  readonly token: string;
  /** Those that want the token. */
  readonly routes: readonly Route[];
  readonly unverified?: UnverifiedToken;
  readonly issuer?: Issuer;
  readonly principal?: Principal;
  /** The route whose audience is checked. */
  readonly route?: Route;
}

export interface VerifyContext extends CheckContext {
  readonly keys: KeySource;
  readonly cache: TokenCache;
  /** `not_asked`: tools that fetch nothing look no status up. */
  readonly statuses: StatusSource | 'not_asked';
  readonly io: KeyIo;
}

/** A token that passed every check, and what the log says of how. */
export interface Verified {
  readonly kind: 'verified';
  readonly principal: Principal;
  /** `undefined` where no key was asked, as in tools. */
  readonly keysFrom: KeyOrigin | undefined;
}

/** A refused token, with what it claims: for logs only, and named `unverified…` there. */
export interface Refused {
  readonly kind: 'refused';
  readonly reason: Reason;
  readonly unverified?: UnverifiedToken;
  /** Set if its signature was verified, now or by an earlier request. */
  readonly principal?: Principal;
  readonly keysFrom?: KeyOrigin;
}

/**
 * Verifies an access token for the routes that a request falls under (RFC 7519 §7.2, RFC 8725, RFC 9068 §4). All
 * checks that need no key come before any fetch; the signature is checked with the keys of the token's issuer only.
 *
 * @param routes the routes that want a token, at least one: it must be meant for all of them
 */
export function verifyToken(
  token: string,
  routes: readonly Route[],
  context: VerifyContext,
): Verified | Refused | Promise<Verified | Refused> {
  const remembered = context.cache.get(token);
  if (remembered === undefined || remembered.settings !== context.settings)
    return verifyAnew(token, routes, context);
  const { principal, keyId } = remembered;
  const reason = checkClaims(principal, routes, context);
  if (reason !== undefined) return { kind: 'refused', reason, principal };
  const judge = (keys: KeysAtHand | KeysReason) => {
    if (isReason(keys)) return { kind: 'refused', reason: keys, principal } as const;
    if (keys.set.ids.has(keyId)) return withStatus(principal, keys.from, context);
    context.cache.delete(token);
    return verifyAnew(token, routes, context);
  };
  // Mostly there is nothing to wait for.
  const found = context.keys.get(principal.issuer, context.io);
  return found instanceof Promise ? found.then(judge) : judge(found);
}

async function verifyAnew(
  token: string,
  routes: readonly Route[],
  context: VerifyContext,
): Promise<Verified | Refused> {
  const checked = checkToken(token, routes, context);
  if (checked.kind === 'refused') return checked;
  const { unverified, principal } = checked;
  const { header } = unverified;
  const signed = await checkSignature(token, header, principal.issuer, context);
  if (signed.kind === 'unsound') {
    const { reason, keysFrom } = signed;
    return { kind: 'refused', reason, unverified, ...(keysFrom !== undefined && { keysFrom }) };
  }
  if (principal.issuer.remembersTokens) {
    const { settings } = context;
    context.cache.set(token, { principal, keyId: signed.by.id, settings });
  }
  return withStatus(principal, signed.from, context);
}

/** The last check, of tokens that are verified: a forged one must not have lists fetched. */
function withStatus(
  principal: Principal,
  keysFrom: KeyOrigin,
  context: VerifyContext,
): Verified | Refused | Promise<Verified | Refused> {
  const result = (reason: Reason | undefined): Verified | Refused =>
    reason === undefined
      ? { kind: 'verified', principal, keysFrom }
      : { kind: 'refused', reason, principal, keysFrom };
  const { statuses } = context;
  if (principal.status === undefined || statuses === 'not_asked') return result(undefined);
  const reason = checkStatus(principal, statuses, context);
  return reason instanceof Promise ? reason.then(result) : result(reason);
}

/** Passed every check except the signature. Don't trust its principal yet. */
export interface Unsigned {
  readonly kind: 'unsigned';
  readonly unverified: UnverifiedToken;
  readonly principal: Principal;
}

type Filling<T> = { -readonly [Name in keyof T]: T[Name] };

/** All checks of a token that need no key, in the order of `TOKEN_STEPS`. */
export function checkToken(
  token: string,
  routes: readonly Route[],
  context: CheckContext,
): Unsigned | Refused {
  const { observe } = context;
  const seen: Filling<SeenToken> = { token, routes };
  /** @returns the refusal, where there is a reason for one */
  const made = (step: TokenStep, reason: Reason | undefined): Refused | undefined => {
    observe?.(step, seen, reason);
    return reason && { kind: 'refused', reason, ...(seen.unverified && { unverified: seen.unverified }) };
  };

  const unverified = decodeToken(token);
  if (isReason(unverified)) return made('decode', unverified) as Refused;
  seen.unverified = unverified;
  made('decode', undefined);
  const { header, claims } = unverified;
  const iss = Object.hasOwn(claims, 'iss') ? claims['iss'] : undefined;
  const issuer = typeof iss === 'string' ? routes[0]?.issuers.get(iss) : undefined;
  if (issuer === undefined) return made('issuer', { code: 'issuer_not_allowed', iss }) as Refused;
  seen.issuer = issuer;
  made('issuer', undefined);
  const badHeader = made('header', checkHeader(header, issuer));
  if (badHeader !== undefined) return badHeader;
  const principal = readClaims(unverified, issuer);
  if (isReason(principal)) return made('claims', principal) as Refused;
  seen.principal = principal;
  made('claims', undefined);
  const reason = checkClaims(principal, routes, context, seen);
  return reason === undefined
    ? { kind: 'unsigned', unverified, principal }
    : { kind: 'refused', reason, unverified };
}

/** The checks that hold for remembered tokens too: time passes, and routes differ. */
function checkClaims(
  principal: Principal,
  routes: readonly Route[],
  { settings, io, observe }: CheckContext,
  seen?: Filling<SeenToken>,
): Reason | undefined {
  const made = (step: TokenStep, reason: Reason | undefined) => {
    if (seen !== undefined) observe?.(step, seen, reason);
    return reason;
  };
  const early =
    made('blocked', checkBlocked(principal, settings)) ??
    made('times', checkTimes(principal, Math.floor(io.now() / 1000)));
  if (early !== undefined) return early;
  for (const route of routes) {
    if (seen !== undefined) seen.route = route;
    const reason = made('audience', checkAudience(route, principal));
    if (reason !== undefined) return reason;
  }
  return undefined;
}
