/** Changes a table in JSON field by field. All else stays as it is: comments, order, indentation, trailing commas. */
import { findNodeAtLocation, type Node } from 'jsonc-parser';
import { changedFields, lineEnd, lineStart, type Splice, splice, type TableChange } from './format.ts';
import { renderJsonPair, renderJsonValue } from './inline-json.ts';
import { readTree } from './json-tree.ts';

/** @returns `undefined` where there is no such table. Throws `CommandError` where the text is not JSON. */
export function editJson(text: string, change: TableChange): string | undefined {
  const table = findNodeAtLocation(readTree('', text), [...change.place]);
  if (table?.type !== 'object') return undefined;
  const fields = new Map((table.children ?? []).map((one) => [String(one.children?.[0]?.value), one]));
  const changed = changedFields(change);
  const { after } = change;
  const kept = changed.filter((name) => after[name] !== undefined && fields.has(name));
  const gone = changed.flatMap((name) => (after[name] === undefined ? (fields.get(name) ?? []) : []));
  const added = changed.filter((name) => after[name] !== undefined && !fields.has(name));
  const splices: Splice[] = kept.flatMap((name) => {
    const value = fields.get(name)?.children?.[1];
    return value === undefined ? [] : [over(value, renderJsonValue(after[name]))];
  });
  const lines = added.map((name) => renderJsonPair(name, after[name]));
  const [first, ...others] = gone;
  // What comes takes the place of what goes.
  const isReplaced = first !== undefined && lines.length > 0;
  if (isReplaced) splices.push(over(first, lines.join(`,${gapBefore(text, first)}`)));
  const removed = isReplaced ? others : gone;
  splices.push(...removals(text, table, removed));
  if (!isReplaced && lines.length > 0) splices.push(...insertions(text, table, lines));
  return splice(text, splices);
}

const endOf = ({ offset, length }: Node) => offset + length;

const over = (node: Node, text: string): Splice => ({ start: node.offset, end: endOf(node), text });

/** What stands between two fields: a blank on one line, else a line's end and the indentation. */
function gapBefore(text: string, node: Node): string {
  const start = lineStart(text, node.offset);
  const indent = text.slice(start, node.offset);
  return /^\s*$/.test(indent) && start > 0 ? `${lineBreak(text)}${indent}` : ' ';
}

const lineBreak = (text: string) => (text.includes('\r\n') ? '\r\n' : '\n');

/** The place behind the comma that follows, if one does: comments may stand before it. */
function commaAfter(text: string, at: number): number | undefined {
  const [all] = /^(?:\s|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*,/.exec(text.slice(at)) ?? [];
  return all === undefined ? undefined : at + all.length;
}

/** A field goes with its comma; where nothing else is on its line, the line goes too. */
function removals(text: string, table: Node, gone: readonly Node[]): Splice[] {
  const all = table.children ?? [];
  const lastKept = all.findLast((one) => !gone.includes(one));
  const splices = gone.flatMap((node): Splice[] => {
    const comma = commaAfter(text, endOf(node));
    const isBare = comma !== undefined && text.slice(endOf(node), comma) === ',';
    const end = isBare ? comma : endOf(node);
    const start = lineStart(text, node.offset);
    const rest = text.slice(end, lineEnd(text, end));
    const alone = /^\s*$/.test(text.slice(start, node.offset)) && /^\s*$/.test(rest) && start > 0;
    const cut: Splice = alone
      ? { start, end: lineEnd(text, end), text: '' }
      : { start: node.offset, end: end + (/^[ \t]*/.exec(text.slice(end))?.[0].length ?? 0), text: '' };
    // A comment between the field and its comma stays, the comma goes.
    return isBare || comma === undefined ? [cut] : [cut, { start: comma - 1, end: comma, text: '' }];
  });
  // The last one that stays must not end with a comma that was between it and the next, unless it was a trailing one.
  const last = all.at(-1);
  if (lastKept !== undefined && last !== undefined && gone.includes(last)) {
    const comma = commaAfter(text, endOf(lastKept));
    if (comma !== undefined && commaAfter(text, endOf(last)) === undefined)
      splices.push({ start: comma - 1, end: comma, text: '' });
  }
  return splices;
}

/** Behind the last field, and behind the comment on its line. */
function insertions(text: string, table: Node, lines: readonly string[]): Splice[] {
  const last = table.children?.at(-1);
  if (last === undefined) {
    const end = endOf(table) - 1;
    const inside = text.slice(table.offset + 1, end);
    if (/^\s*$/.test(inside) && !inside.includes('\n'))
      return [{ start: table.offset + 1, end, text: ` ${lines.join(', ')} ` }];
    const at = lineStart(text, end);
    const indent = (/^[ \t]*/.exec(text.slice(at))?.[0] ?? '') + (text.includes('\n\t') ? '\t' : '  ');
    const added = lines.map((line) => indent + line).join(`,${lineBreak(text)}`);
    return [{ start: at, end: at, text: added + lineBreak(text) }];
  }
  const gap = gapBefore(text, last);
  const comma = commaAfter(text, endOf(last));
  const added = lines.join(`,${gap}`);
  if (gap === ' ') {
    const at = comma ?? endOf(last);
    return [
      {
        start: at,
        end: at,
        text: `${comma === undefined ? ',' : ''} ${added}${comma === undefined ? '' : ','}`,
      },
    ];
  }
  const line = lineEnd(text, comma ?? endOf(last));
  const close = endOf(table) - 1;
  // The closing brace may stand on the line of the last field.
  const at = line > close ? (comma ?? endOf(last)) : line - lineBreak(text).length;
  return [
    ...(comma === undefined ? [{ start: endOf(last), end: endOf(last), text: ',' }] : []),
    { start: at, end: at, text: `${gap}${added}${comma === undefined ? '' : ','}` },
  ];
}
