/** Where the issuer is that a command acts on: on this machine under `wrangler dev`, or on Cloudflare. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { parse, TomlError } from 'smol-toml';
import { CommandError, note } from '../terminal.ts';
import { type KeyVault, localVault, remoteVault } from './key-vault.ts';
import { localRecords } from './local-records.ts';
import { RECORDS_BINDING, type RecordStore } from './record-store.ts';
import { wranglerRecords } from './wrangler-records.ts';

export interface PlaceOptions {
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
  readonly kv_namespaces?: readonly { readonly binding?: string; readonly id?: string }[];
  readonly ratelimits?: readonly { readonly name?: string }[];
  readonly durable_objects?: { readonly bindings?: readonly { readonly name?: string }[] };
}

/** Adds the options by which every command of the issuer says where. */
export function withPlace(command: Command): Command {
  return command
    .option('--local', 'act on the local state of `wrangler dev` (default)')
    .option('--remote', 'act on Cloudflare, through wrangler')
    .option('--config <file>', "the issuer's configuration", 'issuer/wrangler.toml')
    .option('--env <name>', 'an environment of that file')
    .option(
      '--persist-to <folder>',
      'where `wrangler dev` keeps its state (default: .wrangler/state beside the file)',
    )
    .option('--key-file <file>', 'with --remote: the master copy of the signing keys')
    .option('--json', 'print JSON');
}

/** Runs with the place that the options name, and lets go of it afterwards. */
export async function atPlace<T>(
  options: PlaceOptions & { local?: boolean },
  run: (place: Place) => Promise<T>,
): Promise<T> {
  if (options.local && options.remote) throw new CommandError('--local and --remote exclude each other');
  const config = readIssuerConfig(options.config, options.env);
  const issuer = config.vars?.['ISSUER'];
  if (typeof issuer !== 'string')
    throw new CommandError(
      `${options.config} has no ISSUER under [vars]; write the URL of the issuer there, such as "https://auth.example.com/"`,
    );
  const remote = options.remote ?? false;
  const wranglerFlags = [
    '--config',
    options.config,
    ...(options.env === undefined ? [] : ['--env', options.env]),
  ];
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
        options.keyFile ?? `.claimgate/keys.${config.name ?? baseName(options.config)}${suffix}.json`,
        wranglerFlags,
        records,
      )
    : localVault(join(dirname(options.config), `.dev.vars${suffix}`), options.config);
  if (options.env !== undefined && !remote) note(`acting on this machine; with --remote, on Cloudflare`);
  try {
    return await run({ remote, issuer, records, vault, environment: options.env, config });
  } finally {
    await records.close();
  }
}

/** The Worker's name where an environment doesn't have one of its own. */
function baseName(path: string): string {
  return readIssuerConfig(path, undefined).name ?? 'issuer';
}

/** Throws `CommandError` for a file that is missing or no TOML, or has no such environment. */
export function readIssuerConfig(path: string, environment: string | undefined): IssuerConfig {
  let config: IssuerConfig & { env?: Record<string, IssuerConfig> };
  try {
    config = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof TomlError) throw new CommandError(`${path} is no TOML: ${error.message}`);
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(
      code === 'ENOENT'
        ? `there is no ${path}; name the issuer's wrangler.toml with --config`
        : `${path} can't be read (${code})`,
    );
  }
  if (environment === undefined) return config;
  const section = config.env?.[environment];
  if (section === undefined)
    throw new CommandError(
      `${path} has no [env.${environment}]; it has ${Object.keys(config.env ?? {}).join(', ') || 'no environments'}`,
    );
  return section;
}
