/** The formats that wrangler reads its configuration in. Every tool takes what it needs of a format from here. */
import { getNodeValue } from 'jsonc-parser';
import { maskJson, maskValues } from '../text/snippet.ts';
import { CommandError } from '../text/terminal.ts';
import { convertBuildOutput, placeBuildOutput } from './build-output.ts';
import { renderJsonDraft, renderTomlDraft } from './draft.ts';
import type { Format } from './format.ts';
import { renderJsonPair } from './inline-json.ts';
import { renderKey, renderPair } from './inline-toml.ts';
import { editJson } from './json-edit.ts';
import { readJsonPositions } from './json-positions.ts';
import { readTree } from './json-tree.ts';
import { sayInJson } from './json-words.ts';
import { editToml } from './toml-edit.ts';
import { parseToml } from './toml-parse.ts';
import { readTomlPositions } from './toml-positions.ts';

export type FormatName = 'build' | 'json' | 'jsonc' | 'toml';

/** With plain objects: jsonc-parser makes some that have no prototype, and are no text. */
const readJson = (path: string, text: string): Record<string, unknown> =>
  structuredClone(getNodeValue(readTree(path, text)));

const jsonc: Format = {
  title: 'JSONC',
  endings: ['.jsonc'],
  comment: '//',
  parse: readJson,
  positions: readJsonPositions,
  maskLine: maskJson,
  pair: renderJsonPair,
  say: sayInJson,
  table: (place) => place.reduceRight((inner, name) => `${JSON.stringify(name)}: { ${inner} }`, '…'),
  draft: renderJsonDraft,
  edit: editJson,
};

/** The first whose ending fits is a file's. wrangler takes comments and trailing commas in a .json as well. */
export const FORMATS: Readonly<Record<FormatName, Format>> = {
  build: {
    ...jsonc,
    title: 'Build Output',
    endings: ['worker.config.json'],
    parse: (path, text) => convertBuildOutput(readJson(path, text)),
    positions: (text) => placeBuildOutput(readJsonPositions(text)),
    // The next build would undo it.
    edit: () => undefined,
  },
  json: { ...jsonc, title: 'JSON', endings: ['.json'] },
  jsonc,
  toml: {
    title: 'TOML',
    endings: ['.toml'],
    comment: '#',
    parse: parseToml,
    positions: readTomlPositions,
    maskLine: maskValues,
    pair: renderPair,
    say: (text) => text,
    table: (place) => `[${place.map(renderKey).join('.')}]`,
    draft: renderTomlDraft,
    edit: editToml,
  },
};

/** By the file's ending. What has another, such as a pipe, is JSON where it begins with a brace. */
export function formatOf(path: string, text: string): Format {
  const named = formatNamed(path);
  if (named !== undefined) return named;
  return /^\ufeff?(?:\s|\/\/.*|\/\*[\s\S]*?\*\/)*\{/.test(text) ? FORMATS.jsonc : FORMATS.toml;
}

/** The configuration of the `cf` command line. */
export const CODE = 'cloudflare.config.ts';

/** `undefined`: the ending says nothing. */
const formatNamed = (path: string): Format | undefined =>
  Object.values(FORMATS).find(({ endings }) => endings.some((ending) => path.toLowerCase().endsWith(ending)));

/** Throws `CommandError` where the text can't be read, with the place. @param path its name in messages */
export function parseConfig(path: string, text: string): Record<string, unknown> {
  if (path.endsWith(CODE))
    throw new CommandError(
      `${path} is code, which claimgate does not run; name the worker.config.json that its build writes`,
    );
  // UTF-16: every other byte of plain text is zero.
  if (text.includes('\u0000')) throw new CommandError(`${path} is not in UTF-8; save it as UTF-8`);
  return formatOf(path, text).parse(path, text) as Record<string, unknown>;
}
