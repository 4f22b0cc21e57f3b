/** The latest decisions of a log, for a page that asks again and again for what is new. */

import { SECRET_PREFIX } from '../../issuer/src/secret-prefix.ts';
import type { DecisionData, EventData, LiveData, LogState } from '../../page/live-data.ts';
import type { LogSink } from '../logs/follow.ts';
import type { GatewayEvent, LoggedRequest } from '../logs/read/line.ts';
import { maskUrl } from '../policy/explain/mask.ts';
import { visible } from '../text/terminal.ts';

/** More are dropped, oldest first: a log has no end. */
export const MAX_KEPT = 10_000;
/** Kinds of them. */
const MAX_EVENTS = 50;
/** A page that lags behind gets them in pieces, so that neither side stalls. */
const MAX_AT_ONCE = 1_000;
const MAX_LENGTH = 300;

export interface Decisions extends LogSink {
  /** What came after a cursor; 0: all that is kept. */
  after(cursor: number): Omit<LiveData, 'policyVersion' | 'logVersion'>;
  /** The cursor of the latest. */
  readonly latest: number;
  /** Changes whenever there is anything new to tell, of the log itself, too. */
  readonly version: number;
  say(state: Pick<LogState, 'state' | 'problem'>): void;
  /** Counts lines that nobody has read. */
  addLost(lines: number): void;
}

type Counts = { -readonly [Name in keyof LogState]: LogState[Name] };

/** @param name of the log, for people. @param onNews is called for whatever changes what `after` says */
export function createDecisions(name: string, onNews: () => void, maxKept = MAX_KEPT): Decisions {
  let latest = 0;
  let version = 0;
  let events: EventData[] = [];
  // In a ring: a log that floods must not move ten thousand places for each of its lines.
  const kept: DecisionData[] = [];
  const log: Counts = {
    ...{ name, state: 'waiting', problem: null, decisions: 0, otherLines: 0, strange: null },
    ...{ brokenLines: 0, sampled: null, lostLines: 0 },
  };
  const addEvent = (one: EventData) => {
    const isSame = ({ event, issuer, detail }: EventData) =>
      event === one.event && issuer === one.issuer && detail === one.detail;
    const before = events.find(isSame)?.count ?? 0;
    events = [{ ...one, count: before + 1 }, ...events.filter((other) => !isSame(other))].slice(
      0,
      MAX_EVENTS,
    );
  };
  const changed = () => {
    version++;
    onNews();
  };
  return {
    get latest() {
      return latest;
    },
    get version() {
      return version;
    },
    add(entry) {
      if (entry.kind === 'request') {
        latest++;
        log.decisions = latest;
        kept[(latest - 1) % maxKept] = decisionOf(latest, entry.request, entry.atMs);
      } else if (entry.kind === 'event') addEvent(eventOf(entry.event, entry.atMs));
      else if (entry.kind === 'sampled') log.sampled = shown(entry.why);
      else
        addEvent({
          ...{ atMs: entry.atMs ?? null, event: 'a request was ended by the runtime', issuer: null },
          ...{ detail: shown(entry.outcome), count: 1 },
        });
      changed();
    },
    addFormat() {},
    addOther(lines, text) {
      log.otherLines += lines;
      if (log.strange === null && text !== undefined && text.trim() !== '') log.strange = shown(text);
      changed();
    },
    addBroken() {
      log.brokenLines++;
      changed();
    },
    addLost(lines) {
      log.lostLines += lines;
      changed();
    },
    say({ state, problem }) {
      log.state = state;
      log.problem = problem;
      changed();
    },
    after(cursor) {
      const oldest = Math.max(1, latest - maxKept + 1);
      // A cursor that was never given: another console's.
      const known = cursor > latest ? 0 : cursor;
      const first = Math.max(known + 1, oldest);
      const last = Math.min(latest, first + MAX_AT_ONCE - 1);
      const decisions: DecisionData[] = [];
      for (let seq = first; seq <= last; seq++) {
        const one = kept[(seq - 1) % maxKept];
        if (one !== undefined) decisions.push(one);
      }
      return {
        cursor: last,
        decisions,
        missed: known === 0 ? 0 : first - known - 1,
        events,
        log: { ...log },
      };
    },
  };
}

/** What somebody put where no token belongs, such as a path. */
const TOKEN = /eyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?/g;
const SECRET = new RegExp(`${SECRET_PREFIX}_?[A-Za-z0-9_-]{20,}`, 'g');

const shown = (text: string): string => {
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}… (${text.length} characters)` : text;
  return maskUrl(visible(cut))
    .replace(TOKEN, '(a token)')
    .replace(SECRET, '(a secret)')
    .replace(/\b(bearer|basic)\s+\S+/gi, '$1 (covered)');
};
const shownOrNull = (text: string | undefined) => (text === undefined ? null : shown(text));

function decisionOf(seq: number, request: LoggedRequest, atMs: number): DecisionData {
  const { method, status, allowed, caller, host, path, route, reason, detail, issuer } = request;
  const isOpen = allowed && issuer === undefined && request.wouldDeny === undefined;
  return {
    ...{ seq, atMs, status, allowed },
    method: shown(method),
    host: shownOrNull(host),
    path: shownOrNull(path),
    route: shownOrNull(route?.replace(/\s+/g, ' ')),
    reason: shownOrNull(reason),
    detail: shownOrNull(detail),
    wouldDeny: shownOrNull(request.wouldDeny),
    wouldDenyDetail: shownOrNull(request.wouldDenyDetail),
    // An open route reads no token: nothing was wrong with one.
    caller: isOpen ? '(nobody was asked)' : shown(caller),
    issuer: shownOrNull(issuer),
    claims: claimsOf(request),
  };
}

/** By the names that most issuers use: the log does not say where the token had them. */
function claimsOf({
  reason,
  client,
  issuer,
  scopes,
  audiences,
  unverified,
}: LoggedRequest): DecisionData['claims'] {
  const claims: Record<string, string | string[]> = {};
  const id = client ?? unverified.client;
  const [audience] = audiences ?? [];
  if (issuer === undefined && unverified.issuer !== undefined) claims['iss'] = shown(unverified.issuer);
  if (audience !== undefined)
    claims['aud'] = audiences?.length === 1 ? shown(audience) : (audiences ?? []).map(shown);
  if (id !== undefined) claims['client_id'] = shown(id);
  if (scopes !== undefined) claims['scope'] = shown(scopes.join(' '));
  const hadToken = Object.keys(claims).length > 0 || issuer !== undefined;
  return hadToken && reason !== 'token_missing' ? claims : null;
}

const eventOf = ({ event, issuer, detail }: GatewayEvent, atMs: number | undefined): EventData => ({
  atMs: atMs ?? null,
  event: shown(event),
  issuer: shownOrNull(issuer),
  detail: shownOrNull(detail),
  count: 1,
});
