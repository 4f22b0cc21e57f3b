/** The lines of wrangler.toml that end a route's trial, however the route is written there. */
import { type AST, parseTOML } from 'toml-eslint-parser';
import { compileSection, environmentOf, type PolicyFile, parsePolicyFile } from '../../policy/file/config.ts';
import { renderPair, renderValue } from '../../text/inline-toml.ts';
import { enforce, type RouteTable } from './enforced.ts';

export type Proposal =
  | {
      readonly kind: 'lines';
      /** Counted from 1: where the first line is that goes away. */
      readonly line: number;
      readonly remove: readonly string[];
      readonly add: readonly string[];
      /** The whole file with the change. */
      readonly text: string;
    }
  /** The tool can't write it. */
  | { readonly kind: 'by_hand'; readonly why: string };

/** A part of the file that says something of the route. */
interface Piece {
  /** The field of the route that it sets: `[]` is the route itself. */
  readonly field: readonly (string | number)[];
  readonly node: AST.TOMLKeyValue | AST.TOMLTable;
}

/**
 * @param api the name of the API; its tables that `extends` it are looked through as well
 * @param isOfApi whether the whole API is on trial
 */
export function proposeChange(
  file: PolicyFile,
  environment: string | undefined,
  api: string,
  key: string,
  isOfApi = false,
): Proposal {
  const vars = environmentOf(file, environment).vars ?? {};
  const table = Object.keys(vars).find((name) => {
    const { extends: base, routes } = vars[name] as { extends?: string; routes?: RouteTable };
    return (name === api || base === api) && routes?.[key] !== undefined;
  });
  if (table === undefined) return byHand(`there is no route ${key} in the file`);
  const route = (vars[table] as { routes: Record<string, RouteTable> }).routes[key] ?? {};
  const enforced = enforce(route, isOfApi);
  if (!enforced.ok) return byHand(enforced.why);
  const place = [...(environment === undefined ? [] : ['env', environment]), 'vars', table, 'routes', key];
  const pieces = findPieces(file.text, place);
  const [first] = pieces;
  const change =
    first !== undefined && pieces.length === 1 && first.field.length === 0 && isInlinePair(first.node)
      ? changeInline(file.text, first.node, enforced.route)
      : changeFields(file.text, pieces, route, enforced.route);
  if (change === undefined || !holds(file, environment, change))
    return byHand('the route is written in a way that this tool does not change');
  return change;
}

const byHand = (why: string): Proposal => ({ kind: 'by_hand', why });

/** The changed file is read again: what is proposed must compile. */
function holds(file: PolicyFile, environment: string | undefined, change: Proposal): boolean {
  if (change.kind !== 'lines') return false;
  try {
    return compileSection(environmentOf(parsePolicyFile(file.path, change.text), environment)).ok;
  } catch {
    return false;
  }
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
function changeInline(text: string, pair: AST.TOMLKeyValue, route: RouteTable): Proposal {
  const [start, end] = pair.value.range;
  return splice(text, [{ start, end, text: renderValue(route) }]);
}

/** `[….routes."GET /orders"]` with fields below it, or `"GET /orders".report.clients = …`: field by field. */
function changeFields(
  text: string,
  pieces: readonly Piece[],
  before: RouteTable,
  after: RouteTable,
): Proposal | undefined {
  const changed = new Set(
    [...Object.keys(before), ...Object.keys(after)].filter(
      (field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]),
    ),
  );
  const gone = pieces.filter(({ field: [name] }) => name !== undefined && changed.has(String(name)));
  const edits = gone.map(({ node: { range } }) => ({
    start: lineStart(text, range[0]),
    end: lineEnd(text, range[1]),
    text: '',
  }));
  const fields = [...changed].filter((field) => after[field] !== undefined);
  const home = findHome(text, gone, pieces);
  if (home === undefined) return undefined;
  const lines = fields.map((field) => `${home.prefix}${renderPair(field, after[field])}\n`);
  return splice(text, [...edits, { start: home.at, end: home.at, text: [home.header, ...lines].join('') }]);
}

/** The place for fields of the route, and the text before their names. */
interface Home {
  readonly at: number;
  readonly header: string;
  readonly prefix: string;
}

/** Finds the place where something goes away, if the rest fits there; else the route's beginning. */
function findHome(text: string, gone: readonly Piece[], pieces: readonly Piece[]): Home | undefined {
  // The route's name as it is written, in a key that goes on behind it.
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

const lineStart = (text: string, at: number) => text.lastIndexOf('\n', at - 1) + 1;

const lineEnd = (text: string, at: number) => {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
};

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Edits, and tells them line by line. */
function splice(text: string, edits: readonly Edit[]): Proposal {
  const ordered = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  let at = 0;
  let edited = '';
  for (const edit of ordered) {
    if (edit.end <= at && edit.text === '') continue; // within one that is gone already
    edited += text.slice(at, Math.max(at, edit.start)) + edit.text;
    at = Math.max(at, edit.end);
  }
  edited += text.slice(at);
  return { kind: 'lines', text: edited, ...difference(text.split('\n'), edited.split('\n')) };
}

/** The lines between those that both begin with, and those that both end with. */
function difference(before: readonly string[], after: readonly string[]) {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  let same = 0;
  const most = Math.min(before.length, after.length) - start;
  while (same < most && before.at(-1 - same) === after.at(-1 - same)) same++;
  return {
    line: start + 1,
    remove: before.slice(start, before.length - same),
    add: after.slice(start, after.length - same),
  };
}
