/** `claimgate schema`: what editors need to complete, explain and check the policy. */
import type { Command } from 'commander';
import { printRaw } from '../text/terminal.ts';

export function addSchemaCommand(program: Command): void {
  program
    .command('schema')
    .description('print the JSON Schema of the policy in wrangler.toml, for editors')
    .addHelpText(
      'after',
      '\nEditors with Taplo (Even Better TOML) read it by the first line of wrangler.toml: #:schema ./claimgate.schema.json\n\nExample:\n  claimgate schema > claimgate.schema.json',
    )
    .action(async () => {
      const { renderSchema } = await import('../policy/file/json-schema.ts');
      printRaw(renderSchema());
    });
}
