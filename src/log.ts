import type { Decision } from './decide.ts';
import type { Reason, ReasonCode } from './decision.ts';
import type { ErrorLine } from './error-line.ts';
import { type Hmac, hashedSubject } from './hmac.ts';
import type { PreflightRefused } from './http/cors.ts';
import type { RequestFacts } from './http/facts.ts';
import { isForPreflights } from './http/preflight.ts';
import { PROBLEMS } from './http/problem.ts';
import { clientRequestId } from './http/request-id.ts';
import { readTraceId } from './http/trace.ts';
import type { KeyEvent } from './keys/events.ts';
import type { KeyOrigin } from './keys/source.ts';
import type { Asserted } from './origin/assertion.ts';
import { DEFAULT_CLAIMS } from './policy/claims.ts';
import type { Principal, Route, Settings } from './policy/policy.ts';
import type { RevocationEvent } from './revocation/events.ts';
import type { SignalEvent } from './signals/log.ts';

/** One line of the log. JSON: names are stable, docs/operations.md lists them. */
export type LogLine = RequestLine | EventLine;

export type EventLine =
  | KeyEvent
  | { readonly event: 'policy_invalid'; readonly faults: readonly object[] }
  | PreflightRefused
  | { readonly event: 'claim_skipped'; readonly api: string; readonly claim: string; readonly as: string }
  | RevocationEvent
  | SignalEvent
  | ErrorLine;

export interface RequestLine extends Versions, Partial<RequestFacts> {
  readonly time: string;
  readonly request_id: string;
  /** The client's own id, as it says. */
  readonly client_request_id?: string | undefined;
  readonly ray?: string | undefined;
  readonly method: string;
  /** API and key of the route, as the policy has them. */
  readonly route?: string | undefined;
  /** Other routes that a lax origin could read the path as: their rules had to hold too. */
  readonly near_miss?: readonly string[] | undefined;
  /** The method that a browser asks about, of a preflight that its origin answers. */
  readonly preflight?: string | undefined;
  readonly decision: 'allow' | 'deny';
  readonly reason?: ReasonCode | undefined;
  /** The reason's value from the policy: the scopes needed, the claim, the cause. */
  readonly reason_detail?: unknown;
  /** The revocation or switch that refused it, as `claimgate switches` lists them. */
  readonly entry?: number | undefined;
  /** The reason of a rule that is only reported, and its detail. */
  readonly would_deny?: ReasonCode | undefined;
  readonly would_deny_detail?: unknown;
  readonly status: number;
  /** Trace id of the request's `traceparent` (W3C Trace Context). */
  readonly trace_id?: string | undefined;
  readonly issuer?: string | undefined;
  readonly client?: string | undefined;
  readonly subject?: string | undefined;
  readonly kid?: string | undefined;
  /** Of the verified token, on lines that are traced. */
  readonly scopes?: readonly string[] | undefined;
  readonly audiences?: readonly string[] | undefined;
  readonly keys_from?: KeyOrigin | undefined;
  readonly key_wait_ms?: number | undefined;
  readonly origin_ms?: number | undefined;
  /** Of the assertion that the origin got: its key, and its `jti`. */
  readonly assertion_kid?: string | undefined;
  readonly assertion_id?: string | undefined;
  readonly unverified_iss?: string | undefined;
  readonly unverified_aud?: string | undefined;
  readonly unverified_client?: string | undefined;
  readonly unverified_scope?: string | undefined;
  readonly unverified_kid?: string | undefined;
  readonly unverified_alg?: string | undefined;
  readonly unverified_typ?: string | undefined;
}

/** The deployed Worker, and its policy: they change in the middle of a log. */
export interface Versions {
  readonly worker_version?: string | undefined;
  readonly policy_version?: string | undefined;
}

/** The claims of a refused token are cut to this length: they can be anything. */
const MAX_UNVERIFIED_LENGTH = 128;
const MAX_LISTED = 32;

export interface Answered {
  readonly time: number;
  readonly requestId: string;
  readonly clientRequestId?: string | undefined;
  readonly ray: string | null;
  readonly method: string;
  readonly status: number;
  readonly traceId?: string | undefined;
  /** The reason that was answered with, if it came after the decision. */
  readonly reason?: Reason | undefined;
  readonly keyWaitMs: number;
  /** `undefined`: the origin was not asked. */
  readonly originMs: number | undefined;
  readonly asserted?: Pick<Asserted, 'kid' | 'id'> | undefined;
  /** What lets people find the request again, if the policy wants it in the log. */
  readonly facts?: (Versions & RequestFacts) | undefined;
  readonly subject?: string | undefined;
}

/** The line for a request. Never a token, never claims other than those named here; `sub` only by `log_subject`. */
export function requestLine(decision: Decision, answered: Answered): RequestLine {
  const reason = answered.reason ?? (decision.kind === 'deny' ? decision.reason : undefined);
  const { route, nearMisses, unverified } = decision;
  const principal = decision.principal ?? decision.refusedPrincipal;
  const wouldDeny = decision.kind === 'allow' ? decision.wouldDeny : undefined;
  return {
    time: new Date(answered.time).toISOString(),
    request_id: answered.requestId,
    client_request_id: answered.clientRequestId,
    ray: answered.ray ?? undefined,
    method: answered.method,
    route: route && routeName(route),
    near_miss: nearMisses === undefined || nearMisses.length === 0 ? undefined : nearMisses.map(routeName),
    preflight: cut(decision.preflight),
    decision: reason === undefined ? 'allow' : 'deny',
    reason: reason?.code,
    reason_detail: reason && reasonDetail(reason),
    entry: entryOf(reason ?? wouldDeny),
    would_deny: wouldDeny?.code,
    would_deny_detail: wouldDeny && reasonDetail(wouldDeny),
    status: answered.status,
    trace_id: answered.traceId,
    issuer: principal?.issuer.name,
    client: principal?.client,
    subject: answered.subject,
    kid: principal?.kid,
    ...(answered.facts && principal && heldBy(principal)),
    keys_from: decision.keysFrom,
    key_wait_ms: decision.keysFrom === undefined ? undefined : answered.keyWaitMs,
    origin_ms: answered.originMs,
    assertion_kid: answered.asserted?.kid,
    assertion_id: answered.asserted?.id,
    ...answered.facts,
    unverified_iss: cut(unverified?.claims['iss']),
    unverified_aud: cut(joined(unverified?.claims['aud'])),
    unverified_client: cut(unverified && firstOf(DEFAULT_CLAIMS.client, unverified.claims)),
    unverified_scope: cut(joined(unverified && firstOf(DEFAULT_CLAIMS.scope, unverified.claims))),
    unverified_kid: cut(unverified?.header.kid),
    unverified_alg: cut(unverified?.header.alg),
    unverified_typ: cut(unverified?.header.typ),
  };
}

const entryOf = (reason: Reason | undefined): number | undefined =>
  reason !== undefined && 'entry' in reason ? reason.entry : undefined;

/** A route as the log has it: its API alone, where none of its routes serves the request. */
export const routeName = (route: Route) =>
  route === route.api.trial?.anything || isForPreflights(route)
    ? route.api.name
    : `${route.api.name} ${route.key}`;

/** What the log has of every request. */
export const describeRequest = ({ method, headers }: Pick<Request, 'method' | 'headers'>) => ({
  method,
  ray: headers.get('cf-ray'),
  clientRequestId: clientRequestId(headers),
  traceId: readTraceId(headers),
});

/** The usual names only: this is for people who look for a client, not for a decision. */
const firstOf = (names: readonly string[], claims: Readonly<Record<string, unknown>>) =>
  names.map((name) => claims[name]).find((value) => value != null);

/** Text only: other values may be nested too deeply to be written, or have a `toString` of their own. */
const joined = (value: unknown) =>
  [value]
    .flat()
    .filter((one) => typeof one === 'string')
    .join(' ') || undefined;

/** Some have hundreds of scopes. */
const heldBy = ({ scopes, audiences }: Principal) => ({
  scopes: [...scopes].slice(0, MAX_LISTED).map((one) => one.slice(0, MAX_UNVERIFIED_LENGTH)),
  audiences: audiences.slice(0, MAX_LISTED).map((one) => one.slice(0, MAX_UNVERIFIED_LENGTH)),
});

function cut(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, MAX_UNVERIFIED_LENGTH) : undefined;
}

/** Values of the policy and of the gateway, and the dates of the token; what else it said is in `unverified_…`. */
function reasonDetail(reason: Reason): unknown {
  const { logged } = PROBLEMS[reason.code];
  return logged == null ? undefined : (reason as Readonly<Record<string, unknown>>)[logged];
}

/** The subject as `log_subject` allows: an HMAC-SHA-256 tells callers apart without naming them. */
export async function loggedSubject(
  principal: Principal | undefined,
  settings: Settings,
  hmac: Hmac | undefined,
): Promise<string | undefined> {
  const subject = principal?.subject;
  if (subject === undefined || settings.logSubject === 'none') return undefined;
  if (settings.logSubject === 'plain') return subject;
  return hmac && hashedSubject(hmac, principal?.issuer.issuer ?? '', subject);
}
