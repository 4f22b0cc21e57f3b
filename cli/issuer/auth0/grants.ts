/** Client grants become members of their clients. */
import { isTable, listOf, type Table } from '../../text/json.ts';
import { listed } from '../../text/words.ts';
import { isOfAuth0, type TakenApi } from './apis.ts';
import type { TakenClient, TakenClients } from './clients.ts';
import { keywordsIn, openKeywords } from './keywords.ts';
import { noteMembers } from './members.ts';
import type { Report } from './report.ts';
import { keywordsOf, nameOf, said, wordOf } from './values.ts';

interface Context {
  readonly apis: ReadonlyMap<string, TakenApi>;
  readonly clients: TakenClients;
  /** Identifiers of APIs, ids and names of clients that the export has, but that were left out. */
  readonly leftApis: ReadonlyMap<string, Table>;
  readonly leftClients: ReadonlyMap<string, Table>;
  readonly report: Report;
}

/** Adds the grant to its client. @returns why it is left out */
export function takeGrant(grant: Table, context: Context): string | undefined {
  const id = wordOf(grant['client_id']);
  const audience = wordOf(grant['audience']);
  if (audience === undefined) return 'it has no audience';
  if (id === undefined) return 'it names no client';
  if (isOfAuth0(audience)) return "it is for Auth0's own API";
  const open = keywordsOf([id, audience, grant['subject_type'], grant['organization_usage']]);
  if (open.length > 0) return `${openKeywords(open)}${describeLack(grant, context.leftApis.get(audience))}`;
  const subject = grant['subject_type'];
  if (subject !== undefined && subject !== null && subject !== 'client')
    return `it is for ${subject === 'user' ? 'users' : said(subject) || 'another kind of subject'}`;
  const found = findClient(id, context);
  if (typeof found === 'string') return found;
  const taken = context.apis.get(audience);
  if (taken === undefined)
    return context.leftApis.has(audience) ? 'its API was left out' : 'there is no such API in the files';
  if (taken.isClosed) return 'its API gives clients no tokens';
  const note = (text: string) => context.report.notes.push(`grant ${nameOf('grant', grant)}: ${text}`);
  const usage = grant['organization_usage'];
  if (usage === 'require') return 'it is for organizations, which there are not here';
  if (usage === 'allow') note('there are no organizations here; it is for the API as a whole');
  const scope = readScope(grant, taken, note);
  const { grants } = found.client;
  const before = Object.hasOwn(grants, audience) ? grants[audience] : undefined;
  if (before !== undefined) note('there is another grant for the same API; the scopes of both are taken');
  Object.defineProperty(grants, audience, {
    value: { scope: join(before?.scope ?? [], scope) },
    enumerable: true,
    configurable: true,
    writable: true,
  });
  noteMembers('grant', grant, note, context.report);
  return undefined;
}

/** Whoever mends the keyword would meet it next. */
function describeLack(grant: Table, api: Table | undefined): string {
  if (api === undefined) return '';
  const has = listOf(api['scopes']).map((scope) => wordOf(isTable(scope) ? scope['value'] : scope));
  const lacking = wordsOf(grant).filter((word) => !has.includes(word));
  return lacking.length === 0 ? '' : `; and the API does not have the scope ${saidAll(lacking)}`;
}

type Scope = string[] | '*';

const join = (a: Scope, b: Scope): Scope => (a === '*' || b === '*' ? '*' : [...new Set([...a, ...b])]);

/** By id, or by name as the Deploy CLI writes it. */
function findClient(id: string, { clients, leftClients }: Context): TakenClient | string {
  const byId = clients.byId.get(id);
  if (byId !== undefined) return byId;
  const named = clients.byName.get(id) ?? [];
  if (named.length > 1) return `${named.length} clients have the name; write the client_id`;
  if (named[0] !== undefined) return named[0];
  return leftClients.has(id) ? 'its client was left out' : 'there is no such client in the files';
}

/** What the API does not have is not a scope of a grant: it would come alive when the API gets it. */
function readScope(grant: Table, { api }: TakenApi, note: (text: string) => void): Scope {
  const everything = grant['allow_all_scopes'];
  if (everything === true) return '*';
  if (typeof everything === 'string') note(`allow_all_scopes is ${said(everything)}, which does not count`);
  const given = grant['scope'] ?? grant['scopes'];
  const words = wordsOf(grant);
  if (given !== undefined && given !== null && typeof given !== 'string' && !Array.isArray(given))
    note('scope is not a list, so it has none');
  const has = new Set(api.scopes.map(({ value }) => value));
  const scope = new Set(words.flatMap((word) => (word !== undefined && has.has(word) ? [word] : [])));
  const lacking = words.filter((word) => word === undefined || !has.has(word));
  const open = lacking.flatMap((word) => keywordsIn(word ?? ''));
  if (open.length > 0) note(`scope left out: ${openKeywords([...new Set(open)])}`);
  const unknown = lacking.filter((word) => keywordsIn(word ?? '').length === 0);
  if (unknown.length > 0) note(`scope left out, which the API does not have: ${saidAll(unknown)}`);
  return [...scope];
}

function wordsOf(grant: Table): (string | undefined)[] {
  const given = grant['scope'] ?? grant['scopes'];
  return typeof given === 'string' ? given.split(/\s+/).filter(Boolean) : listOf(given).map(wordOf);
}

const saidAll = (words: readonly (string | undefined)[]) =>
  listed([...new Set(words)].map((word) => said(word) || '(no text)'));
