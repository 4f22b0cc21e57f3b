/** The lines about security events: docs/signals.md. */
import * as z from 'zod';
import type { PollFault, SignalFault } from '../../src/signals/log.ts';
import type { Unmapped } from '../../src/signals/subjects.ts';

const text = (description: string) => z.string().describe(description);
const short = (description: string) => z.string().max(128).describe(description);
const count = (description: string) => z.int().min(0).describe(description);

const FAULTS = {
  token_malformed: 0,
  token_too_large: 0,
  critical_header_unsupported: 0,
  algorithm_not_allowed: 0,
  token_type_not_allowed: 0,
  issuer: 0,
  audience: 0,
  iat: 0,
  exp: 0,
  jti: 0,
  events: 0,
  nonce: 0,
  subject: 0,
  key_unknown: 0,
  key_ambiguous: 0,
  key_blocked: 0,
  signature_invalid: 0,
  authorization: 0,
  method: 0,
  media_type: 0,
  body_too_large: 0,
  rate_limited: 0,
  keys_unavailable: 0,
  store_failed: 0,
  binding_missing: 0,
} as const satisfies Record<SignalFault, 0>;

const UNMAPPED = {
  missing: 0,
  malformed: 0,
  format: 0,
  issuer: 0,
  undeclared: 0,
  event: 0,
} as const satisfies Record<Unmapped, 0>;

const POLL_FAULTS = {
  timeout: 0,
  network_error: 0,
  http_status: 0,
  redirect: 0,
  too_large: 0,
  malformed: 0,
  binding_missing: 0,
} as const satisfies Record<PollFault, 0>;

const namesOf = <Name extends string>(table: Readonly<Record<Name, 0>>) =>
  z.enum(Object.keys(table) as [Name, ...Name[]]);

const transmitter = text('The transmitter’s name in the policy.');
const about = {
  transmitter,
  delivery: z.enum(['push', 'poll', 'logout']).describe('How it came: docs/signals.md.'),
  request_id: text('The transmitter got it as `X-Request-Id`.').optional(),
};
const kinds = z
  .array(short('An event.'))
  .readonly()
  .describe('The events: the names of known ones, the URIs of others.');
const signalId = short('The event’s `jti`, cut at 128 characters.');

export const SIGNAL_EVENTS = {
  signal_received: {
    ...about,
    signal_id: signalId,
    kinds,
    entries: count('How many entries it made: tokens are refused by each.'),
    repeated: z.boolean().describe('Whether it came before: nothing changed then.'),
    subjects: z
      .array(text('A subject.'))
      .readonly()
      .describe('As `log_subject` allows, the first 8.')
      .optional(),
    state_length: count('Of a verification event: how long its `state` is.').optional(),
    stream_status: z
      .enum(['enabled', 'paused', 'disabled', 'other'])
      .describe('Of a stream-updated event: what the stream is now.')
      .optional(),
  },
  signal_unmapped: {
    ...about,
    signal_id: signalId,
    kinds,
    why: namesOf(UNMAPPED).describe('Why it changes nothing: docs/signals.md.'),
    format: short('The format of its subject.').optional(),
  },
  signal_refused: {
    ...about,
    why: namesOf(FAULTS).describe('What is wrong with it: docs/signals.md.'),
    signal_id: signalId.optional(),
  },
  signal_poll_failed: {
    transmitter,
    cause: namesOf(POLL_FAULTS).describe('Why no events could be asked for.'),
    http_status: z.int().describe('The status of the answer, where that is the fault.').optional(),
  },
};
