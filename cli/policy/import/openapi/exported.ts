/** What the gateway's own export has beyond OpenAPI. */
import { listOf, type Table, textOf } from '../../../text/json.ts';
import type { Base, Hints, Note } from '../operations.ts';
import { readServers } from './servers.ts';

/** Rules of a policy that OpenAPI has no words for: the export has them as sentences. */
const OWN = ['api', 'origin', 'headers', 'audience', 'open'];

export const ownRules = (own: Table): Note[] =>
  Object.keys(own)
    .filter((name) => !OWN.includes(name))
    .map((name) => ({
      tag: `x-claimgate ${name}`,
      text: `the policy that this was exported from has ${name} here, which an export only describes`,
    }));

export function hintsOf(own: Table, base: Base | string, servers: readonly unknown[]): Hints {
  const audience = listOf(own['audience']).filter((one): one is string => typeof one === 'string');
  const hosts = servers
    .map((one) => readServers([one], undefined))
    .flatMap((one) => (typeof one === 'object' && one.host !== undefined ? [one.host] : []));
  return {
    api: /^API_[A-Z0-9_]+$/.test(String(own['api'])) ? String(own['api']) : undefined,
    origin: textOf(own['origin']),
    ...(audience.length > 0 && { audience }),
    ...(typeof base === 'object' && hosts.length > 0 && { hosts }),
  };
}

/** The export writes a rest as parameters with the number of their segment, since OpenAPI has none. */
export function withRest(template: string): string {
  const [path = '', query] = template.split('?');
  const parts = path.split('/');
  let end = parts.length;
  while (end > 1 && parts[end - 1] === `{rest${end - 2}}`) end--;
  return `${[...parts.slice(0, end), '*'].join('/')}${query === undefined ? '' : `?${query}`}`;
}
