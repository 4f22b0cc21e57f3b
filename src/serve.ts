/** The pipeline: request → decision → headers → origin. Every exit is rendered once and logged once. */
import { dataPoint } from './analytics.ts';
import type { Decision } from './decide.ts';
import type { Reason } from './decision.ts';
import type { Environment, WaitUntil } from './environment.ts';
import { errorLine } from './error-line.ts';
import { requestFacts } from './http/facts.ts';
import { newRequestId } from './http/request-id.ts';
import { createJudge } from './judge.ts';
import { createKeySource, type KeySource } from './keys/source.ts';
import { type Answered, describeRequest, type EventLine, loggedSubject, requestLine } from './log.ts';
import type { Asserted } from './origin/assertion.ts';
import { type Next, withoutBody } from './origin/next.ts';
import { createOutbound } from './outbound.ts';
import { createOwnAnswers } from './own-answers.ts';
import type { Policy, Principal, Settings } from './policy/policy.ts';
import { createReplies, withId } from './reply.ts';
import { createRevocationSource, type RevocationIo, type RevocationSource } from './revocation/source.ts';
import { createSend } from './send.ts';
import { createStatusSource, type StatusSource } from './token/status/source.ts';

/** @param next answers where an API has `origin = "next"` */
export type Handler = (request: Request, waitUntil: WaitUntil, next?: Next) => Promise<Response>;

/** What several handlers of one isolate read once. */
export interface Shared {
  readonly keys: KeySource;
  readonly statuses: StatusSource;
  /** For policies with these settings. */
  revocations(settings: Settings): RevocationSource;
}

/** Answers requests by a policy. Keys and verified tokens are remembered here, for the life of the isolate. */
export function serve(environment: Environment, policy: Policy, shared?: Shared): Handler {
  const { keys, statuses } = shared ?? { keys: createKeySource(), statuses: createStatusSource() };
  const { settings } = policy;
  const revocations = createRevocations(environment, settings, shared);
  const replies = createReplies(policy);
  const answerSelf = createOwnAnswers(environment, policy, keys, revocations);
  const judge = createJudge(policy, { keys, statuses, revocations });
  const warn = onceForEach(environment.log);
  const prepare = createOutbound(policy, {
    originHeaders: environment.originHeaders,
    skipped: (api, { claim, as }) => warn({ event: 'claim_skipped', api: api.name, claim: claim.text, as }),
  });
  const send = createSend(environment, policy, prepare);

  return async (request, waitUntil, next = noNext) => {
    const { url, method, headers } = request;
    // The runtime makes each of these anew when it is asked for.
    const inbound = { url, method, headers };
    const io = environment.keyIo(waitUntil);
    const requestId = newRequestId();
    const self = answerSelf(request, inbound, requestId, io, waitUntil);
    if (self !== undefined) return withId(await self, requestId);
    const own = replies.own(inbound, requestId, (line) => environment.log(line, request));
    if (own !== undefined) return own;

    // A Worker's clock stands still between I/O: what moves it before the decision is the wait for keys.
    const start = io.now();
    let decidedAt = start;
    let askedAt: number | undefined;
    let decision: Decision = { kind: 'deny', reason: { code: 'internal_error' } };
    let answer: Response | Reason;
    let asserted: Asserted | undefined;
    try {
      const judged = await judge(request, inbound, io, waitUntil);
      const { form } = judged;
      decision = judged.decision;
      decidedAt = io.now();
      if (decision.kind === 'deny') answer = decision.reason;
      else if (form?.fault !== undefined) answer = { code: 'form_unread', fault: form.fault };
      else {
        const body = decision.preflight === undefined ? (form?.request ?? request) : withoutBody(request);
        const sent = await send(body, decision, requestId, next, () => (askedAt = io.now()));
        asserted = sent.asserted;
        answer = form?.isLate?.() ? { code: 'form_unread', fault: 'late' } : sent.answer;
        if (sent.wouldDeny !== undefined && decision.wouldDeny === undefined)
          decision = { ...decision, wouldDeny: sent.wouldDeny };
      }
    } catch (error) {
      environment.log(errorLine(error));
      answer = { code: 'internal_error' };
    }
    const response = replies.finish(inbound, answer, decision, requestId);
    const reason = answer instanceof Response ? undefined : answer;
    const wouldDeny = decision.kind === 'allow' ? decision.wouldDeny : undefined;
    const isLogged = (reason ?? wouldDeny) !== undefined || isSampled(settings.logSample);
    // Most requests need no line: they don't wait for one.
    if (isLogged || environment.analytics !== undefined) {
      const time = io.now();
      await record(environment, settings, request, decision, isLogged, {
        time,
        keyWaitMs: decidedAt - start,
        originMs: askedAt === undefined ? undefined : time - askedAt,
        requestId,
        reason,
        status: response.status,
        asserted,
      });
    }
    return response;
  };
}

/** The policy has no such API then: without handlers it would be faulty. */
const noNext: Next = () => {
  throw new Error('origin = "next" without handlers');
};

/** Logs a request and makes its data point. A failure to do so changes nothing of the answer. */
async function record(
  { log, analytics, logHmac, versions }: Environment,
  settings: Settings,
  request: Request,
  decision: Decision,
  isLogged: boolean,
  answered: Omit<Answered, keyof ReturnType<typeof describeRequest> | 'subject' | 'facts'>,
): Promise<void> {
  const wouldDeny = decision.kind === 'allow' && decision.wouldDeny !== undefined;
  const isRefusal = answered.reason !== undefined || wouldDeny;
  try {
    const subject = await loggedSubject(decision.principal, settings, logHmac);
    const isTraced = settings.logRequests === 'all' || (settings.logRequests === 'denied' && isRefusal);
    const facts = isTraced ? { ...versions, ...requestFacts(request) } : undefined;
    const line = requestLine(decision, { ...answered, ...describeRequest(request), subject, facts });
    if (isLogged) log(line, request);
    analytics?.writeDataPoint(dataPoint(line));
  } catch (error) {
    log(errorLine(error));
  }
}

const isSampled = (share: number) => share >= 1 || Math.random() < share;

function onceForEach(log: (line: EventLine) => void) {
  const told = new Set<string>();
  return (line: EventLine) => {
    const text = JSON.stringify(line);
    if (told.has(text)) return;
    told.add(text);
    log(line);
  };
}

/** `undefined` where the policy has no revocation. */
function createRevocations(environment: Environment, settings: Settings, shared: Shared | undefined) {
  if (settings.revocation === undefined) return undefined;
  const source = shared?.revocations(settings) ?? createRevocationSource(settings);
  const io = (waitUntil: WaitUntil) => environment.revocationIo(waitUntil) as RevocationIo;
  return {
    get: (waitUntil: WaitUntil) => source.get(io(waitUntil)),
    ask: (principal: Principal | undefined, waitUntil: WaitUntil) => source.ask(principal, io(waitUntil)),
    stateOf: (waitUntil: WaitUntil) => source.stateOf(io(waitUntil)),
  };
}
