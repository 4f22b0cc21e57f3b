import { parse, TomlError } from 'smol-toml';
import { maskValues, renderSnippet, splitLines } from './snippet.ts';
import { CommandError } from './terminal.ts';

/** A wrangler.toml: the top level, and environments of the same kind. */
export type WithEnvironments<Section> = Section & { readonly env?: Readonly<Record<string, Section>> };

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
  const region = { line, column, endLine: line, endColumn: column + 1 };
  const snippet = renderSnippet(lines, region).map((one) => `\n  ${one}`);
  return `${path} is no TOML: ${summary}; mend line ${line}, column ${column}${snippet.join('')}`;
}

/** Throws `CommandError` if there is no such environment. @param environment `undefined`: the top level */
export function sectionOf<Section>(
  config: WithEnvironments<Section>,
  path: string,
  environment: string | undefined,
): Section {
  // An empty name is the top level, as it is to wrangler.
  if (environment === undefined || environment === '') return config;
  const section = config.env?.[environment];
  if (section !== undefined && Object.hasOwn(config.env ?? {}, environment)) return section;
  const names = Object.keys(config.env ?? {});
  const alike = names.find((name) => name.toLowerCase() === environment.toLowerCase());
  if (alike !== undefined)
    throw new CommandError(
      `${path} has no [env.${environment}], and names are compared with their case; did you mean [env.${alike}]?`,
    );
  const known = names.join(', ') || 'no environments';
  throw new CommandError(`${path} has no [env.${environment}]; it has ${known}`);
}
