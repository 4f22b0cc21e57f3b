/**
 * JSON objects in a text that has other lines as well: one a line, spread over lines as `wrangler tail` prints them,
 * or as members of an array. No more of the text is held than one object.
 */
import { parseJson } from '../../text/json.ts';

export interface ValueSink {
  /** @param line counted from 1: where it begins */
  value(value: unknown, line: number): void;
  /** A line that holds no JSON object. */
  other(text: string, line: number): void;
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
/** The name that `npm start` writes before the lines of each Worker. */
const NAMED = /^\[[a-z][\w-]{0,62}\] (?=\{)/i;
const MAX_NAMED_LENGTH = 1024 * 1024;

const [QUOTE, BACKSLASH, NEWLINE, CARRIAGE_RETURN] = ['"', '\\', '\n', '\r'].map((one) => one.charCodeAt(0));
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
export const createValueReader = (sink: ValueSink): ValueReader => new Reader(sink);

class Reader implements ValueReader {
  readonly #sink: ValueSink;
  #text = '';
  /** The last character that was taken. */
  #before = '\n';
  #line = 1;
  #open: Open | undefined;
  /** Within a line that is left out: its end is awaited. */
  #skipping = false;

  constructor(sink: ValueSink) {
    this.#sink = sink;
  }

  write(piece: string): void {
    this.#text = this.#text === '' ? piece : this.#text + piece;
    this.#drain(false);
  }

  end(): void {
    this.#drain(true);
  }

  /** Takes what can be told of the text, and keeps the rest. */
  #drain(isEnd: boolean): void {
    let at = 0;
    while (at < this.#text.length) {
      const next = this.#skipping
        ? this.#skip(at)
        : this.#open
          ? this.#goOn(at, this.#open, isEnd)
          : this.#begin(at, isEnd);
      if (next === undefined) break;
      at = next;
    }
    if (at > 0) this.#before = this.#text[at - 1] as string;
    this.#text = this.#text.slice(at);
  }

  #skip(at: number): number {
    const end = this.#text.indexOf('\n', at);
    if (end === -1) return this.#text.length;
    this.#skipping = false;
    this.#line++;
    return end + 1;
  }

  /** Between objects. @returns `undefined` where it takes more of the text to tell */
  #begin(at: number, isEnd: boolean): number | undefined {
    const code = this.#text.charCodeAt(at);
    if (code === NEWLINE) this.#line++;
    if (BETWEEN.has(code)) return at + 1;
    const end = this.#text.indexOf('\n', at);
    if (code === BRACE) {
      // Whether it stands alone on its line is told by the line's end.
      const isOpen = end === -1 && !isEnd && this.#text.length - at < MAX_SHOWN;
      if (isOpen && this.#text.slice(at + 1).trim() === '') return undefined;
      return this.#takeLine(at, end) ?? this.#goOn(at, this.#start(at, end), isEnd);
    }
    const isArray = code === BRACKET && opensArray(this.#text, at, isEnd);
    if (isArray === undefined) return undefined;
    if (isArray) return at + 1;
    if (end === -1 && !isEnd && this.#text.length - at < MAX_SHOWN) return undefined;
    const after = this.#takeNamed(at, end, isEnd);
    if (after !== undefined) return after === 'more' ? undefined : after;
    this.#sink.other(
      this.#text.slice(at, Math.min(at + MAX_SHOWN, end === -1 ? this.#text.length : end)),
      this.#line,
    );
    this.#skipping = true;
    return at;
  }

  /** The usual case, fast: an object that has a line of its own. @returns where it goes on */
  #takeLine(at: number, end: number): number | undefined {
    if (end === -1) return undefined;
    const last = this.#text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 2 : end - 1;
    if (last <= at || this.#text.charCodeAt(last) !== BRACE_END) return undefined;
    const value = parseJson(this.#text.slice(at, last + 1));
    if (value === undefined) return undefined;
    this.#sink.value(value, this.#line);
    this.#line++;
    return end + 1;
  }

  /** An object behind the name of a Worker. It is taken whole: what others write there need not end. */
  #takeNamed(at: number, end: number, isEnd: boolean): number | 'more' | undefined {
    if ((this.#text[at - 1] ?? this.#before) !== '\n') return undefined;
    const [name] = NAMED.exec(this.#text.slice(at, at + MAX_SHOWN)) ?? [];
    if (name === undefined) return undefined;
    if (end === -1 && !isEnd) return this.#text.length - at < MAX_NAMED_LENGTH ? 'more' : undefined;
    return this.#takeLine(at + name.length, end === -1 ? this.#text.length : end);
  }

  #start(at: number, end: number): Open {
    const isAlone = end !== -1 && this.#text.slice(at + 1, end).trim() === '';
    const isSpread = isAlone && (this.#text[at - 1] ?? this.#before) === '\n';
    this.#open = { seen: 0, depth: 0, inText: false, isSpread, next: undefined };
    return this.#open;
  }

  #goOn(at: number, open: Open, isEnd: boolean): number | undefined {
    const found = scan(this.#text, at, open, isEnd);
    if (found.kind === 'end') {
      const value = parseJson(this.#text.slice(at, found.at));
      if (value === undefined) return this.#giveUp(at, found.at, open, 'this is not valid JSON');
      this.#open = undefined;
      this.#sink.value(value, this.#line);
      this.#line += countLines(this.#text, at, found.at);
      return found.at;
    }
    const { length } = this.#text;
    if (found.kind === 'broken') return this.#giveUp(at, found.at, open, found.problem);
    if (length - at > MAX_LENGTH) {
      this.#skipping = open.next === undefined;
      return this.#giveUp(at, length, open, 'this object is longer than 32 MiB');
    }
    return isEnd ? this.#giveUp(at, length, open, 'the log ends in the middle of this object') : undefined;
  }

  /** What comes after a broken object must not be lost with it. */
  #giveUp(at: number, end: number, { next }: Open, problem: string): number {
    this.#sink.broken(this.#line, problem);
    this.#open = undefined;
    const after = next === undefined ? end : at + next;
    this.#line += countLines(this.#text, at, after);
    return after;
  }
}

/** A bracket before an object; other programs write theirs around a level or a date. @returns `undefined`: not known yet */
function opensArray(text: string, at: number, isEnd: boolean): boolean | undefined {
  const [space = '', first] = /\s*(\S)?/.exec(text.slice(at + 1, at + 1 + MAX_SHOWN)) ?? [];
  if (first === undefined && !isEnd && space.length < MAX_SHOWN) return undefined;
  return first === '{' || first === '[' || first === ']';
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
