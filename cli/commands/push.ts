/** `claimgate push` and `pull`: APIs and clients as a file, for review and for pipelines. */
import type { Command } from 'commander';
import { type Change, compare, readDeclaration, readStore } from '../issuer/declaration.ts';
import { atPlace, type Place, type PlaceOptions, withPlace } from '../issuer/place.ts';
import { note, paint, printJson, printLine } from '../terminal.ts';

type Options = PlaceOptions & { json?: boolean; dryRun?: boolean; prune?: boolean; credentials?: boolean };

export function addPushCommands(program: Command): void {
  withPlace(program.command('push [file]'))
    .description('make APIs and clients as issuer.json says; credentials that it leaves out stay')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--prune', 'delete what the file does not have')
    .addHelpText('after', '\nExample:\n  claimgate push issuer.json --dry-run --remote')
    .action((file: string | undefined, options: Options) =>
      atPlace(options, (place) => push(place, file ?? 'issuer.json', options)),
    );
  withPlace(program.command('pull'))
    .description('print APIs and clients as issuer.json, without credentials')
    .option(
      '--credentials',
      'with the hashes of secrets and the public keys: a push of the file then brings these back',
    )
    .addHelpText('after', '\nExample:\n  claimgate pull > issuer.json')
    .action((options: Options) => atPlace(options, (place) => pull(place, options)));
}

async function pull({ records }: Place, { credentials }: Options): Promise<void> {
  const { apis, clients } = await readStore(records);
  if (credentials) printJson({ apis, clients });
  else printJson({ apis, clients: clients.map(({ secrets: _, jwks: __, ...client }) => client) });
}

async function push({ records }: Place, file: string, { dryRun, prune, json }: Options): Promise<void> {
  const changes = compare(readDeclaration(file), await readStore(records));
  const applied = changes.filter(({ kind }) => kind !== 'delete' || prune);
  if (json)
    printJson({ applied: !dryRun, changes: applied.map(({ record: _, key: __, ...change }) => change) });
  else for (const change of changes) print(change, prune ?? false);
  if (!dryRun) {
    for (const [i, { kind, key, record }] of applied.entries()) {
      if (process.stderr.isTTY && applied.length > 10) note(`${i + 1} of ${applied.length}`);
      if (kind === 'delete') await records.delete(key);
      else await records.put(key, record);
    }
  }
  if (json) return;
  if (applied.length === 0) printLine('nothing to change');
  else
    printLine(
      dryRun ? `${applied.length} to change; nothing was changed (--dry-run)` : `${applied.length} changed`,
    );
}

function print({ kind, what, name, fields }: Change, prune: boolean): void {
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
