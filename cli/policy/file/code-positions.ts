/** Finds lines and columns in a module that exports a policy, without a parser: a literal has its names in order. */
import type { Place } from '../../../src/policy/compile/fault.ts';
import type { FileComment, FileString, Positions } from '../../formats/positions.ts';
import { type Region, splitLines } from '../../text/snippet.ts';

/** The slashes of a URL have no blank before them. */
const COMMENT = /(?<=^|\s)(?:\/\/.*$|\/\*[\s\S]*?\*\/)/gm;
/** With the colon, where it is a name. */
const STRING = /(["'`])((?:\\.|(?!\1)[^\\])*)\1(\s*:)?/g;
const START: Region = { line: 1, column: 1, endLine: 1, endColumn: 1 };

/** Of a policy that is computed, the last name that was found counts. Reads any text; never throws. */
export function readCodePositions(text: string): Positions {
  const code = text.replace(COMMENT, (comment) => comment.replace(/[^\r\n]/g, ' '));
  const regionAt = (index: number, length: number): Region => {
    const before = text.slice(0, index);
    const line = before.split('\n').length;
    const column = index - before.lastIndexOf('\n');
    return { line, column, endLine: line, endColumn: column + length };
  };
  return {
    readable: true,
    regionOf(path) {
      let found: Region | undefined;
      let from = 0;
      for (const name of namesIn(path)) {
        const match = new RegExp(`(?<![\\w$])(["'\`]?)${escaped(name)}\\1(?=\\s*[:,}])`, 'g');
        match.lastIndex = from;
        const hit = match.exec(code);
        if (hit === null) continue;
        found = regionAt(hit.index, hit[0].length);
        from = hit.index + hit[0].length;
      }
      return found ?? START;
    },
    comments: splitLines(text).flatMap((line, i): FileComment[] => {
      const [, before = '', comment] = /^(.*?)(\/\/\s*claimgate:.*)$/.exec(line) ?? [];
      if (comment === undefined) return [];
      const column = before.length + 1;
      const region = { line: i + 1, column, endLine: i + 1, endColumn: column + comment.length };
      return [{ line: i + 1, text: comment.slice('//'.length), region }];
    }),
    strings: [...code.matchAll(STRING)].flatMap((found): FileString[] => {
      const { index, 0: quoted, 2: value = '', 3: colon } = found;
      if (colon !== undefined) return [];
      // What a header gets should name a secret, and may be one: it is covered, as in wrangler.toml.
      const isHeader = /\borigin_headers\b[^}]*$/.test(code.slice(0, index));
      const path = ['vars', 'API_X', isHeader ? 'origin_headers' : 'field'];
      return [{ path, value, region: regionAt(index, quoted.length) }];
    }),
  };
}

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** The names behind `vars`; a place elsewhere is in the file of wrangler. */
function namesIn(path: Place): string[] {
  const at = path.indexOf('vars');
  return at === -1 ? [] : path.slice(at + 1).filter((part) => typeof part === 'string');
}
