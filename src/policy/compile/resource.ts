import { normaliseHost, parseTrustedUri } from '../uri.ts';
import type { Faults } from './faults.ts';
import type { ApiConfig } from './schema.ts';

/** RFC 9728 §1.2: an https URL without fragment. By default the audience, where it is that and on a host of the API. */
export function compileResource(
  { audience, hosts, resource }: Partial<ApiConfig>,
  at: Faults,
): string | undefined {
  const isOurs = (text: string) => {
    const url = parseTrustedUri(text);
    return url !== undefined && (hosts === undefined || hosts.includes(normaliseHost(url.host)));
  };
  if (resource !== undefined) {
    if (!isOurs(resource))
      at.add('resource is not a resource identifier of this API', 'write an https URL on one of its hosts');
    return resource;
  }
  return typeof audience === 'string' && hosts !== undefined && isOurs(audience) ? audience : undefined;
}
