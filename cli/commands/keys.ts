/** `claimgate issuer init` and `claimgate keys`: the keys that tokens are signed with. */
import type { Command } from 'commander';
import type { SigningAlgorithm } from '../../issuer/src/records.ts';
import type { KeySet } from '../../issuer/src/token/keys.ts';
import { suggest } from '../../src/policy/compile/fault.ts';
import { isLoopbackHost } from '../../src/policy/uri.ts';
import { gatewayLines, printGatewayLines } from '../issuer/gateway-lines.ts';
import { type Place, type PlaceOptions, placeCommand } from '../issuer/place.ts';
import { makeKeySet, revoke, rotate, safeToRevokeAt, secondsUntilRotation } from '../issuer/rotation.ts';
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

type Options = PlaceOptions & {
  alg?: SigningAlgorithm[];
  force?: boolean;
  replace?: boolean;
  now?: boolean;
};

/** A secret of a Worker holds no more. */
const MAX_SECRET_BYTES = 5_000;

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
  placeCommand(keys, 'rotate', rotateKeys)
    .description('sign with the next key; the current one goes on verifying, a new next one is published')
    .option(
      '--alg <algorithm>',
      'only keys of this algorithm; repeat for more (default: all)',
      collectAlgorithms,
    )
    .option('--force', 'even if verifiers may not have seen the next key yet')
    .addHelpText(...example('keys rotate --alg ES256'));
  placeCommand(keys, 'revoke <kid>', revokeKey)
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
  const rows = [...(await vault.read())].flatMap(([algorithm, set]) =>
    set.keys.map(({ status, since, jwk }) => ({ algorithm, status, kid: jwk.kid, since })),
  );
  if (json) return printJson(rows);
  if (rows.length === 0) return printLine(noKeys(vault.name));
  printTable(
    ['ALG', 'STATE', 'SINCE', 'KID'],
    rows.map(({ algorithm, status, kid, since }) => [algorithm, status, formatTime(since), kid]),
  );
}

async function rotateKeys({ vault }: Place, options: Options): Promise<void> {
  const sets = await vault.read();
  const algorithms = options.alg ?? [...sets.keys()];
  if (algorithms.length === 0) throw new CommandError(noKeys(vault.name));
  await vault.demandLatest();
  const now = nowSeconds();
  // All are made and checked before any is written.
  const rotated = await Promise.all(
    algorithms.map(async (algorithm) => {
      const set = sets.get(algorithm);
      if (set === undefined)
        throw new CommandError(`there is no ${algorithm} key; ${suggest(algorithm, [...sets.keys()])}`);
      demandPublished(algorithm, set, now, options.force ?? false);
      const next = await rotate(algorithm, set, now);
      if (Buffer.byteLength(JSON.stringify(next)) > MAX_SECRET_BYTES)
        throw new CommandError(
          `the ${algorithm} keys would not fit into a secret of 5 KB; revoke a previous one first (claimgate keys list)`,
        );
      const kidOf = (status: string) => next.keys.find((key) => key.status === status)?.jwk.kid ?? '';
      return { algorithm, current: kidOf('current'), previous: kidOf('previous'), next };
    }),
  );
  for (const { algorithm, next } of rotated) await vault.write(algorithm, next);
  if (options.json) return printJson(rotated.map(({ next: _, ...kids }) => kids));
  for (const { algorithm, current, previous } of rotated) {
    printLine(`${algorithm}: ${current} signs now; ${previous} goes on verifying`);
    printLine(`  If that one is in the wrong hands: claimgate keys revoke ${previous} --now`);
  }
}

const noKeys = (name: string) =>
  `no keys in ${name}; if the issuer has some, bring that file from where it was last used; else make some with: claimgate issuer init`;

function demandPublished(algorithm: SigningAlgorithm, set: KeySet, now: number, force: boolean): void {
  const wait = secondsUntilRotation(set, now);
  if (wait > 0 && !force)
    throw new CommandError(
      `the next ${algorithm} key is published for less than a day, and verifiers may not know it; rotate after ${formatTime(now + wait)}, or with --force if the current key is in the wrong hands`,
    );
}

async function revokeKey({ vault, environment }: Place, kid: string, options: Options): Promise<void> {
  const sets = await vault.read();
  const entries = [...sets].flatMap(([algorithm, set]) => set.keys.map((key) => ({ algorithm, set, key })));
  const found = entries.find(({ key }) => key.jwk.kid === kid);
  const kids = entries.map(({ key }) => key.jwk.kid);
  if (found === undefined) throw new CommandError(`there is no key ${kid}; ${suggest(kid, kids)}`);
  const { algorithm, set, key } = found;
  if (key.status !== 'previous')
    throw new CommandError(
      `${kid} is the ${key.status} key; rotate first: claimgate keys rotate --alg ${algorithm} --force`,
    );
  const safeAt = safeToRevokeAt(key);
  if (safeAt > nowSeconds() && !options.now)
    throw new CommandError(
      `tokens that it signed may be valid until ${formatTime(safeAt)}; revoke it then, or with --now to refuse them`,
    );
  await vault.demandLatest();
  await vault.write(algorithm, revoke(set, kid));
  const lines = gatewayLines(environment, 'blocked_kids', kid);
  if (options.json) return printJson({ revoked: kid, gateway: lines });
  printLine(`revoked ${kid}: the gateway refuses what it signed six minutes from now at the latest`);
  if (safeAt <= nowSeconds()) return;
  printGatewayLines(lines);
}
