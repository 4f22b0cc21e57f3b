/** Is a security event genuine, and meant for this receiver? RFC 8417, OpenID Connect Back-Channel Logout 1.0 §2.6. */
import { isReason, type ReasonOf } from '../decision.ts';
import type { KeyIo } from '../keys/io.ts';
import type { KeySource } from '../keys/source.ts';
import type { Settings, Transmitter } from '../policy/policy.ts';
import { MAX_EVENT_ID_LENGTH } from '../revocation/revocation.ts';
import { MAX_TOKEN_LENGTH } from '../token/bearer.ts';
import { checkHeader } from '../token/checks.ts';
import { decodeToken, type UnverifiedHeader } from '../token/decode.ts';
import { checkSignature } from '../token/signature.ts';
import type { SignalFault } from './log.ts';
import { isObject, readId } from './subjects.ts';

type Fields = Readonly<Record<string, unknown>>;

/** An event whose sender is known. */
export interface Genuine {
  readonly kind: 'genuine';
  readonly id: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly claims: Fields;
  /** What happened, by its URI. */
  readonly events: readonly (readonly [uri: string, payload: Fields])[];
}

/** Nothing that its sender could mend by sending it again. */
export interface Bad {
  readonly kind: 'bad';
  readonly why: SignalFault;
  readonly id?: string;
}

/** It may be good: it can't be told now. */
export interface Unsure {
  readonly kind: 'unsure';
  readonly why: SignalFault;
  readonly retryAfterSeconds: number;
}

export interface VerifyIo {
  readonly keys: KeySource;
  readonly io: KeyIo;
  readonly settings: Settings;
}

export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** `application/` and letter case do not matter. No access token has these, and no event another. */
const SET_TYPES = new Set(['secevent+jwt']);
const LOGOUT_TYPES = { typed: new Set(['logout+jwt']), any: new Set(['logout+jwt', 'jwt']) } as const;

const MAX_EVENTS = 8;
/** So long are keys of which one is missing not asked for again. */
const UNKNOWN_KEY_SECONDS = 60;

/** Verifies a security event token. All that needs no key is checked first. */
export function verifyEvent(
  token: string,
  transmitter: Transmitter,
  io: VerifyIo,
): Promise<Genuine | Bad | Unsure> {
  return verify(token, transmitter, SET_TYPES, () => undefined, io);
}

/** Verifies a logout token: it names a session or a subject, ends, and has no nonce, so that no ID token passes. */
export async function verifyLogout(
  token: string,
  transmitter: Transmitter,
  io: VerifyIo,
): Promise<Genuine | Bad | Unsure> {
  const types = LOGOUT_TYPES[transmitter.logoutTokens ?? 'typed'];
  return verify(token, transmitter, types, (claims) => checkLogout(claims, transmitter, io), io);
}

function checkLogout(claims: Fields, { signer }: Transmitter, { io }: VerifyIo): SignalFault | undefined {
  const { events, exp, nonce, sub, sid } = claims;
  if (!isObject(events) || !Object.hasOwn(events, LOGOUT_EVENT) || !isObject(events[LOGOUT_EVENT]))
    return 'events';
  if (!isDate(exp) || io.now() / 1000 >= exp + signer.clockToleranceSeconds) return 'exp';
  if (Object.hasOwn(claims, 'nonce') && nonce !== undefined) return 'nonce';
  const isNamed = [sub, sid].every((one) => one == null || readId(one) !== undefined);
  return isNamed && (sub != null || sid != null) ? undefined : 'subject';
}

async function verify(
  token: string,
  transmitter: Transmitter,
  types: ReadonlySet<string>,
  more: (claims: Fields) => SignalFault | undefined,
  { keys, io, settings }: VerifyIo,
): Promise<Genuine | Bad | Unsure> {
  if (token.length > MAX_TOKEN_LENGTH) return { kind: 'bad', why: 'token_too_large' };
  const decoded = decodeToken(token);
  if (isReason(decoded)) return { kind: 'bad', why: decoded.code };
  const { header, claims } = decoded;
  const { signer, algorithms } = transmitter;
  const wrongHeader = checkHeader(header, { ...signer, algorithms, tokenTypes: types });
  if (wrongHeader !== undefined) return { kind: 'bad', why: wrongHeader.code as SignalFault };
  const read = readClaims(claims, transmitter, io.now() / 1000);
  if (typeof read === 'string') return { kind: 'bad', why: read };
  const fault = more(claims);
  if (fault !== undefined) return { kind: 'bad', why: fault };
  return (await checkSigner(token, header, read, transmitter, { keys, io, settings })) ?? read;
}

/** The claims that every event has (RFC 8417 §2.2). `exp` is none of them. */
function readClaims(claims: Fields, transmitter: Transmitter, nowSeconds: number): Genuine | SignalFault {
  const { signer, audiences } = transmitter;
  const own = (name: string) => (Object.hasOwn(claims, name) ? claims[name] : undefined);
  if (own('iss') !== signer.issuer) return 'issuer';
  const aud: readonly unknown[] = [own('aud')].flat();
  if (!aud.some((one) => typeof one === 'string' && audiences.includes(one))) return 'audience';
  const issuedAt = own('iat');
  // An old one is taken: what waited for an outage to end is as true as before.
  if (!isDate(issuedAt) || issuedAt > nowSeconds + signer.clockToleranceSeconds) return 'iat';
  const id = readId(own('jti'), MAX_EVENT_ID_LENGTH);
  if (id === undefined) return 'jti';
  const events = own('events');
  if (!isObject(events)) return 'events';
  const listed = Object.entries(events);
  const isSound = (one: readonly [string, unknown]): one is [string, Fields] => isObject(one[1]);
  if (listed.length === 0 || listed.length > MAX_EVENTS || !listed.every(isSound)) return 'events';
  return { kind: 'genuine', id, issuedAt, claims, events: listed };
}

export const isDate = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

/** @returns `undefined`: it is signed by its transmitter */
async function checkSigner(
  token: string,
  header: UnverifiedHeader,
  { issuedAt }: Pick<Genuine, 'issuedAt'>,
  { signer }: Transmitter,
  context: VerifyIo,
): Promise<Bad | Unsure | undefined> {
  const { keys, io } = context;
  const startedMs = io.now();
  const signed = await checkSignature(token, header, signer, context);
  if (signed.kind === 'signed') return undefined;
  const { reason } = signed;
  if (reason.code === 'keys_unavailable') return unavailable(reason);
  // After a bad one its sender may forget the event: it is to send it again, until keys are at hand that were asked for
  // on its account, or well after it was issued.
  if (reason.code === 'key_unknown') {
    const { checkedAtMs = 0 } = await keys.stateOf(signer, io);
    if (checkedAtMs < Math.min(startedMs, (issuedAt + UNKNOWN_KEY_SECONDS) * 1000))
      return { kind: 'unsure', why: 'key_unknown', retryAfterSeconds: UNKNOWN_KEY_SECONDS };
  }
  return { kind: 'bad', why: reason.code };
}

const unavailable = ({ retryAfterSeconds }: ReasonOf<'keys_unavailable'>): Unsure => ({
  kind: 'unsure',
  why: 'keys_unavailable',
  retryAfterSeconds,
});
