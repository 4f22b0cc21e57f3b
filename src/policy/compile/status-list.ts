import type { StatusLists } from '../policy.ts';
import { isLoopbackHost, parseTrustedUri, parseUrl } from '../uri.ts';
import type { Faults } from './faults.ts';

/** Checks where status lists may be: whoever issues tokens has the Worker ask for any path there. */
export function compileStatusLists(
  config: {
    readonly issuer?: string | undefined;
    readonly status_list?: 'required' | 'optional' | undefined;
    readonly status_list_hosts?: readonly string[] | undefined;
  },
  at: Faults,
): StatusLists | undefined {
  const { status_list: mode, status_list_hosts: named = [] } = config;
  for (const [i, host] of named.entries()) {
    const problem = problemOf(host);
    if (problem !== undefined) at.at('status_list_hosts', i).add(...problem);
  }
  if (mode === undefined) {
    if (named.length > 0)
      at.at('status_list_hosts').add(
        'status_list_hosts does nothing without status_list',
        'add status_list = "required", or remove the hosts',
      );
    return undefined;
  }
  const own = parseTrustedUri(config.issuer ?? '')?.host;
  if (own === undefined && named.length === 0 && config.issuer !== undefined)
    at.at('status_list').add(
      'no list can be found: the issuer is not an https URL',
      'name the hosts of its lists in status_list_hosts',
    );
  return { isRequired: mode === 'required', hosts: new Set(own === undefined ? named : [own, ...named]) };
}

/** A host as it is compared: lower case, ASCII, without the usual port, and nothing but a host. */
const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?$/;

function problemOf(host: string): [problem: string, remedy: string] | undefined {
  const url = parseUrl(host.includes('://') ? host : `https://${host}/`);
  const meant = url !== undefined && HOST.test(url.host) ? url.host : 'status.example.com';
  if (url === undefined || meant !== host)
    return [`${JSON.stringify(host)} is not a plain host name`, `write it like "${meant}"`];
  return /(^|\.)[0-9]+$/.test(url.hostname) && !isLoopbackHost(url.hostname)
    ? [`${host} is an address, not a host name`, 'write the name that its certificate is for']
    : undefined;
}
