/** Shapes of paths as patterns of routes. */
import { collectFaults } from '../../../src/policy/compile/faults.ts';
import { parseRouteKey, type RouteKey } from '../../../src/policy/compile/route-key.ts';
import type { Note, PathShape, Segment } from './operations.ts';

export interface Pattern {
  readonly text: string;
  /** `undefined`: no route can have it. */
  readonly key: RouteKey | undefined;
  readonly problem: string | undefined;
  readonly notes: readonly Note[];
  /** It also fits paths that the description does not mean. */
  readonly isWider: boolean;
  /** Equal for patterns that are the same but for the names of their parameters. */
  readonly shape: string;
  /** Equal for patterns that a lax origin may take for one: letter case, a slash at the end. */
  readonly folded: string;
}

/** A variable of a Worker holds 5,000 bytes. */
const MAX_LENGTH = 2_000;

export function writePattern(prefix: readonly Segment[], { segments, query, isWider }: PathShape): Pattern {
  const names = new Set<string>();
  const notes: Note[] = [];
  const parts = [...prefix, ...segments].map((one) => writeSegment(one, names, notes));
  const text = `/${parts.join('/')}${query === undefined ? '' : `?${query}`}`;
  const faults = collectFaults();
  const isLong = text.length > MAX_LENGTH;
  const key = isLong ? undefined : parseRouteKey(`GET ${text}`, faults);
  const problem =
    key === undefined
      ? faults
          .list()
          .map((one) => one.problem)
          .join('; ')
      : undefined;
  return {
    text: isLong ? `${text.slice(0, 80)}…` : text,
    key,
    problem: isLong ? 'its path is longer than a route can be' : problem,
    notes,
    isWider: isWider || notes.length > 0,
    shape: key === undefined ? text : shapeOf(key),
    folded: key === undefined ? text : foldedShapeOf(key),
  };
}

function writeSegment(segment: Segment, names: Set<string>, notes: Note[]): string {
  if (segment.kind === 'rest') return '*';
  if (segment.kind === 'text') return encodeLiteral(segment.text);
  let name = segment.name;
  for (let count = 2; names.has(name); count++) name = `${segment.name}_${count}`;
  names.add(name);
  const [before, after] = [encodeFixed(segment.before), encodeFixed(segment.after)];
  const written = `${before}:${name}${after}`;
  if (parseRouteKey(`GET /${written}`)?.segments[0]?.kind === 'param') return written;
  const shown = `${segment.before}{${segment.name}}${segment.after}`;
  notes.push({
    tag: `wider ${shown}`,
    text: `${shown} has become one parameter, which matches other texts as well`,
  });
  return `:${name}`;
}

/** A literal may hold what means something in a pattern. */
const encodeLiteral = (text: string): string => encodeFixed(text).replace(/(?<![A-Za-z0-9_]):/g, '%3A');

const encodeFixed = (text: string): string =>
  text.replace(/[^A-Za-z0-9\-._~!$&'()+,;=:@%]/gu, (character) =>
    character === '*' ? '%2A' : encodeURIComponent(character),
  );

const segmentKey = (one: RouteKey['segments'][number], isFolded: boolean): string => {
  if (one.kind === 'rest') return '*';
  if (one.kind === 'param')
    return isFolded ? `${one.before.toLowerCase()}:${one.after.toLowerCase()}` : `${one.before}:${one.after}`;
  return JSON.stringify(isFolded ? one.folded : one.text);
};

const queryKey = ({ query }: RouteKey) => (query.length === 0 ? '' : `?${JSON.stringify(query)}`);

const shapeOf = (key: RouteKey): string =>
  key.segments.map((one) => segmentKey(one, false)).join('/') + queryKey(key);

function foldedShapeOf(key: RouteKey): string {
  const parts = key.segments.map((one) => segmentKey(one, true));
  if (parts.length > 1 && parts.at(-1) === '""') parts.pop();
  return parts.join('/') + queryKey(key);
}

const RANK = { literal: 0, param: 1, rest: 2 } as const;

/** Whether some path of `narrow` is served by `wide` where `narrow` has no route, and would not be if it had one. */
export function covers(wide: RouteKey, narrow: RouteKey): boolean {
  let winner = 0;
  for (const [i, one] of wide.segments.entries()) {
    const other = narrow.segments[i];
    if (other === undefined) return false;
    if (winner === 0) winner = RANK[one.kind] - RANK[other.kind];
    if (one.kind === 'rest') return winner >= 0;
    // It stands for a longer path, of which only the start is known.
    if (other.kind === 'rest') return winner >= 0 && wide.segments.length > i + 1;
    if (one.kind === 'literal' && other.kind === 'literal' && one.folded !== other.folded) return false;
  }
  return wide.segments.length === narrow.segments.length && winner >= 0;
}
