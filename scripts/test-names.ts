/** The names of the tests, as they stand in the files: pages are made of them, and may refer to them. */
import { globSync, readFileSync } from 'node:fs';
import { type Node, parseSync } from 'oxc-parser';

export interface TestName {
  readonly file: string;
  /** The descriptions around it and its own, from the outside in. A row of a table has its first column in place of `%s`. */
  readonly path: readonly string[];
  /** The last of the path as it is written, with its `%s`. */
  readonly title: string;
}

/** All tests of the repository, in the order of files and lines. */
export function testNames(): TestName[] {
  return globSync('test/**/*.test.ts')
    .sort()
    .flatMap((file) => namesIn(file, readFileSync(file, 'utf8')));
}

/** @param text of the file, which is only read, never run */
export function namesIn(file: string, text: string): TestName[] {
  const found: TestName[] = [];
  const { program } = parseSync(file, text);
  const tables = tablesIn(program.body);
  const visit = (node: Node, around: readonly string[]): void => {
    const call = callOf(node, tables);
    if (call !== undefined)
      for (const name of call.names) {
        if (call.kind !== 'describe') found.push({ file, path: [...around, name], title: call.title });
      }
    const inside = call?.kind === 'describe' ? [...around, call.names[0] ?? ''] : around;
    for (const child of childrenOf(node)) visit(child, inside);
  };
  visit(program, []);
  return found;
}

interface Call {
  readonly kind: string;
  readonly title: string;
  readonly names: readonly string[];
}

/** `it('name', …)`, `describe.each(table)('%s', …)` and the like. */
function callOf(node: Node, tables: Tables): Call | undefined {
  if (node.type !== 'CallExpression') return undefined;
  const title = textOf(node.arguments[0]);
  if (title === undefined) return undefined;
  const { callee } = node;
  if (callee.type === 'Identifier') return toCall(callee.name, title, [title]);
  if (callee.type !== 'CallExpression' || callee.callee.type !== 'MemberExpression') return undefined;
  const { object, property } = callee.callee;
  if (object.type !== 'Identifier' || property.type !== 'Identifier' || property.name !== 'each')
    return undefined;
  return toCall(
    object.name,
    title,
    title.includes('%s') ? rowsOf(callee.arguments[0], title, tables) : [title],
  );
}

const toCall = (kind: string, title: string, names: readonly string[]): Call | undefined =>
  ['it', 'test', 'describe'].includes(kind) ? { kind, title, names } : undefined;

type Tables = ReadonlyMap<string, Node>;

/** What the file names at its top: `const ROWS = […]`. */
const tablesIn = (statements: readonly Node[]): Tables =>
  new Map(
    statements.flatMap((statement) =>
      statement.type === 'VariableDeclaration'
        ? statement.declarations.flatMap(({ id, init }) =>
            id.type === 'Identifier' && init !== null ? [[id.name, init] as const] : [],
          )
        : [],
    ),
  );

/** The title with the first column of each row; as it is where the table is made elsewhere. */
function rowsOf(given: Node | undefined, title: string, tables: Tables): string[] {
  const table = given?.type === 'Identifier' ? tables.get(given.name) : given;
  if (table?.type !== 'ArrayExpression') return [title];
  const firsts = table.elements.map((row) => textOf(row?.type === 'ArrayExpression' ? row.elements[0] : row));
  return firsts.map((first) => (first === undefined ? title : title.replace('%s', () => first)));
}

const textOf = (node: Node | null | undefined) =>
  node?.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined;

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flat()
    .filter(
      (value): value is Node => typeof value === 'object' && value !== null && typeof value.type === 'string',
    );
}
