/** Finds lines and columns in TOML by a path of names and indexes. */
import { type AST, parseTOML } from 'toml-eslint-parser';
import type { Place } from '../../src/policy/compile/fault.ts';
import type { Region } from '../text/snippet.ts';
import {
  childOf,
  emptyNode,
  type FileString,
  type Node,
  nearest,
  type Positions,
  UNREADABLE,
} from './positions.ts';

/** Reads a TOML text that is known to be one; never throws. */
export function readTomlPositions(text: string): Positions {
  const root = emptyNode();
  const strings: FileString[] = [];
  let program: AST.TOMLProgram;
  try {
    program = parseTOML(text.replace(/^\ufeff/, ' '), { tomlVersion: 'next' });
  } catch {
    return UNREADABLE;
  }
  for (const entry of program.body[0].body) {
    if (entry.type === 'TOMLKeyValue') addPair(root, [], entry, strings);
    else addTable(root, entry, strings);
  }
  return {
    readable: true,
    regionOf: (path) => nearest(root, path),
    comments: program.comments.map(({ loc, value }) => ({
      line: loc.start.line,
      text: value,
      region: regionOf(loc),
    })),
    strings,
  };
}

const regionOf = ({ start, end }: AST.SourceLocation): Region => ({
  line: start.line,
  column: start.column + 1,
  endLine: end.line,
  endColumn: end.column + 1,
});

/** `[a.b]` and `[[a.b]]`: each part of the header is the place of its table, until that has a header of its own. */
function addTable(root: Node, table: AST.TOMLTable, strings: FileString[]): void {
  const parts = table.key.keys.map(({ loc }) => regionOf(loc));
  let node = root;
  let part = -1;
  for (const name of table.resolvedKey) {
    node = childOf(node, name);
    if (typeof name === 'string') part++;
    node.region ??= parts[part];
  }
  node.region = parts[part];
  for (const pair of table.body) addPair(node, table.resolvedKey, pair, strings);
}

function addPair(table: Node, at: Place, pair: AST.TOMLKeyValue, strings: FileString[]): void {
  let node = table;
  const path = [...at];
  for (const key of pair.key.keys) {
    const name = key.type === 'TOMLBare' ? key.name : key.value;
    node = childOf(node, name);
    node.region ??= regionOf(key.loc);
    path.push(name);
  }
  const { value } = pair;
  // A short value is shown with its name; of a table, its name is the place.
  const isTable = value.type === 'TOMLInlineTable';
  const oneLine = pair.loc.start.line === value.loc.end.line;
  node.region = regionOf(
    isTable || !oneLine ? pair.key.loc : { start: pair.key.loc.start, end: value.loc.end },
  );
  addValue(node, path, value, strings);
}

function addValue(node: Node, path: Place, value: AST.TOMLContentNode, strings: FileString[]): void {
  if (value.type === 'TOMLInlineTable') {
    for (const pair of value.body) addPair(node, path, pair, strings);
  } else if (value.type === 'TOMLArray') {
    for (const [i, element] of value.elements.entries()) {
      const child = childOf(node, i);
      child.region = regionOf(element.loc);
      addValue(child, [...path, i], element, strings);
    }
  } else if (value.kind === 'string') {
    strings.push({ path, value: value.value, region: regionOf(value.loc) });
  }
}
