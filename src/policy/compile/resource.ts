import { normaliseHost, parseTrustedUri } from '../uri.ts';
import { type Fault, fault, type Place } from './fault.ts';
import type { ApiConfig } from './schema.ts';

/** RFC 9728 §1.2: an https URL without fragment. By default the audience, where it is that and on a host of the API. */
export function compileResource(config: ApiConfig, place: Place, faults: Fault[]): string | undefined {
  const onHost = (url: URL | undefined) =>
    url !== undefined && (config.hosts === undefined || config.hosts.includes(normaliseHost(url.host)));
  if (config.resource !== undefined) {
    if (!onHost(parseTrustedUri(config.resource))) {
      faults.push(
        fault(
          [...place, 'resource'],
          'this is no resource identifier of this API',
          'write an https URL on one of its hosts',
        ),
      );
    }
    return config.resource;
  }
  const { audience, hosts } = config;
  return typeof audience === 'string' && hosts !== undefined && onHost(parseTrustedUri(audience))
    ? audience
    : undefined;
}
