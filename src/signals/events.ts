/** The events that mean something here. docs/signals.md has the table, with the standards that define them. */

/**
 * What an event ends: `session` what its subject names at its narrowest (a session before its user); `caller` the tokens
 * that a user had when it happened; `account` those that the user got up to when the event was issued, since nobody
 * knows who got them. `none`: it is known, and changes nothing.
 */
export type Effect = 'session' | 'caller' | 'account' | 'none';

interface KnownEvent {
  /** For logs. */
  readonly name: string;
  readonly effect: Effect;
}

const BASE = 'https://schemas.openid.net/secevent/';

/** By family, as their URIs have it. Older names of the framework (sse) and of Google's RISC are among them. */
const EFFECTS: Readonly<Record<string, Readonly<Record<string, Effect>>>> = {
  caep: {
    'session-revoked': 'session',
    'token-claims-change': 'session',
    'credential-change': 'caller',
    'assurance-level-change': 'none',
    'device-compliance-change': 'none',
    'session-established': 'none',
    'session-presented': 'none',
    'risk-level-change': 'none',
  },
  risc: {
    'account-disabled': 'account',
    'account-purged': 'account',
    'account-credential-change-required': 'account',
    'credential-compromise': 'account',
    'sessions-revoked': 'account',
    'account-enabled': 'none',
    'identifier-changed': 'none',
    'identifier-recycled': 'none',
    'recovery-activated': 'none',
    'recovery-information-changed': 'none',
    'opt-in': 'none',
    'opt-out-initiated': 'none',
    'opt-out-cancelled': 'none',
    'opt-out-effective': 'none',
    verification: 'none',
  },
  oauth: { 'tokens-revoked': 'account' },
  ssf: { verification: 'none', 'stream-updated': 'none' },
  sse: { verification: 'none', 'stream-updated': 'none' },
};

const EVENTS: ReadonlyMap<string, KnownEvent> = new Map(
  Object.entries(EFFECTS).flatMap(([family, events]) =>
    Object.entries(events).map(([name, effect]) => [`${BASE}${family}/event-type/${name}`, { name, effect }]),
  ),
);

/** Enrolling a credential ends nothing: whoever has a token has it by another one. */
const HARMLESS_CHANGE = 'create';

/** @returns `undefined`: nobody here knows it */
export function knownEvent(uri: string, payload: Readonly<Record<string, unknown>>): KnownEvent | undefined {
  const known = EVENTS.get(uri);
  return known?.name === 'credential-change' && payload['change_type'] === HARMLESS_CHANGE
    ? { ...known, effect: 'none' }
    : known;
}
