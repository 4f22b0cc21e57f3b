/** The formats that wrangler reads its configuration in. Every tool takes what it needs of a format from here. */
import { getNodeValue } from 'jsonc-parser';
import { maskJson, maskValues } from '../text/snippet.ts';
import { CommandError } from '../text/terminal.ts';
import type { Format } from './format.ts';
import { renderJsonPair } from './inline-json.ts';
import { renderKey, renderPair } from './inline-toml.ts';
import { editJson } from './json-edit.ts';
import { readJsonPositions } from './json-positions.ts';
import { readTree } from './json-tree.ts';
import { editToml } from './toml-edit.ts';
import { parseToml } from './toml-parse.ts';
import { readTomlPositions } from './toml-positions.ts';

export type FormatName = 'toml' | 'json' | 'jsonc';

const jsonc: Format = {
  title: 'JSONC',
  endings: ['.jsonc'],
  comment: '//',
  parse: (path, text) => getNodeValue(readTree(path, text)),
  positions: readJsonPositions,
  maskLine: maskJson,
  pair: renderJsonPair,
  table: (place) => place.reduceRight((inner, name) => `${JSON.stringify(name)}: { ${inner} }`, '…'),
  edit: editJson,
};

/** wrangler takes comments and trailing commas in a .json as well. */
export const FORMATS: Readonly<Record<FormatName, Format>> = {
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
    table: (place) => `[${place.map(renderKey).join('.')}]`,
    edit: editToml,
  },
};

/** By the file's ending. What has another, such as a pipe, is JSON where it begins with a brace. */
export function formatOf(path: string, text: string): Format {
  const named = formatNamed(path);
  if (named !== undefined) return named;
  return /^\ufeff?(?:\s|\/\/.*|\/\*[\s\S]*?\*\/)*\{/.test(text) ? FORMATS.jsonc : FORMATS.toml;
}

/** `undefined`: the ending says nothing. */
export const formatNamed = (path: string): Format | undefined =>
  Object.values(FORMATS).find(({ endings }) => endings.some((ending) => path.toLowerCase().endsWith(ending)));

/** Throws `CommandError` where the text can't be read, with the place. @param path its name in messages */
export function parseConfig(path: string, text: string): Record<string, unknown> {
  // What Windows calls Unicode: every other byte is zero.
  if (text.includes('\u0000') || text.startsWith('\ufffd\ufffd'))
    throw new CommandError(`${path} is not in UTF-8; save it as UTF-8`);
  return formatOf(path, text).parse(path, text) as Record<string, unknown>;
}
