/** Reads a JSON value of the log: a line of the gateway, or an event of `wrangler tail` that holds some. */
import type { ReasonCode } from '../../../src/decision.ts';
import { isTable, parseJson, type Table, textOf } from '../../text/json.ts';

/** A request, as far as it is counted. */
export interface LoggedRequest {
  /** API and key, as the policy has them; `undefined` where none fits. */
  readonly route: string | undefined;
  readonly nearMisses: readonly string[];
  readonly allowed: boolean;
  readonly reason: string | undefined;
  /** The value that the policy wanted, or that the token claimed instead. */
  readonly detail: string | undefined;
  readonly wouldDeny: string | undefined;
  readonly wouldDenyDetail: string | undefined;
  /** The client that asked, or what is known instead. */
  readonly caller: string;
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

export type Entry =
  | { readonly kind: 'request'; readonly request: LoggedRequest; readonly atMs: number }
  | { readonly kind: 'event'; readonly event: GatewayEvent; readonly atMs: number | undefined }
  /** The runtime ended an invocation: an exception, or a limit. */
  | { readonly kind: 'outcome'; readonly outcome: string; readonly atMs: number | undefined }
  /** There is more traffic than `wrangler tail` passes on. */
  | { readonly kind: 'sampled' }
  | { readonly kind: 'other' };

/** Everything that a value says, in its order. What is none of the gateway's is one `other`. */
export function readEntries(value: unknown): Entry[] {
  if (!isTable(value)) return [{ kind: 'other' }];
  if (Array.isArray(value['logs'])) return readTailEvent(value, value['logs']);
  const { event } = value;
  if (isTable(event) && (event['type'] === 'overload' || event['type'] === 'overload-stop'))
    return [{ kind: 'sampled' }];
  return [readLine(value, undefined)];
}

/** A client that leaves early is no fault. */
const HARMLESS: readonly string[] = ['ok', 'canceled', 'responseStreamDisconnected'];

/** An invocation of the Worker, with what it wrote to the console. */
function readTailEvent(tail: Table, logs: readonly unknown[]): Entry[] {
  const entries: Entry[] = [];
  const { outcome, eventTimestamp } = tail;
  const tailAtMs = typeof eventTimestamp === 'number' ? eventTimestamp : undefined;
  for (const log of logs) {
    if (!isTable(log)) continue;
    const { message, timestamp } = log;
    const atMs = typeof timestamp === 'number' ? timestamp : tailAtMs;
    for (const part of Array.isArray(message) ? message : [message]) {
      const value = typeof part === 'string' ? parseJson(part) : part;
      entries.push(isTable(value) ? readLine(value, atMs) : { kind: 'other' });
    }
  }
  if (typeof outcome === 'string' && !HARMLESS.includes(outcome))
    entries.push({ kind: 'outcome', outcome, atMs: tailAtMs });
  return entries;
}

function readLine(value: Table, atMs: number | undefined): Entry {
  if (typeof value['event'] === 'string') {
    const { event, issuer } = value;
    return { kind: 'event', event: { event, issuer: textOf(issuer), detail: eventDetail(value) }, atMs };
  }
  const { time, method, decision, status } = value;
  const timeMs = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  const isRequest =
    !Number.isNaN(timeMs) &&
    typeof method === 'string' &&
    typeof status === 'number' &&
    (decision === 'allow' || decision === 'deny');
  return isRequest ? { kind: 'request', request: readRequest(value), atMs: timeMs } : { kind: 'other' };
}

function readRequest(line: Table): LoggedRequest {
  const { near_miss: nearMisses, reason, would_deny: wouldDeny } = line;
  const number = (value: unknown) => (typeof value === 'number' ? value : undefined);
  return {
    route: textOf(line['route']),
    nearMisses: Array.isArray(nearMisses) ? nearMisses.filter((one) => typeof one === 'string') : [],
    allowed: line['decision'] === 'allow',
    reason: textOf(reason),
    detail: detailOf(line, reason, line['reason_detail']),
    wouldDeny: textOf(wouldDeny),
    wouldDenyDetail: detailOf(line, wouldDeny, line['would_deny_detail']),
    caller: callerOf(line),
    originMs: number(line['origin_ms']),
    keyWaitMs: number(line['key_wait_ms']),
  };
}

/** Which of the fields that a refused token claims its reason is about. */
const CLAIMED: Readonly<Partial<Record<ReasonCode, string>>> = {
  issuer_not_allowed: 'unverified_iss',
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

function callerOf({ client, issuer, reason, would_deny: wouldDeny }: Table): string {
  if (typeof client === 'string') return client;
  if (typeof issuer === 'string') return `(a token of ${issuer} without client id)`;
  return (reason ?? wouldDeny) === 'token_missing' ? '(no token)' : '(no good token)';
}

function eventDetail(value: Table): string | undefined {
  const { fault, cause, kid, operation, claim, faults, name } = value;
  const first = Array.isArray(faults) && isTable(faults[0]) ? faults[0]['at'] : undefined;
  return [fault, cause, kid, operation, claim, first, name].map(textOf).find((one) => one !== undefined);
}
