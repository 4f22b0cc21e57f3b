import { parse } from 'yaml';
import { readText } from './files.ts';
import { CommandError } from './terminal.ts';

/** Reads YAML, or JSON, which is YAML too. Throws `CommandError`. @param remedy what to do where there is no file */
export function readYaml(path: string, remedy: string): unknown {
  const text = readText(path, remedy);
  try {
    return parse(text, { logLevel: 'error' });
  } catch (error) {
    throw new CommandError(`${path} can't be read: ${firstLine(error)}`);
  }
}

/** The first line of a parser's message; the others show lines of the document. */
const firstLine = (error: unknown): string => {
  const { message = '' } = (error ?? {}) as { message?: string };
  return message.split('\n')[0]?.replace(/[:,]$/, '') ?? '';
};
