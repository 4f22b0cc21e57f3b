/** Environments serve other hosts: whoever compares two asks what differs besides. */
import { isTable, listOf, type Table } from '../../text/json.ts';
import type { Section } from '../file/config.ts';

/** The hosts of the old environment, and those of the new one that stand in their place. */
export type HostPairs = readonly (readonly [before: string, now: string])[];

/**
 * The old environment, its hosts replaced by those of the new one. APIs are paired by their name, and their hosts by
 * their order; where that is not one to one, nothing is replaced. Without hosts, an API is on any.
 */
export function alignHosts(old: Section, now: Section): { section: Section; hosts: HostPairs } {
  const tables = Object.entries(old.vars ?? {}).flatMap(([name, table]) => {
    const [before, after] = [hostsOf(table), hostsOf(now.vars?.[name])];
    if (!name.startsWith('API_') || before === undefined || after === undefined) return [];
    const fits = before.length === after.length || before.length === 0 || after.length === 0;
    return fits ? [{ name, before, after }] : [];
  });
  const pairs = tables.flatMap(({ before, after }) =>
    before.flatMap((host, i) => (after[i] === undefined ? [] : [[host, after[i]] as const])),
  );
  const [there, back] = [new Map(pairs), new Map(pairs.map(([before, after]) => [after, before]))];
  const isOneToOne = pairs.every(
    ([before, after]) => there.get(before) === after && back.get(after) === before,
  );
  const named = (hosts: readonly string[]) => hosts.join(', ') || 'any';
  const changed = new Map(tables.map(({ before, after }) => [named(before), named(after)]));
  const hosts = [...changed].filter(([before, after]) => before !== after);
  if (!isOneToOne || hosts.length === 0) return { section: old, hosts: [] };
  const vars = { ...old.vars };
  for (const { name, after } of tables) vars[name] = replaced(vars[name] as Table, after, there);
  // A host with `origin = "zone"` must be led to the Worker: the routes of the new one do that.
  const routes = [...routesOf(old), ...routesOf(now)];
  return { section: { ...old, vars, routes }, hosts };
}

/** `undefined`: this is no API of its own. */
function hostsOf(table: unknown): string[] | undefined {
  if (!isTable(table) || table['extends'] !== undefined) return undefined;
  return listOf(table['hosts']).filter((host) => typeof host === 'string');
}

const routesOf = ({ route, routes }: Section) => [...(routes ?? []), ...(route === undefined ? [] : [route])];

/** A resource stands on a host of its API. */
function replaced(table: Table, hosts: readonly string[], names: ReadonlyMap<string, string>): Table {
  const { hosts: _, resource, ...rest } = table;
  return {
    ...rest,
    ...(hosts.length > 0 && { hosts }),
    ...(resource !== undefined && {
      resource: String(resource).replace(
        /^(https?:\/\/)([^/?#]+)/,
        (_whole, scheme: string, host: string) => scheme + (names.get(host) ?? host),
      ),
    }),
  };
}
