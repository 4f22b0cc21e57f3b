/** Places in a text by a path of names and indexes, whatever its format. */
import type { Place } from '../../src/policy/compile/fault.ts';
import type { Region } from '../text/snippet.ts';

export interface FileComment {
  readonly line: number;
  /** Without what begins and ends it. A comment of several lines is one for each. */
  readonly text: string;
  readonly region: Region;
}

/** A text value, with the path that leads to it. */
export interface FileString {
  readonly path: Place;
  readonly value: string;
  readonly region: Region;
}

export interface Positions {
  /** The place itself, or else the nearest one around it that is in the file. */
  regionOf(path: Place): Region;
  /** Whether the text could be read. Else every place is its start. */
  readonly readable: boolean;
  readonly comments: readonly FileComment[];
  readonly strings: readonly FileString[];
}

/** A place that was found, and those below it. */
export interface Node {
  region: Region | undefined;
  readonly children: Map<string | number, Node>;
}

export const START: Region = { line: 1, column: 1, endLine: 1, endColumn: 1 };

export const UNREADABLE: Positions = { readable: false, regionOf: () => START, comments: [], strings: [] };

export const emptyNode = (): Node => ({ region: undefined, children: new Map() });

export function childOf(node: Node, name: string | number): Node {
  let child = node.children.get(name);
  if (child === undefined) {
    child = emptyNode();
    node.children.set(name, child);
  }
  return child;
}

export function nearest(root: Node, path: Place): Region {
  let node = root;
  let region = START;
  for (const name of path) {
    const child = node.children.get(name);
    if (child === undefined) break;
    region = child.region ?? region;
    node = child;
  }
  return region;
}
