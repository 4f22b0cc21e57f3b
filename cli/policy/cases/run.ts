/** Runs cases on a policy: each is a request that the gateway's own functions judge, without network. */
import { isStrict, type Verify } from '../../../src/decide.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { CommandError } from '../../text/terminal.ts';
import { carryToken } from '../what-if/place.ts';
import {
  asSent,
  createSimulator,
  type IncomingRequest,
  type Simulate,
  type Simulated,
} from '../what-if/simulate.ts';
import { completeUrl } from '../what-if/targets.ts';
import { completeClaims, routeOf, unsignedToken } from '../what-if/unsigned.ts';
import { withoutSignature } from '../what-if/without-signature.ts';
import { writtenKey } from '../words.ts';
import { type Case, timeOf } from './read.ts';
import { CLAIM_OF, demandRevocable, statedBy } from './standing.ts';

/** A case as a request: the same for every policy that it is tried on. */
export interface PreparedCase {
  readonly case: Case;
  readonly request: IncomingRequest;
  readonly nowMs: number;
}

export interface Failure {
  /** The field of the case that does not hold. */
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

export interface CaseResult {
  readonly prepared: PreparedCase;
  readonly simulated: Simulated;
  readonly failures: readonly Failure[];
}

/** Completes URL and claims by what the policy wants. Throws `CommandError` for what can't be. */
export function prepareCase(policy: Policy, one: Case, nowMs: number): PreparedCase {
  demandRevocable(one, policy);
  const time = one.now === undefined ? nowMs : timeOf(one.now);
  const [method = '', target = ''] = one.request.split(/\s+/);
  const url = completeUrl(policy, method, target);
  const headers = headersOf(one);
  if (one.claims !== undefined) {
    const route = routeOf(policy, method, url);
    const claims = completeClaims(policy, route, one.claims, time, one.without);
    carryToken(headers, route?.api, unsignedToken(policy, route, claims));
  }
  if (one.token !== undefined)
    carryToken(headers, routeOf(policy, method, url)?.api, one.token.replace(/^bearer\s+/i, ''));
  return { case: one, request: { method, url, headers }, nowMs: time };
}

function headersOf({ headers, file, index }: Case): Headers {
  try {
    return new Headers(headers);
  } catch {
    throw new CommandError(
      `${file.path}:${file.lineOf(index, 'headers')}  headers: a name or a value can't stand in a header; mend it`,
    );
  }
}

/** Judges cases by one policy. */
export type Judge = (prepared: PreparedCase) => Promise<CaseResult>;

/** @param nameOf other names of routes, see `statedBy` */
export function createJudge(policy: Policy, nameOf?: (target: string) => string): Judge {
  const simulate: Simulate = createSimulator(policy);
  const verifiers = new Map<number, Verify>();
  return async (prepared) => {
    const { request, nowMs } = prepared;
    let verify = verifiers.get(nowMs);
    if (verify === undefined) {
      verify = withoutSignature(policy, () => nowMs);
      verifiers.set(nowMs, verify);
    }
    const stated = statedBy(prepared.case, policy, nowMs, nameOf);
    const simulated = await simulate({ ...request, standing: stated?.standing }, verify);
    const unmet = [...(stated?.missing ?? [])].map((kind) => ({
      field: 'revoked',
      expected: `a token with ${CLAIM_OF[kind]}, which ${JSON.stringify(kind)} is about`,
      got: 'a token without',
    }));
    return { prepared, simulated, failures: [...unmet, ...failuresOf(prepared.case, simulated)] };
  };
}

function failuresOf(one: Case, simulated: Simulated): Failure[] {
  const { decision, outbound } = simulated;
  const isExpected =
    typeof one.expect === 'number'
      ? simulated.kind !== 'allow' && simulated.answer.status === one.expect
      : simulated.kind === one.expect;
  const isReason = one.reason === undefined || simulated.reason?.code === one.reason;
  if (!isExpected || !isReason)
    return [
      { field: isExpected ? 'reason' : 'expect', expected: expectedWords(one), got: outcomeWords(simulated) },
    ];

  const failures: Failure[] = [];
  const fail = (field: string, expected: string, got: string | undefined) =>
    failures.push({ field, expected, got: got === undefined ? 'none' : JSON.stringify(got) });
  const compare = (field: string, expected: string | undefined, got: string | undefined) => {
    if (expected !== undefined && expected !== got) fail(field, JSON.stringify(expected), got);
  };
  const key = (text: string | undefined) => text && writtenKey(text);
  compare('route', key(one.route), key(decision?.route?.key));
  const wouldDeny = decision?.kind === 'allow' ? decision.wouldDeny?.code : undefined;
  if (one.would_deny === false && wouldDeny !== undefined) fail('would_deny', 'none', wouldDeny);
  else if (typeof one.would_deny === 'string') compare('would_deny', one.would_deny, wouldDeny);
  const strict = decision !== undefined && isStrict(decision);
  if (one.strict !== undefined && one.strict !== strict)
    failures.push({ field: 'strict', expected: String(one.strict), got: String(strict) });
  compare('origin_url', one.origin_url, outbound?.url);
  const sent = one.origin === undefined ? undefined : asSent(simulated);
  for (const [name, want] of Object.entries(one.origin ?? {})) {
    const got = sent?.get(name) ?? undefined;
    const field = `origin.${name}`;
    if (typeof want === 'string') compare(field, want, got);
    else if (want !== (got !== undefined)) fail(field, want ? 'any value' : 'none', got);
  }
  return failures;
}

function expectedWords({ expect, reason }: Case): string {
  return reason === undefined ? String(expect) : `${expect} ${reason}`;
}

function outcomeWords({ kind, reason, answer, decision }: Simulated): string {
  const wouldDeny = decision?.kind === 'allow' ? decision.wouldDeny : undefined;
  if (kind === 'allow') return wouldDeny === undefined ? 'allow' : `allow (would_deny ${wouldDeny.code})`;
  return kind === 'self'
    ? `${answer.status} by the gateway itself`
    : `${answer.status} ${reason?.code ?? ''}`;
}
