/** `claimgate schema`: what editors need to complete, explain and check the policy. */
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import type { Command } from 'commander';
import { printRaw } from '../text/terminal.ts';

export function addSchemaCommand(program: Command): void {
  program
    .command('schema')
    .description("print the JSON Schema of the policy in wrangler's configuration, for editors")
    .option('--jsonc', "with wrangler's own fields, for the $schema of a wrangler.jsonc or wrangler.json")
    .addHelpText(
      'after',
      `
wrangler.toml: editors with Taplo (Even Better TOML) read it by the first line, #:schema ./claimgate.schema.json
wrangler.jsonc: VS Code and others read it by "$schema": "./claimgate.schema.json"; print it with --jsonc.
It refers to the schema of wrangler in node_modules, and so stays in the folder that it was printed in.

Examples:
  claimgate schema > claimgate.schema.json
  claimgate schema --jsonc > claimgate.schema.json`,
    )
    .action(async ({ jsonc }: { readonly jsonc?: boolean }) => {
      const { renderSchema, renderWranglerSchema } = await import('../policy/file/json-schema.ts');
      printRaw(jsonc ? renderWranglerSchema(findWranglerSchema()) : renderSchema());
    });
}

/** As seen from here. */
function findWranglerSchema(): string {
  const usual = './node_modules/wrangler/config-schema.json';
  try {
    const found = createRequire(join(process.cwd(), 'x')).resolve('wrangler/package.json');
    const path = relative('.', join(dirname(found), 'config-schema.json'))
      .split(sep)
      .join('/');
    return path.startsWith('.') ? path : `./${path}`;
  } catch {
    return usual;
  }
}
