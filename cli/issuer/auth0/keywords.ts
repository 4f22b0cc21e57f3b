/**
 * Keywords of the Auth0 Deploy CLI: `@@NAME@@` stands for a JSON value, `##NAME##` for text, and both are replaced in
 * the file before it is read as YAML or JSON (seen in auth0-deploy-cli: docs/keyword-replacement.md, src/tools/utils.ts).
 */
import { CommandError, visible } from '../../text/terminal.ts';

export type Mappings = readonly (readonly [string, unknown])[];

/** A mapping whose values name others can grow by powers of two. */
const MAX_REPLACED_LENGTH = 32_000_000;

/** Replaces keywords as the Deploy CLI does: all `@@NAME@@`, with their quotes, then all `##NAME##`, one after the other. */
export function replaceKeywords(text: string, mappings: Mappings, file: string): string {
  let result = text;
  for (const [name, value] of mappings) {
    const json = JSON.stringify(value);
    for (const marker of [`'@@${name}@@'`, `"@@${name}@@"`, `@@${name}@@`])
      result = replaceAll(result, marker, json, file);
  }
  for (const [name, value] of mappings) result = replaceAll(result, `##${name}##`, textOf(value), file);
  return result;
}

const textOf = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? JSON.stringify(value)
    : String(value);

function replaceAll(text: string, marker: string, value: string, file: string): string {
  const pieces = text.split(marker);
  if (text.length + (pieces.length - 1) * (value.length - marker.length) > MAX_REPLACED_LENGTH)
    throw new CommandError(
      `${file} grows to more than ${MAX_REPLACED_LENGTH / 1e6} MB when keywords are replaced; look for a keyword whose value names others`,
    );
  return pieces.join(value);
}

/** What still stands in a text: a keyword without a mapping, or a place of another template. */
const OPEN = /@@[^@\n]+@@|##[^#\n]+##|\{\{[^{}\n]*\}\}|\$\{[^{}\n]+\}/g;
/** The same, before the file is read: without blanks in names, so that `## a heading ##` stays a comment. */
const OPEN_IN_FILE = /@@[^@\s]+@@|##[^#\s]+##|\{\{[^{}\n]*\}\}/g;

/** Keywords that a value still has. */
export const keywordsIn = (value: string): string[] => [...new Set(value.match(OPEN) ?? [])];

export interface Marked {
  /** The file with each open keyword as a plain word, which YAML takes for text wherever it stands. */
  readonly text: string;
  /** Gives the keywords of a value that was read from it their own form again, in place. */
  readonly restore: (document: unknown) => unknown;
  /** All that were marked, once each. */
  readonly found: readonly string[];
  /** Keywords that begin a line: to YAML, they and all behind them are a comment. */
  readonly comments: readonly { readonly keyword: string; readonly line: number }[];
}

/** YAML can't read `@@NAME@@` without quotes, takes `##NAME##` for a comment, and `{{NAME}}` for a table. */
export function markKeywords(text: string): Marked {
  const sign = freeSign(text);
  const found: string[] = [];
  const comments: { keyword: string; line: number }[] = [];
  const lines = text.split('\n').map((line, i) => {
    const [, comment] = /^\s*(##[^#\s]+##)/.exec(line) ?? [];
    if (comment === undefined)
      return line.replace(OPEN_IN_FILE, (keyword) => `${sign}${found.push(keyword) - 1}${sign}`);
    comments.push({ keyword: comment, line: i + 1 });
    return line;
  });
  const pattern = new RegExp(`${sign}(\\d+)${sign}`, 'g');
  const back = (value: string) => value.replace(pattern, (_, i: string) => found[Number(i)] ?? '');
  return {
    text: lines.join('\n'),
    restore: (document) => (found.length === 0 ? document : restoreAll(document, back)),
    found: [...new Set(found)],
    comments,
  };
}

/** A character for private use, which YAML allows in plain words, and the file does not have. */
function freeSign(text: string): string {
  for (let code = 0xe000; code <= 0xf8ff; code++) {
    const sign = String.fromCharCode(code);
    if (!text.includes(sign)) return sign;
  }
  throw new CommandError('the file has all characters for private use (U+E000 to U+F8FF); take out one');
}

/** Each table and list once, though an alias may have it in many places. */
function restoreAll(document: unknown, back: (value: string) => string): unknown {
  const root = { document };
  const open: object[] = [root];
  const seen = new Set<object>(open);
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    for (const [name, value] of Object.entries(one)) {
      const member = typeof value === 'string' ? back(value) : (value as unknown);
      const key = back(name);
      if (key !== name) Reflect.deleteProperty(one, name);
      if (key !== name || member !== value)
        Object.defineProperty(one, key, {
          value: member,
          enumerable: true,
          writable: true,
          configurable: true,
        });
      if (typeof member === 'object' && member !== null && !seen.has(member)) {
        seen.add(member);
        open.push(member);
      }
    }
  }
  return root.document;
}

/** For sentences: `the keyword ##A## has no mapping`. */
export const openKeywords = (names: readonly string[]) =>
  `the keyword${names.length === 1 ? '' : 's'} ${names.map(visible).join(', ')} ha${names.length === 1 ? 's' : 've'} no mapping`;
