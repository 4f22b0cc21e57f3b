/** What a genuine event asks for: entries by which tokens are refused. docs/signals.md has the table. */
import type { Transmitter } from '../policy/policy.ts';
import { endOf, type Revocation } from '../revocation/revocation.ts';
import { type Effect, knownEvent } from './events.ts';
import { cut } from './log.ts';
import { findNamed, isObject, type Named, readId, type Unmapped } from './subjects.ts';
import { type Genuine, isDate, LOGOUT_EVENT } from './verify.ts';

export interface Asked {
  /** Names of the events. */
  readonly kinds: readonly string[];
  readonly revoke: readonly Revocation[];
  /** Why an event changes nothing that means something. */
  readonly unmapped: Unmapped | undefined;
}

/** Tokens of the same second, and of clocks that differ by one, are refused. */
const GRACE_SECONDS = 1;
/** Drafts of CAEP have milliseconds. No date in seconds is as large before the year 5000. */
const LEAST_MILLISECONDS = 1e11;

export function askedBy(event: Genuine, transmitter: Transmitter, nowSeconds: number): Asked {
  const revoke = new Map<string, Revocation>();
  const kinds: string[] = [];
  let unmapped: Unmapped | undefined;
  for (const [uri, payload] of event.events) {
    const known = knownEvent(uri, payload);
    kinds.push(known?.name ?? cut(uri));
    if (known === undefined) unmapped ??= 'event';
    const effect = known?.effect ?? 'none';
    if (effect === 'none') continue;
    const found = subjectsOf(event.claims, payload)
      .map((subject) => findNamed(subject, effect, transmitter))
      .reduce<readonly Named[] | Unmapped>(firstFound, 'missing');
    if (typeof found === 'string') {
      unmapped ??= found;
      continue;
    }
    const at = happenedAt(event, payload, effect, nowSeconds);
    for (const entry of found.map((one) => entryOf(one, at, event, nowSeconds))) {
      const name = JSON.stringify([entry.kind, entry.issuer, entry.id]);
      const other = revoke.get(name);
      const isLater = other === undefined || other.beforeSeconds < entry.beforeSeconds;
      if (isLater && entry.untilSeconds > nowSeconds) revoke.set(name, entry);
    }
  }
  return { kinds, revoke: [...revoke.values()], unmapped };
}

/** A logout token ends a session, or all of a subject where it names none (Back-Channel Logout §2.4). */
export function askedByLogout(event: Genuine, transmitter: Transmitter, nowSeconds: number): Asked {
  const { sid, sub, iss } = event.claims;
  const session = readId(sid);
  const id = session ?? readId(sub);
  const named = transmitter.revokes
    .filter(({ issuer }) => issuer === iss && id !== undefined)
    .map(
      (issuer): Named => ({
        kind: session === undefined ? 'subject' : 'session',
        issuer,
        id: id ?? '',
      }),
    );
  const at = happenedAt(event, {}, 'session', nowSeconds);
  const entries = named.map((one) => entryOf(one, at, event, nowSeconds));
  return {
    kinds: event.events.map(([uri]) => (uri === LOGOUT_EVENT ? 'logout' : cut(uri))),
    revoke: entries.filter(({ untilSeconds }) => untilSeconds > nowSeconds),
    unmapped: named.length === 0 ? 'issuer' : undefined,
  };
}

/** Where a subject may be: beside the events, within one as in drafts, or in `sub` (RFC 8417 §2.2). */
function subjectsOf(claims: Genuine['claims'], payload: Genuine['claims']): readonly unknown[] {
  const { sub_id: subject, iss, sub } = claims;
  const legacy = sub == null ? undefined : { format: 'iss_sub', iss, sub };
  return [subject, payload['subject'], legacy].filter((one) => one != null);
}

/** The first that can be found, else why the first can't. */
const firstFound = (so: readonly Named[] | Unmapped, next: readonly Named[] | Unmapped) =>
  typeof so !== 'string' ? so : typeof next !== 'string' || so === 'missing' ? next : so;

/** When it happened. Never later than now: whoever logs in again must get in. */
function happenedAt(
  { issuedAt, claims }: Pick<Genuine, 'issuedAt' | 'claims'>,
  payload: Genuine['claims'],
  effect: Effect,
  nowSeconds: number,
): number {
  const said = [payload['event_timestamp'], claims['toe']].find(isDate) ?? issuedAt;
  const happened = said >= LEAST_MILLISECONDS ? said / 1000 : said;
  const seconds = effect === 'account' ? Math.max(happened, issuedAt) : happened;
  return Math.ceil(Math.min(seconds, nowSeconds)) + GRACE_SECONDS;
}

function entryOf(
  { kind, issuer, id }: Named,
  at: number,
  { issuedAt }: Pick<Genuine, 'issuedAt'>,
  nowSeconds: number,
): Revocation {
  const last = Math.max(at, Math.ceil(Math.min(issuedAt, nowSeconds)));
  return {
    kind,
    issuer: issuer.issuer,
    id,
    beforeSeconds: at,
    untilSeconds: endOf(issuer, last),
  };
}

/** What is worth a line of a stream's own events. */
export function streamFacts({ events }: Genuine): {
  readonly state_length?: number;
  readonly stream_status?: 'enabled' | 'paused' | 'disabled' | 'other';
} {
  for (const [uri, payload] of events) {
    if (/\/(ssf|sse|risc)\/event-type\/verification$/.test(uri)) {
      const { state } = payload;
      return { state_length: typeof state === 'string' ? state.length : 0 };
    }
    if (/\/(ssf|sse)\/event-type\/stream-updated$/.test(uri)) {
      const { status } = payload;
      const isKnown = status === 'enabled' || status === 'paused' || status === 'disabled';
      return { stream_status: isKnown ? status : 'other' };
    }
  }
  return {};
}

/** For the log. */
export function formatOfSubject({ claims, events }: Genuine): string | undefined {
  const [subject] = subjectsOf(claims, events[0]?.[1] ?? {});
  const format = isObject(subject) ? (subject['format'] ?? subject['subject_type']) : undefined;
  return typeof format === 'string' ? cut(format) : undefined;
}
