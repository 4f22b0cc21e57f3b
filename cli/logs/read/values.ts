/**
 * JSON objects in a text that has other lines as well: one a line, spread over lines as `wrangler tail` prints them,
 * or as members of an array. No more of the text is held than one object.
 */
import { parseJson } from '../../text/json.ts';

export interface ValueSink {
  /** @param line counted from 1: where it begins */
  value(value: unknown, line: number): void;
  /** A line that holds no JSON object. */
  other(text: string): void;
  /** What begins as an object, and is none. */
  broken(line: number, problem: string): void;
}

export interface ValueReader {
  write(text: string): void;
  end(): void;
}

/** Longer ones are none of the formats that are read. */
const MAX_LENGTH = 32 * 1024 * 1024;
const MAX_SHOWN = 200;

const [QUOTE, BACKSLASH, NEWLINE] = ['"', '\\', '\n'].map((one) => one.charCodeAt(0));
const [BRACE, BRACE_END, BRACKET, BRACKET_END] = ['{', '}', '[', ']'].map((one) => one.charCodeAt(0));
/** Blanks, line ends, what stands between the members of an array, and byte order marks where files were joined. */
const BETWEEN: ReadonlySet<number> = new Set(
  ['\t', '\n', '\r', ' ', ',', ']', '\ufeff'].map((one) => one.charCodeAt(0)),
);

/** An object that has begun and not ended, as far as it was looked at. Places count from its first character. */
interface Open {
  seen: number;
  depth: number;
  inText: boolean;
  /** Spread over lines, with its own brackets at the margin. */
  readonly isSpread: boolean;
  /** The first place after its beginning where another object could begin. */
  next: number | undefined;
}

type Scan =
  | { readonly kind: 'more' }
  | { readonly kind: 'end'; readonly at: number }
  | { readonly kind: 'broken'; readonly at: number; readonly problem: string };

/** Tells of each object as soon as it is complete. */
export function createValueReader(sink: ValueSink): ValueReader {
  let text = '';
  let line = 1;
  let open: Open | undefined;
  /** Within a line that is left out: its end is awaited. */
  let skipping = false;

  /** Looks at the text from `from`. @returns the place up to which it is done with */
  function drain(from: number, isEnd: boolean): number {
    let at = from;
    while (at < text.length) {
      const next = skipping ? skip(at) : open ? goOn(at, open, isEnd) : begin(at, isEnd);
      if (next === undefined) return at;
      at = next;
    }
    return at;
  }

  function skip(at: number): number {
    const end = text.indexOf('\n', at);
    if (end === -1) return text.length;
    skipping = false;
    line++;
    return end + 1;
  }

  /** Between objects. @returns `undefined` where it takes more of the text to tell */
  function begin(at: number, isEnd: boolean): number | undefined {
    const code = text.charCodeAt(at);
    if (code === NEWLINE) line++;
    if (BETWEEN.has(code)) return at + 1;
    if (code === BRACE) {
      const end = text.indexOf('\n', at);
      return (end !== -1 && takeLine(at, end)) || goOn(at, startOpen(at, end), isEnd);
    }
    if (code === BRACKET) {
      const [space = '', first] = /\s*([^\s])?/y.exec(text.slice(at + 1)) ?? [];
      if (first === undefined && !isEnd && space.length < MAX_SHOWN) return undefined;
      if (first === '{' || first === ']' || first === '[') return at + 1;
    }
    const end = text.indexOf('\n', at);
    if (end === -1 && !isEnd && text.length - at < MAX_SHOWN) return undefined;
    sink.other(text.slice(at, Math.min(at + MAX_SHOWN, end === -1 ? text.length : end)));
    skipping = true;
    return at;
  }

  /** The usual case, fast: an object that has a line of its own. @returns where it goes on */
  function takeLine(at: number, end: number): number | undefined {
    const last = text.charCodeAt(end - 1) === 0x0d ? end - 2 : end - 1;
    if (last <= at || text.charCodeAt(last) !== BRACE_END) return undefined;
    const value = parseJson(text.slice(at, last + 1));
    if (value === undefined) return undefined;
    sink.value(value, line);
    line++;
    return end + 1;
  }

  function startOpen(at: number, end: number): Open {
    const isSpread =
      end !== -1 && text.slice(at + 1, end).trim() === '' && !/[^\n]/.test(text[at - 1] ?? '\n');
    open = { seen: 0, depth: 0, inText: false, isSpread, next: undefined };
    return open;
  }

  function goOn(at: number, value: Open, isEnd: boolean): number | undefined {
    const found = scan(text, at, value, isEnd);
    if (found.kind === 'end') {
      const parsed = parseJson(text.slice(at, found.at));
      if (parsed === undefined) return giveUp(at, found.at, value, 'this is not valid JSON');
      open = undefined;
      sink.value(parsed, line);
      line += countLines(text, at, found.at);
      return found.at;
    }
    if (found.kind === 'broken') return giveUp(at, found.at, value, found.problem);
    if (text.length - at > MAX_LENGTH) {
      const next = giveUp(at, text.length, value, 'this object is longer than 32 MiB');
      skipping = value.next === undefined;
      return next;
    }
    return isEnd ? giveUp(at, text.length, value, 'the log ends in the middle of this object') : undefined;
  }

  /** What comes after a broken object must not be lost with it. */
  function giveUp(at: number, end: number, value: Open, problem: string): number {
    sink.broken(line, problem);
    open = undefined;
    const next = value.next === undefined ? end : at + value.next;
    line += countLines(text, at, next);
    return next;
  }

  return {
    write(piece) {
      text = text === '' ? piece : text + piece;
      text = text.slice(drain(0, false));
    },
    end() {
      text = text.slice(drain(0, true));
    },
  };
}

/** Looks for the end of an object, from where it was left. */
function scan(text: string, start: number, open: Open, isEnd: boolean): Scan {
  let at = start + open.seen;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (open.inText) {
      // At the end of a piece, this skips the first character of the next.
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) open.inText = false;
      // A text in JSON has no line ends.
      else if (code === NEWLINE)
        return { kind: 'broken', at, problem: 'this object is cut in the middle of a text' };
    } else if (code === QUOTE) open.inText = true;
    else if (code === BRACE || code === BRACKET) open.depth++;
    else if (code === BRACE_END || code === BRACKET_END) {
      open.depth--;
      if (open.depth === 0) return { kind: 'end', at: at + 1 };
    } else if (code === NEWLINE) {
      if (at + 1 === text.length && !isEnd) break;
      if (text.charCodeAt(at + 1) !== BRACE) continue;
      open.next ??= at + 1 - start;
      if (open.isSpread || !/[,[]\s*$/.test(text.slice(Math.max(start, at - 100), at)))
        return { kind: 'broken', at, problem: 'this object is cut: the next line begins another' };
    }
  }
  open.seen = at - start;
  return { kind: 'more' };
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
