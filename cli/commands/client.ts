/** `claimgate client`: who may ask for tokens, and for which APIs. */
import type { Command } from 'commander';
import { type Client, clientKey, clientSchema, isClientId, isLive } from '../../issuer/src/records.ts';
import { suggest } from '../../src/policy/compile/fault.ts';
import { makeClientId, makeSecret, readClientKey } from '../issuer/credentials.ts';
import { gatewayLines, printGatewayLines } from '../issuer/gateway-lines.ts';
import { type Place, type PlaceOptions, placeCommand } from '../issuer/place.ts';
import type { RecordStore } from '../issuer/record-store.ts';
import { findApi, findClient, listApis, listClients, saveClient } from '../issuer/records.ts';
import {
  CommandError,
  formatSeconds,
  formatTime,
  printFields,
  printJson,
  printLine,
  printTable,
} from '../text/terminal.ts';
import { countOf } from '../text/words.ts';
import { addCredentialCommands, printCredentials } from './credentials.ts';
import { collect, example, nowSeconds, readPair } from './options.ts';

type Options = PlaceOptions & {
  id?: string;
  metadata?: Record<string, string>;
  defaultAudience?: string;
  secret?: boolean;
  key?: string;
  scope?: string[];
  allScopes?: boolean;
};

export function addClientCommands(program: Command): void {
  const client = program.command('client').description('who may ask for tokens, and for which APIs');

  placeCommand(client, 'create <name>', create)
    .description('make a client with a secret, which is shown once; or with a public key')
    .option('--id <client-id>', 'its id (default: a random one)')
    .option(
      '--key <file>',
      'its public key (JWK or PEM) instead of a secret: it authenticates by private_key_jwt',
    )
    .option('--no-secret', 'no credential yet')
    .option('--metadata <name=value>', 'what hooks know of it; repeat for more', readPair)
    .option('--default-audience <identifier>', 'the API of tokens where a request names none')
    .addHelpText(...example('client create "Timesheets Import Job" --metadata tenant=acme'));

  placeCommand(client, 'list', list)
    .description('list all clients')
    .addHelpText(...example('client list'));

  placeCommand(client, 'show <client>', show)
    .description('show a client, by id or name: credentials (never the secrets), grants, metadata')
    .addHelpText(...example('client show "Timesheets Import Job"'));

  placeCommand(client, 'disable <client>', disable)
    .description('no more tokens for it; prints how to stop those that it has')
    .addHelpText(...example('client disable "Timesheets Import Job"'));

  placeCommand(client, 'enable <client>', enable)
    .description('tokens again')
    .addHelpText(...example('client enable "Timesheets Import Job"'));

  placeCommand(client, 'delete <client>', remove)
    .description('delete a client; disable it first')
    .addHelpText(...example('client delete "Timesheets Import Job"'));

  placeCommand(client, 'grant <client> <audience>', grant)
    .description('let a client have tokens for an API, with these scopes at most; replaces an earlier grant')
    .option('--scope <scope>', 'a scope that it may have; repeat for more', collect)
    .option('--all-scopes', 'all scopes of the API, also those that it will get later')
    .addHelpText(
      ...example(
        'client grant "Timesheets Import Job" https://api.example.com/timesheets --scope batch:upload',
      ),
    );

  placeCommand(client, 'ungrant <client> <audience>', ungrant)
    .description('take a grant back')
    .addHelpText(...example('client ungrant "Timesheets Import Job" https://api.example.com/timesheets'));

  addCredentialCommands(client);
}

async function create(place: Place, name: string, options: Options): Promise<void> {
  const id = options.id ?? makeClientId();
  if (!isClientId(id)) throw new CommandError(`${id} can't be a client id; write 1 to 64 of A-Z a-z 0-9 _ -`);
  if ((await place.records.get(clientKey(id))) !== undefined)
    throw new CommandError(`there is a client ${id} already`);
  // Commands take either: a name that is another's id would act on the wrong one.
  if ((await listClients(place.records)).some((client) => client.name === name || client.client_id === name))
    throw new CommandError(`there is a client with the name or id ${name} already; choose another name`);
  if (options.defaultAudience !== undefined) await findApi(place.records, options.defaultAudience);
  const now = nowSeconds();
  const secret = options.key === undefined && options.secret !== false ? makeSecret(now) : undefined;
  const client: Client = {
    client_id: id,
    name,
    metadata: options.metadata ?? {},
    ...(options.defaultAudience !== undefined && { default_audience: options.defaultAudience }),
    secrets: secret === undefined ? [] : [secret.record],
    jwks: options.key === undefined ? [] : [await readClientKey(options.key, now)],
    grants: {},
  };
  await saveClient(place.records, client);
  if (options.json) return printJson({ ...client, ...(secret && { client_secret: secret.secret }) });
  printLine(`made the client ${name}`);
  printCredentials(id, secret?.secret);
  printLine(`It may have no tokens yet: claimgate client grant ${id} <audience> --scope <scope>`);
}

async function list({ records }: Place, { json }: Options): Promise<void> {
  const clients = await listClients(records);
  if (json) return printJson(clients);
  if (clients.length === 0) return printLine('no clients; make one with: claimgate client create <name>');
  printTable(
    ['CLIENT ID', 'NAME', 'STATE', 'CREDENTIALS', 'APIS'],
    clients.map((client) => [
      client.client_id,
      client.name,
      client.disabled ? 'disabled' : 'enabled',
      countCredentials(client),
      Object.keys(client.grants).join(' ') || '-',
    ]),
  );
}

function countCredentials({ secrets, jwks }: Client): string {
  const count = (number: number, word: string) => (number === 0 ? [] : [countOf(number, word)]);
  return [...count(secrets.length, 'secret'), ...count(jwks.length, 'key')].join(', ') || '-';
}

async function show({ records }: Place, name: string, { json }: Options): Promise<void> {
  const client = await findClient(records, name);
  if (json) return printJson(client);
  const credential = (
    kind: string,
    mark: string,
    one: { id: string; created_at: number; expires_at?: number | undefined },
  ) => {
    const end =
      one.expires_at === undefined
        ? ''
        : `, ${isLive(one, nowSeconds()) ? 'until' : 'expired'} ${formatTime(one.expires_at)}`;
    return [kind, `${one.id}  ${mark}  since ${formatTime(one.created_at)}${end}`] as const;
  };
  printFields([
    ['client_id', client.client_id],
    ['name', client.name],
    ['state', client.disabled ? 'disabled' : 'enabled'],
    ...client.secrets.map((secret) => credential('secret', `…${secret.last4}`, secret)),
    ...client.jwks.map((key) => credential('key', String(key.jwk['kid'] ?? ''), key)),
    ...Object.entries(client.grants).map(
      ([audience, { scope }]) =>
        ['grant', `${audience}  ${scope === '*' ? '(all scopes)' : scope.join(' ')}`] as const,
    ),
    ...Object.entries(client.metadata).map(([key, value]) => ['metadata', `${key}=${value}`] as const),
    ...(client.default_audience === undefined
      ? []
      : [['default_audience', client.default_audience] as const]),
  ]);
}

async function disable({ records, environment }: Place, name: string, { json }: Options): Promise<void> {
  const client = await findClient(records, name);
  await saveClient(records, { ...client, disabled: true });
  const apis = (await listApis(records)).filter(({ identifier }) => Object.hasOwn(client.grants, identifier));
  const longest = Math.max(0, ...apis.map((api) => api.token_lifetime));
  const lines = gatewayLines(environment, 'blocked_clients', client.client_id);
  if (json) return printJson({ disabled: client.client_id, tokens_live_seconds: longest, gateway: lines });
  printLine(`disabled the client ${client.name}: no new tokens, a minute from now at the latest`);
  const lifetime = longest === 0 ? 'until they expire' : `for up to ${formatSeconds(longest)}`;
  printLine(`Tokens that it has are good ${lifetime}.`);
  printGatewayLines(lines);
  printLine();
  printLine(
    "To let the client back in but keep its old tokens out, remove it from blocked_clients and add to its issuer's table:",
  );
  printLine();
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  printLine(`  not_before = "${now}" # refuses every older token of this issuer, of all clients`);
}

async function enable({ records }: Place, name: string, { json }: Options): Promise<void> {
  const { disabled: _, ...client } = await findClient(records, name);
  await saveClient(records, client);
  if (json) return printJson({ enabled: client.client_id });
  printLine(
    `enabled the client ${client.name}; if the gateway's blocked_clients names it, take it out there`,
  );
}

async function remove({ records }: Place, name: string, { json }: Options): Promise<void> {
  const clientId = await findRemovable(records, name);
  await records.delete(clientKey(clientId));
  if (json) return printJson({ deleted: clientId });
  printLine(`deleted the client ${name}`);
}

/** A client that is disabled, or an entry that is no valid record and so is no client. */
async function findRemovable(records: RecordStore, name: string): Promise<string> {
  const stored = isClientId(name) ? await records.get(clientKey(name)) : undefined;
  if (stored !== undefined && !clientSchema.safeParse(stored).success) return name;
  const client = await findClient(records, name);
  if (client.disabled) return client.client_id;
  throw new CommandError(
    `${client.name} is enabled; run first: claimgate client disable ${client.client_id}, which tells how to stop the tokens that it has`,
  );
}

async function grant({ records }: Place, name: string, audience: string, options: Options): Promise<void> {
  const client = await findClient(records, name);
  const api = await findApi(records, audience);
  const known = api.scopes.map(({ value }) => value);
  const { scope: scopes = [], allScopes } = options;
  if (allScopes && scopes.length > 0) throw new CommandError('--scope and --all-scopes exclude each other');
  if (!allScopes && scopes.length === 0 && known.length > 0)
    throw new CommandError(`name scopes with --scope (${known.join(', ')}), or give --all-scopes`);
  const unknown = scopes.find((scope) => !known.includes(scope));
  if (unknown !== undefined)
    throw new CommandError(`${audience} has no scope ${unknown}; ${suggest(unknown, known)}`);
  const scope = allScopes ? ('*' as const) : scopes;
  const changed = { ...client, grants: { ...client.grants, [audience]: { scope } } };
  await saveClient(records, changed);
  if (options.json) return printJson(changed);
  printLine(
    `${client.name} may have tokens for ${audience}: ${allScopes ? 'all scopes' : scopes.join(' ') || 'no scopes'}`,
  );
}

async function ungrant({ records }: Place, name: string, audience: string, { json }: Options): Promise<void> {
  const client = await findClient(records, name);
  const { [audience]: taken, ...grants } = client.grants;
  if (taken === undefined)
    throw new CommandError(
      `${client.name} has no grant for ${audience}; ${suggest(audience, Object.keys(client.grants))}`,
    );
  await saveClient(records, { ...client, grants });
  if (json) return printJson({ ...client, grants });
  printLine(
    `${client.name} gets no more tokens for ${audience}; those that it has are good until they expire`,
  );
}
