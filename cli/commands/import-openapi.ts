/** `claimgate import openapi`: an API's description becomes routes, to be reviewed. */
import { existsSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { parseUrl } from '../../src/policy/uri.ts';
import { CommandError, note, printLine, printRaw, warn } from '../text/terminal.ts';
import { countOf } from '../text/words.ts';
import { collect } from './options.ts';

interface Options {
  readonly api?: string;
  readonly issuer?: string;
  readonly origin?: string;
  readonly audience?: readonly string[];
  readonly out?: string;
}

export function addImportOpenApiCommand(parent: Command): void {
  parent
    .command('openapi <file>')
    .description('print routes made of an OpenAPI 3 document, YAML or JSON, with what needs review')
    .option('--api <name>', "the API's name in the policy (default: from the document's title)")
    .option('--issuer <name>', 'the issuer of its tokens, by its name in the policy')
    .option('--origin <url>', 'where requests go: a URL, service:BINDING or zone (default: its server)')
    .option('--audience <text>', 'the audience of its tokens; may be given more than once', collect)
    .option('--out <file>', 'write it there instead; the file must be new')
    .addHelpText(
      'after',
      '\nNothing becomes open: what the document leaves open needs a token until you write\nauth = "none". The draft has the format of the configuration that wrangler reads, or of --out. References to other files and to URLs are not followed.\n\nExample:\n  claimgate import openapi openapi.yaml --api ORDERS --issuer auth0 \\\n    --origin https://orders.internal.example --audience https://api.example.com/orders',
    )
    .action(run);
}

async function run(file: string, { api, issuer, origin, audience = [], out }: Options): Promise<void> {
  if (out !== undefined && existsSync(out))
    throw new CommandError(`${out} is there already; choose a new file, and move what you need`);
  demandOrigin(origin);
  const { findConfig, isConfigName } = await import('../formats/find.ts');
  const { formatOf } = await import('../formats/formats.ts');
  const { readOpenApi } = await import('../policy/openapi/document.ts');
  const { draftPolicy } = await import('../policy/openapi/draft.ts');
  const { writeDraft } = await import('../policy/openapi/write.ts');
  const { document, notes } = await readOpenApi(file);
  const name = api === undefined ? nameOf(document.info?.title) : readName(api);
  const draft = draftPolicy(document, { name, issuer, origin, audience });
  if (draft.routes.length === 0)
    throw new CommandError(`${file} has no operations; there is nothing to make routes of`);
  const config = findConfig()?.path ?? 'wrangler.toml';
  const text = writeDraft(draft, file, formatOf(out === undefined || !isConfigName(out) ? config : out, ''));
  if (out === undefined) printRaw(text);
  else {
    writeFileSync(out, text);
    printLine(out);
  }
  for (const one of notes) warn(one);
  const on = draft.routes.filter(({ off }) => !off);
  const off = draft.routes.length - on.length;
  const reviewed = draft.routes.filter(({ review }) => review.length > 0).length;
  note(
    `${countOf(on.length, 'route')}${off === 0 ? '' : `, ${off} more in comments only`}; ${reviewed === 0 ? 'none needs' : `${reviewed} need${reviewed === 1 ? 's' : ''}`} review. Put it into ${config}, then: claimgate check`,
  );
}

function demandOrigin(origin: string | undefined): void {
  if (origin === undefined || origin === 'zone' || origin === 'next' || /^service:./.test(origin)) return;
  const url = parseUrl(origin);
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new CommandError(
      `${JSON.stringify(origin)} is no origin; write a URL such as https://orders.internal.example, service:BINDING, zone or next`,
    );
}

/** `orders`, `ORDERS` and `API_ORDERS` are the same. */
function readName(name: string): string {
  const bare = name.replace(/^API_/i, '').toUpperCase().replace(/[-. ]/g, '_');
  if (!/^[A-Z0-9_]+$/.test(bare))
    throw new CommandError(
      `${JSON.stringify(name)} is no name for an API; write letters, digits and _, such as ORDERS`,
    );
  return `API_${bare}`;
}

function nameOf(title: unknown): string {
  const words = String(title ?? '')
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^(THE_)|_?(API)?_*$/g, '')
    .replace(/^_+|_+$/g, '');
  return `API_${words.slice(0, 40) || 'IMPORTED'}`;
}
