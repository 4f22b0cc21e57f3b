/** Which API a logged request belongs to: its routes are drafted for that one, and for no other. */
import { match } from '../../../src/policy/match.ts';
import type { ParsedPath } from '../../../src/policy/path.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { apisOn } from '../../policy/what-if/targets.ts';
import type { LoggedRequest } from '../read/line.ts';

export type Owner =
  | { readonly kind: 'api'; readonly name: string }
  /** Known by its host alone: what the rest of the log says of the host decides. */
  | { readonly kind: 'host' }
  /** One of several, or of none: no route served it, and nobody knows whose it would be. */
  | { readonly kind: 'unclaimed'; readonly apis: readonly string[] };

export type Owners = (request: LoggedRequest, host: string, path: ParsedPath) => Owner;

/** A name that can stand in the policy. */
const API_NAME = /^API_[A-Za-z0-9_-]+$/;

/** @param policy of the gateway that wrote the log, where it was read */
export function createOwners(policy: Policy | undefined): Owners {
  return (request, host, path) => {
    const named = apiOf(request.route) ?? apiOf(request.nearMisses[0]);
    if (named !== undefined) return { kind: 'api', name: named };
    if (policy === undefined) return { kind: 'host' };
    const found = match(policy, host, request.method, path);
    const own = found.kind === 'match' ? found.route.api : (found.nearMiss?.api ?? found.api);
    if (own !== undefined) return { kind: 'api', name: own.name };
    const apis = apisOn(policy, host);
    if (apis.length === 0) return { kind: 'host' };
    const able = apis.filter(({ prefix }) => prefix.every((segment, i) => segment === path.encoded[i]));
    const [only, ...others] = able;
    if (only !== undefined && others.length === 0) return { kind: 'api', name: only.name };
    return { kind: 'unclaimed', apis: able.map(({ name }) => name) };
  };
}

function apiOf(route: string | undefined): string | undefined {
  const [name = ''] = route?.split(' ') ?? [];
  return API_NAME.test(name) ? name : undefined;
}
