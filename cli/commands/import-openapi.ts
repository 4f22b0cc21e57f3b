/** `claimgate import openapi`: an API's description becomes routes, to be reviewed. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { parseUrl } from '../../src/policy/uri.ts';
import type { Draft } from '../policy/import/drafted.ts';
import type { IssuerNames } from '../policy/import/issuers.ts';
import { writeWhole } from '../text/files.ts';
import { CommandError, note, printJson, printLine, printRaw, warn } from '../text/terminal.ts';
import { countOf } from '../text/words.ts';
import { collect } from './options.ts';

interface Options {
  readonly api?: string;
  readonly issuer?: readonly string[];
  readonly origin?: string;
  readonly audience?: readonly string[];
  readonly out?: string;
  readonly json?: boolean;
}

export function addImportOpenApiCommand(parent: Command): void {
  parent
    .command('openapi <file>')
    .description('print routes made of an OpenAPI 3 description, YAML or JSON, with what needs review')
    .option('--api <name>', "the API's name in the policy (default: from the description's title)")
    .option(
      '--issuer <name>',
      'the issuer of its tokens, by its name in the policy; SCHEME=NAME, once for each, where there are several',
      collect,
    )
    .option('--origin <url>', 'where requests go: a URL, service:BINDING or zone (default: its server)')
    .option('--audience <text>', 'the audience of its tokens; may be given more than once', collect)
    .option('--out <file>', 'write it there instead; the file must be new')
    .option('--json', 'print JSON: { draft, operations, routes, left_out, notes }')
    .addHelpText(
      'after',
      '\nThe file - is standard input. Files that it refers to are read from its folder; nothing is fetched.\nNothing becomes open: what the description leaves open needs a token until you write\nauth = "none". The draft has the format of the configuration that wrangler reads, or of --out.\n\nExample:\n  claimgate import openapi openapi.yaml --api ORDERS --issuer auth0 \\\n    --origin https://orders.internal.example --audience https://api.example.com/orders',
    )
    .action(run);
}

async function run(file: string, options: Options): Promise<void> {
  const { api, issuer = [], origin, audience = [], out, json } = options;
  if (out !== undefined && existsSync(out))
    throw new CommandError(`${out} is there already; choose a new file, and move what you need`);
  demandOrigin(origin);
  const issuers = readIssuers(issuer);
  const { findConfig, isConfigName } = await import('../formats/find.ts');
  const { formatOf } = await import('../formats/formats.ts');
  const { readOpenApi } = await import('../policy/import/openapi/read.ts');
  const { draftPolicy } = await import('../policy/import/draft.ts');
  const { writeDraft } = await import('../policy/import/write.ts');
  const description = await readOpenApi(file);
  const name = api === undefined ? nameOf(description.title) : readName(api);
  const draft = draftPolicy(description, { name, issuers, origin, audience });
  const config = findConfig()?.path ?? 'wrangler.toml';
  const format = formatOf(out === undefined || !isConfigName(out) ? config : out, '');
  const text = writeDraft(draft, description.notes, file === '-' ? 'standard input' : file, format);
  if (out !== undefined) writeWhole(out, text);
  if (json) printJson({ draft: text, ...summaryOf(draft), notes: description.notes });
  else if (out === undefined) printRaw(text);
  else printLine(out);
  for (const one of description.notes) warn(one);
  note(`${sentenceOf(draft)} Put it into ${config}, then: claimgate check`);
}

function summaryOf({ counts: { read, drafted, joined, leftOut }, apis }: Draft) {
  const routes = apis.flatMap((one) => one.routes);
  const on = routes.filter(({ off }) => !off);
  return {
    operations: { read, drafted, joined, left_out: leftOut },
    routes: { active: on.length, review: on.filter(({ notes }) => notes.length > 0).length },
    left_out: routes
      .filter(({ off, blocks }) => off || blocks)
      .map(({ key, notes }) => ({ route: key, reason: notes[0]?.text.replace(/^left out: /, '') })),
  };
}

/** How many operations were read, and where each of them is. */
function sentenceOf(draft: Draft): string {
  const { operations, routes } = summaryOf(draft);
  const parts = [
    `${operations.drafted} drafted`,
    ...(operations.joined === 0 ? [] : [`${operations.joined} joined with another`]),
    ...(operations.left_out === 0 ? [] : [`${operations.left_out} left out`]),
  ];
  const review =
    routes.review === 0
      ? 'none needs review'
      : `${routes.review} need${routes.review === 1 ? 's' : ''} review`;
  return `${countOf(operations.read, 'operation')} read: ${parts.join(', ')}. ${countOf(routes.active, 'route')}; ${review}.`;
}

/** `auth0` for all tokens, `customers=auth0` for those of one scheme. */
function readIssuers(texts: readonly string[]): IssuerNames {
  const plain = texts.filter((one) => !one.includes('='));
  if (plain.length > 1)
    throw new CommandError(`--issuer is given twice: ${plain.join(', ')}; write SCHEME=NAME for each`);
  const byScheme = texts
    .filter((one) => one.includes('='))
    .map((one): [string, string] => [
      one.slice(0, one.lastIndexOf('=')),
      one.slice(one.lastIndexOf('=') + 1),
    ]);
  return { all: plain[0], byScheme: new Map(byScheme) };
}

function demandOrigin(origin: string | undefined): void {
  if (origin === undefined || origin === 'zone' || origin === 'next' || /^service:./.test(origin)) return;
  const url = parseUrl(origin);
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new CommandError(
      `${JSON.stringify(origin)} is not an origin; write a URL such as https://orders.internal.example, service:BINDING, zone or next`,
    );
}

/** `orders`, `ORDERS` and `API_ORDERS` are the same. */
function readName(name: string): string {
  const bare = name.replace(/^API_/i, '').toUpperCase().replace(/[-. ]/g, '_');
  if (!/^[A-Z0-9_]+$/.test(bare))
    throw new CommandError(
      `${JSON.stringify(name)} is not a name for an API; write letters, digits and _, such as ORDERS`,
    );
  return `API_${bare}`;
}

function nameOf(title: string | undefined): string {
  const words = String(title ?? '')
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^(THE_)|_?(API)?_*$/g, '')
    .replace(/^_+|_+$/g, '');
  return `API_${words.slice(0, 40) || 'IMPORTED'}`;
}
