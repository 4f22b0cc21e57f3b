/** `claimgate api`: the APIs that tokens are for. */
import type { Command } from 'commander';
import {
  type Api,
  apiKey,
  DEFAULT_TOKEN_LIFETIME_SECONDS,
  isIdentifier,
  type SigningAlgorithm,
  type TokenDialect,
} from '../../issuer/src/records.ts';
import { type Place, type PlaceOptions, placeCommand } from '../issuer/place.ts';
import { findSpellingMismatch } from '../issuer/record-checks.ts';
import type { RecordStore } from '../issuer/record-store.ts';
import { findApi, listApis, listClients, saveApi, saveClient } from '../issuer/records.ts';
import {
  CommandError,
  formatSeconds,
  printFields,
  printJson,
  printLine,
  printTable,
  warn,
} from '../text/terminal.ts';
import { collect, example, readAlgorithm, readDialect, readDuration } from './options.ts';

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
  if (!isIdentifier(identifier)) throw new CommandError('an identifier has 1 to 500 bytes; a URL does well');
  if ((await place.records.get(apiKey(identifier))) !== undefined)
    throw new CommandError(
      `there is an API ${identifier} already; change it with: claimgate api update ${identifier}`,
    );
  const api: Api = {
    identifier,
    name: options.name ?? identifier,
    scopes: parseScopes(options.scope),
    token_lifetime: options.lifetime ?? DEFAULT_TOKEN_LIFETIME_SECONDS,
    signing_alg: options.alg ?? 'ES256',
    token_dialect: options.dialect ?? 'access_token',
  };
  await demandKey(place, api.signing_alg);
  await saveApi(place.records, api);
  report(api, options, `made the API ${identifier}`);
  const mismatch = findSpellingMismatch(identifier);
  if (mismatch !== undefined) warn(`${mismatch}; consider that as the identifier`);
  if (api.token_dialect === 'access_token')
    warn(
      'a new API does well with --dialect rfc9068_profile (RFC 9068): its tokens say that they are access tokens, and have ids',
    );
  if (api.token_lifetime >= DEFAULT_TOKEN_LIFETIME_SECONDS)
    warn(
      `its tokens live ${formatSeconds(api.token_lifetime)} and can't be called back; --lifetime 1h is safer`,
    );
}

async function demandKey({ vault }: Place, algorithm: SigningAlgorithm): Promise<void> {
  const sets = await vault.read();
  if (sets.size > 0 && !sets.has(algorithm))
    throw new CommandError(
      `the issuer has no ${algorithm} key, only ${[...sets.keys()].join(', ')}; name one of these with --alg, or make a key with: claimgate issuer init --alg ${algorithm}`,
    );
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
  const { disabled: wasDisabled, ...before } = await findApi(place.records, identifier);
  const { enable, disable, removeScope = [] } = options;
  if (enable && disable) throw new CommandError('--enable and --disable exclude each other');
  if (options.alg !== undefined) await demandKey(place, options.alg);
  const added = parseScopes(options.scope);
  const unknown = removeScope.find((scope) => !before.scopes.some(({ value }) => value === scope));
  if (unknown !== undefined) throw new CommandError(`${identifier} has no scope ${unknown}`);
  const scopes = before.scopes
    .filter(({ value }) => !removeScope.includes(value))
    .map((scope) => ({ ...scope, ...added.find(({ value }) => value === scope.value) }));
  const fresh = added.filter(({ value }) => !scopes.some((scope) => scope.value === value));
  const api: Api = {
    ...before,
    scopes: [...scopes, ...fresh],
    ...(options.name !== undefined && { name: options.name }),
    ...(options.lifetime !== undefined && { token_lifetime: options.lifetime }),
    ...(options.alg !== undefined && { signing_alg: options.alg }),
    ...(options.dialect !== undefined && { token_dialect: options.dialect }),
    ...((disable || (wasDisabled && !enable)) && { disabled: true as const }),
  };
  await saveApi(place.records, api);
  if (removeScope.length > 0) await removeFromGrants(place, identifier, removeScope);
  report(api, options, `changed the API ${identifier}`);
}

async function remove({ records }: Place, identifier: string, { force, json }: Options): Promise<void> {
  await findApi(records, identifier);
  const clients = await listGrantees(records, identifier);
  if (clients.length > 0 && !force)
    throw new CommandError(
      `${clients.map(({ name }) => name).join(', ')} may have tokens for it; take that back with: claimgate client ungrant <client> ${identifier}, or delete it with --force`,
    );
  for (const client of clients) {
    const { [identifier]: _, ...grants } = client.grants;
    await saveClient(records, { ...client, grants });
  }
  await records.delete(apiKey(identifier));
  if (json) return printJson({ deleted: identifier });
  printLine(`deleted the API ${identifier}; its tokens are good until they expire`);
}

const listGrantees = async (records: RecordStore, identifier: string) =>
  (await listClients(records)).filter(({ grants }) => Object.hasOwn(grants, identifier));

/** A scope that came back later must not be granted to those who had it before. */
async function removeFromGrants(
  { records }: Place,
  identifier: string,
  removed: readonly string[],
): Promise<void> {
  for (const client of await listClients(records)) {
    const scope = client.grants[identifier]?.scope;
    if (scope === undefined || scope === '*' || !scope.some((one) => removed.includes(one))) continue;
    const kept = scope.filter((one) => !removed.includes(one));
    await saveClient(records, { ...client, grants: { ...client.grants, [identifier]: { scope: kept } } });
  }
}

function parseScopes(given: readonly string[] = []): Api['scopes'] {
  return given.map((text) => {
    const [value = '', ...rest] = text.split('=');
    return rest.length === 0 ? { value } : { value, description: rest.join('=') };
  });
}

function report(api: Api, { json }: Options, text: string): void {
  if (json) printJson(api);
  else printLine(text);
}
