/** YAML and JSON of an export as values. */
import { visit } from 'jsonc-parser';
import { parse } from 'yaml';
import { parseJson } from '../../text/json.ts';
import { CommandError, visible } from '../../text/terminal.ts';
import { firstLine } from '../../text/yaml.ts';

/** An alias adds nothing to what is there, and only bombs have more of them. */
const MAX_ALIASES = 10_000;

/**
 * YAML 1.2 has no merge keys any more (`<<`), but the Deploy CLI reads them. Throws `CommandError`.
 *
 * @param isTemplate whether it has places of another template
 */
export function parseExport(text: string, name: string, isTemplate: boolean): unknown {
  demandFlat(text, name);
  try {
    // JSON is YAML, too. This way takes a tenth of the time.
    const json = /^\s*[[{]/.test(text) ? parseJson(text) : undefined;
    if (json !== undefined) {
      demandUniqueNames(text, name);
      return json;
    }
    demandFew(text, name);
    return parse(text, { logLevel: 'error', merge: true, maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const why = firstLine(error);
    const hint = isTemplate ? '; render its template first' : '';
    throw new CommandError(
      `${name} can't be read: ${/call stack/.test(why) ? 'it is nested too deeply' : why}${hint}`,
    );
  }
}

/** Parsers end at a thousand levels or so; before they do, millions of open brackets would fill the memory. */
const MAX_OPEN = 10_000;

/** Brackets within texts count too: a hint, and no more. */
function demandFlat(text: string, name: string): void {
  const open = { '[': 0, '{': 0, '- ': 0 };
  for (const [sign] of text.matchAll(/[[\]{}\n]|[-?] (?=[-?] )/g)) {
    if (sign === '\n') open['- '] = 0;
    else if (sign === '[' || sign === '{') open[sign] += 1;
    else if (sign === ']') open['['] = Math.max(0, open['['] - 1);
    else if (sign === '}') open['{'] = Math.max(0, open['{'] - 1);
    else open['- '] += 1;
    if (Math.max(open['['], open['{'], open['- ']) > MAX_OPEN)
      throw new CommandError(`${name} can't be read: it is nested too deeply`);
  }
}

/** The parser needs about a KB for each. A tenant of 6,000 clients has a quarter of that. */
const MAX_SIGNS = 1_000_000;

/** YAML alone: JSON takes little more memory than it has characters. */
function demandFew(text: string, name: string): void {
  let count = 0;
  for (const _ of text.matchAll(/[\n,[{]|[-?:] /g)) count += 1;
  if (count > MAX_SIGNS)
    throw new CommandError(
      `${name} has too many entries for YAML; give JSON, or only APIs, clients and grants, in files of their own`,
    );
}

/** `JSON.parse` takes the last of two members, and does not say so. */
function demandUniqueNames(text: string, name: string): void {
  const open: Set<string>[] = [];
  visit(text, {
    onObjectBegin: () => void open.push(new Set()),
    onObjectEnd: () => void open.pop(),
    onObjectProperty: (member, _offset, _length, line) => {
      if (open.at(-1)?.has(member))
        throw new CommandError(
          `${name} can't be read: an object has ${JSON.stringify(visible(member))} twice, at line ${line + 1}; keep one`,
        );
      open.at(-1)?.add(member);
    },
  });
}
