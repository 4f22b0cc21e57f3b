/** `claimgate client`: who may ask for tokens, and for which APIs. */
import type { Command } from 'commander';
import { type Client, isLive } from '../../issuer/src/records.ts';
import {
  createClient,
  deleteClient,
  disableClient,
  enableClient,
  grantApi,
  ungrantApi,
} from '../issuer/change-clients.ts';
import { type Place, type PlaceOptions, placeCommand } from '../issuer/place.ts';
import { findClient, listClients } from '../issuer/records.ts';
import { formatTime, printFields, printJson, printLine, printTable } from '../text/terminal.ts';
import { countOf } from '../text/words.ts';
import { addCredentialCommands } from './credentials.ts';
import { collect, example, nowSeconds, readPair } from './options.ts';
import { printOutcome } from './outcome.ts';
import { changeThenRevoke, type TokenOptions, withTokenRevocation } from './token-revocation.ts';

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

  withTokenRevocation(placeCommand(client, 'disable <client>', disable))
    .description('no more tokens for it; with --revoke, those that it has are refused')
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
  printOutcome(await createClient(place, name, options, nowSeconds()), options);
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

async function disable(place: Place, name: string, options: TokenOptions): Promise<void> {
  const change = () => disableClient(place, name, nowSeconds());
  await changeThenRevoke(place, name, options, change, 'the client is disabled');
}

async function enable(place: Place, name: string, options: Options): Promise<void> {
  printOutcome(await enableClient(place, name), options);
}

async function remove(place: Place, name: string, options: Options): Promise<void> {
  printOutcome(await deleteClient(place, name), options);
}

async function grant(place: Place, name: string, audience: string, options: Options): Promise<void> {
  printOutcome(await grantApi(place, name, audience, options), options);
}

async function ungrant(place: Place, name: string, audience: string, options: Options): Promise<void> {
  printOutcome(await ungrantApi(place, name, audience), options);
}
