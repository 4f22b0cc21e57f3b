import { parse, TomlError } from 'smol-toml';
import { maskValues, renderSnippet, splitLines } from '../text/snippet.ts';
import { CommandError } from '../text/terminal.ts';
import { pointAt } from './format.ts';

/** Throws `CommandError` where the text is no TOML, with the place. @param path its name in messages */
export function parseToml(path: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof TomlError) throw new CommandError(describe(path, text, error));
    throw error;
  }
}

/** The message of the parser itself shows lines of the file, with whatever secrets they hold. */
function describe(path: string, text: string, { message, line, column }: TomlError): string {
  const [summary = ''] = message.replace(/^Invalid TOML document: /, '').split('\n');
  const lines = splitLines(text);
  const before = lines.slice(0, line - 1).join('\n');
  // Amid a text of several lines, the whole line is a value.
  const inText = [/"""/g, /'''/g].some((quotes) => (before.match(quotes)?.length ?? 0) % 2 === 1);
  const shown = lines[line - 1] ?? '';
  lines[line - 1] = inText ? '*'.repeat(shown.length) : maskValues(shown);
  const snippet = renderSnippet(lines, pointAt(line, column)).map((one) => `\n  ${one}`);
  return `${path} is no TOML: ${summary}; mend line ${line}, column ${column}${snippet.join('')}`;
}
