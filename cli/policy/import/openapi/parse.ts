/** A file's text as values. Whatever a parser would take or drop in silence is an error here, with its place. */

import type { LoadOptions } from 'js-yaml';
import { visit } from 'jsonc-parser';
import { CommandError } from '../../../text/terminal.ts';

/** Deeper than any description, and shallow enough for every recursion. */
const MAX_DEPTH = 400;
/** Keys that merge keys may add in all: descriptions have hundreds, bombs millions. */
const MAX_MERGED_KEYS = 200_000;

/**
 * Reads JSON, else YAML with anchors and merge keys. Throws `CommandError`: for duplicate keys, too. An alias is the
 * value that it names, not a copy.
 */
export async function parseDocument(name: string, text: string): Promise<unknown> {
  if (text.trim() === '') throw new CommandError(`${name} is empty; name an OpenAPI document, YAML or JSON`);
  if (text.includes('\u0000')) throw new CommandError(`${name} is not in UTF-8; save it as UTF-8`);
  return isJson(text) ? (parseJson(name, text) ?? parseYaml(name, text)) : parseYaml(name, text);
}

/** As far as its start tells. */
export const isJson = (text: string): boolean => /^\s*[{[]/.test(text);

/** @returns `undefined` where it is not JSON: YAML may begin with a brace as well */
function parseJson(name: string, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // JSON.parse takes the last of two members with one name.
  const open: Set<string>[] = [];
  let depth = 0;
  const enter = (line: number) => {
    if (++depth > MAX_DEPTH)
      throw new CommandError(`${name}:${line + 1} is nested too deep; ${MAX_DEPTH} levels are the most`);
  };
  visit(text, {
    onObjectBegin: (_offset, _length, line) => {
      enter(line);
      open.push(new Set());
    },
    onObjectEnd: () => {
      depth--;
      open.pop();
    },
    onArrayBegin: (_offset, _length, line) => enter(line),
    onArrayEnd: () => {
      depth--;
    },
    onObjectProperty: (property, _offset, _length, line, column) => {
      if (open.at(-1)?.has(property)) throw duplicate(name, line + 1, column + 1, property);
      open.at(-1)?.add(property);
    },
  });
  return value;
}

const duplicate = (name: string, line: number, column: number, key: string) =>
  new CommandError(
    `${name}:${line}:${column} has the key ${JSON.stringify(key)} twice; readers differ in which one counts: keep one`,
  );

async function parseYaml(name: string, text: string): Promise<unknown> {
  const { load, CORE_SCHEMA, mergeTag, YAMLException } = await import('js-yaml');
  const options: LoadOptions = {
    schema: CORE_SCHEMA.withTags(mergeTag),
    maxDepth: MAX_DEPTH,
    maxTotalMergeKeys: MAX_MERGED_KEYS,
  };
  try {
    return load(text, options);
  } catch (error) {
    if (!(error instanceof YAMLException))
      throw new CommandError(`${name} can't be read: ${error instanceof Error ? error.message : 'unknown'}`);
    const { reason, mark } = error;
    const place = mark === undefined ? name : `${name}:${mark.line + 1}:${mark.column + 1}`;
    throw new CommandError(`${place} can't be read: ${remedyOf(reason)}`);
  }
}

function remedyOf(reason: string): string {
  if (/duplicat/.test(reason)) return `${reason}: readers differ in which one counts; keep one`;
  if (/single document/.test(reason)) return 'it holds several documents; keep the description alone';
  if (/maxTotalMergeKeys/.test(reason))
    return 'its merge keys (<<) add too many keys; write fewer of them out';
  if (/maxDepth/.test(reason)) return `it is nested too deep; ${MAX_DEPTH} levels are the most`;
  return reason;
}
