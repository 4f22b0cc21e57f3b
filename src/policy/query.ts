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
/** PHP reads `a.b` and `a b` as `a_b`, and `a[]` as `a`; some servers end a text at NUL. */
const AFTER_NAME = /[[\0].*$/su;

/** @param query with its `?`, as it came */
export function readQuery(query: string): Query {
  if (query.length < 2) return [];
  return query
    .slice(1)
    .split('&')
    .flatMap((part) => (part.includes(';') ? [part, ...part.split(';')].map(impure) : [pieceOf(part)]))
    .filter(({ looseName }) => looseName !== '');
}

const impure = (part: string): Piece => ({ ...pieceOf(part), isPlain: false });

function pieceOf(part: string): Piece {
  const at = part.indexOf('=');
  const [name, value] = at === -1 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
  return {
    name: decode(name),
    value: decode(value),
    looseName: looseName(name),
    looseValue: looseValue(value),
    isPlain: true,
  };
}

/**
 * Whether a query meets a condition. `plain`: in every reading. `maybe`: in some reading, such as one of two values, or
 * another case. The values compare as text.
 */
export function meets(query: Query, condition: QueryCondition): 'plain' | 'maybe' | 'no' {
  let result: 'plain' | 'maybe' = 'plain';
  for (const [name, value] of condition) {
    const wanted = looseName(encodeURIComponent(name));
    const named = query.filter((piece) => piece.looseName === wanted);
    const [only] = named;
    if (named.length === 1 && only?.isPlain && only.name === name && only.value === value) continue;
    const loose = looseValue(encodeURIComponent(value));
    if (!named.some((piece) => piece.looseValue === loose)) return 'no';
    result = 'maybe';
  }
  return result;
}

/** Whether whatever meets the one meets the other as well, and not the other way round. */
export const isNarrower = (one: QueryCondition, other: QueryCondition): boolean =>
  one.length > other.length &&
  other.every(([name, value]) => one.some((own) => own[0] === name && own[1] === value));

const looseName = (text: string) =>
  loose(text).replace(/^\?+/, '').replace(AFTER_NAME, '').trim().replace(/[. ]/g, '_');

const looseValue = (text: string) => loose(text).replace(/\0.*$/su, '').trim();

function loose(text: string): string {
  let decoded = decode(text);
  for (let n = 1; n < MAX_DECODINGS && /%[0-9a-f]{2}/i.test(decoded); n++) decoded = decodeEscapes(decoded);
  return decoded.normalize('NFKC').toUpperCase().toLowerCase();
}

/** As `application/x-www-form-urlencoded` says: `+` is a blank. */
export const decode = (text: string): string => decodeEscapes(text.replaceAll('+', ' '));

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
