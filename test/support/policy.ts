import type { Bindings } from '../../src/policy/compile/bindings.ts';
import { compilePolicy } from '../../src/policy/compile/compile.ts';
import { formatFault } from '../../src/policy/compile/fault.ts';
import type { Policy, Principal } from '../../src/policy/policy.ts';

export const ISSUER = 'https://issuer.example/';
export const AUDIENCE = 'https://api.example.com/orders';

type Tables = Record<string, unknown>;

/** Variables with one issuer and one API; `api` and `more` replace and add to them. */
export function vars(routes: Tables, api: Tables = {}, more: Tables = {}): Tables {
  return {
    ISSUERS: { main: { issuer: ISSUER } },
    API_ORDERS: { origin: 'https://orders.internal.example', audience: AUDIENCE, routes, ...api },
    ...more,
  };
}

export function compiled(tables: Tables): Policy {
  const result = compilePolicy(tables);
  if (!result.ok) throw new Error(result.faults.map(formatFault).join('\n'));
  return result.policy;
}

export function policyWith(routes: Tables, api?: Tables, more?: Tables): Policy {
  return compiled(vars(routes, api, more));
}

/** The faults of a policy, as they are printed. */
export function faultsOf(tables: Tables, bindings: Bindings = {}): string[] {
  const result = compilePolicy(tables, bindings);
  return result.ok ? [] : result.faults.map(formatFault);
}

/** A verified caller, as far as the policy looks. */
export function principal(policy: Policy, claims: Tables = {}, more: Partial<Principal> = {}): Principal {
  const [issuer] = policy.issuers;
  if (issuer === undefined) throw new Error('the policy has no issuer');
  return {
    issuer,
    subject: 'subject',
    client: 'client',
    clientIds: ['client'],
    scopes: new Set(),
    audiences: [AUDIENCE],
    kid: 'kid',
    claims,
    exp: 2_000_000_000,
    iat: undefined,
    nbf: undefined,
    ...more,
  };
}
