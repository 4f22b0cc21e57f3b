/** Words of a command line, for people to copy into a shell. Used in the page as well. */
import { UNSEEN } from './visible.ts';

/** Nothing in it that a shell reads as anything else. */
const PLAIN = /^[A-Za-z0-9_/:.,@%+-][A-Za-z0-9_/:=.,@%+-]*$/;
/**
 * One word, whatever is in it but NUL, which no argument can hold. Characters that nobody would see are written as
 * bytes, which takes `$'…'` (bash, zsh, and POSIX since 2024).
 */
export function quoteWord(text: string): string {
  if (PLAIN.test(text)) return text;
  if (!UNSEEN.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  const inner = [...text].map((one) => (one === "'" || one === '\\' ? `\\${one}` : asSeen(one)));
  return `$'${inner.join('')}'`;
}

function asSeen(one: string): string {
  if (!UNSEEN.test(one)) return one;
  return [...new TextEncoder().encode(one)]
    .map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`)
    .join('');
}
