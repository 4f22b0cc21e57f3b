import { isMeant } from '../hosts.ts';
import { normaliseHost, parseTrustedUri } from '../uri.ts';
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
