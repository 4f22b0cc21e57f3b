/** An explanation, for a program. It has no tokens and no secrets. */
import type { Origin } from '../../../src/policy/policy.ts';
import { asSent, type IncomingRequest } from '../what-if/simulate.ts';
import { maskHeaders, maskUrl } from './mask.ts';
import type { Step } from './step.ts';
import type { Signature } from './token-steps.ts';
import type { Trace } from './trace.ts';

export interface Explanation {
  readonly request: { readonly method: string; readonly url: string };
  readonly now: string;
  readonly signature: Signature;
  readonly steps: readonly Step[];
  readonly result: 'allowed' | 'refused' | 'answered by the gateway';
  readonly reason: string | null;
  /** The reason of a rule that is only tried. */
  readonly would_deny: string | null;
  readonly answer: {
    /** `null`: the origin's. */
    readonly status: number | null;
    /** If the origin answers: the headers that the gateway adds. */
    readonly headers: readonly (readonly [string, string])[];
    readonly body: unknown;
  };
  /** `next`: handlers in the same Worker. They get the caller as an object, and no header for it. */
  readonly origin: {
    readonly kind: Origin['kind'];
    readonly method: string;
    readonly url: string;
    readonly headers: readonly (readonly [string, string])[];
  } | null;
}

const RESULTS = { allow: 'allowed', deny: 'refused', self: 'answered by the gateway' } as const;

export async function explanationOf(
  { method, url }: IncomingRequest,
  { steps, simulated }: Trace,
  signature: Signature,
  nowMs: number,
): Promise<Explanation> {
  const { kind, decision, reason, answer, outbound } = simulated;
  const text = await answer.text();
  const kindOfOrigin = decision?.route?.api.origin.kind;
  const isJson = answer.headers.get('content-type')?.includes('json') && text !== '';
  return {
    request: { method, url: maskUrl(url) },
    now: new Date(nowMs).toISOString(),
    signature,
    steps,
    result: RESULTS[kind],
    reason: reason?.code ?? null,
    would_deny: decision?.kind === 'allow' ? (decision.wouldDeny?.code ?? null) : null,
    answer: {
      status: kind === 'allow' ? null : answer.status,
      headers: [...answer.headers],
      body: isJson ? JSON.parse(text) : text === '' ? null : text,
    },
    origin:
      outbound === undefined || kindOfOrigin === undefined
        ? null
        : {
            kind: kindOfOrigin,
            method,
            url: maskUrl(outbound.url),
            headers: maskHeaders(
              kindOfOrigin === 'next' ? outbound.headers : (asSent(simulated) ?? outbound.headers),
            ),
          },
  };
}
