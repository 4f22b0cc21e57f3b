/** From a request to its decision: what must be fetched for it, and when it is decided once more. */
import { type Decision, decide, type GatewayRequest, isStrict } from './decide.ts';
import type { FormFault } from './decision.ts';
import type { WaitUntil } from './environment.ts';
import { type Form, isForm, readForm } from './http/form-method.ts';
import { readPreflight } from './http/preflight.ts';
import type { KeyIo } from './keys/io.ts';
import type { KeySource } from './keys/source.ts';
import { isBodyTaken } from './origin/forward.ts';
import type { Policy, Principal } from './policy/policy.ts';
import { isOnTrial } from './policy/trial.ts';
import type { Standing } from './revocation/standing.ts';
import { createTokenCache } from './token/cache.ts';
import { credentialsOf } from './token/places.ts';
import type { StatusSource } from './token/status/source.ts';
import { verifyToken } from './token/verify.ts';

export interface Judged {
  readonly decision: Decision;
  /** Of a request that may have its method in there. */
  readonly form: (Partial<Form> & { readonly fault?: FormFault }) | undefined;
}

/** What is fetched for decisions. */
export interface Sources {
  readonly keys: KeySource;
  readonly statuses: StatusSource;
  /** `undefined` where the policy has no revocation. */
  readonly revocations: Revocations | undefined;
}

export interface Revocations {
  get(waitUntil: WaitUntil): Standing | Promise<Standing>;
  ask(principal: Principal | undefined, waitUntil: WaitUntil): Promise<Standing>;
}

/** Decides requests by a policy. Verified tokens are remembered here, for the life of the isolate. */
export function createJudge(policy: Policy, { keys, statuses, revocations }: Sources) {
  const cache = createTokenCache();
  const { settings } = policy;
  /** @param inbound parts of the request, which the runtime makes anew each time that they are asked for */
  return async function judge(
    request: Request,
    inbound: Pick<Request, 'url' | 'method' | 'headers'>,
    io: KeyIo,
    waitUntil: WaitUntil,
  ): Promise<Judged> {
    const by = (asked: GatewayRequest): Promise<Decision> => {
      const context = { settings: asked.standing?.settings ?? settings, keys, cache, statuses, io };
      return decide(asked, policy, (token, routes) => verifyToken(token, routes, context));
    };
    const told = revocations?.get(waitUntil);
    let asked: GatewayRequest = {
      ...inbound,
      credentials: credentialsOf(inbound),
      preflight: readPreflight(inbound)?.method,
      standing: told instanceof Promise ? await told : told,
    };
    let decision = await by(asked);
    const form = mayNeedForm(decision) ? await formOf(request) : undefined;
    if (form?.methods?.length) {
      asked = { ...asked, formMethods: form.methods };
      decision = await by(asked);
    }
    // Decided once more by what holds this moment: only the object that writes it down knows.
    if (revocations !== undefined && isStrict(decision)) {
      // On trial, also of one whom the copy here refuses.
      const { principal = decision.refusedPrincipal } = decision;
      decision = await by({ ...asked, standing: await revocations.ask(principal, waitUntil) });
    }
    return { decision, form };
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
