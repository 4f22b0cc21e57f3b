/** Patterns of which origins may make one path. */
import { readingsOf } from './lax.ts';
import { shapeOf, type Word } from './literal.ts';

/** Words that stand nowhere in a policy take the place of parameters. */
export const exampleOf = (written: string): string[] =>
  shapeOf(written).flatMap((part) => {
    if (part.startsWith(':')) {
      const [before, after] = part === ':' ? ['', ''] : (JSON.parse(part.slice(1)) as [string, string]);
      return [`${before}zq${after}`];
    }
    return part === '*' ? ['zq', 'zqq', 'zq'] : [part.slice(1)];
  });

const cache = new Map<string, ReadonlySet<string>>();

function readingsOfPattern(written: string): ReadonlySet<string> {
  const known = cache.get(written);
  if (known !== undefined) return known;
  if (cache.size > 50_000) cache.clear();
  const texts = new Set(readingsOf(`/${exampleOf(written).join('/')}`).map(({ text }) => text));
  cache.set(written, texts);
  return texts;
}

/** Whether origins may make one path of the two. */
export function meet(one: string, other: string): boolean {
  const [a, b] = [readingsOfPattern(one), readingsOfPattern(other)];
  return one === other || [...a].some((text) => b.has(text));
}

/** What is written of a path, and of other spellings of it: together they are the policy's word on it. */
export const foldingsOf = (words: readonly Word[], all: readonly Word[]): Word[] =>
  all.filter(({ entry }) => words.some((word) => meet(word.entry.path, entry.path)));
