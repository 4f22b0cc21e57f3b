/** JSON values in a text that has other lines as well: one a line, or spread over lines as `wrangler tail` prints them. */
import { parseJson } from '../../text/json.ts';

/** A run of lines, read. */
export type Read =
  | { readonly kind: 'value'; readonly value: unknown }
  /** These lines hold no JSON object. */
  | { readonly kind: 'other'; readonly lines: number };

/** A value that goes on for longer is none that we know: what comes after it must not be lost. */
const MAX_LINES = 20_000;

/** Feeds on lines, and tells of a value as soon as it is complete. */
export function createValueReader(): { read(line: string): Read[]; end(): Read[] } {
  let open: string[] = [];

  const close = (): Read[] => {
    const lines = open;
    open = [];
    return lines.length === 0 ? [] : [{ kind: 'other', lines: lines.length }];
  };

  return {
    read(line) {
      if (open.length > 0) {
        // At the margin only the value's own brackets stand: a text in JSON has no line ends.
        if (line === '{') return [...close(), ...this.read(line)];
        open.push(line);
        if (line !== '}') return open.length > MAX_LINES ? close() : [];
        const value = parseJson(open.join('\n'));
        if (value === undefined) return close();
        open = [];
        return [{ kind: 'value', value }];
      }
      if (line.trim() === '') return [];
      if (line.trimEnd() === '{') {
        open.push(line);
        return [];
      }
      const value = line.trimStart().startsWith('{') ? parseJson(line) : undefined;
      return [value === undefined ? { kind: 'other', lines: 1 } : { kind: 'value', value }];
    },
    end: close,
  };
}
