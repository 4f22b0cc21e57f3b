/** The way of one request through the gateway, told by the run that decides it. */
import type { DecisionStep, Verify } from '../../../src/decide.ts';
import type { Reason } from '../../../src/decision.ts';
import type { Policy, Route, Transmitter } from '../../../src/policy/policy.ts';
import { findTransmitters } from '../../../src/signals/find.ts';
import type { ObserveToken } from '../../../src/token/verify.ts';
import { listed } from '../../text/words.ts';
import { signalWords } from '../signal-words.ts';
import { createSimulator, type IncomingRequest, type Simulated } from '../what-if/simulate.ts';
import { countedBy, originWords } from '../words.ts';
import { credentialSteps } from './credential-steps.ts';
import { maskUrl } from './mask.ts';
import { closedStep, listSteps, revokedStep, type Snapshot } from './revocation-steps.ts';
import { preflightStep, routeSteps, targetSteps, trialStep } from './route-steps.ts';
import { reportStep, rulesStep } from './rule-steps.ts';
import { secondStep } from './second-step.ts';
import { signatureStep } from './signature-step.ts';
import { statusSteps } from './status-step.ts';
import { makeStep, type Step } from './step.ts';
import { type Signature, TOKEN_STEP_WORDS } from './token-steps.ts';

export interface Trace {
  readonly steps: readonly Step[];
  /** The gateway's decision and answer. */
  readonly simulated: Simulated;
}

export interface TraceOptions {
  readonly policy: Policy;
  /** Says which signatures count. */
  readonly signature: Signature;
  readonly nowMs: number;
  /** `undefined`: nobody was asked what is revoked. */
  readonly snapshot?: Snapshot | undefined;
  /** Verifies tokens, and tells of each check. */
  readonly verifier: (policy: Policy, now: () => number, observe: ObserveToken) => Verify;
  /** Set where the verifier looks no status up. */
  readonly statuses?: 'not_asked';
}

export async function trace(
  request: IncomingRequest,
  { policy: written, signature, nowMs, verifier, snapshot, statuses }: TraceOptions,
): Promise<Trace> {
  const standing = snapshot?.standing;
  // With the clients and keys that a switch blocks.
  const policy = standing === undefined ? written : { ...written, settings: standing.settings };
  const steps: Step[] = [];
  const add = (...more: readonly Step[]) => void steps.push(...more);
  const observeToken: ObserveToken = (step, seen, reason) =>
    add(TOKEN_STEP_WORDS[step]({ seen, reason, policy, nowMs }));
  const now = () => nowMs;
  const verify = verifier(policy, now, observeToken);
  const simulated = await createSimulator(policy)(
    { ...request, standing },
    async (token, routes) => {
      const verified = await verify(token, routes);
      // The signature is checked once all other checks have passed.
      if (steps.at(-1)?.verdict === 'ok')
        add(
          signatureStep(token, signature, verified),
          ...statusSteps(verified, signature === 'verified' && statuses === undefined),
        );
      return verified;
    },
    (step) => add(...stepsOf(step, policy, { ...request, standing })),
  );
  return {
    steps: [...asDecided(steps, simulated), ...lastSteps(request, policy, simulated, snapshot)],
    simulated,
  };
}

function stepsOf(step: DecisionStep, policy: Policy, request: IncomingRequest): Step[] {
  switch (step.step) {
    case 'target':
      return targetSteps(step.target, request);
    case 'preflight':
      return [preflightStep(step)];
    case 'route':
      return routeSteps(step.found, step.target, policy, request);
    case 'second_target':
      return [secondStep(step)];
    case 'trial':
      return [trialStep(step)];
    case 'closed':
      return [closedStep(step)];
    case 'revoked':
      return [revokedStep(step, request.standing)];
    case 'credentials':
      return credentialSteps(step, request);
    case 'rules':
      return [rulesStep(step)];
    case 'report':
      return [reportStep(step)];
  }
}

/** On report-only routes the request passes where a step would refuse. */
const asDecided = (steps: readonly Step[], { decision }: Simulated): Step[] =>
  steps.map((step) =>
    decision?.kind === 'allow' && step.verdict === 'refused' ? { ...step, verdict: 'would_refuse' } : step,
  );

/** The steps that follow the decision. */
function lastSteps(
  request: IncomingRequest,
  policy: Policy,
  simulated: Simulated,
  snapshot: Snapshot | undefined,
): Step[] {
  const { decision, kind } = simulated;
  if (kind === 'self') return [selfStep(request, policy, simulated)];
  if (decision?.kind !== 'allow') return [];
  const { route, nearMisses } = decision;
  return [
    ...listSteps(decision, policy, snapshot),
    ...limitSteps([route, ...nearMisses]),
    forwardStep(route, simulated),
  ];
}

function selfStep(
  { url, method }: IncomingRequest,
  policy: Policy,
  { preflightRefused: refused }: Simulated,
): Step {
  const transmitter = findTransmitters(policy)?.(url);
  if (transmitter !== undefined) return signalStep(method, url, transmitter);
  const { settings } = policy;
  const what =
    method === 'OPTIONS'
      ? 'a preflight of a browser'
      : settings.healthPath !== undefined && url.includes(settings.healthPath)
        ? 'the health of the gateway'
        : 'the metadata of an API (RFC 9728)';
  const missing =
    refused &&
    `; the browser then keeps the request to itself, since cors lacks the ${refused.cause === 'origin' ? 'origin' : 'headers'}`;
  const remedy = refused?.add === undefined ? '' : `: ${refused.add}`;
  const decided = `${what}: the gateway answers it itself, to anyone${missing ?? ''}${remedy}`;
  return makeStep('target', `${method} ${maskUrl(url)}`, decided);
}

/** The body is not at hand: what it would do is said. */
function signalStep(method: string, url: string, transmitter: Transmitter): Step {
  const decided =
    method === 'POST'
      ? `events of ${signalWords(transmitter)}: the gateway verifies and stores them itself`
      : `the path for events of ${transmitter.name}: it takes POST only`;
  return makeStep('target', `${method} ${maskUrl(url)}`, decided);
}

function limitSteps(routes: readonly Route[]): Step[] {
  const limits = new Set(
    routes.flatMap(({ rateLimit }) =>
      rateLimit === undefined ? [] : [`${rateLimit.binding}, ${countedBy(rateLimit)}`],
    ),
  );
  if (limits.size === 0) return [];
  return [makeStep('rate limit', listed([...limits]), 'not counted here', { verdict: 'skipped' })];
}

/** Why the claims can't be sent. */
function unsentWords(reason: Reason | undefined): string | undefined {
  if (reason?.code === 'claims_too_large') return `the claim ${reason.claim} does not fit into headers`;
  if (reason?.code === 'source_header')
    return `the header ${reason.header} names another resource, which nobody has judged`;
  if (reason?.code === 'claims_malformed')
    return `the claim ${reason.claim} has half a character in it (a lone surrogate), and can't be sent`;
  return undefined;
}

function forwardStep({ api }: Route, { outbound, reason, skipped }: Simulated): Step {
  const saw = `${api.name}, whose origin is ${originWords(api.origin)}`;
  if (outbound === undefined) {
    return makeStep('forward', saw, unsentWords(reason) ?? 'the request went in a circle', { reason });
  }
  const unsent = unsentWords(outbound.wouldDeny);
  if (unsent !== undefined)
    return makeStep('forward', saw, `${unsent}: sent without claims`, { verdict: 'would_refuse' });
  if (api.origin.kind === 'next')
    return makeStep('forward', saw, 'handed to the next handler, with the caller as an object');
  const left = skipped.map(({ claim, as }) => `${claim.text} can't be sent as ${as}`);
  return makeStep('forward', saw, [`sent to ${maskUrl(outbound.url)}`, ...left].join('; '));
}
