/** Conditions on the query of a request, read as servers read queries: some in one way, some in another. */

/** Parameters that a query must have, each with its value. Decoded. */
export type QueryCondition = readonly (readonly [name: string, value: string])[];

/** A part of a query, between two separators. */
interface Piece {
  readonly name: string;
  readonly value: string;
  /** As the laxest server reads them. */
  readonly looseName: string;
  readonly looseValue: string;
  /** Servers that separate by `;` too find something else here. */
  readonly isPlain: boolean;
}

export type Query = readonly Piece[];

/** More layers of encoding are told apart by nobody. */
const MAX_DECODINGS = 3;
/** PHP, qs (Express) and others read 1,000 parameters, or fewer, and none behind them. */
const MAX_PLAIN_PIECES = 100;
/** Rack and qs read `[a]` as `a`, PHP reads `a[]` as `a`; some servers end a text at NUL. */
const BEFORE_NAME = /^[?[\]\s]+/u;
const AFTER_NAME = /[[\]\0].*$/su;
/** PHP reads `a[b` as `a_b`, where no bracket closes it. */
const UNCLOSED = /^([^[\]]+)\[([^\]]*)$/su;

/** @param query with its `?`, as it came */
export function readQuery(query: string): Query {
  if (query.length < 2) return [];
  const parts = query.slice(1).split('&');
  const isShort = parts.length <= MAX_PLAIN_PIECES;
  return parts
    .flatMap((part) =>
      part.includes(';')
        ? [part, ...part.split(';')].flatMap((one) => piecesOf(one, false))
        : piecesOf(part, isShort),
    )
    .filter((piece) => piece.looseName !== '');
}

function piecesOf(part: string, isPlain: boolean): Piece[] {
  const at = part.indexOf('=');
  const [name, value] = at === -1 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
  const text = loose(name);
  const piece = {
    name: decode(name),
    value: decode(value),
    looseName: looseName(text),
    looseValue: looseValue(value),
    isPlain,
  };
  const joined = text.replace(UNCLOSED, '$1_$2');
  return joined === text ? [piece] : [piece, { ...piece, looseName: looseName(joined), isPlain: false }];
}

/**
 * Whether a query meets a condition. `plain`: in every reading. `maybe`: in some reading, such as one of two values, or
 * another case. The values compare as text.
 */
export function meets(query: Query, condition: QueryCondition): 'plain' | 'maybe' | 'no' {
  let result: 'plain' | 'maybe' = 'plain';
  for (const [name, value] of condition) {
    const wanted = looseName(loose(encodeURIComponent(name)));
    const named = query.filter((piece) => piece.looseName === wanted);
    const [only] = named;
    if (named.length === 1 && only?.isPlain && only.name === name && only.value === value) continue;
    const wantedValue = looseValue(encodeURIComponent(value));
    if (!named.some((piece) => piece.looseValue === wantedValue)) return 'no';
    result = 'maybe';
  }
  return result;
}

/** Whether whatever meets the one meets the other as well, and not the other way round. */
export const isNarrower = (one: QueryCondition, other: QueryCondition): boolean =>
  one.length > other.length &&
  other.every(([name, value]) => one.some((own) => own[0] === name && own[1] === value));

/** PHP reads `a.b` and `a b` as `a_b`. */
const looseName = (text: string) =>
  text.replace(BEFORE_NAME, '').replace(AFTER_NAME, '').trim().replace(/[. ]/g, '_');

const looseValue = (text: string) => loose(text).replace(/\0.*$/su, '').trim();

function loose(text: string): string {
  let decoded = decode(decodeWide(text));
  for (let n = 1; n < MAX_DECODINGS && /%[0-9a-f]{2}/i.test(decoded); n++) decoded = decodeEscapes(decoded);
  return decoded.normalize('NFKC').toUpperCase().toLowerCase();
}

/** As `application/x-www-form-urlencoded` says: `+` is a blank. */
export const decode = (text: string): string => decodeEscapes(text.replaceAll('+', ' '));

/** ASP.NET reads `%u0061` as `a`. */
export const decodeWide = (text: string): string =>
  text.replace(/%u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** What is no UTF-8 is read byte by byte. */
function decodeEscapes(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
}
