/** `claimgate api`: the APIs that tokens are for. */
import type { Command } from 'commander';
import {
  DEFAULT_TOKEN_LIFETIME_SECONDS,
  type SigningAlgorithm,
  type TokenDialect,
} from '../../issuer/src/records.ts';
import { createApi, deleteApi, listGrantees, updateApi } from '../issuer/change-apis.ts';
import { type Place, type PlaceOptions, placeCommand } from '../issuer/place.ts';
import { findApi, listApis } from '../issuer/records.ts';
import { formatSeconds, printFields, printJson, printLine, printTable } from '../text/terminal.ts';
import { collect, example, readAlgorithm, readDialect, readDuration } from './options.ts';
import { printOutcome } from './outcome.ts';

type Options = PlaceOptions & {
  name?: string;
  scope?: string[];
  removeScope?: string[];
  lifetime?: number;
  alg?: SigningAlgorithm;
  dialect?: TokenDialect;
  force?: boolean;
  enable?: boolean;
  disable?: boolean;
};

export function addApiCommands(program: Command): void {
  const api = program.command('api').description('the APIs that tokens are for');

  placeCommand(api, 'create <identifier>', create)
    .description('make an API; its identifier is the audience of its tokens')
    .option('--name <text>', 'for people (default: the identifier)')
    .option('--scope <value[=description]>', 'a scope that it knows; repeat for more', collect)
    .option(
      '--lifetime <time>',
      'of its tokens: seconds, or 1h, 30min, 1d',
      readDuration,
      DEFAULT_TOKEN_LIFETIME_SECONDS,
    )
    .option(
      '--alg <algorithm>',
      'that its tokens are signed with: ES256, RS256, PS256, EdDSA',
      readAlgorithm,
      'ES256',
    )
    .option(
      '--dialect <name>',
      'what its tokens look like: access_token, rfc9068_profile, or either with _authz',
      readDialect,
      'access_token',
    )
    .addHelpText(
      ...example(
        'api create https://api.example.com/timesheets --scope read:timesheets --scope batch:upload --lifetime 1h',
      ),
    );

  placeCommand(api, 'list', list)
    .description('list all APIs')
    .addHelpText(...example('api list --json'));

  placeCommand(api, 'show <identifier>', show)
    .description('show an API, and which clients may have tokens for it')
    .addHelpText(...example('api show https://api.example.com/timesheets'));

  placeCommand(api, 'update <identifier>', update)
    .description('change an API; what is not named stays')
    .option('--name <text>', 'for people')
    .option('--scope <value[=description]>', 'add a scope, or change its description', collect)
    .option('--remove-scope <value>', 'remove a scope, from all grants too', collect)
    .option('--lifetime <time>', 'of its tokens', readDuration)
    .option('--alg <algorithm>', 'that its tokens are signed with', readAlgorithm)
    .option('--dialect <name>', 'what its tokens look like', readDialect)
    .option('--disable', 'no more tokens for it')
    .option('--enable', 'tokens again')
    .addHelpText(
      ...example('api update https://api.example.com/timesheets --lifetime 1h --dialect rfc9068_profile'),
    );

  placeCommand(api, 'delete <identifier>', remove)
    .description('delete an API; refused while clients have grants for it')
    .option('--force', 'also while clients have grants for it, which go too')
    .addHelpText(...example('api delete https://api.example.com/timesheets'));
}

async function create(place: Place, identifier: string, options: Options): Promise<void> {
  printOutcome(await createApi(place, identifier, options), options);
}

async function list({ records }: Place, { json }: Options): Promise<void> {
  const apis = await listApis(records);
  if (json) return printJson(apis);
  if (apis.length === 0) return printLine('no APIs; make one with: claimgate api create <identifier>');
  printTable(
    ['IDENTIFIER', 'NAME', 'SCOPES', 'LIFETIME', 'ALG', 'DIALECT'],
    apis.map((api) => [
      api.identifier,
      api.disabled ? `${api.name} (disabled)` : api.name,
      String(api.scopes.length),
      formatSeconds(api.token_lifetime),
      api.signing_alg,
      api.token_dialect,
    ]),
  );
}

async function show({ records }: Place, identifier: string, { json }: Options): Promise<void> {
  const api = await findApi(records, identifier);
  const clients = await listGrantees(records, identifier);
  if (json) return printJson({ ...api, clients: clients.map((client) => client.client_id) });
  printFields([
    ['identifier', api.identifier],
    ['name', api.name],
    ['state', api.disabled ? 'disabled' : 'enabled'],
    ['tokens', `${api.token_dialect}, ${api.signing_alg}, ${formatSeconds(api.token_lifetime)}`],
    ['scopes', api.scopes.map(({ value }) => value).join(' ') || '-'],
    ['clients', clients.map(({ name, client_id }) => `${name} (${client_id})`).join(', ') || '-'],
  ]);
}

async function update(place: Place, identifier: string, options: Options): Promise<void> {
  printOutcome(await updateApi(place, identifier, options), options);
}

async function remove(place: Place, identifier: string, options: Options): Promise<void> {
  printOutcome(await deleteApi(place, identifier, options.force ?? false), options);
}
