/** Operations by the server that they are on: each has a table of its own. */
import type { Base, Operation } from './operations.ts';

export interface ServerGroup {
  /** `API_ORDERS`. */
  readonly name: string;
  /** That clients ask, as the description has them. */
  readonly hosts: readonly string[];
  /** Whether the draft can't do without: a policy that was exported, or a parameter of the host. */
  readonly needsHosts: boolean;
  readonly origin: string | undefined;
  readonly notes: readonly string[];
  readonly operations: readonly Operation[];
}

/** @param name of the table of the most operations; others are named after their host */
export function groupByServer(operations: readonly Operation[], name: string): ServerGroup[] {
  const placed = operations.filter(({ base }) => base !== undefined);
  const groups = [...Map.groupBy(placed, keyOf).values()].sort((a, b) => b.length - a.length);
  // An operation whose server can't be read is left out, in the first table.
  const homeless = operations.filter(({ base }) => base === undefined);
  groups[0] = [...(groups[0] ?? []), ...homeless];
  const taken = new Set<string>();
  return groups.map((group, i) => {
    const own = group.find(({ hints }) => hints.api !== undefined)?.hints;
    const [base] = group.flatMap((one) => (one.base === undefined ? [] : [one.base]));
    const wanted = own?.api ?? (i === 0 ? name : `${name}_${labelOf(base)}`);
    const hosts = own === undefined ? [base?.host ?? []].flat() : (own.hosts ?? []);
    return {
      name: uniqueName(wanted, taken),
      hosts,
      needsHosts: hosts.length > 0 && (own !== undefined || hosts.some((host) => host.startsWith(':'))),
      origin: own?.origin ?? base?.origin,
      notes: [...new Set(group.flatMap((one) => one.base?.notes ?? []))],
      operations: group,
    };
  });
}

const keyOf = ({ base, hints }: Operation): string =>
  hints.api === undefined ? `${base?.origin} ${base?.host}` : hints.api;

/** A table that continues an API has a number in its place. */
const labelOf = (base: Base | undefined): string => hostLabel(base).replace(/^(?=\d+$)/, 'HOST_');

const hostLabel = (base: Base | undefined): string =>
  (base?.host ?? 'other')
    .replace(/^:/, '')
    .split('.')[0]
    ?.toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_') || 'OTHER';

function uniqueName(name: string, taken: Set<string>): string {
  let unique = name;
  // A table that continues an API has a number as well.
  for (let count = 2; taken.has(unique); count++) unique = `${name}_B${count}`;
  taken.add(unique);
  return unique;
}
