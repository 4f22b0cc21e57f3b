import type { PathFault } from '../decision.ts';

/**
 * A path in its one form. Patterns and requests are read by the same function, so that they can be compared.
 * All three lists run in parallel; a path that ends in `/` has an empty last segment.
 */
export interface ParsedPath {
  /** Segments, percent-decoded once. */
  readonly segments: readonly string[];
  /** Segments as an origin may read them that is lax about spelling; without the empty last one. */
  readonly folded: readonly string[];
  /** Segments in the spelling that is sent on: RFC 3986 §6.2.2 normalised, reserved characters as they came. */
  readonly encoded: readonly string[];
}

/** RFC 3986 §3.3 `pchar` without percent-encoding: such a segment is its own decoded and encoded form. */
const PLAIN = /^[A-Za-z0-9\-._~!$&'()*+,;=:@]*$/;
/** A path that every server reads in one way: its segments are their own decoded, folded and encoded form. */
const SIMPLE = /^(?:\/[a-z0-9_-]+)+$/;
const NOT_PCHAR = /[^A-Za-z0-9\-._~!$&'()*+,;=:@%]/gu;
const UNRESERVED = /^[A-Za-z0-9\-._~]$/;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const ENCODED_AGAIN = /%[0-9a-fA-F]{2}/;
const ASCII = /^[\u0020-\u007e]*$/;
/** Characters that file systems and search code are known to skip: zero-width, soft hyphen, byte order mark. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;
/** All of them are one UTF-16 code unit long. */
const BLANK = /^\p{White_Space}$/u;
/** What ASP.NET cuts out of a path, with its slash: a session's id, where it uses no cookies (CVE-2023-36899). */
const COOKIELESS = /^\((?:[a-z]\([^()]*\))+\)$/;
/** The dot that `İ` has in lower case, whatever marks stand before it. */
const DOT_ON_I = /(i\p{M}*?)\u0307/gu;

/**
 * Reads an absolute path, without query.
 *
 * A fault is returned where two servers could read the path differently: encoded or literal backslashes, encoded
 * slashes, control characters, double encoding, invalid UTF-8, `.` and `..` (also with `;parameters`, or hidden in
 * compatibility characters), and empty segments other than the last.
 *
 * @param rawPath begins with `/`; percent-encoded as on the wire
 */
export function parsePath(rawPath: string): ParsedPath | PathFault {
  const raw = rawPath.slice(1).split('/');
  if (SIMPLE.test(rawPath)) return { segments: raw, folded: raw, encoded: raw };
  const segments: string[] = [];
  const folded: string[] = [];
  const encoded: string[] = [];
  const last = raw.length - 1;
  for (let i = 0; i <= last; i++) {
    const text = raw[i] as string;
    if (text === '') {
      if (i !== last) return 'empty_segment';
      segments.push('');
      encoded.push('');
      break;
    }
    let segment = text;
    let spelling = text;
    if (!PLAIN.test(text)) {
      try {
        segment = decodeURIComponent(text);
        spelling = normaliseEncoding(text);
      } catch {
        return 'invalid_encoding'; // not UTF-8, or a `%` that begins no escape
      }
      const fault = findFault(segment);
      if (fault !== undefined) return fault;
    }
    const fold = foldSegment(segment);
    if (typeof fold !== 'string') return fold.fault;
    if (fold === '') return 'dot_segment';
    segments.push(segment);
    folded.push(fold);
    encoded.push(spelling);
  }
  return { segments, folded, encoded };
}

function findFault(segment: string): PathFault | undefined {
  // A server that decodes before it splits would end the path at `?` and `#`.
  if (/[/\\?#]/.test(segment)) return 'separator';
  if (CONTROL.test(segment)) return 'control_character';
  if (ENCODED_AGAIN.test(segment)) return 'double_encoding';
  return undefined;
}

/**
 * The laxest reading of a segment: compatibility forms unified (NFKC), ignorable characters gone, letters in one case,
 * `;parameters` cut, blanks at both ends and trailing dots cut. Nothing is left of `.`, `..`, `..;x`, `(S(x))` and the
 * like.
 */
function foldSegment(segment: string): string | { fault: PathFault } {
  let text = segment;
  if (ASCII.test(text)) text = text.toLowerCase();
  else {
    text = foldCharacters(text);
    // A full-width solidus or percent sign becomes the real one here: `％2e`, `．．／admin`.
    const fault = findFault(text);
    if (fault !== undefined) return { fault };
    text = text.normalize('NFC');
  }
  const semicolon = text.indexOf(';');
  const folded = trimEnds(semicolon === -1 ? text : text.slice(0, semicolon));
  return COOKIELESS.test(folded) ? '' : folded;
}

/** Each step can make work for another one: a mark composes once the invisible character before it is gone. */
function foldCharacters(segment: string): string {
  let text = segment;
  for (let before: string | undefined; before !== text; ) {
    before = text;
    text = foldLetters(text.normalize('NFKD').replace(IGNORABLE, ''));
  }
  return text;
}

/**
 * How lax origins may read a segment, as far as ASCII text at its start and its end goes: with `;parameters` cut at any
 * of its semicolons, or not at all, and with its ends trimmed or not. Letters are in lower case, and marks stand apart.
 */
export function looseReadings(segment: string): readonly string[] {
  const text = foldCharacters(segment);
  const ends = [text.length];
  for (let at = text.indexOf(';'); at !== -1; at = text.indexOf(';', at + 1)) ends.push(at);
  return ends.flatMap((end) => {
    const cut = text.slice(0, end);
    const trimmed = trimEnds(cut);
    if (trimmed === cut) return [cut];
    const start = cut.indexOf(trimmed);
    return [cut, cut.slice(start), cut.slice(0, start + trimmed.length), trimmed];
  });
}

/**
 * One case for letters, however a server compares them: by their lower case, upper case, or one after the other. So
 * `ß` is `ss`, a final `ς` is `σ`, and `ı` and `İ` are `i`.
 */
function foldLetters(decomposed: string): string {
  return decomposed.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ').replace(DOT_ON_I, '$1');
}

function trimEnds(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && BLANK.test(text[start] as string)) start++;
  while (end > start && (text[end - 1] === '.' || BLANK.test(text[end - 1] as string))) end--;
  return text.slice(start, end);
}

/** RFC 3986 §6.2.2: encoded unreserved characters are decoded, hex digits are upper case, the rest is encoded. */
function normaliseEncoding(text: string): string {
  return text
    .replace(NOT_PCHAR, (character) => encodeURIComponent(character))
    .replace(/%([0-9a-fA-F]{2})/g, (triplet, hex: string) => {
      const character = String.fromCharCode(Number.parseInt(hex, 16));
      return UNRESERVED.test(character) ? character : triplet.toUpperCase();
    });
}
