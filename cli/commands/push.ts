/** `claimgate push` and `pull`: APIs and clients as a file, for review and for pipelines. */
import type { Command } from 'commander';
import {
  compare,
  type Declaration,
  type RecordChange,
  readDeclaration,
  readStore,
} from '../issuer/declaration.ts';
import { type Place, type PlaceOptions, placeCommand } from '../issuer/place.ts';
import { findMismatches } from '../issuer/record-checks.ts';
import { CommandError, currentTerminal, note, paint, printJson, printLine, warn } from '../text/terminal.ts';
import { example } from './options.ts';

type Options = PlaceOptions & { dryRun?: boolean; prune?: boolean; credentials?: boolean };

export function addPushCommands(program: Command): void {
  placeCommand(program, 'push [file]', push)
    .description('make APIs and clients as issuer.json says; credentials that it leaves out stay')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--prune', 'delete what the file does not have; clients only if they are disabled')
    .addHelpText(...example('push issuer.json --dry-run --remote'));
  placeCommand(program, 'pull', pull)
    .description('print APIs and clients as issuer.json, without credentials')
    .option(
      '--credentials',
      'with the hashes of secrets and the public keys: a push of the file then brings these back',
    )
    .addHelpText(...example('pull > issuer.json'));
}

async function pull({ records }: Place, { credentials }: Options): Promise<void> {
  const { apis, clients } = await readStore(records);
  if (credentials) printJson({ apis, clients });
  else printJson({ apis, clients: clients.map(({ secrets: _, jwks: __, ...client }) => client) });
}

async function push({ records, vault }: Place, file: string | undefined, options: Options): Promise<void> {
  const path = file ?? 'issuer.json';
  const { dryRun, prune, json } = options;
  const declaration = readDeclaration(path);
  const stored = await readStore(records);
  const changes = compare(declaration, stored);
  const algorithms = [...(await vault.read()).keys()];
  demandKeys(declaration, algorithms, path);
  for (const { what, detail } of findMismatches(declaration.apis, declaration.clients))
    warn(`${what}: ${detail}`);
  const applied = changes.filter(({ kind }) => kind !== 'delete' || prune);
  if (prune) demandDisabled(changes);
  if (!json) for (const change of changes) print(change, prune ?? false);
  if (!dryRun) {
    for (const [i, { kind, key, record }] of applied.entries()) {
      if (currentTerminal().stderr.isTTY && applied.length > 10) note(`${i + 1} of ${applied.length}`);
      if (kind === 'delete') await records.delete(key);
      else await records.put(key, record);
    }
  }
  if (json) {
    const written = applied.map(({ record: _, key: __, stored: ___, ...change }) => change);
    return printJson({ applied: !dryRun, changes: written });
  }
  if (applied.length === 0) printLine('nothing to change');
  else
    printLine(
      dryRun ? `${applied.length} to change; nothing was changed (--dry-run)` : `${applied.length} changed`,
    );
}

function demandKeys({ apis }: Declaration, algorithms: readonly string[], file: string): void {
  const api = apis.find(({ signing_alg: algorithm }) => !algorithms.includes(algorithm));
  if (api === undefined) return;
  throw new CommandError(
    `${file}: ${api.identifier} wants ${api.signing_alg}, for which the issuer has no key; make one with: claimgate issuer init --alg ${api.signing_alg}`,
  );
}

function demandDisabled(changes: readonly RecordChange[]): void {
  const enabled = changes.filter(
    ({ kind, what, stored }) => kind === 'delete' && what === 'client' && !stored?.disabled,
  );
  if (enabled.length === 0) return;
  throw new CommandError(
    `--prune would delete clients that are enabled: ${enabled.map(({ name }) => name).join(', ')}; disable them first (claimgate client disable), which tells how to stop the tokens that they have`,
  );
}

function print({ kind, what, name, fields }: RecordChange, prune: boolean): void {
  if (kind === 'delete') {
    printLine(
      prune
        ? paint('red', `- ${what} ${name}`)
        : paint('dim', `  ${what} ${name} is not in the file; --prune deletes it`),
    );
    return;
  }
  printLine(kind === 'create' ? paint('green', `+ ${what} ${name}`) : paint('yellow', `~ ${what} ${name}`));
  for (const { name: field, from, to } of fields) {
    if (kind === 'create') printLine(`    ${field}: ${JSON.stringify(to)}`);
    else printLine(`    ${field}: ${JSON.stringify(from) ?? '-'} → ${JSON.stringify(to) ?? '-'}`);
  }
}
