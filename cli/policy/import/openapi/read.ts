/** Reads an OpenAPI description as far as it says who may call what. */

import { UNROUTABLE_METHODS } from '../../../../src/policy/second-target.ts';
import { isTable, listOf, type Table, textOf } from '../../../text/json.ts';
import { CommandError } from '../../../text/terminal.ts';
import { countOf } from '../../../text/words.ts';
import type { Access, Base, Description, Note, Operation } from '../operations.ts';
import { hintsOf, ownRules, withRest } from './exported.ts';
import { type FoundOperation, type Item, readItem } from './items.ts';
import { spanningNames } from './parameters.ts';
import { readPath } from './paths.ts';
import { demandOpenApi } from './recognise.ts';
import { type At, createFollow, type Follow, isUnread, step, tableAt, textAt } from './references.ts';
import { createFindScheme, type FindScheme, readAccess } from './security.ts';
import { readServers } from './servers.ts';
import { openSources, type Sources } from './source.ts';
import { foreignRules, isColonStyle, isWorthNaming } from './vendors.ts';

/** The largest public ones have 17,000. */
const MAX_OPERATIONS = 50_000;

interface Reading {
  readonly root: At;
  readonly follow: Follow;
  readonly find: FindScheme;
  readonly self: string | undefined;
  /** Of the whole description. */
  readonly rules: readonly Note[];
  readonly accesses: Map<unknown, Promise<Access>>;
  readonly bases: Map<unknown, Base | string>;
  /** Extensions that nobody reads, with how often they stand there. */
  readonly extensions: Map<string, number>;
  readonly notes: Set<string>;
}

/** `-` is standard input. Throws `CommandError` where there is no OpenAPI 3 document, or it can't be trusted. */
export const readOpenApi = async (path: string): Promise<Description> => readFrom(await openSources(path));

/** A document that is in memory, and has no other files. */
export const readDescription = (value: unknown): Promise<Description> =>
  readFrom({
    first: { name: 'the document', folder: undefined, value },
    open: async (path) => ({ missing: `there is no ${path}` }),
  });

async function readFrom(sources: Sources): Promise<Description> {
  demandOpenApi(sources.first);
  const path = sources.first.name;
  const root: At = { value: sources.first.value, source: sources.first, pointer: '' };
  const self = textAt(root, '$self');
  const follow = createFollow(sources, self);
  const reading: Reading = {
    root,
    follow,
    self,
    find: createFindScheme(root, await schemesOf(root, follow), follow),
    rules: foreignRules(tableAt(root), 'the description'),
    accesses: new Map(),
    bases: new Map(),
    extensions: new Map(),
    notes: new Set(),
  };
  nameExtensions(tableAt(root), reading);
  const operations: Operation[] = [];
  for (const field of ['paths', 'x-ms-paths']) {
    const paths = await follow(step(root, field));
    if (isUnread(paths)) throw new CommandError(`${path}: its paths were not read: ${paths.unread}`);
    for (const template of Object.keys(tableAt(paths))) {
      if (/^x-/i.test(template)) continue;
      const item = await readItem(step(paths, template), follow);
      for (const one of item.operations) operations.push(await readOne(template, item, one, reading));
      if (operations.length > MAX_OPERATIONS)
        throw new CommandError(
          `${path} has more than ${MAX_OPERATIONS} operations; split it, and import each part`,
        );
    }
  }
  if (operations.length === 0) {
    const isSender = outgoing(root).length > 0;
    throw new CommandError(
      `${path} has no paths${isSender ? ', only requests that the API sends (webhooks)' : ''}; there is nothing to make routes of`,
    );
  }
  const info = tableAt(root)['info'];
  return {
    title: isTable(info) ? textOf(info['title']) : undefined,
    operations,
    notes: [...reading.notes, ...outgoing(root), ...extensionNotes(reading)],
  };
}

async function schemesOf(root: At, follow: Follow): Promise<At> {
  const components = await follow(step(root, 'components'));
  const schemes = isUnread(components) ? components : await follow(step(components, 'securitySchemes'));
  return isUnread(schemes) ? { ...root, value: undefined } : schemes;
}

async function readOne(
  template: string,
  item: Item,
  found: FoundOperation,
  reading: Reading,
): Promise<Operation> {
  const operation = found.operation === undefined ? {} : tableAt(found.operation);
  const own = isTable(operation['x-claimgate']) ? operation['x-claimgate'] : undefined;
  const tables = [operation, ...item.parts.map(tableAt)];
  for (const table of tables) nameExtensions(table, reading);
  const places = [...(found.operation === undefined ? [] : [found.operation]), ...item.parts];
  const isDefault = template === '/$default' && operation['isDefaultRoute'] === true;
  const written = `${template}${found.query === undefined ? '' : `?${found.query}`}`;
  const path = isDefault
    ? {
        shape: { segments: [{ kind: 'rest' as const }], query: undefined, isWider: false },
        notes: [DEFAULT_ROUTE],
        problem: undefined,
      }
    : readPath(
        tables.some((table) => table['x-claimgate-rest'] === true) ? withRest(written) : written,
        await spanningNames(template.includes('{') ? places : [], reading.follow, reading.notes),
        tables.some(isColonStyle) ? 'colons' : 'braces',
      );
  const servers = tables
    .map((table) => table['servers'])
    .find((one) => listOf(one).length > 0 || isTable(one));
  const base = baseOf(servers ?? tableAt(reading.root)['servers'], reading);
  const rules = [
    ...reading.rules,
    ...tables.flatMap((table) => foreignRules(table, 'it')),
    ...(own === undefined ? [] : ownRules(own)),
    // OpenAPI has none at paths: whoever wrote it meant something.
    ...(operation['security'] === undefined &&
    item.parts.some((part) => tableAt(part)['security'] !== undefined)
      ? [PATH_SECURITY]
      : []),
  ];
  const [rule, ...moreRules] = rules;
  const stated =
    operation['security'] === undefined ? tableAt(reading.root)['security'] : operation['security'];
  const isUnroutable = UNROUTABLE_METHODS.has(found.method);
  return {
    method: found.method,
    written,
    path: path.shape,
    base: typeof base === 'string' ? undefined : base,
    access: rule === undefined ? await accessOf(stated, reading) : { kind: 'unread', note: rule },
    notes: [...(own === undefined ? path.notes : []), ...moreRules],
    leftOut:
      found.unread ??
      (typeof base === 'string' ? base : undefined) ??
      path.problem ??
      (isUnroutable ? `${found.method} can't be forwarded` : undefined),
    hints: own === undefined ? {} : hintsOf(own, base, listOf(servers ?? tableAt(reading.root)['servers'])),
  };
}

const PATH_SECURITY: Note = {
  tag: 'security of a path',
  text: 'its path has security, which OpenAPI does not know; write it into the operations',
};

const DEFAULT_ROUTE: Note = {
  tag: 'default route',
  text: '$default takes whatever no other route has: this one takes all paths but /, and where another path fits, its other methods are 405',
};

function accessOf(security: unknown, { accesses, find }: Reading): Promise<Access> {
  const access = accesses.get(security) ?? readAccess(security, find);
  accesses.set(security, access);
  return access;
}

function baseOf(servers: unknown, { bases, self }: Reading): Base | string {
  const base = bases.get(servers) ?? readServers(servers, self);
  bases.set(servers, base);
  return base;
}

function nameExtensions(table: Table, { extensions }: Reading): void {
  for (const name of Object.keys(table))
    if (isWorthNaming(name)) extensions.set(name, (extensions.get(name) ?? 0) + 1);
}

const extensionNotes = ({ extensions }: Reading): string[] =>
  extensions.size === 0
    ? []
    : [
        `extensions that are not read: ${[...extensions].map(([name, count]) => `${name} (${count})`).join(', ')}`,
      ];

/** Requests that the API itself sends. */
function outgoing(root: At): string[] {
  const webhooks = tableAt(root)['webhooks'];
  const count = isTable(webhooks) ? Object.keys(webhooks).length : 0;
  return count === 0
    ? []
    : [
        `${countOf(count, 'webhook')} of the description ${count === 1 ? 'is a request' : 'are requests'} that the API sends: no routes`,
      ];
}
