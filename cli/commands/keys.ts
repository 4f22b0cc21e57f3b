/** `claimgate issuer init` and `claimgate keys`: the keys that tokens are signed with. */
import type { Command } from 'commander';
import type { SigningAlgorithm } from '../../issuer/src/records.ts';
import { isLoopbackHost } from '../../src/policy/uri.ts';
import { listKeys, noKeys, revokeKey, rotateKeys } from '../issuer/change-keys.ts';
import { type Place, type PlaceOptions, placeCommand } from '../issuer/place.ts';
import { makeKeySet } from '../issuer/rotation.ts';
import {
  CommandError,
  formatTime,
  printFields,
  printJson,
  printLine,
  printTable,
  warn,
} from '../text/terminal.ts';
import { collect, example, nowSeconds, readAlgorithm } from './options.ts';
import { printOutcome } from './outcome.ts';

type Options = PlaceOptions & {
  alg?: SigningAlgorithm[];
  force?: boolean;
  replace?: boolean;
  now?: boolean;
};

const collectAlgorithms = (value: string, before?: SigningAlgorithm[]) =>
  collect(readAlgorithm(value), before) as SigningAlgorithm[];

export function addKeyCommands(program: Command): void {
  const issuer = program.command('issuer').description('the issuer itself');
  placeCommand(issuer, 'init', init)
    .description('make signing keys where there are none; what is there stays')
    .option('--alg <algorithm>', 'ES256 (default), RS256, PS256, EdDSA; repeat for more', collectAlgorithms)
    .option('--replace', 'also where there are keys: all tokens are refused then')
    .addHelpText(...example('issuer init --alg ES256 --alg RS256'));

  const keys = program.command('keys').description('the keys that tokens are signed with');
  placeCommand(keys, 'list', list)
    .description('list the keys and their states: next, current, previous')
    .addHelpText(...example('keys list'));
  placeCommand(keys, 'rotate', rotate)
    .description('sign with the next key; the current one goes on verifying, a new next one is published')
    .option(
      '--alg <algorithm>',
      'only keys of this algorithm; repeat for more (default: all)',
      collectAlgorithms,
    )
    .option('--force', 'even if verifiers may not have seen the next key yet')
    .addHelpText(...example('keys rotate --alg ES256'));
  placeCommand(keys, 'revoke <kid>', revoke)
    .description('withdraw a previous key: nothing that it signed passes any more')
    .option('--now', 'even while tokens that it signed may be valid')
    .addHelpText(...example('keys revoke jqFwOxV0dRVkqQFmiKVB9WXr9ZbG1ixxKpAAdHb3VKE'));
}

async function init(place: Place, options: Options): Promise<void> {
  const { vault, issuer } = place;
  const host = URL.parse(issuer)?.hostname ?? '';
  if (place.remote && isLoopbackHost(host))
    throw new CommandError(
      `ISSUER is ${issuer}, which is this machine; write the public URL into ${options.config} first, such as ISSUER = "https://auth.example.com/"`,
    );
  const sets = await vault.read();
  if (!options.replace) await vault.demandLatest();
  const wanted = options.alg ?? (sets.size === 0 ? ['ES256' as const] : []);
  const made = options.replace
    ? [...new Set([...wanted, ...sets.keys()])]
    : wanted.filter((algorithm) => !sets.has(algorithm));
  for (const algorithm of made) await vault.write(algorithm, await makeKeySet(algorithm, nowSeconds()));
  const all = [...new Set([...sets.keys(), ...made])];
  if (options.json) return printJson({ issuer, made, algorithms: all, keys: vault.name });
  printFields([
    ['issuer', issuer],
    ['keys', `${all.join(', ')} in ${vault.name}${made.length === 0 ? ' (there already)' : ''}`],
  ]);
  if (place.remote && made.length > 0)
    warn(
      `${vault.name} is the only copy from which keys can be rotated: Cloudflare gives none back. Keep it with your other secrets, and out of the repository`,
    );
  printLine('Next: claimgate api create <identifier> --scope <scope>');
}

async function list({ vault }: Place, { json }: Options): Promise<void> {
  const rows = await listKeys(vault);
  if (json) return printJson(rows);
  if (rows.length === 0) return printLine(noKeys(vault.name));
  printTable(
    ['ALG', 'STATE', 'SINCE', 'KID'],
    rows.map(({ algorithm, status, kid, since }) => [algorithm, status, formatTime(since), kid]),
  );
}

async function rotate(place: Place, options: Options): Promise<void> {
  printOutcome(await rotateKeys(place, options, nowSeconds()), options);
}

async function revoke(place: Place, kid: string, options: Options): Promise<void> {
  printOutcome(await revokeKey(place, kid, options.now ?? false, nowSeconds()), options);
}
