/** `claimgate import auth0`: a tenant's export becomes an issuer.json. `import openapi` has a file of its own. */
import type { Command } from 'commander';
import { importAuth0 } from '../issuer/auth0.ts';
import { CommandError, printJson, warn } from '../text/terminal.ts';
import { readYaml } from '../text/yaml.ts';
import { addImportOpenApiCommand } from './import-openapi.ts';
import { nowSeconds } from './options.ts';

export function addImportCommands(program: Command): void {
  const parent = program
    .command('import')
    .description('take over from another issuer, or from the description of an API');
  parent
    .command('auth0 <file...>')
    .description(
      'print an issuer.json made of an export: Management API answers, or files of the Auth0 Deploy CLI, JSON or YAML',
    )
    .option('--json', 'the notes too, as JSON: { apis, clients, notes }')
    .addHelpText(
      'after',
      '\nReview the result, then push it.\n\nExample:\n  claimgate import auth0 tenant.yaml > issuer.json\n  claimgate push issuer.json --dry-run',
    )
    .action((files: string[], { json }: { json?: boolean }) => {
      const { notes, ...declaration } = importAuth0(files.map(readExport), nowSeconds());
      if (declaration.apis.length + declaration.clients.length === 0)
        throw new CommandError(
          `there is neither an API nor a client in ${files.join(', ')}; give answers of /api/v2/resource-servers, /clients and /client-grants, or tenant.yaml`,
        );
      if (json) {
        printJson({ ...declaration, notes });
        return;
      }
      printJson(declaration);
      for (const text of notes) warn(text);
    });
  addImportOpenApiCommand(parent);
}

const readExport = (path: string) => readYaml(path, 'name the files of an export, JSON or YAML');
