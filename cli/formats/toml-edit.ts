/** Changes a table in TOML field by field, however it is written: inline, below its header, or by dotted names. */
import { type AST, parseTOML } from 'toml-eslint-parser';
import { changedFields, lineEnd, lineStart, splice, type TableChange } from './format.ts';
import { renderPair, renderValue } from './inline-toml.ts';

/** A part of the file that says something of the table. */
interface Piece {
  /** The field of the table that it sets: `[]` is the table itself. */
  readonly field: readonly (string | number)[];
  readonly node: AST.TOMLKeyValue | AST.TOMLTable;
}

/** @returns `undefined` where the table is not there, or is written in a way that can't be changed like that */
export function editToml(text: string, change: TableChange): string | undefined {
  const pieces = findPieces(text, change.place.map(String));
  const [first] = pieces;
  return first !== undefined && pieces.length === 1 && first.field.length === 0 && isInlinePair(first.node)
    ? changeInline(text, first.node, change.after)
    : changeFields(text, pieces, change);
}

const isInlinePair = (node: AST.TOMLKeyValue | AST.TOMLTable): node is AST.TOMLKeyValue =>
  node.type === 'TOMLKeyValue' && node.value.type === 'TOMLInlineTable';

function findPieces(text: string, place: readonly string[]): Piece[] {
  const pieces: Piece[] = [];
  const visit = (path: readonly (string | number)[], node: Piece['node']) => {
    if (place.every((name, i) => path[i] === name)) pieces.push({ field: path.slice(place.length), node });
  };
  for (const entry of parseTOML(text, { tomlVersion: 'next' }).body[0].body) {
    if (entry.type === 'TOMLTable') visit(entry.resolvedKey, entry);
    const [base, pairs] = entry.type === 'TOMLTable' ? [entry.resolvedKey, entry.body] : [[], [entry]];
    for (const pair of pairs) {
      const names = pair.key.keys.map((one) => (one.type === 'TOMLBare' ? one.name : one.value));
      visit([...base, ...names], pair);
    }
  }
  return pieces;
}

/** `"GET /orders" = { … }`: the name and what is behind the value stay as they are. */
function changeInline(text: string, pair: AST.TOMLKeyValue, table: TableChange['after']): string {
  const [start, end] = pair.value.range;
  return splice(text, [{ start, end, text: renderValue(table) }]);
}

/** `[….routes."GET /orders"]` with fields below it, or `"GET /orders".report.clients = …`: field by field. */
function changeFields(text: string, pieces: readonly Piece[], change: TableChange): string | undefined {
  const changed = changedFields(change);
  const gone = pieces.filter(({ field: [name] }) => name !== undefined && changed.includes(String(name)));
  const edits = gone.map(({ node: { range } }) => ({
    start: lineStart(text, range[0]),
    end: lineEnd(text, range[1]),
    text: '',
  }));
  const fields = changed.filter((field) => change.after[field] !== undefined);
  const home = findHome(text, gone, pieces);
  if (home === undefined) return undefined;
  const lines = fields.map((field) => `${home.prefix}${renderPair(field, change.after[field])}\n`);
  return splice(text, [...edits, { start: home.at, end: home.at, text: [home.header, ...lines].join('') }]);
}

/** The place for fields of the table, and the text before their names. */
interface Home {
  readonly at: number;
  readonly header: string;
  readonly prefix: string;
}

/** Finds the place where something goes away, if the rest fits there; else the table's beginning. */
function findHome(text: string, gone: readonly Piece[], pieces: readonly Piece[]): Home | undefined {
  // The table's name as it is written, in a key that goes on behind it.
  const nameOf = ({ field, node }: Piece) => {
    const names = node.key.keys.slice(0, node.key.keys.length - field.length);
    return text.slice(names[0]?.range[0], names.at(-1)?.range[1]);
  };
  const header = pieces.find(({ field, node }) => field.length === 0 && node.type === 'TOMLTable');
  if (header?.node.type === 'TOMLTable') {
    const pair = gone.find(({ field, node }) => field.length === node.key.keys.length);
    const at =
      pair === undefined ? lineEnd(text, header.node.key.range[1]) : lineStart(text, pair.node.range[0]);
    return { at, header: '', prefix: '' };
  }
  for (const piece of [...gone, ...pieces]) {
    const { node, field } = piece;
    const at = lineStart(text, node.range[0]);
    if (node.type === 'TOMLTable') return { at, header: `[${nameOf(piece)}]\n`, prefix: '' };
    if (node.key.keys.length > field.length) return { at, header: '', prefix: `${nameOf(piece)}.` };
  }
  return undefined;
}
