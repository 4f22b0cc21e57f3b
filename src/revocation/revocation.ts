/** What is revoked, and who writes it down. Times are in seconds since 1970. */

import type { RevocationKind } from '../decision.ts';
import type { Issuer } from '../policy/policy.ts';

export type { RevocationKind } from '../decision.ts';

/** By what tokens are refused: their `jti`, `sub`, `sid` or client id, or their issuer alone. */
export const REVOCATION_KINDS = [
  'token',
  'subject',
  'session',
  'client',
  'issuer',
] as const satisfies readonly RevocationKind[];

/** Ids of tokens, subjects and clients are no longer in practice, and every isolate keeps them. */
export const MAX_ID_LENGTH = 512;
/** Of the `jti` of an event. */
export const MAX_EVENT_ID_LENGTH = 1_024;
/** Of who did it and why. */
export const MAX_SAID_LENGTH = 500;

/** Names what is revoked: always with the issuer, since others give the same ids to others. */
export interface Revoked {
  readonly kind: RevocationKind;
  /** The `iss` of the tokens, as it stands there. */
  readonly issuer: string;
  /** Empty for an issuer. */
  readonly id: string;
}

export interface Revocation extends Revoked {
  /**
   * Tokens of a subject, a client or an issuer are refused that were issued up to then, or don't say when. A token and
   * a session are refused whenever that was.
   */
  readonly beforeSeconds: number;
  /** From then on no token is alive that it could match. */
  readonly untilSeconds: number;
}

/** What one security event asks for. */
export interface ReceivedEvent {
  /** The name of its transmitter in the policy. */
  readonly from: string;
  /** Its `jti`. */
  readonly id: string;
  /** It is told from a repetition until then. */
  readonly rememberSeconds: number;
  readonly revoke: readonly Revocation[];
  /** For the record: which event it was. */
  readonly why: string;
}

export interface EventWriter {
  /** Stores what an event asks for, once. Resolves when it is stored; rejects where it can't be. */
  receive(event: ReceivedEvent): Promise<'stored' | 'repeated'>;
}

/** The longest that the date of a token can be off: the issuer's clock, and the gateway's. */
const SLACKS = 2;

/**
 * When no token is alive any more that was issued until then (seconds since 1970). The policy must give the issuer a
 * greatest age; the check demands one.
 */
export const endOf = (
  { maxTokenAgeSeconds, clockToleranceSeconds }: Pick<Issuer, 'maxTokenAgeSeconds' | 'clockToleranceSeconds'>,
  fromSeconds: number,
): number => fromSeconds + (maxTokenAgeSeconds ?? 0) + SLACKS * clockToleranceSeconds + 1;
