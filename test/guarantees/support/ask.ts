/** Asks the gateway, by its own functions; signatures are taken for good. */
import { encodeUnsigned } from '../../../cli/policy/what-if/token.ts';
import { withoutSignature } from '../../../cli/policy/what-if/without-signature.ts';
import { type Decision, decide } from '../../../src/decide.ts';
import { type Allowed, createOutbound } from '../../../src/outbound.ts';
import { compilePolicy } from '../../../src/policy/compile/compile.ts';
import { formatFault } from '../../../src/policy/compile/fault.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { bearer } from '../../../src/token/bearer.ts';
import { type Asked, clean, ISSUERS, NOW_SECONDS, ORIGIN, type Token } from './model.ts';

export type Answer = Decision;

/** `undefined` for a policy with errors. */
export function compile(tables: Readonly<Record<string, unknown>>): Policy | undefined {
  const result = compilePolicy(tables);
  return result.ok ? result.policy : undefined;
}

export function faultsOf(tables: Readonly<Record<string, unknown>>): string[] {
  const result = compilePolicy(tables);
  return result.ok ? [] : result.faults.map(formatFault);
}

export function claimsOf(token: Exclude<Token, string>): Record<string, unknown> {
  const { issuer, audiences, scopes, client, claims } = token;
  const usual = { iss: ISSUERS[issuer], sub: 'someone', aud: audiences, exp: NOW_SECONDS + 300 };
  return clean({ ...usual, scope: scopes.join(' '), client_id: client, ...claims });
}

export function authorizationOf(token: Token): string | null {
  if (token === 'none') return null;
  if (token === 'bad') return 'Bearer bad';
  const header = { alg: 'RS256', typ: 'at+jwt' };
  return `Bearer ${encodeUnsigned({ header, claims: claimsOf(token) })}`;
}

export const ask = (policy: Policy, { token, ...rest }: Asked): Promise<Answer> =>
  askWith(policy, rest, authorizationOf(token));

export function askWith(
  policy: Policy,
  { method, host, path }: Omit<Asked, 'token'>,
  authorization: string | null,
  headers: Headers = new Headers(),
): Promise<Answer> {
  const credentials = () => bearer(authorization);
  const verify = withoutSignature(policy, () => NOW_SECONDS * 1000);
  return decide({ url: `https://${host}${path}`, method, headers, credentials }, policy, verify);
}

/** The path that the origin gets, without the query. */
export function sentPath(policy: Policy, decision: Allowed): string {
  const prepare = createOutbound(policy, { originHeaders: () => [], skipped: () => {} });
  const outbound = prepare(new Headers(), decision, 'id');
  if ('code' in outbound) throw new Error(`not sent: ${outbound.code}`);
  const [path = ''] = outbound.url.slice(ORIGIN.length).split('?');
  return path;
}

/** What is decided, in words that do not depend on the order of the policy. */
export function summary(answer: Answer): Record<string, unknown> {
  const routes = [...(answer.nearMisses ?? [])];
  const nameOf = (route: (typeof routes)[number]) => `${route.api.name} ${route.key}`;
  return {
    kind: answer.kind,
    reason: answer.kind === 'deny' ? answer.reason.code : answer.wouldDeny?.code,
    allow:
      answer.kind === 'deny' && answer.reason.code === 'method_not_allowed'
        ? [...answer.reason.allow].sort()
        : undefined,
    route: answer.route && nameOf(answer.route),
    api: (answer.route?.api ?? answer.api)?.name,
    nearMisses: routes.map(nameOf).sort(),
    limits: [
      ...new Set(
        [answer.route, ...routes].flatMap((route) =>
          route?.rateLimit === undefined ? [] : [JSON.stringify(route.rateLimit)],
        ),
      ),
    ].sort(),
    forwards: answer.kind === 'allow' ? answer.forwardAuthorization : undefined,
    client: answer.principal?.client,
  };
}
