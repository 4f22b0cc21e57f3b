/** The pipeline: request → decision → headers → origin. Every exit is rendered once and logged once. */
import { dataPoint } from './analytics.ts';
import { type Decision, decide, type Verify } from './decide.ts';
import type { FormFault, Reason } from './decision.ts';
import type { Environment, WaitUntil } from './environment.ts';
import { errorLine } from './error-line.ts';
import { requestFacts } from './http/facts.ts';
import { type Form, isForm, readForm } from './http/form-method.ts';
import { renderHealth } from './http/health.ts';
import { renderKeySet } from './http/key-set.ts';
import { asksFor } from './http/own-path.ts';
import { readPreflight } from './http/preflight.ts';
import { newRequestId } from './http/request-id.ts';
import type { KeyIo } from './keys/io.ts';
import { createKeySource, type KeySource } from './keys/source.ts';
import { type Answered, describeRequest, type EventLine, loggedSubject, requestLine } from './log.ts';
import type { Asserted } from './origin/assertion.ts';
import { publicKeySet } from './origin/assertion-keys.ts';
import { isBodyTaken } from './origin/forward.ts';
import { type Next, withoutBody } from './origin/next.ts';
import { createOutbound } from './outbound.ts';
import { KEY_SET_PATH } from './policy/assertion.ts';
import type { Policy, Settings } from './policy/policy.ts';
import { isOnTrial } from './policy/trial.ts';
import { createReplies, withId } from './reply.ts';
import { createSend } from './send.ts';
import { createTokenCache } from './token/cache.ts';
import { credentialsOf } from './token/places.ts';
import { verifyToken } from './token/verify.ts';

/** @param next answers where an API has `origin = "next"` */
export type Handler = (request: Request, waitUntil: WaitUntil, next?: Next) => Promise<Response>;

/** Answers requests by a policy. Keys and verified tokens are remembered here, for the life of the isolate. */
export function serve(environment: Environment, policy: Policy, keys = createKeySource()): Handler {
  const replies = createReplies(policy);
  const cache = createTokenCache();
  const warn = onceForEach(environment.log);
  const prepare = createOutbound(policy, {
    originHeaders: environment.originHeaders,
    skipped: (api, { claim, as }) => warn({ event: 'claim_skipped', api: api.name, claim: claim.text, as }),
  });
  const send = createSend(environment, policy, prepare);
  const { settings } = policy;

  return async (request, waitUntil, next = noNext) => {
    const { url, method, headers } = request;
    // The runtime makes each of these anew when it is asked for.
    const inbound = { url, method, headers };
    const io = environment.keyIo(waitUntil);
    const requestId = newRequestId();
    if (asksFor(request, settings.healthPath))
      return withId(await healthOf(policy, keys, io, headers.get('accept')), requestId);
    if (settings.assertion !== undefined && asksFor(request, KEY_SET_PATH)) {
      const keySet = publicKeySet(environment.assertionKeys, io.now() / 1000);
      return withId(renderKeySet(keySet), requestId);
    }
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
      const preflight = readPreflight(inbound)?.method;
      const asked = { ...inbound, credentials: credentialsOf(inbound), preflight };
      const verify: Verify = (token, routes) => verifyToken(token, routes, { settings, keys, cache, io });
      decision = await decide(asked, policy, verify);
      const form = mayNeedForm(decision) ? await formOf(request) : undefined;
      if (form?.methods?.length)
        decision = await decide({ ...asked, formMethods: form.methods }, policy, verify);
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

/** Whether the origin may take its method from a form: asked only once the caller is known. */
const mayNeedForm = (decision: Decision): boolean =>
  decision.kind === 'allow' && decision.route.api.readsForms && !isOnTrial(decision.route);

/** The form of a request, where it has one that nobody has read. */
async function formOf(
  request: Request,
): Promise<(Partial<Form> & { readonly fault?: FormFault }) | undefined> {
  if (!isForm(request) || isBodyTaken(request)) return undefined;
  const form = await readForm(request);
  return typeof form === 'string' ? { fault: form } : form;
}

/** The policy has no such API then: without handlers it would be faulty. */
const noNext: Next = () => {
  throw new Error('origin = "next" without handlers');
};

async function healthOf(
  { issuers }: Policy,
  keys: KeySource,
  io: KeyIo,
  accept: string | null,
): Promise<Response> {
  const states = issuers.map(async (issuer) => [issuer.name, await keys.stateOf(issuer, io)] as const);
  return renderHealth(await Promise.all(states), io.now(), accept);
}

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
