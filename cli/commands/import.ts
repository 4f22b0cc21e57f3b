/** `claimgate import auth0`: a tenant's export becomes an issuer.json. `import openapi` has a file of its own. */
import type { Command } from 'commander';
import { CommandError, note, printJson, visible, warn } from '../text/terminal.ts';
import { countOf } from '../text/words.ts';
import { addImportOpenApiCommand } from './import-openapi.ts';
import { nowSeconds } from './options.ts';

export function addImportCommands(program: Command): void {
  const parent = program
    .command('import')
    .description('take over from another issuer, or from the description of an API');
  parent
    .command('auth0 <file...>')
    .description(
      'print an issuer.json made of an export: files or folders of the Auth0 Deploy CLI, or Management API answers, JSON or YAML, - is standard input',
    )
    .option(
      '--keywords <file>',
      'what ##NAME## and @@NAME@@ stand for: config.json or env file of the Deploy CLI',
    )
    .option(
      '--json',
      'the notes too, as JSON: { apis, clients, counts, left_out, ignored, ignored_members, notes }',
    )
    .addHelpText(
      'after',
      '\nReview the result, then push it.\n\nExample:\n  claimgate import auth0 tenant.yaml --keywords config.json > issuer.json\n  claimgate push issuer.json --dry-run',
    )
    .action(run);
  addImportOpenApiCommand(parent);
}

async function run(
  files: string[],
  { keywords, json }: { keywords?: string; json?: boolean },
): Promise<void> {
  const { NO_CONFIG, readDeployConfig } = await import('../issuer/auth0/deploy-config.ts');
  const { importAuth0 } = await import('../issuer/auth0/import.ts');
  const { describeReport, membersOf } = await import('../issuer/auth0/report.ts');
  const config = keywords === undefined ? NO_CONFIG : readDeployConfig(keywords);
  const { apis, clients, counts, report } = importAuth0(files, config, nowSeconds());
  const { notes, leftOut, ignored } = report;
  if (apis.length + clients.length === 0) {
    for (const text of describeReport(report)) warn(text);
    throw new CommandError(
      `there is neither an API nor a client to take in ${files.map(visible).join(', ')}; give answers of /api/v2/resource-servers, /clients and /client-grants, tenant.yaml, or a folder of the Deploy CLI`,
    );
  }
  if (json) {
    printJson({
      apis,
      clients,
      counts: { apis: counts.api, clients: counts.client, grants: counts.grant },
      left_out: leftOut,
      ignored: Object.fromEntries(ignored),
      ignored_members: membersOf(report),
      notes,
    });
    return;
  }
  printJson({ apis, clients });
  for (const text of describeReport(report)) warn(text);
  const { api, client, grant } = counts;
  note(
    `taken: ${api.taken} of ${countOf(api.read, 'API')}, ${client.taken} of ${countOf(client.read, 'client')}, ${grant.taken} of ${countOf(grant.read, 'grant')}`,
  );
}
