/** Judges a real token: by each check of the gateway, and by each route of the policy. It is never repeated. */
import { type Decision, decide, type Verify } from '../../../src/decide.ts';
import { PROBLEMS } from '../../../src/http/problem.ts';
import type { Policy, Route } from '../../../src/policy/policy.ts';
import { bearer } from '../../../src/token/bearer.ts';
import { decodeToken } from '../../../src/token/decode.ts';
import type { ObserveToken } from '../../../src/token/verify.ts';
import { visible } from '../../text/terminal.ts';
import { countOf, shown } from '../../text/words.ts';
import { signatureStep } from '../explain/signature-step.ts';
import { statusSteps } from '../explain/status-step.ts';
import type { Step } from '../explain/step.ts';
import { TOKEN_STEP_WORDS } from '../explain/token-steps.ts';
import { isSameButSlash } from '../what-if/ask-issuer.ts';
import { exampleTarget, hostOf } from '../what-if/targets.ts';
import { withIssuerKeys } from '../what-if/verifiers.ts';
import { routeName } from '../words.ts';
import { error, ok, type Symptom, warning } from './symptom.ts';

interface Tried {
  readonly route: Route;
  readonly decision: Decision;
  readonly steps: readonly Step[];
}

/** Keys are fetched from the issuer, as the gateway would. @param at where it answers, if that is elsewhere */
export async function judgeToken(
  policy: Policy,
  token: string,
  at?: string,
  now: () => number = Date.now,
): Promise<Symptom[]> {
  const routes = policy.apis.flatMap((api) => api.routes).filter(({ auth }) => auth !== 'none');
  let steps: Step[] = [];
  // One for all routes, so that keys are fetched once.
  const observe: ObserveToken = (step, seen, reason) => {
    steps.push(TOKEN_STEP_WORDS[step]({ seen, reason, policy, nowMs: now() }));
  };
  const verify = withIssuerKeys(policy, now, observe, at);
  const tried: Tried[] = [];
  for (const route of routes) {
    steps = [];
    tried.push({ route, decision: await tryRoute(policy, route, token, verify, steps), steps });
  }
  const [best] = [...tried].sort((a, b) => progressOf(b) - progressOf(a));
  if (best === undefined) return [warning('token', 'no route of the policy asks for one')];
  return [...best.steps.map((step) => fromStep(step, policy, token)), ...judgeRoutes(tried)];
}

async function tryRoute(
  policy: Policy,
  route: Route,
  token: string,
  verify: Verify,
  steps: Step[],
): Promise<Decision> {
  // The example of a parameter may not satisfy a rule that is bound to it.
  const { method, path } = exampleTarget(route);
  const url = `https://${hostOf(route.api)}${path}`;
  const credentials = () => bearer(`Bearer ${token}`);
  const headers = new Headers();
  return decide({ method, url, headers, credentials }, policy, async (given, wanted) => {
    const verified = await verify(given, wanted);
    if (steps.every(({ verdict }) => verdict === 'ok'))
      steps.push(signatureStep(given, 'verified', verified), ...statusSteps(verified, true));
    return verified;
  });
}

const reasonOf = ({ decision }: Tried) =>
  decision.kind === 'deny' ? decision.reason : decision.kind === 'allow' ? decision.wouldDeny : undefined;

/** How far a token came: all its checks, and whether the route lets it in. */
const progressOf = (tried: Tried): number =>
  tried.steps.filter(({ verdict }) => verdict === 'ok').length * 2 + (reasonOf(tried) === undefined ? 1 : 0);

function fromStep({ step, saw, decided, verdict }: Step, policy: Policy, token: string): Symptom {
  const what = `token: ${step}`;
  if (verdict === 'ok') return ok(what, visible(step === 'token' ? decided : `${saw}; ${decided}`));
  const hint = step === 'issuer' ? slashHint(policy, token) : '';
  return error(what, visible(`${saw}; ${decided}${hint}`));
}

function slashHint({ issuers }: Policy, token: string): string {
  const decoded = decodeToken(token);
  const iss = 'claims' in decoded ? decoded.claims['iss'] : undefined;
  if (typeof iss !== 'string' || !issuers.some(({ issuer }) => isSameButSlash(issuer, iss))) return '';
  return `; write issuer = ${shown(iss)}: the slash at the end counts`;
}

function judgeRoutes(tried: readonly Tried[]): Symptom[] {
  const passing = tried.filter((one) => reasonOf(one) === undefined);
  const refused = tried.filter((one) => reasonOf(one) !== undefined);
  const list = refused.map((one) => {
    const reason = reasonOf(one);
    if (reason === undefined) return '';
    const needed = reason.code === 'scopes_missing' ? ` (needs ${reason.needed.join(', ')})` : '';
    return visible(`${routeName(one.route)}  ${PROBLEMS[reason.code].status} ${reason.code}${needed}`);
  });
  if (passing.length === 0) return [error('token: passes on no route', list.join('\n'))];
  const names = passing.map(({ route }) => visible(routeName(route))).join('\n');
  return [
    ok(`token: passes on ${countOf(passing.length, 'route')}`, names),
    ...(refused.length === 0
      ? []
      : [warning(`token: refused on ${countOf(refused.length, 'route')}`, list.join('\n'))]),
  ];
}
