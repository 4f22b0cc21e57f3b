/** Reads a line that the gateway wrote: about a request, or an event. */
import type { ReasonCode } from '../../../src/decision.ts';
import type { EventLine } from '../../../src/log.ts';
import { isTable, type Table, textOf } from '../../text/json.ts';

/** A request, as far as it is counted. Texts are as they came: some are a stranger's. */
export interface LoggedRequest {
  /** Equal for two copies of one line only. Clients choose `request_id`, so that alone is none. `undefined`: it has none. */
  readonly id: string | undefined;
  readonly method: string;
  readonly status: number;
  /** API and key, as the policy has them; `undefined` where none fits. */
  readonly route: string | undefined;
  readonly nearMisses: readonly string[];
  readonly allowed: boolean;
  readonly reason: string | undefined;
  /** The value that the policy wanted, or that the token claimed instead. */
  readonly detail: string | undefined;
  /** The number of the revocation or switch that refuses it. */
  readonly entry: number | undefined;
  readonly wouldDeny: string | undefined;
  readonly wouldDenyDetail: string | undefined;
  /** The client that asked, or what is known instead. */
  readonly caller: string;
  /** Of the verified token. */
  readonly client: string | undefined;
  readonly issuer: string | undefined;
  /** As `log_subject` has it. */
  readonly subject: string | undefined;
  readonly kid: string | undefined;
  /** Of the verified token, or as one claims that nobody has verified; `undefined`: the line does not say. */
  readonly scopes: readonly string[] | undefined;
  readonly audiences: readonly string[] | undefined;
  /** What a refused token claims. */
  readonly unverified: {
    readonly client: string | undefined;
    readonly issuer: string | undefined;
    readonly audience: string | undefined;
  };
  readonly host: string | undefined;
  readonly path: string | undefined;
  readonly address: string | undefined;
  readonly country: string | undefined;
  readonly workerVersion: string | undefined;
  readonly policyVersion: string | undefined;
  readonly originMs: number | undefined;
  readonly keyWaitMs: number | undefined;
}

/** An event of the gateway: of its further fields only those are read that say what it is about. */
export interface GatewayEvent {
  readonly event: string;
  readonly issuer?: string | undefined;
  /** Why, or which: a fault, a key id, a claim, an operation. */
  readonly detail?: string | undefined;
}

/** The names that the gateway gives its events. Others are counted, and don't make a log the gateway's. */
const EVENTS: Readonly<Record<EventLine['event'], true>> = {
  keys_refreshed: true,
  keys_refresh_failed: true,
  keys_store_failed: true,
  key_added: true,
  key_removed: true,
  keys_stale: true,
  keys_unusable: true,
  keys_recovered: true,
  refetch_suppressed: true,
  status_list_failed: true,
  status_list_recovered: true,
  policy_invalid: true,
  preflight_refused: true,
  claim_skipped: true,
  revocations_read_failed: true,
  revocations_recovered: true,
  signal_received: true,
  signal_unmapped: true,
  signal_refused: true,
  signal_poll_failed: true,
  error: true,
};

export const isOwnEvent = (name: string): boolean => Object.hasOwn(EVENTS, name);

/** What is known of a line from around it. */
export interface Surroundings {
  readonly atMs?: number | undefined;
  readonly url?: string | undefined;
  readonly workerVersion?: string | undefined;
}

/** What a refused token claims is cut here. */
const MAX_CUT = 128;

export type LineEntry =
  | { readonly kind: 'request'; readonly request: LoggedRequest; readonly atMs: number }
  | { readonly kind: 'event'; readonly event: GatewayEvent; readonly atMs: number | undefined };

/** @returns `undefined` for what is none of the gateway's */
export function readLine(value: Table, around: Surroundings): LineEntry | undefined {
  if (typeof value['event'] === 'string') {
    const { event, issuer, api, transmitter } = value;
    const about = textOf(issuer) ?? textOf(api) ?? textOf(transmitter);
    return { kind: 'event', event: { event, issuer: about, detail: eventDetail(value) }, atMs: around.atMs };
  }
  const { time, method, decision, status } = value;
  const timeMs = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  const isRequest =
    !Number.isNaN(timeMs) &&
    typeof method === 'string' &&
    typeof status === 'number' &&
    (decision === 'allow' || decision === 'deny');
  if (!isRequest) return undefined;
  return { kind: 'request', request: readRequest(value, method, status, around), atMs: timeMs };
}

function readRequest(line: Table, method: string, status: number, around: Surroundings): LoggedRequest {
  const { near_miss: nearMisses, reason, would_deny: wouldDeny } = line;
  const number = (value: unknown) => (typeof value === 'number' ? value : undefined);
  const place = textOf(line['path']) === undefined ? placeOf(around.url) : undefined;
  return {
    id: idOf(line),
    method,
    status,
    route: textOf(line['route']),
    nearMisses: Array.isArray(nearMisses) ? nearMisses.filter((one) => typeof one === 'string') : [],
    allowed: line['decision'] === 'allow',
    reason: textOf(reason),
    detail: detailOf(line, reason, line['reason_detail']),
    entry: number(line['entry']),
    wouldDeny: textOf(wouldDeny),
    wouldDenyDetail: detailOf(line, wouldDeny, line['would_deny_detail']),
    caller: callerOf(line),
    client: textOf(line['client']),
    issuer: textOf(line['issuer']),
    subject: textOf(line['subject']),
    kid: textOf(line['kid']),
    scopes: textsOf(line['scopes']) ?? wordsOf(line['unverified_scope']),
    audiences: textsOf(line['audiences']) ?? wordsOf(line['unverified_aud']),
    unverified: {
      client: textOf(line['unverified_client']),
      issuer: textOf(line['unverified_iss']),
      audience: textOf(line['unverified_aud']),
    },
    host: textOf(line['host']) ?? place?.host,
    path: textOf(line['path']) ?? place?.path,
    address: textOf(line['address']),
    country: textOf(line['country']),
    workerVersion: textOf(line['worker_version']) ?? around.workerVersion,
    policyVersion: textOf(line['policy_version']),
    originMs: number(line['origin_ms']),
    keyWaitMs: number(line['key_wait_ms']),
  };
}

function idOf(line: Table): string | undefined {
  const { time, request_id: id, ray, method, route, path, status, reason, would_deny: wouldDeny } = line;
  if (textOf(id) === undefined && textOf(ray) === undefined) return undefined;
  return [time, id, ray, method, route, path, status, reason, wouldDeny].join('\n');
}

const textsOf = (value: unknown) =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : undefined;

/** A text that was cut ends within a word. */
const wordsOf = (value: unknown) =>
  typeof value === 'string' && value.length < MAX_CUT ? value.split(' ') : undefined;

/** Host and path of a URL as it was sent; the query can hold secrets. */
function placeOf(url: string | undefined): { host: string; path: string } | undefined {
  const [, host, path] = /^[a-z]+:\/\/([^/?#]+)([^?#]*)/i.exec(url ?? '') ?? [];
  return host === undefined ? undefined : { host, path: path || '/' };
}

/** Which of the fields that a refused token claims its reason is about. */
const CLAIMED: Readonly<Partial<Record<ReasonCode, string>>> = {
  issuer_not_allowed: 'unverified_iss',
  audience_mismatch: 'unverified_aud',
  algorithm_not_allowed: 'unverified_alg',
  token_type_not_allowed: 'unverified_typ',
  key_unknown: 'unverified_kid',
};

/** Dates differ from request to request: they are left out, as they would tell every request apart. */
function detailOf(line: Table, reason: unknown, detail: unknown): string | undefined {
  const claimed = typeof reason === 'string' ? textOf(line[CLAIMED[reason as ReasonCode] ?? '']) : undefined;
  if (claimed !== undefined) return JSON.stringify(claimed);
  if (Array.isArray(detail)) return detail.filter((one) => typeof one === 'string').join(' ');
  return textOf(detail);
}

/** No route looks at the token of such a request. */
const UNROUTED: ReadonlySet<unknown> = new Set(['route_unknown', 'method_not_allowed', 'path_ambiguous']);

function callerOf({
  client,
  issuer,
  reason,
  would_deny: wouldDeny,
  unverified_client: claimed,
}: Table): string {
  if (typeof client === 'string') return client;
  if (typeof issuer === 'string') return `(a token of ${issuer} without client id)`;
  const why = reason ?? wouldDeny;
  if (UNROUTED.has(why))
    return typeof claimed === 'string' ? `${claimed} (unverified)` : '(nobody was asked)';
  return why === 'token_missing' ? '(no token)' : '(no good token)';
}

function eventDetail(value: Table): string | undefined {
  const { fault, cause, kid, operation, claim, faults, name, origin, add, why, kinds } = value;
  const first = Array.isArray(faults) && isTable(faults[0]) ? faults[0]['at'] : undefined;
  const events = Array.isArray(kinds) ? kinds.filter((one) => typeof one === 'string').join(' ') : undefined;
  const known = [fault, cause, kid, operation, claim, first, name, why, events]
    .map(textOf)
    .find((one) => one !== undefined);
  const status = value['http_status'];
  if ((fault ?? cause) === 'http_status' && Number.isInteger(status)) return `http_status ${status}`;
  if (value['event'] !== 'preflight_refused') return known;
  // What would allow it comes first: the end may be cut. An origin to add tells whose preflight it was.
  const [remedy, page] = [textOf(add), textOf(origin)];
  if (remedy === undefined) return [known, page].filter(Boolean).join(' ');
  return cause === 'headers' ? `add ${remedy} for ${page}` : `add ${remedy}`;
}
