/**
 * JSON as wrangler reads it from wrangler.json and wrangler.jsonc alike: with comments and trailing commas, by Microsoft's
 * jsonc-parser (seen in wrangler 4.155: packages/workers-utils/src/parse.ts and src/config/index.ts).
 */
import { createScanner, type Node, parseTree, printParseErrorCode } from 'jsonc-parser';
import { maskJson, renderSnippet, splitLines } from '../text/snippet.ts';
import { CommandError } from '../text/terminal.ts';
import { pointAt } from './format.ts';

/** As deep as the TOML parser goes. What is nested deeper would end the program, not the file. */
const MAX_DEPTH = 1000;

/** `SyntaxKind` of jsonc-parser, whose enum can't be imported. */
const OPENS = [1, 3];
const CLOSES = [2, 4];
const END = 17;

/** wrangler skips a byte order mark. The places of all that follows stay. */
export const withoutMark = (text: string): string => text.replace(/^\ufeff/, ' ');

/**
 * Reads the tree. Throws `CommandError` with the place where there is none, where a key is there twice (wrangler would
 * take the last one without a word), and where a key means something else to JavaScript.
 *
 * @param path its name in messages
 */
export function readTree(path: string, original: string): Node {
  const text = withoutMark(original);
  const fail = (offset: number, problem: string): never => {
    throw new CommandError(describe(path, text, offset, problem));
  };
  const deep = findDepth(text);
  if (deep !== undefined) fail(deep, `it is nested more than ${MAX_DEPTH} levels deep`);
  const errors: Parameters<typeof parseTree>[1] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined) fail(first.offset, PROBLEMS[printParseErrorCode(first.error)] ?? 'it is no value');
  if (root === undefined) return fail(0, 'the file is empty');
  if (root.type !== 'object')
    return fail(root.offset, `the file is one ${root.type}, and must be an object { … }`);
  for (const { offset, problem } of badKeys(root, text)) fail(offset, problem);
  return root;
}

/** What jsonc-parser's codes mean, in words. */
const PROBLEMS: Readonly<Record<string, string>> = {
  InvalidSymbol: 'this is no value; texts stand in "double quotes"',
  InvalidNumberFormat: 'this is not a number',
  PropertyNameExpected: 'here should be a name in "double quotes"',
  ValueExpected: 'a value is missing',
  ColonExpected: 'a colon is missing behind the name',
  CommaExpected: 'a comma is missing',
  CloseBraceExpected: 'a closing } is missing',
  CloseBracketExpected: 'a closing ] is missing',
  EndOfFileExpected: 'something follows the end of the object',
  InvalidCommentToken: 'this is no comment',
  UnexpectedEndOfComment: 'a comment does not end; write */',
  UnexpectedEndOfString: 'a text does not end on its line',
  UnexpectedEndOfNumber: 'a number does not end',
  InvalidUnicode: 'after \\u come four hexadecimal digits',
  InvalidEscapeCharacter: 'there is no such escape',
  InvalidCharacter: 'a control character; write it as \\u and four digits',
};

/** The place where it gets too deep. */
function findDepth(text: string): number | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (let kind: number = scanner.scan(); kind !== END; kind = scanner.scan()) {
    if (OPENS.includes(kind) && ++depth > MAX_DEPTH) return scanner.getTokenOffset();
    if (CLOSES.includes(kind)) depth--;
  }
  return undefined;
}

function* badKeys(node: Node, text: string): Generator<{ offset: number; problem: string }> {
  const seen = new Map<string, Node>();
  for (const child of node.children ?? []) {
    const [key, value] = child.type === 'property' ? (child.children ?? []) : [undefined, child];
    if (key !== undefined) {
      const name: string = key.value;
      const first = seen.get(name);
      const quoted = JSON.stringify(name);
      if (name === '__proto__')
        yield { offset: key.offset, problem: `wrangler drops the key ${quoted}; remove it` };
      if (first !== undefined) {
        const { line } = placeOf(text, first.offset);
        yield {
          offset: key.offset,
          problem: `the key ${quoted} is in line ${line} too, and wrangler takes the last one; remove one`,
        };
      }
      seen.set(name, key);
    }
    if (value !== undefined) yield* badKeys(value, text);
  }
}

/** Line and column, counted from 1. */
function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

function describe(path: string, text: string, offset: number, problem: string): string {
  const { line, column } = placeOf(text, offset);
  const lines = splitLines(text);
  lines[line - 1] = maskJson(lines[line - 1] ?? '');
  const snippet = renderSnippet(lines, pointAt(line, column)).map((one) => `\n  ${one}`);
  return `${path} is not JSON that can be read: ${problem}; mend line ${line}, column ${column}${snippet.join('')}`;
}
