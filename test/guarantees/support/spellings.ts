/** Words in spellings that some origin takes for the same. */
import fc from 'fast-check';

/** Few, so that patterns and paths meet. */
export const WORDS = ['a', 'b', 'café', 'ss', 'i', 'σ'] as const;

type Spell = (word: string) => string;

const BLANKS = [
  ...['\u0020', '\u00a0', '\u1680', '\u2000', '\u2003', '\u2006', '\u200a'],
  ...['\u2028', '\u2029', '\u202f', '\u205f', '\u3000'],
];
const INVISIBLE = ['\u00ad', '\u200b', '\u200c', '\u200d', '\u2060', '\u034f', '\ufeff'];
const FULL_WIDTH_OFFSET = 0xfee0;

const before =
  (text: string): Spell =>
  (word) =>
    text + word;
const after =
  (text: string): Spell =>
  (word) =>
    word + text;
const inside =
  (text: string): Spell =>
  (word) =>
    word.slice(0, -1) + text + word.slice(-1);
const fullWidth: Spell = (word) =>
  word.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + FULL_WIDTH_OFFSET));

/** Letters that become others when their case changes, or their form does. */
const OTHER_LETTERS: Readonly<Record<string, readonly string[]>> = {
  ss: ['ß', 'ẞ', 'ſs', 'Ss'],
  i: ['ı', 'İ', 'i\u0307', 'I', 'ｉ', 'ⅰ'],
  σ: ['ς', 'Σ', 'aς', 'aΣ'],
  a: ['ａ', 'ª', 'Ａ', 'ａ.'],
  b: ['𝐛', 'Ｂ'],
  café: ['cafe\u0301', 'CAFÉ', 'cafe\u034f\u0301', 'cafE\u0301'],
};
const otherLetters =
  (n: number): Spell =>
  (word) => {
    const others = OTHER_LETTERS[word] ?? [];
    return others[n % Math.max(1, others.length)] ?? word;
  };

const aSpell: fc.Arbitrary<Spell> = fc.oneof(
  fc.constantFrom<Spell>(
    (word) => word.toUpperCase(),
    (word) => word.toLowerCase(),
    (word) => word.normalize('NFD'),
    fullWidth,
  ),
  fc.nat(5).map(otherLetters),
  fc.constantFrom('.', '..', ';', ';v', '; .', '．', '；v', ' .').map(after),
  fc.constantFrom(...BLANKS).map(after),
  fc.constantFrom(...BLANKS).map(before),
  fc.constantFrom(...INVISIBLE).chain((text) => fc.constantFrom(before(text), inside(text), after(text))),
);

/** Shrinks to none: the word as it is. */
const spells = (maxLength: number) =>
  fc.array(aSpell, { maxLength }).map(
    (list): Spell =>
      (word) =>
        list.reduce((text, spell) => spell(text), word),
  );

/** Mostly the word itself. */
export const rareSpelling: fc.Arbitrary<Spell> = fc.oneof(
  { weight: 3, arbitrary: spells(0) },
  { weight: 1, arbitrary: spells(1) },
);
export const spelling: fc.Arbitrary<Spell> = fc.oneof(
  { weight: 3, arbitrary: spells(0) },
  { weight: 3, arbitrary: spells(1) },
  { weight: 1, arbitrary: spells(3) },
);

/** Percent-encodes what a path can't hold; `all`: letters too. */
export function encode(segment: string, all: boolean): string {
  const encoded = encodeURIComponent(segment.toWellFormed()).replaceAll('%3B', ';');
  if (!all) return encoded;
  return encoded.replace(
    /(%[0-9A-F]{2})|([a-zA-Z.;])/g,
    (_, done: string | undefined, letter: string | undefined) =>
      done ?? `%${letter?.charCodeAt(0).toString(16)}`,
  );
}
