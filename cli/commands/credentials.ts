/** `claimgate client secret` and `claimgate client key`: how clients authenticate; two of a kind, to change over. */
import type { Command } from 'commander';
import { type Client, isLive } from '../../issuer/src/records.ts';
import { suggest } from '../../src/policy/compile/fault.ts';
import { makeRoom, makeSecret, readClientKey } from '../issuer/credentials.ts';
import { type Place, type PlaceOptions, placeCommand } from '../issuer/place.ts';
import { findClient, saveClient } from '../issuer/records.ts';
import { CommandError, formatTime, paint, printFields, printJson, printLine } from '../text/terminal.ts';
import { example, nowSeconds, readDuration } from './options.ts';

type Options = PlaceOptions & { expiresIn?: number; force?: boolean };

const EXPIRES_IN = ['--expires-in <time>', 'its end: seconds, or 30d, 12h', readDuration] as const;

export function addCredentialCommands(client: Command): void {
  const secret = client.command('secret').description('secrets of clients');
  placeCommand(secret, 'add <client>', addSecret)
    .description('make a second secret, shown once; the first one works on')
    .option(...EXPIRES_IN)
    .addHelpText(...example('client secret add "Timesheets Import Job"'));
  withRemoval(secret, 'secret', 'secrets');

  const key = client.command('key').description('public keys of clients, for private_key_jwt');
  placeCommand(key, 'add <client> <file>', addKey)
    .description('register a public key: JWK or PEM')
    .option(...EXPIRES_IN)
    .addHelpText(
      'after',
      '\nExample:\n  openssl genpkey -algorithm ed25519 -out key.pem\n  openssl pkey -in key.pem -pubout -out public.pem\n  claimgate client key add "Timesheets Import Job" public.pem',
    );
  withRemoval(key, 'key', 'jwks');
}

function withRemoval(parent: Command, word: string, kind: 'secrets' | 'jwks'): void {
  const run = (place: Place, name: string, id: string, options: Options) =>
    remove(place, name, { word, kind, id }, options);
  placeCommand(parent, `remove <client> <${word}-id>`, run)
    .description(`remove a ${word}; its id is in \`claimgate client show\``)
    .option('--force', 'also if it is the last live credential')
    .addHelpText(...example(`client ${word} remove "Timesheets Import Job" 1f0c93ab`));
}

const endOf = ({ expiresIn }: Options) => (expiresIn === undefined ? undefined : nowSeconds() + expiresIn);

async function addSecret({ records }: Place, name: string, options: Options): Promise<void> {
  const client = await findClient(records, name);
  const kept = makeRoom(client, client.secrets, 'secret', nowSeconds());
  const { secret, record } = makeSecret(nowSeconds(), endOf(options));
  const changed: Client = { ...client, secrets: [...kept, record] };
  await saveClient(records, changed);
  if (options.json) return printJson({ ...changed, client_secret: secret });
  printLine(`${client.name} has another secret, ${record.id}, which works a minute from now at the latest`);
  printCredentials(client.client_id, secret);
  const [older] = kept;
  if (older !== undefined)
    printLine(
      `When nothing uses the older one: claimgate client secret remove ${client.client_id} ${older.id}`,
    );
}

/** @param secret `undefined`: it has none */
export function printCredentials(clientId: string, secret: string | undefined): void {
  const shownOnce = `${secret}   ${paint('dim', '(shown once; only its hash is kept)')}`;
  printFields([
    ['client_id', clientId],
    ...(secret === undefined ? [] : [['client_secret', shownOnce] as const]),
  ]);
}

async function addKey({ records }: Place, name: string, file: string, options: Options): Promise<void> {
  const client = await findClient(records, name);
  const kept = makeRoom(client, client.jwks, 'key', nowSeconds());
  const key = await readClientKey(file, nowSeconds(), endOf(options));
  if (client.jwks.some(({ id }) => id === key.id))
    throw new CommandError(`${client.name} has that key already`);
  const changed: Client = { ...client, jwks: [...kept, key] };
  await saveClient(records, changed);
  if (options.json) return printJson(changed);
  const end = key.expires_at === undefined ? '' : `, until ${formatTime(key.expires_at)}`;
  printLine(`${client.name} has the key ${key.id}${end}`);
}

async function remove(
  { records }: Place,
  name: string,
  { word, kind, id }: { word: string; kind: 'secrets' | 'jwks'; id: string },
  { force, json }: Options,
): Promise<void> {
  const client = await findClient(records, name);
  const known = client[kind].map((one) => one.id);
  if (!known.includes(id))
    throw new CommandError(`${client.name} has no ${word} ${id}; ${suggest(id, known)}`);
  const others = [...client.secrets, ...client.jwks].filter((one) => one.id !== id);
  if (!others.some((one) => isLive(one, nowSeconds())) && !force)
    throw new CommandError(
      `it is the last live credential of ${client.name}; add another one first, or remove it with --force`,
    );
  const changed = { ...client, [kind]: client[kind].filter((one) => one.id !== id) };
  await saveClient(records, changed);
  if (json) return printJson(changed);
  printLine(`removed the ${word} ${id} of ${client.name}; it is refused a minute from now at the latest`);
}
