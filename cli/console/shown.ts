/** What a log says of requests and events, as the page may have it: cut, visible, and without tokens. */
import { SECRET_PREFIX } from '../../issuer/src/secret-prefix.ts';
import type { DecisionData, EventData } from '../../page/live-data.ts';
import type { GatewayEvent, LoggedRequest } from '../logs/read/line.ts';
import { maskUrl } from '../policy/explain/mask.ts';
import { visible } from '../text/terminal.ts';

const MAX_LENGTH = 300;

/** What somebody put where no token belongs, such as a path. */
const TOKEN = /eyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?/g;
const SECRET = new RegExp(`${SECRET_PREFIX}_?[A-Za-z0-9_-]{20,}`, 'g');

/** A stranger's text. */
export const shown = (text: string): string => {
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}… (${text.length} characters)` : text;
  return maskUrl(visible(cut))
    .replace(TOKEN, '(a token)')
    .replace(SECRET, '(a secret)')
    .replace(/\b(bearer|basic)\s+\S+/gi, '$1 (covered)');
};
const shownOrNull = (text: string | undefined) => (text === undefined ? null : shown(text));

export function decisionOf(seq: number, request: LoggedRequest, atMs: number): DecisionData {
  const { method, status, allowed, caller, host, path, route, reason, detail, issuer } = request;
  const withEntry = (text: string | undefined) =>
    shownOrNull(
      request.entry === undefined ? text : [text, `entry ${request.entry}`].filter(Boolean).join(', '),
    );
  const isOpen = allowed && issuer === undefined && request.wouldDeny === undefined;
  return {
    ...{ seq, atMs, status, allowed },
    method: shown(method),
    host: shownOrNull(host),
    path: shownOrNull(path),
    route: shownOrNull(route?.replace(/\s+/g, ' ')),
    reason: shownOrNull(reason),
    detail: reason === undefined ? shownOrNull(detail) : withEntry(detail),
    wouldDeny: shownOrNull(request.wouldDeny),
    wouldDenyDetail:
      reason === undefined && request.wouldDeny !== undefined
        ? withEntry(request.wouldDenyDetail)
        : shownOrNull(request.wouldDenyDetail),
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

export const eventOf = ({ event, issuer, detail }: GatewayEvent, atMs: number | undefined): EventData => ({
  atMs: atMs ?? null,
  event: shown(event),
  issuer: shownOrNull(issuer),
  detail: shownOrNull(detail),
  count: 1,
});
