/**
 * Reads exports of an Auth0 tenant: answers of its Management API (`/api/v2/resource-servers`, `/clients`,
 * `/client-grants`), the `tenant.yaml` of its deploy CLI, or the files of that tool's folders. Only what the client
 * credentials grant needs is taken; what is left behind is told.
 */
import {
  type Api,
  DEFAULT_TOKEN_LIFETIME_SECONDS,
  isClientId,
  SIGNING_ALGORITHMS,
  TOKEN_DIALECTS,
} from '../../issuer/src/records.ts';
import { isTable, listOf, type Table, textOf } from '../text/json.ts';
import { describeSecret, makeClientId } from './credentials.ts';
import type { DeclaredClient } from './declaration.ts';

export interface Imported {
  readonly apis: readonly Api[];
  readonly clients: readonly DeclaredClient[];
  /** Changes and omissions, in words. */
  readonly notes: readonly string[];
}

/** A shorter one could be guessed from its hash. */
const MIN_SECRET_LENGTH = 32;

export function importAuth0(documents: readonly unknown[], nowSeconds: number): Imported {
  const objects = documents.flatMap(flatten);
  const notes: string[] = [];
  const apis = objects.filter(isResourceServer).flatMap((one) => convertApi(one, notes));
  const grants = objects.filter(isGrant);
  const clients = objects
    .filter((one) => !isResourceServer(one) && !isGrant(one) && typeof one['name'] === 'string')
    .flatMap((one) => convertClient(one, grants, apis, nowSeconds, notes));
  const used = new Set(clients.flatMap(({ sourceIds }) => sourceIds));
  for (const { client_id: id, audience } of grants) {
    if (!used.has(String(id)))
      notes.push(`grant of ${String(id)} for ${String(audience)}: there is no such client in the files`);
  }
  return { apis, clients: clients.map(({ client }) => client), notes };
}

/** The single objects of a file: a list, one object, or the tables of tenant.yaml. */
function flatten(document: unknown): Table[] {
  if (Array.isArray(document)) return document.flatMap(flatten);
  if (!isTable(document)) return [];
  const tables = ['resourceServers', 'resource_servers', 'clients', 'clientGrants', 'client_grants'].filter(
    (name) => Array.isArray(document[name]),
  );
  return tables.length === 0 ? [document] : tables.flatMap((name) => flatten(document[name]));
}

const isResourceServer = (one: Table) => typeof one['identifier'] === 'string';
const isGrant = (one: Table) => typeof one['audience'] === 'string' && typeof one['client_id'] === 'string';

function convertApi(one: Table, notes: string[]): Api[] {
  const identifier = String(one['identifier']);
  if (one['is_system'] === true || identifier.endsWith('/api/v2/')) {
    notes.push(`API ${identifier}: Auth0's own, left out`);
    return [];
  }
  const algorithm = SIGNING_ALGORITHMS.find((alg) => alg === one['signing_alg']);
  if (algorithm === undefined)
    notes.push(
      `API ${identifier}: signing_alg ${String(one['signing_alg'] ?? '(none)')} becomes RS256; with HS256, every verifier could make tokens`,
    );
  const dialect = TOKEN_DIALECTS.find((name) => name === one['token_dialect']);
  if (one['token_encryption']) notes.push(`API ${identifier}: tokens are not encrypted here`);
  if (one['proof_of_possession']) notes.push(`API ${identifier}: tokens are not bound to keys here`);
  const listed = listOf(one['scopes']) as readonly Table[];
  const valued = listed.filter((scope) => typeof scope['value'] === 'string');
  if (valued.length < listed.length)
    notes.push(`API ${identifier}: ${listed.length - valued.length} scopes without a value are left out`);
  const scopes = valued.map((scope) => ({
    value: String(scope['value']),
    ...(typeof scope['description'] === 'string' && { description: scope['description'].slice(0, 280) }),
  }));
  return [
    {
      identifier,
      name: textOf(one['name']) ?? identifier,
      scopes,
      token_lifetime:
        typeof one['token_lifetime'] === 'number' ? one['token_lifetime'] : DEFAULT_TOKEN_LIFETIME_SECONDS,
      signing_alg: algorithm ?? 'RS256',
      token_dialect: dialect ?? 'access_token',
    },
  ];
}

interface ConvertedClient {
  readonly client: DeclaredClient;
  /** The names that grants have for it: its id, or in files of the deploy CLI its name. */
  readonly sourceIds: readonly string[];
}

function convertClient(
  one: Table,
  grants: readonly Table[],
  apis: readonly Api[],
  nowSeconds: number,
  notes: string[],
): ConvertedClient[] {
  const name = String(one['name']);
  const grantTypes = one['grant_types'];
  const sourceIds = [one['client_id'], name].filter((id) => typeof id === 'string');
  const own = grants.filter((grant) => sourceIds.includes(String(grant['client_id'])));
  const usesGrant = Array.isArray(grantTypes) ? grantTypes.includes('client_credentials') : own.length > 0;
  if (!usesGrant || one['global'] === true) {
    notes.push(`client ${name}: does not use the client credentials grant, left out`);
    return [];
  }
  const given = textOf(one['client_id']);
  const id = given !== undefined && isClientId(given) ? given : makeClientId();
  if (id !== given) {
    const why =
      given === undefined
        ? 'the file has no client id'
        : 'its client id has other characters than ids have here';
    notes.push(`client ${name}: ${why}, so it has a new one, ${id}`);
  }
  const secret = textOf(one['client_secret']);
  const isStrong = secret !== undefined && secret.length >= MIN_SECRET_LENGTH;
  if (!isStrong) {
    const why =
      secret === undefined
        ? 'the file has no secret'
        : `its secret is shorter than ${MIN_SECRET_LENGTH} characters`;
    notes.push(`client ${name}: ${why}; make one after the push with: claimgate client secret add ${id}`);
  }
  const client: DeclaredClient = {
    client_id: id,
    name,
    metadata: readMetadata(one['client_metadata']),
    ...(isStrong && { secrets: [describeSecret(secret, nowSeconds)] }),
    grants: Object.fromEntries(own.flatMap((grant) => convertGrant(grant, name, apis, notes))),
  };
  return [{ client, sourceIds }];
}

function readMetadata(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(isTable(value) ? value : {}).map(([key, member]) => [key, String(member)]),
  );
}

function convertGrant(
  grant: Table,
  name: string,
  apis: readonly Api[],
  notes: string[],
): [string, { scope: string[] | '*' }][] {
  const audience = String(grant['audience']);
  if (grant['subject_type'] === 'user') {
    notes.push(`client ${name}: its grant for ${audience} is for users, left out`);
    return [];
  }
  const api = apis.find(({ identifier }) => identifier === audience);
  if (api === undefined) {
    notes.push(`client ${name}: its grant for ${audience} is left out, since that API is not in the files`);
    return [];
  }
  if (grant['organization_usage'] === 'require' || grant['organization_usage'] === 'allow')
    notes.push(
      `client ${name}: there are no organizations here; its grant for ${audience} is for the API as a whole`,
    );
  if (grant['allow_all_scopes'] === true) return [[audience, { scope: '*' }]];
  const given = grant['scope'] ?? grant['scopes'] ?? [];
  const scope = typeof given === 'string' ? given.split(' ') : (given as unknown[]);
  return [[audience, { scope: scope.map(String) }]];
}
