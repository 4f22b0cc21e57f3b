/** What becomes of an export: each API, client and grant is taken, or left out with a reason. */
import { visible } from '../../text/terminal.ts';
import { countOf, listed } from '../../text/words.ts';

export type Kind = 'api' | 'client' | 'grant';
export const KINDS = ['api', 'client', 'grant'] as const satisfies readonly Kind[];

export interface LeftOut {
  readonly kind: Kind;
  readonly name: string;
  readonly why: string;
}

export interface Report {
  /** Changes and omissions, in words. */
  readonly notes: string[];
  readonly leftOut: LeftOut[];
  /** Parts of the export that have no counterpart here: how many entries each. */
  readonly ignored: Map<string, number>;
  /** Members of what was taken that have no counterpart here. */
  readonly members: Readonly<Record<Kind, Set<string>>>;
}

export const startReport = (): Report => ({
  notes: [],
  leftOut: [],
  ignored: new Map(),
  members: { api: new Set(), client: new Set(), grant: new Set() },
});

const WORDS: Readonly<Record<Kind, string>> = { api: 'API', client: 'client', grant: 'grant' };

export function ignore({ ignored }: Report, name: string, count: number): void {
  if (count > 0) ignored.set(name, (ignored.get(name) ?? 0) + count);
}

/** As many names of things left out for one reason stand in a line for people. */
const MAX_NAMES = 20;
/** From here on, things left out for one reason share a line. */
const MIN_GROUP = 3;

/** The lines for people. `--json` has them one by one. */
export function describeReport({ notes, leftOut, ignored, members }: Report): string[] {
  const groups = Map.groupBy(leftOut, ({ kind, why }) => `${kind} ${why}`);
  const ofGroups = [...groups.values()].flatMap((group) => {
    const [{ kind, why } = { kind: 'api', why: '' } as const] = group;
    if (group.length < MIN_GROUP) return group.map(describeLeftOut);
    const names = group.slice(0, MAX_NAMES).map(({ name }) => name);
    const more = group.length - names.length;
    const rest = more === 0 ? [] : [`${more} more, which --json lists`];
    return [`${countOf(group.length, WORDS[kind])} left out: ${listed([...names, ...rest])}: ${why}`];
  });
  const parts = [...ignored].map(([name, count]) => `${visible(name)} (${count})`);
  return [
    ...notes,
    ...ofGroups,
    ...(Object.keys(members) as Kind[])
      .filter((kind) => members[kind].size > 0)
      .map(
        (kind) => `of each ${WORDS[kind]}, not taken: ${[...members[kind]].sort().map(visible).join(', ')}`,
      ),
    ...([...ignored.keys()].some((name) => /^(actions|hooks|rules)\/?$/.test(name))
      ? ['code of the tenant is not taken; docs/hooks.md tells how hooks and Actions move']
      : []),
    ...(parts.length === 0 ? [] : [`parts without a counterpart here, not read: ${parts.join(', ')}`]),
  ];
}

const describeLeftOut = ({ kind, name, why }: LeftOut) => `${WORDS[kind]} ${name} left out: ${why}`;

export const membersOf = ({ members: { api, client, grant } }: Report) => ({
  apis: [...api].sort(),
  clients: [...client].sort(),
  grants: [...grant].sort(),
});
