/** Tables that a command proposes, with comments for who reviews them. */
import { renderJsonPair } from './inline-json.ts';
import { renderKey, renderPair } from './inline-toml.ts';

export interface DraftTable {
  /** Comments above it. */
  readonly above: readonly string[];
  /** From the top of the file; it is never empty. `undefined`: there are only comments. */
  readonly place: readonly string[] | undefined;
  readonly lines: readonly DraftLine[];
}

export type DraftLine = string | DraftPair;

/** A text is a comment. */
export interface DraftPair {
  readonly name: string;
  readonly value: unknown;
  /** It stands in a comment only. */
  readonly off?: boolean;
}

export type RenderDraft = (head: readonly string[], tables: readonly DraftTable[]) => string[];

const isPair = (line: DraftLine): line is DraftPair => typeof line !== 'string';

export const renderTomlDraft: RenderDraft = (head, tables) => [
  ...head.map((text) => `# ${text}`),
  ...tables.flatMap(({ above, place, lines }) => [
    '',
    ...above.map((text) => `# ${text}`),
    ...(place === undefined ? [] : [`[${place.map(renderKey).join('.')}]`]),
    ...lines.map((line) => {
      const text = isPair(line) ? renderPair(line.name, line.value) : line;
      return isPair(line) && line.off !== true ? text : `# ${text}`;
    }),
  ]),
];

interface Branch {
  readonly above: string[];
  readonly lines: (DraftLine | { readonly name: string; readonly branch: Branch })[];
}

const emptyBranch = (): Branch => ({ above: [], lines: [] });

/** A whole file, so that it can be checked as it is. */
export const renderJsonDraft: RenderDraft = (head, tables) => {
  const root = emptyBranch();
  for (const { above, place, lines } of tables) {
    let branch = root;
    // Comments without a table stand in the one that tables are put into.
    for (const name of place ?? ['vars']) branch = branchOf(branch, name);
    if (place === undefined) branch.lines.push(...above);
    else branch.above.push(...above);
    branch.lines.push(...lines);
  }
  return [...head.map((text) => `// ${text}`), '{', ...renderBranch(root, '  '), '}'];
};

function branchOf({ lines }: Branch, name: string): Branch {
  for (const line of lines)
    if (typeof line === 'object' && 'branch' in line && line.name === name) return line.branch;
  const branch = emptyBranch();
  lines.push({ name, branch });
  return branch;
}

function renderBranch({ lines }: Branch, indent: string): string[] {
  const last = lines.findLastIndex(
    (line) => typeof line === 'object' && ('branch' in line || line.off !== true),
  );
  return lines.flatMap((line, i) => {
    const comma = i < last ? ',' : '';
    if (typeof line === 'string') return [`${indent}// ${line}`];
    if (!('branch' in line)) {
      const pair = renderJsonPair(line.name, line.value);
      return [line.off === true ? `${indent}// ${pair}` : `${indent}${pair}${comma}`];
    }
    const { above, lines: inner } = line.branch;
    const comments = above.map((text) => `${indent}// ${text}`);
    const key = `${indent}${JSON.stringify(line.name)}: `;
    if (inner.length === 0) return [...comments, `${key}{}${comma}`];
    return [...comments, `${key}{`, ...renderBranch(line.branch, `${indent}  `), `${indent}}${comma}`];
  });
}
