/**
 * docs/messages.txt: every message of check, command line, gateway, issuer and verifiers, as the source has it. `…` stands
 * for a value. `npm run docs` writes it, so that a review sees each change of wording beside its neighbours.
 */
import { globSync, readFileSync } from 'node:fs';
import { type Node, parseSync } from 'oxc-parser';

export const MESSAGES_FILE = 'docs/messages.txt';

const ROOTS = ['src', 'issuer/src', 'origin/src', 'cli', 'page', 'scripts/dev'];

/** Functions whose arguments are read by people, and which of them. */
const CALLS = new Map<string, { readonly kind: string; readonly at: readonly number[] }>(
  Object.entries({
    CommandError: { kind: 'error', at: [0] },
    Error: { kind: 'thrown', at: [0] },
    TypeError: { kind: 'thrown', at: [0] },
    OriginRefusal: { kind: 'refusal', at: [1] },
    printError: { kind: 'error', at: [0] },
    note: { kind: 'note', at: [0] },
    add: { kind: 'fault', at: [0, 1] },
    fault: { kind: 'fault', at: [1, 2] },
    invalidToken: { kind: 'answer', at: [0] },
    forbidden: { kind: 'answer', at: [0] },
    invalidRequest: { kind: 'answer', at: [0] },
    invalidTarget: { kind: 'answer', at: [0] },
    invalidScope: { kind: 'answer', at: [0] },
    serverError: { kind: 'answer', at: [0] },
    wire: { kind: 'answer', at: [2] },
  }),
);

/** Members of tables that people read. */
const MEMBERS = ['problem', 'remedy', 'title', 'detail', 'description', 'finds', 'why'];

/** Elsewhere `add` and `fault` are other functions. */
const FAULTS = /^(src\/policy|src\/environment|issuer\/src|cli\/policy\/(check|cases|import))/;

/** In these folders such members are messages; elsewhere they may be anything. */
const TABLES = /^(src\/http|src\/policy|issuer\/src|cli\/policy\/(check|doctor)|origin\/src)\//;

export interface Message {
  readonly file: string;
  readonly kind: string;
  /** A fault's problem and remedy are two. */
  readonly texts: readonly string[];
}

export function messages(): Message[] {
  return globSync(ROOTS.map((root) => `${root}/**/*.{ts,tsx}`))
    .filter((file) => !file.endsWith('.d.ts'))
    .sort()
    .flatMap((file) => messagesIn(file, readFileSync(file, 'utf8')));
}

export function messagesIn(file: string, text: string): Message[] {
  const found: Message[] = [];
  const add = (kind: string, texts: readonly (readonly string[])[]) => {
    const [first = [], second] = texts;
    for (const one of first.filter((text) => /[a-z]{2}/i.test(text)))
      found.push({ file, kind, texts: [one, ...(second === undefined ? [] : [second.join(' / ')])] });
  };
  const visit = (node: Node): void => {
    if (node.type === 'CallExpression' || node.type === 'NewExpression') {
      const call = CALLS.get(calledName(node.callee));
      if (call !== undefined && (call.kind !== 'fault' || FAULTS.test(file))) {
        const texts = call.at.map((i) => textsOf(node.arguments[i])).filter((one) => one.length > 0);
        add(call.kind, texts);
      }
    }
    if (
      node.type === 'Property' &&
      node.key.type === 'Identifier' &&
      MEMBERS.includes(node.key.name) &&
      TABLES.test(file)
    )
      add(node.key.name, [textsOf(node.value)]);
    for (const child of childrenOf(node)) visit(child);
  };
  visit(parseSync(file, text).program);
  return found;
}

function calledName(callee: Node): string {
  if (callee.type === 'Identifier') return callee.name;
  return callee.type === 'MemberExpression' && callee.property.type === 'Identifier'
    ? callee.property.name
    : '';
}

/** The texts that an expression may be; none where it is not text. */
function textsOf(node: Node | null | undefined): string[] {
  switch (node?.type) {
    case 'Literal':
      return typeof node.value === 'string' && node.value.includes(' ') ? [node.value] : [];
    case 'TemplateLiteral': {
      const text = node.quasis.map(({ value }) => value.cooked ?? value.raw).join('…');
      return text.includes(' ') ? [text] : [];
    }
    case 'ConditionalExpression':
      return [...textsOf(node.consequent), ...textsOf(node.alternate)];
    case 'BinaryExpression': {
      const sides = [node.left, node.right].map((side) => textsOf(side as Node));
      return sides.every((side) => side.length === 0) ? [] : [sides.map((side) => side[0] ?? '…').join('')];
    }
    default:
      return [];
  }
}

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flat()
    .filter(
      (value): value is Node => typeof value === 'object' && value !== null && typeof value.type === 'string',
    );
}

export function renderMessages(all: readonly Message[] = messages()): string {
  const byFile = Object.groupBy(all, ({ file }) => file);
  const parts = Object.entries(byFile).map(([file, found = []]) => {
    const lines = found.map(
      ({ kind, texts }) => `${kind}: ${texts.join('\n    → ').replaceAll(/\n(?! {4}→)/g, '⏎')}\n`,
    );
    return `\n## ${file}\n\n${[...new Set(lines)].join('')}`;
  });
  return `# Every message that people read. Made by \`npm run docs\`; don't edit it.\n${parts.join('')}`;
}
