/** What docs/policy.md says of a path that is read literally: which patterns it fits, and which of them counts. */
import type { ApiModel, Entry, World } from './model.ts';

/** One pattern of one API, with what is written for it. */
export interface Word {
  readonly api: ApiModel;
  readonly entry: Entry;
  readonly shape: readonly string[];
}

const PARAM = ':';
const REST = '*';

export const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Text has a mark before it, so that a segment that is written ":" or "*" in the path is none of the two. */
const textOf = (segment: string) => `=${segment}`;

export const segmentsOf = (path: string): string[] => path.slice(1).split('/');

export function shapeOf(path: string): string[] {
  return segmentsOf(path).map((segment) => {
    const [, before = '', name, after = ''] = PARAMETER.exec(segment) ?? [];
    if (name !== undefined) return `${PARAM}${JSON.stringify([before, after])}`.replace('["",""]', '');
    return segment === REST ? REST : textOf(decoded(segment));
  });
}

/** Text, a parameter, text. A colon behind a letter, a digit or `_` begins no parameter. */
const PARAMETER = /^(.*?)(?<!\w):(\w+)(.*)$/su;

/** The value that a parameter has, where the path fits. */
export function paramValue(name: string, path: string, segments: readonly string[]): string | undefined {
  for (const [i, written] of segmentsOf(path).entries()) {
    const [, before = '', own, after = ''] = PARAMETER.exec(written) ?? [];
    const segment = segments[i] ?? '';
    if (own === name) return segment.slice(before.length, segment.length - after.length);
  }
  return undefined;
}

const affixesOf = (part: string): readonly [before: string, after: string] =>
  part.length > 1 ? JSON.parse(part.slice(1)) : ['', ''];

/** Stands for every text with a colon, where a pattern ends with a verb: verbs that no pattern names have no route. */
const VERB = '?';

function fitsPart(part: string, segment: string): boolean {
  if (part === VERB) return segment.includes(':');
  if (!part.startsWith(PARAM)) return part === textOf(segment);
  const [before, after] = affixesOf(part);
  return (
    segment.length > before.length + after.length && segment.startsWith(before) && segment.endsWith(after)
  );
}

function fits(shape: readonly string[], segments: readonly string[]): boolean {
  for (const [i, part] of shape.entries()) {
    const segment = segments[i];
    if (part === REST) return segment !== undefined && segment !== '';
    if (segment === undefined || !fitsPart(part, segment)) return false;
  }
  return shape.length === segments.length;
}

const RANKS = [REST, PARAM, VERB];
/** The more text stands beside a parameter, the more specific it is; of as much, a longer start. */
function rank(part: string | undefined): readonly (number | string)[] {
  if (part === undefined || part.startsWith('=')) return [9];
  if (RANKS.includes(part)) return [RANKS.indexOf(part)];
  const [before, after] = affixesOf(part);
  return [8, before.length + after.length, before.length, `${before}${after}`];
}

function compareRanks(one: readonly (number | string)[], other: readonly (number | string)[]): number {
  for (const [i, a] of one.entries()) {
    const b = other[i] ?? 0;
    // Of texts, the first by the alphabet.
    if (a !== b) return (a < b ? -1 : 1) * (typeof a === 'string' ? -1 : 1);
  }
  return 0;
}

/**
 * Compares from the left: text beats a parameter, and that the rest. The end of a path is something that is written,
 * like text, and a slash there is a matter of spelling.
 *
 * @returns above zero if the first is more specific
 */
export function compareShapes(one: readonly string[], other: readonly string[]): number {
  const [a, b] = [withoutSlash(one), withoutSlash(other)];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = compareRanks(rank(a[i]), rank(b[i]));
    if (difference !== 0) return difference;
  }
  return 0;
}

const withoutSlash = (shape: readonly string[]) => (shape.at(-1) === textOf('') ? shape.slice(0, -1) : shape);

/** What the gateway looks up for a host. */
export function apisFor({ apis }: World, host: string): readonly ApiModel[] {
  const named = apis.filter(({ hosts }) => hosts?.includes(host));
  if (named.length > 0) return named;
  const below = host.slice(host.indexOf('.'));
  const meant = apis.filter(({ hosts }) => hosts?.some((one) => one.replace(/^:\w+/, '') === below));
  return meant.length > 0 ? meant : apis.filter(({ hosts }) => hosts === undefined);
}

const cache = new WeakMap<readonly ApiModel[], Word[]>();

export function wordsOf(apis: readonly ApiModel[]): Word[] {
  const known = cache.get(apis);
  if (known !== undefined) return known;
  const words = apis.flatMap((api) =>
    api.entries.flatMap((entry): Word[] => {
      const shape = shapeOf(entry.path);
      const last = shape.at(-1) ?? '';
      const isVerb = last.startsWith(PARAM) && affixesOf(last)[1].includes(':');
      const others = { api, entry: { ...entry, methods: '' }, shape: [...shape.slice(0, -1), VERB] };
      return [{ api, entry, shape }, ...(isVerb ? [others] : [])];
    }),
  );
  cache.set(apis, words);
  return words;
}

/** All that is written for the most specific pattern that a path fits. */
export function mostSpecific(apis: readonly ApiModel[], segments: readonly string[]): readonly Word[] {
  let best: Word[] = [];
  for (const word of wordsOf(apis)) {
    if (!fits(word.shape, segments)) continue;
    const [first] = best;
    const order = first === undefined ? 1 : compareShapes(word.shape, first.shape);
    if (order > 0) best = [word];
    else if (order === 0) best.push(word);
  }
  return best;
}

const UNSERVED = new Set(['TRACE', 'TRACK', 'CONNECT']);

/** Of the routes of one pattern, the one for a method: what names it, else GET for HEAD, else `*`. */
export function servedBy(words: readonly Word[], method: string): Word | undefined {
  const naming = (name: string) => words.find(({ entry }) => entry.methods.split('|').includes(name));
  if (method === REST) return undefined;
  const named = naming(method) ?? (method === 'HEAD' ? naming('GET') : undefined);
  if (named !== undefined) return named;
  return UNSERVED.has(method) || method !== method.toUpperCase() ? undefined : naming(REST);
}
