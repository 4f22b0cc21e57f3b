import { isMeant, paramOfHost } from '../hosts.ts';
import { hasRoute, match } from '../match.ts';
import { parsePath } from '../path.ts';
import type { Policy } from '../policy.ts';
import { isLoopbackHost, METADATA_PATH, normaliseHost, parseTrustedUri } from '../uri.ts';
import type { Faults } from './faults.ts';
import type { ApiConfig } from './schema.ts';

/** RFC 9728 §1.2: an https URL without fragment. By default the audience, where it is that and on a host of the API. */
export function compileResource(
  { audience, hosts, resource }: Partial<ApiConfig>,
  at: Faults,
): string | undefined {
  const isOurs = (text: string, isHost = isMeant) => {
    const url = parseTrustedUri(text);
    if (url === undefined) return false;
    return hosts === undefined || hosts.some((host) => isHost(host, normaliseHost(url.host)));
  };
  // A host that a parameter stands for is one of many.
  const isWhole = (written: string, host: string) => written === host;
  if (resource !== undefined) {
    if (!isOurs(resource))
      at.add('resource is not a resource identifier of this API', 'write an https URL on one of its hosts');
    return resource;
  }
  return typeof audience === 'string' && hosts !== undefined && isOurs(audience, isWhole)
    ? audience
    : undefined;
}

/**
 * Names the resource of each API that has its one host for itself, and no other identifier there: the host. Not where
 * the API's own origin is asked for such a document so far: the gateway would stand before it.
 */
export function nameHosts(policy: Policy): void {
  for (const api of policy.apis) {
    const [host, ...others] = api.hosts;
    if (api.resource !== undefined || api.trial !== undefined || host === undefined || others.length > 0)
      continue;
    if (paramOfHost(host) !== undefined || isLoopbackHost(host)) continue;
    if (policy.apis.some((one) => one !== api && one.hosts.includes(host))) continue;
    if (!servesMetadata(policy, host)) (api as { resource: string | undefined }).resource = `https://${host}`;
  }
}

/** Whether a route leads to a document of the origin's own: it is public, or it names the place. */
function servesMetadata(policy: Policy, host: string): boolean {
  const path = parsePath(METADATA_PATH);
  const table = policy.hosts.get(host);
  if (typeof path === 'string' || table === undefined) return false;
  if (hasRoute(table, 'GET', path)) return true;
  const found = match(policy, host, 'GET', path);
  return found.kind === 'match' && found.route.auth !== 'required';
}
