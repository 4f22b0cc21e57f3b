/** `claimgate client secret` and `claimgate client key`: how clients authenticate; two of a kind, to change over. */
import type { Command } from 'commander';
import { addKey, addSecret, type Removal, removeCredential } from '../issuer/change-credentials.ts';
import { type Place, type PlaceOptions, placeCommand } from '../issuer/place.ts';
import { example, nowSeconds, readDuration } from './options.ts';
import { printOutcome } from './outcome.ts';
import { changeThenRevoke, type TokenOptions, withTokenRevocation } from './token-revocation.ts';

type Options = PlaceOptions & { expiresIn?: number };
type RemovalOptions = TokenOptions & { force?: boolean };

const EXPIRES_IN = ['--expires-in <time>', 'its end: seconds, or 30d, 12h', readDuration] as const;

export function addCredentialCommands(client: Command): void {
  const secret = client.command('secret').description('secrets of clients');
  placeCommand(secret, 'add <client>', add)
    .description('make a second secret, shown once; the first one works on')
    .option(...EXPIRES_IN)
    .addHelpText(...example('client secret add "Timesheets Import Job"'));
  withRemoval(secret, 'secret');

  const key = client.command('key').description('public keys of clients, for private_key_jwt');
  placeCommand(key, 'add <client> <file>', register)
    .description('register a public key: JWK or PEM')
    .option(...EXPIRES_IN)
    .addHelpText(
      'after',
      '\nExample:\n  openssl genpkey -algorithm ed25519 -out key.pem\n  openssl pkey -in key.pem -pubout -out public.pem\n  claimgate client key add "Timesheets Import Job" public.pem',
    );
  withRemoval(key, 'key');
}

function withRemoval(parent: Command, word: Removal['word']): void {
  const run = (place: Place, name: string, id: string, options: RemovalOptions) => {
    const removal = { word, id, force: options.force ?? false };
    const change = () => removeCredential(place, name, removal, nowSeconds());
    return changeThenRevoke(place, name, options, change, `the ${word} ${id} is removed`);
  };
  withTokenRevocation(placeCommand(parent, `remove <client> <${word}-id>`, run))
    .description(`remove a ${word}; its id is in \`claimgate client show\``)
    .option('--force', 'also if it is the last live credential')
    .addHelpText(...example(`client ${word} remove "Timesheets Import Job" 1f0c93ab`));
}

async function add(place: Place, name: string, options: Options): Promise<void> {
  printOutcome(await addSecret(place, name, options.expiresIn, nowSeconds()), options);
}

async function register(place: Place, name: string, file: string, options: Options): Promise<void> {
  printOutcome(await addKey(place, name, file, options.expiresIn, nowSeconds()), options);
}
