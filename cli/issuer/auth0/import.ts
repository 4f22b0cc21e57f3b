/** `claimgate import auth0`: what the client credentials grant needs is taken, and whatever is not is said. */
import type { Api } from '../../../issuer/src/records.ts';
import { isTable, type Table } from '../../text/json.ts';
import { visible } from '../../text/terminal.ts';
import type { DeclaredClient } from '../declaration.ts';
import { type TakenApi, takeApi } from './apis.ts';
import { type TakenClients, takeClient } from './clients.ts';
import type { DeployConfig } from './deploy-config.ts';
import { type Item, readExport } from './export.ts';
import { takeGrant } from './grants.ts';
import { keywordsIn, openKeywords } from './keywords.ts';
import { KINDS, type Kind, type Report, startReport } from './report.ts';
import { keywordsOf, nameOf, said, wordOf } from './values.ts';

export interface Count {
  readonly read: number;
  readonly taken: number;
  readonly left_out: number;
}

export interface Imported {
  readonly apis: readonly Api[];
  readonly clients: readonly DeclaredClient[];
  readonly counts: Readonly<Record<Kind, Count>>;
  readonly report: Report;
}

/** Reads the files and folders. Throws `CommandError` where one is no export, and takes nothing of it then. */
export function importAuth0(paths: readonly string[], config: DeployConfig, nowSeconds: number): Imported {
  const report = startReport();
  const { items, open } = readExport(paths, config, report);
  const apis = new Map<string, TakenApi>();
  const clients: TakenClients = { list: [], byId: new Map(), byName: new Map() };
  const left: Record<Kind, Map<string, Table>> = { api: new Map(), client: new Map(), grant: new Map() };
  const granted = new Set(
    items.flatMap(({ kind, value }) =>
      kind === 'grant' && isTable(value) ? [wordOf(value['client_id']) ?? ''] : [],
    ),
  );
  const take = {
    api: (one) => takeApi(one, apis, report),
    client: (one) => takeClient(one, clients, (id) => granted.has(id), nowSeconds, report),
    grant: (one) => takeGrant(one, { apis, clients, leftApis: left.api, leftClients: left.client, report }),
  } satisfies Record<Kind, (one: Table) => string | undefined>;
  const taken: Record<Kind, number> = { api: 0, client: 0, grant: 0 };
  for (const kind of KINDS) {
    for (const item of items) {
      if (item.kind !== kind) continue;
      const why = refuse(item, config) ?? take[kind](tableOf(item.value));
      if (why === undefined) {
        taken[kind] += 1;
        continue;
      }
      const one = tableOf(item.value);
      report.leftOut.push({
        kind,
        name: isTable(item.value) ? nameOf(kind, one) : said(item.value) || '(empty)',
        why,
      });
      for (const name of [one['identifier'], one['name'], one['client_id']].map(wordOf))
        if (name !== undefined) left[kind].set(name, one);
    }
  }
  for (const { client } of clients.list)
    if (Object.keys(client.grants).length === 0)
      report.notes.push(`client ${said(client.name)}: it has no grant, so it gets no tokens`);
  noteOpen(open, report);
  const countsOf = (kind: Kind): Count => ({
    read: items.filter((item) => item.kind === kind).length,
    taken: taken[kind],
    left_out: report.leftOut.filter((one) => one.kind === kind).length,
  });
  return {
    apis: [...apis.values()].map(({ api }) => api),
    clients: clients.list.map(({ client }) => client),
    counts: { api: countsOf('api'), client: countsOf('client'), grant: countsOf('grant') },
    report,
  };
}

const tableOf = (value: unknown): Table => (isTable(value) ? value : {});

/** Why nobody needs to look at its members. */
function refuse({ kind, value, why }: Item, config: DeployConfig): string | undefined {
  if (why !== undefined) return why;
  if (!isTable(value)) {
    const open = keywordsOf(value);
    return open.length > 0 ? openKeywords(open) : 'it is not a table';
  }
  return Object.keys(value).length === 0 ? 'it is empty' : config.excludesOne(kind, value);
}

/** Keywords that no note names stand in parts that are not read: they are said once. */
function noteOpen(open: ReadonlySet<string>, { notes, leftOut }: Report): void {
  const texts = [...notes, ...leftOut.map(({ name, why }) => `${name} ${why}`)];
  const named = new Set(texts.flatMap(keywordsIn));
  const rest = [...open].filter((keyword) => !named.has(visible(keyword)));
  if (rest.length === 0) return;
  const names = rest.slice(0, 20);
  notes.push(
    `in parts that are not taken, ${openKeywords(names)}${rest.length > names.length ? `, and ${rest.length - names.length} more` : ''}`,
  );
}
