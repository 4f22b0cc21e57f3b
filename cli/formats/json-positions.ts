/** Finds lines and columns in JSON by a path of names and indexes. */
import { createScanner, type Node as JsonNode } from 'jsonc-parser';
import type { Place } from '../../src/policy/compile/fault.ts';
import type { Region } from '../text/snippet.ts';
import { readTree, withoutMark } from './json-tree.ts';
import {
  childOf,
  emptyNode,
  type FileComment,
  type FileString,
  type Node,
  nearest,
  type Positions,
  UNREADABLE,
} from './positions.ts';

/** `SyntaxKind` of jsonc-parser, whose enum can't be imported. */
const COMMENTS = [12, 13];
const END = 17;

/** Reads a text that is known to be JSON; never throws. */
export function readJsonPositions(text: string): Positions {
  let tree: JsonNode;
  try {
    tree = readTree('', text);
  } catch {
    return UNREADABLE;
  }
  const regionOf = regionReader(text);
  const root = emptyNode();
  const strings: FileString[] = [];
  addValue(root, [], tree, { regionOf, strings });
  return {
    readable: true,
    regionOf: (path) => nearest(root, path),
    comments: readComments(text, regionOf),
    strings,
  };
}

type RegionOf = (start: number, end: number) => Region;

/** Lines are found once, not for each place. */
function regionReader(text: string): RegionOf {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const lineOf = (offset: number) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return (start, end) => {
    const [first, last] = [lineOf(start), lineOf(end)];
    return {
      line: first + 1,
      column: start - (starts[first] ?? 0) + 1,
      endLine: last + 1,
      endColumn: end - (starts[last] ?? 0) + 1,
    };
  };
}

interface Found {
  readonly regionOf: RegionOf;
  readonly strings: FileString[];
}

function addValue(node: Node, path: Place, value: JsonNode, found: Found): void {
  const { regionOf, strings } = found;
  const end = value.offset + value.length;
  if (value.type === 'object') {
    for (const { children: [key, inner] = [] } of value.children ?? []) {
      if (key === undefined || inner === undefined) continue;
      const child = childOf(node, key.value);
      const whole = regionOf(key.offset, inner.offset + inner.length);
      // A short value is shown with its name; of a table, its name is the place.
      const isShort = inner.type !== 'object' && whole.line === whole.endLine;
      child.region = isShort ? whole : regionOf(key.offset, key.offset + key.length);
      addValue(child, [...path, key.value], inner, found);
    }
  } else if (value.type === 'array') {
    for (const [i, element] of (value.children ?? []).entries()) {
      const child = childOf(node, i);
      child.region = regionOf(element.offset, element.offset + element.length);
      addValue(child, [...path, i], element, found);
    }
  } else if (value.type === 'string') {
    strings.push({ path, value: value.value, region: regionOf(value.offset, end) });
  }
}

function readComments(text: string, regionOf: RegionOf): FileComment[] {
  const comments: FileComment[] = [];
  const scanner = createScanner(withoutMark(text), false);
  for (let kind: number = scanner.scan(); kind !== END; kind = scanner.scan()) {
    if (!COMMENTS.includes(kind)) continue;
    let at = scanner.getTokenOffset();
    // Not the token's own value: that begins a character early.
    for (const part of text.slice(at, at + scanner.getTokenLength()).split('\n')) {
      const region = regionOf(at, at + part.trimEnd().length);
      comments.push({ line: region.line, text: bare(part), region });
      at += part.length + 1;
    }
  }
  return comments;
}

/** A line of a comment without its marks; lines of a block may begin with an asterisk. */
const bare = (line: string) =>
  line
    .trim()
    .replace(/^(?:\/\/|\/\*+|\*(?!\/))/, '')
    .replace(/\*+\/$/, '');
