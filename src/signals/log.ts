/** The log's lines about security events. docs/signals.md says what each means. */
import { type Hmac, hashedSubject } from '../hmac.ts';
import type { Settings } from '../policy/policy.ts';
import type { Revocation } from '../revocation/revocation.ts';
import type { Unmapped } from './subjects.ts';

/** How an event came: it was sent, it was asked for, or a logout token was sent. */
export type Delivery = 'push' | 'poll' | 'logout';

interface About {
  /** Its name in the policy. */
  readonly transmitter: string;
  readonly delivery: Delivery;
  /** The answer had it as `X-Request-Id`. */
  readonly request_id?: string | undefined;
}

/** Why an event is not taken. The first ones are a transmitter's faults, the last ones nobody's for long. */
export type SignalFault =
  | 'token_malformed'
  | 'token_too_large'
  | 'critical_header_unsupported'
  | 'algorithm_not_allowed'
  | 'token_type_not_allowed'
  | 'issuer'
  | 'audience'
  | 'iat'
  | 'exp'
  | 'jti'
  | 'events'
  | 'nonce'
  | 'subject'
  | 'key_unknown'
  | 'key_ambiguous'
  | 'key_blocked'
  | 'signature_invalid'
  | 'authorization'
  | 'method'
  | 'media_type'
  | 'body_too_large'
  | 'rate_limited'
  | 'keys_unavailable'
  | 'store_failed'
  | 'binding_missing';

export type SignalEvent =
  | (About & {
      readonly event: 'signal_received';
      /** Its `jti`, cut. */
      readonly signal_id: string;
      readonly kinds: readonly string[];
      /** What is refused from now on. */
      readonly entries: number;
      /** Whether it came before: nothing changed then. */
      readonly repeated: boolean;
      /** As `log_subject` allows, the first eight. */
      readonly subjects?: readonly string[] | undefined;
      /** Of a verification event: how long its state is. */
      readonly state_length?: number | undefined;
      readonly stream_status?: 'enabled' | 'paused' | 'disabled' | 'other' | undefined;
    })
  | (About & {
      readonly event: 'signal_unmapped';
      readonly signal_id: string;
      readonly kinds: readonly string[];
      readonly why: Unmapped;
      /** The format of its subject, cut. */
      readonly format?: string | undefined;
    })
  | (About & {
      readonly event: 'signal_refused';
      readonly why: SignalFault;
      readonly signal_id?: string | undefined;
    })
  | {
      readonly event: 'signal_poll_failed';
      readonly transmitter: string;
      readonly cause: PollFault;
      readonly http_status?: number | undefined;
    };

export type PollFault =
  | 'timeout'
  | 'network_error'
  | 'http_status'
  | 'redirect'
  | 'too_large'
  | 'malformed'
  | 'binding_missing';

const MAX_LISTED = 8;
const MAX_LENGTH = 128;

export const cut = (text: string): string => text.slice(0, MAX_LENGTH);

/** The subjects of entries, as lines of requests have them. */
export async function shownSubjects(
  entries: readonly Revocation[],
  { logSubject }: Pick<Settings, 'logSubject'>,
  hmac: Hmac | undefined,
): Promise<readonly string[] | undefined> {
  const subjects = entries.filter(({ kind }) => kind === 'subject').slice(0, MAX_LISTED);
  if (subjects.length === 0 || logSubject === 'none') return undefined;
  if (logSubject === 'plain') return subjects.map(({ id }) => id);
  if (hmac === undefined) return undefined;
  return Promise.all(subjects.map(({ issuer, id }) => hashedSubject(hmac, issuer, id)));
}
