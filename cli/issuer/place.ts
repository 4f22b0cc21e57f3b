/** The issuer that a command acts on: on this machine under `wrangler dev`, or on Cloudflare. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { sectionOf, type WithEnvironments } from '../formats/environments.ts';
import { configIn } from '../formats/find.ts';
import { parseConfig } from '../formats/formats.ts';
import { readText } from '../text/files.ts';
import { CommandError, note } from '../text/terminal.ts';
import { devVarsBeside } from './dev-vars.ts';
import { type KeyVault, localVault, remoteVault } from './key-vault.ts';
import { localRecords } from './local-records.ts';
import { RECORDS_BINDING, type RecordStore } from './record-store.ts';
import { workerFlags } from './wrangler.ts';
import { wranglerRecords } from './wrangler-records.ts';

/** The options that `placeCommand` adds. */
export interface PlaceOptions {
  readonly json?: boolean;
  readonly local?: boolean;
  readonly remote?: boolean;
  readonly config: string;
  readonly env?: string;
  readonly persistTo?: string;
  readonly keyFile?: string;
}

export interface Place {
  readonly remote: boolean;
  /** The issuer identifier, as configured. */
  readonly issuer: string;
  readonly records: RecordStore;
  readonly vault: KeyVault;
  /** The environment of the configuration, if one was named. */
  readonly environment: string | undefined;
  readonly config: IssuerConfig;
}

export interface IssuerConfig {
  readonly name?: string;
  readonly vars?: Readonly<Record<string, unknown>>;
  readonly dev?: { readonly port?: number };
  readonly kv_namespaces?: readonly { readonly binding?: string; readonly id?: string }[];
  readonly ratelimits?: readonly { readonly name?: string }[];
  readonly durable_objects?: { readonly bindings?: readonly { readonly name?: string }[] };
}

/**
 * A command of the issuer, with the options by which each says where it acts.
 *
 * @param run gets the place, the command's arguments, and its options last
 */
export function placeCommand<Args extends readonly unknown[]>(
  parent: Command,
  usage: string,
  run: (place: Place, ...args: Args) => Promise<void>,
): Command {
  return withPlace(parent.command(usage)).action((...given: [...Args, Command]) => {
    const args = given.slice(0, -1) as unknown as Args; // commander adds the command itself
    return atPlace(args.at(-1) as PlaceOptions, (place) => run(place, ...args));
  });
}

/** The options by which a command is told where the issuer is. */
export const withPlace = (command: Command): Command =>
  command
    .option('--local', 'act on the local state of `wrangler dev` (default)')
    .option('--remote', 'act on Cloudflare, through wrangler')
    .option('--config <file>', "the issuer's configuration (default: the one in the folder issuer)")
    .hook('preAction', takeIssuerConfig)
    .option('--env <name>', 'an environment of that file')
    .option(
      '--persist-to <folder>',
      'where `wrangler dev` keeps its state (default: .wrangler/state beside the file)',
    )
    .option('--key-file <file>', 'with --remote: the master copy of the signing keys')
    .option('--json', 'print JSON');

/** Where `--config` is not given, it is what wrangler reads in the folder `issuer`. */
export function takeIssuerConfig(_: Command, acting: Command): void {
  if (acting.getOptionValue('config') === undefined)
    acting.setOptionValueWithSource('config', configIn('issuer'), 'default');
}

/** Runs with the place that the options name, and lets go of it afterwards. @param tell where that may not be meant */
export async function atPlace<T>(
  options: PlaceOptions,
  run: (place: Place) => Promise<T>,
  tell = note,
): Promise<T> {
  if (options.local && options.remote) throw new CommandError('--local and --remote exclude each other');
  const file = readConfig(options.config);
  const config = sectionOf(file, options.config, options.env);
  const issuer = config.vars?.['ISSUER'];
  if (typeof issuer !== 'string')
    throw new CommandError(
      `${options.config} has no ISSUER under [vars]; write the URL of the issuer there, such as "https://auth.example.com/"`,
    );
  const remote = options.remote ?? false;
  const wranglerFlags = workerFlags(options.config, options.env);
  const namespace = config.kv_namespaces?.find(({ binding }) => binding === RECORDS_BINDING);
  if (namespace === undefined)
    throw new CommandError(
      `${options.config} has no KV namespace ${RECORDS_BINDING}; add [[kv_namespaces]] with binding = "${RECORDS_BINDING}"`,
    );
  if (remote && namespace.id === undefined)
    throw new CommandError(
      `${options.config} has no id for the KV namespace ${RECORDS_BINDING}; make one with: npx wrangler kv namespace create claimgate-issuer --binding ${RECORDS_BINDING} --update-config ${wranglerFlags.join(' ')}`,
    );
  const folder = options.persistTo ?? join(dirname(options.config), '.wrangler/state');
  const records = remote
    ? wranglerRecords([...wranglerFlags, '--remote'])
    : await localRecords(namespace.id ?? RECORDS_BINDING, folder);
  const suffix = options.env === undefined ? '' : `.${options.env}`;
  const vault = remote
    ? remoteVault(
        options.keyFile ?? `.claimgate/keys.${config.name ?? file.name ?? 'issuer'}${suffix}.json`,
        wranglerFlags,
        records,
      )
    : localVault(devVarsBeside(options.config, options.env), options.config);
  if (options.env !== undefined && !remote) tell(`acting on this machine; with --remote, on Cloudflare`);
  try {
    return await run({ remote, issuer, records, vault, environment: options.env, config });
  } finally {
    await records.close();
  }
}

/** Whether there is an issuer that commands act on without being told where. */
export const hasIssuer = (): boolean => existsSync(configIn('issuer'));

const readConfig = (path: string) =>
  parseConfig(
    path,
    readText(
      path,
      '`claimgate init --issuer` adds an issuer to the project; where there is one, name its configuration with --config',
    ),
  ) as WithEnvironments<IssuerConfig>;

/** Throws `CommandError` for a file that is missing or can't be read, or has no such environment. */
export function readIssuerConfig(path: string, environment: string | undefined): IssuerConfig {
  return sectionOf(readConfig(path), path, environment);
}
