/** Output of commands: aligned and coloured for a person, JSON for a program. */
import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';

export { CommandError, EXIT } from './command-error.ts';
export { formatSeconds, formatTime, UNITS } from './times.ts';
export { visible } from './visible.ts';

/** The streams that a run of the command reads and writes, and its exit code: the process, but in most tests. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  exitCode?: number | string | null | undefined;
}

type Output = Writable & { readonly isTTY?: boolean; readonly rows?: number };

let terminal: Terminal = process;

export const currentTerminal = (): Terminal => terminal;

/** All that is printed goes there from now on. */
export function useTerminal(next: Terminal): void {
  terminal = next;
}

/** The command goes on, and its process ends with this code. */
export function endWith(exitCode: number): void {
  terminal.exitCode = exitCode;
}

type Style = 'green' | 'red' | 'yellow' | 'bold' | 'dim';

/** Colours where the stream is a terminal that shows them. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: terminal.stdout });
}

/** What a terminal obeys or what turns text around, but for line ends and for colours, which `paint` makes. */
const COMMANDS_IN_LINES = /(?!\x1b\[[0-9;]*m)[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/** Whatever is printed, and wherever it came from. */
const harmless = (text: string): string => text.replaceAll('\t', ' ').replace(COMMANDS_IN_LINES, '\ufffd');

export function printLine(text = ''): void {
  terminal.stdout.write(`${harmless(text)}\n`);
}

/** For a file that is printed: as it is, whoever reads it. */
export function printRaw(text: string): void {
  terminal.stdout.write(text);
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, null, 2));
}

/** For what is no answer: hints and progress. Programs read the other stream. */
export function note(text: string): void {
  terminal.stderr.write(`${harmless(text)}\n`);
}

export function printError(text: string): void {
  note(`${styleText('red', 'error', { stream: terminal.stderr })}  ${text}`);
}

export function warn(text: string): void {
  note(`${styleText('yellow', 'note', { stream: terminal.stderr })}   ${text}`);
}

/** Columns as wide as their widest cell. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const width = (column: number) => Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0));
  const write = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(width(i)))
      .join('  ')
      .trimEnd();
  printLine(paint('bold', write(header)));
  for (const row of rows) printLine(write(row));
}

/** Name and value, one a line. */
export function printFields(fields: readonly (readonly [string, string])[]): void {
  const width = Math.max(...fields.map(([name]) => name.length));
  for (const [name, value] of fields) printLine(`${paint('dim', name.padEnd(width))}  ${value}`);
}
