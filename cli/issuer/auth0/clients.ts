/** Applications that use the client credentials grant become clients. */
import { type Client, clientSchema, isClientId } from '../../../issuer/src/records.ts';
import { isTable, type Table } from '../../text/json.ts';
import { describeSecret, makeClientId } from '../credentials.ts';
import type { DeclaredClient } from '../declaration.ts';
import { cleanName } from './apis.ts';
import { keywordsIn, openKeywords } from './keywords.ts';
import { noteMembers } from './members.ts';
import type { Report } from './report.ts';
import { keywordsOf, nameOf, said, wordOf } from './values.ts';

export interface TakenClient {
  readonly client: DeclaredClient;
  readonly name: string;
  /** Its id in the export. */
  readonly sourceId: string | undefined;
}

/** The clients that are taken, in the order of the export. */
export interface TakenClients {
  readonly list: TakenClient[];
  readonly byId: Map<string, TakenClient>;
  readonly byName: Map<string, TakenClient[]>;
}

/** A shorter one could be guessed from its hash. */
const MIN_SECRET_LENGTH = 32;
/** Random text of that length has more; a mask of stars or dots has one. */
const MIN_DIFFERENT = 8;
/** Kinds of applications that can't keep a secret. */
const PUBLIC_TYPES = ['spa', 'native'];

/** Adds the client to those that are taken. @returns why it is left out */
export function takeClient(
  one: Table,
  taken: TakenClients,
  hasGrant: (id: string) => boolean,
  nowSeconds: number,
  report: Report,
): string | undefined {
  const name = wordOf(one['name']);
  const sourceId = wordOf(one['client_id']);
  if (name === undefined || name === '') return 'it has no name';
  const open = [...keywordsIn(name), ...keywordsOf(one['grant_types'])];
  if (open.length > 0) return openKeywords([...new Set(open)]);
  const why = findOtherUse(
    one,
    [sourceId, name].some((id) => id !== undefined && hasGrant(id)),
  );
  if (why !== undefined) return why;
  if (sourceId !== undefined && taken.byId.has(sourceId))
    return 'its client_id is there twice; the first one was taken';
  const note = (text: string) => report.notes.push(`client ${nameOf('client', one)}: ${text}`);
  const id = readId(sourceId, note);
  const client: DeclaredClient = {
    client_id: id,
    name: cleanName(name),
    metadata: readMetadata(one['client_metadata'], note),
    ...readSecret(one, id, nowSeconds, note),
    grants: {},
  };
  if (client.name !== name) note('its name is shortened, or has control characters left out');
  const whole: Client = { secrets: [], jwks: [], ...client } as Client;
  const parsed = clientSchema.safeParse(whole);
  if (!parsed.success) return `it does not fit here: ${parsed.error.issues[0]?.message}`;
  noteMembers('client', one, note, report);
  add({ client, name, sourceId }, taken);
  return undefined;
}

function add(one: TakenClient, { list, byId, byName }: TakenClients): void {
  list.push(one);
  if (one.sourceId !== undefined) byId.set(one.sourceId, one);
  byName.set(one.name, [...(byName.get(one.name) ?? []), one]);
}

const OTHER_USE = 'it does not use the client credentials grant';

/** Why it gets no tokens as itself. Where `grant_types` is absent, Auth0 has defaults by the kind of application. */
function findOtherUse(one: Table, hasGrant: boolean): string | undefined {
  if (one['global'] === true) return "it is Auth0's own";
  if (one['token_endpoint_auth_method'] === 'none')
    return 'it has no credentials, so it gets no tokens as itself';
  const types = one['grant_types'];
  if (Array.isArray(types)) return types.includes('client_credentials') ? undefined : OTHER_USE;
  const type = one['app_type'];
  if (type === 'non_interactive') return undefined;
  return hasGrant && !PUBLIC_TYPES.includes(String(type)) ? undefined : OTHER_USE;
}

type Note = (text: string) => void;

function readId(given: string | undefined, note: Note): string {
  if (given !== undefined && isClientId(given)) return given;
  const id = makeClientId();
  const open = keywordsIn(given ?? '');
  const why =
    given === undefined
      ? 'the file has no client id'
      : open.length > 0
        ? openKeywords(open)
        : 'its client id has other characters than ids have here';
  note(`${why}, so it has a new one, ${id}`);
  return id;
}

/** A secret that the export does not have must not be made of what stands in its place: everybody knows that. */
function readSecret(one: Table, id: string, nowSeconds: number, note: Note): Pick<DeclaredClient, 'secrets'> {
  const secret = wordOf(one['client_secret']);
  const why = findWeakness(secret, one);
  if (secret !== undefined && why === undefined) return { secrets: [describeSecret(secret, nowSeconds)] };
  note(`${why}; make one after the push with: claimgate client secret add ${id}`);
  return {};
}

function findWeakness(secret: string | undefined, one: Table): string | undefined {
  const method = one['token_endpoint_auth_method'];
  if (!isNothing(one['client_authentication_methods']) || method === 'private_key_jwt')
    return 'it authenticates by keys, so a secret is not taken';
  if (secret === undefined) return 'the file has no secret';
  const open = keywordsIn(secret);
  if (open.length > 0) return openKeywords(open);
  if (secret === '_VALUE_NOT_SHOWN_' || new Set(secret).size < MIN_DIFFERENT)
    return 'the file hides its secret';
  return secret.length < MIN_SECRET_LENGTH
    ? `its secret is shorter than ${MIN_SECRET_LENGTH} characters`
    : undefined;
}

const isNothing = (value: unknown) =>
  value === undefined || value === null || (isTable(value) && Object.keys(value).length === 0);

function readMetadata(value: unknown, note: Note): Record<string, string> {
  if (value !== undefined && value !== null && !isTable(value))
    note(`client_metadata is not a table, and left out: ${said(value) || 'a list'}`);
  return Object.fromEntries(
    Object.entries(isTable(value) ? value : {}).flatMap(([key, member]) => {
      const open = keywordsOf([key, member]);
      if (open.length > 0) {
        note(`client_metadata ${said(key)} is left out: ${openKeywords(open)}`);
        return [];
      }
      return member === null ? [] : [[key, wordOf(member) ?? JSON.stringify(member)]];
    }),
  );
}
