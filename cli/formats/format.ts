/** What a format of wrangler's configuration must be able to do, for every tool. */
import type { Place } from '../../src/policy/compile/fault.ts';
import type { Region } from '../text/snippet.ts';
import type { RenderDraft } from './draft.ts';
import type { Positions } from './positions.ts';

export interface Format {
  /** As people call it: `TOML`. */
  readonly title: string;
  /** The ends of its files' names. */
  readonly endings: readonly string[];
  /** What a comment begins with, on a line of its own. */
  readonly comment: string;
  /**
   * Reads a text as wrangler does. Throws `CommandError` with line, column and a snippet without values where it can't
   * be read, or can be read in two ways.
   *
   * @param path its name in messages
   */
  parse(path: string, text: string): unknown;
  /** Where things stand in a text; never throws. */
  positions(text: string): Positions;
  /** Covers every value of a line that can't be read. */
  maskLine(line: string): string;
  /** A name and its value, as people write them on one line. */
  pair(name: string, value: unknown): string;
  /** What a message says with TOML's tables and fields, as it is said of such a file. */
  say(text: string): string;
  /** How a table is written that holds others: `[vars.GATEWAY]`, `"vars": { "GATEWAY": { … } }`. */
  table(place: readonly string[]): string;
  /** Proposed tables, with comments. */
  readonly draft: RenderDraft;
  /**
   * Makes a table what it is to be, field by field: comments and the order of other fields stay.
   *
   * @returns the whole text; `undefined` where the table is written in a way that can't be changed like that
   */
  edit(text: string, change: TableChange): string | undefined;
}

export interface TableChange {
  /** From the top of the file. */
  readonly place: Place;
  /** The table as it is now. */
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
}

export const changedFields = ({ before, after }: TableChange): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );

/** A part of a text to be replaced. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What lies within another splice is left out, unless it adds something. */
export function splice(text: string, splices: readonly Splice[]): string {
  const ordered = [...splices].sort((a, b) => a.start - b.start || a.end - b.end);
  let at = 0;
  let edited = '';
  for (const one of ordered) {
    if (one.end <= at && one.text === '') continue;
    edited += text.slice(at, Math.max(at, one.start)) + one.text;
    at = Math.max(at, one.end);
  }
  return edited + text.slice(at);
}

export const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

/** Behind the end of the line. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}

/** One character, as a snippet marks it. */
export const pointAt = (line: number, column: number): Region => ({
  line,
  column,
  endLine: line,
  endColumn: column + 1,
});
