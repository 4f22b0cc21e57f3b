/** Hosts as APIs name them: whole, or with a parameter in place of the first label: `:tenant.api.example.com`. */
import type { Policy, RouteTable } from './policy.ts';

const isPattern = (written: string) => written.startsWith(':');

/** The parameter of a host, without its colon. */
export const paramOfHost = (written: string): string | undefined =>
  isPattern(written) ? written.slice(1, written.indexOf('.')) : undefined;

/** One text for hosts that are the same but for the name of their parameter: `*.api.example.com`. */
export const hostKey = (written: string): string =>
  isPattern(written) ? `*${written.slice(written.indexOf('.'))}` : written;

/** Whether a host, or a host's key, is one of those that are meant. */
export function isMeant(written: string, host: string): boolean {
  const dot = host.indexOf('.');
  return written === host || (isPattern(written) && dot > 0 && hostKey(written) === `*${host.slice(dot)}`);
}

/**
 * The name under which a policy has the routes of a host: the host itself comes before a parameter.
 *
 * @param host lower case, without port and trailing dot
 */
export function tableName({ hosts }: Pick<Policy, 'hosts'>, host: string): string | undefined {
  if (hosts.has(host)) return host;
  // No text is made for a look into nothing.
  if (hosts.size === 0) return undefined;
  const dot = host.indexOf('.');
  const key = `*${host.slice(dot)}`;
  return dot > 0 && hosts.has(key) ? key : undefined;
}

/** The routes that a host can be asked for. */
export function tableOf(policy: Policy, host: string): RouteTable | undefined {
  const name = tableName(policy, host);
  return name === undefined ? policy.otherHosts : policy.hosts.get(name);
}
