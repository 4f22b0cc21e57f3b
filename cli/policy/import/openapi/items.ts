/** The operations of a path: wherever they stand, and in whatever way a version or a gateway writes them. */
import { METHODS as METHOD_KINDS } from '../../../../src/policy/second-target.ts';
import { isTable } from '../../../text/json.ts';
import { type At, type Follow, isUnread, step, tableAt } from './references.ts';

export interface FoundOperation {
  readonly method: string;
  /** Fixed parameters of the query that it is for: `do=purge`. */
  readonly query?: string;
  readonly operation: At | undefined;
  /** Why it was not read. */
  readonly unread: string | undefined;
}

export interface Item {
  /** The path's own fields, nearest first. */
  readonly parts: readonly At[];
  readonly operations: readonly FoundOperation[];
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query'];
const FIELDS = ['$ref', 'summary', 'description', 'servers', 'parameters', 'security'];
/** Each is an operation for every method. */
const ANY_METHOD = 'x-amazon-apigateway-any-method';

export async function readItem(at: At, follow: Follow): Promise<Item> {
  if (!isTable(at.value)) {
    const isEmpty = at.value === null;
    return { parts: [], operations: isEmpty ? [] : [unread('*', 'its path holds no operations')] };
  }
  if (at.value['$ref'] === undefined) return { parts: [at], operations: await operationsIn(at, follow) };
  const found = await follow(at);
  const here = await operationsIn(at, follow);
  if (isUnread(found)) return { parts: [at], operations: [unread('*', found.unread), ...here] };
  if (!isTable(found.value))
    return { parts: [at], operations: [unread('*', 'its reference leads to no path'), ...here] };
  const there = await operationsIn(found, follow);
  const both = new Set(here.map(idOf).filter((id) => there.some((one) => idOf(one) === id)));
  const operations = [...here, ...there].map((one) =>
    both.has(idOf(one)) ? unread(one.method, 'it stands here and where its path refers to', one.query) : one,
  );
  return { parts: [at, found], operations };
}

const idOf = ({ method, query = '' }: FoundOperation) => `${method} ${query}`;

const unread = (method: string, reason: string, query?: string): FoundOperation => ({
  method,
  operation: undefined,
  unread: reason,
  ...(query !== undefined && { query }),
});

async function operationsIn(item: At, follow: Follow): Promise<FoundOperation[]> {
  const found: FoundOperation[] = [];
  const add = async (method: string, at: At) => found.push(await readOperation(method, at, follow));
  for (const [name, value] of Object.entries(tableAt(item))) {
    const at = step(item, name);
    if (METHODS.includes(name)) await add(name.toUpperCase(), at);
    else if (name === ANY_METHOD) await add('*', at);
    else if (name === 'additionalOperations' || name === 'x-claimgate-methods') {
      if (!isTable(value)) found.push(unread('*', `${name} holds no operations`));
      else for (const method of Object.keys(value)) await add(method, step(at, method));
    } else if (name === 'x-claimgate-queries' && isTable(value))
      for (const query of Object.keys(value))
        for (const one of await operationsIn(step(at, query), follow))
          found.push({ ...one, query: query.replace(/^\?/, '') });
    else if (!FIELDS.includes(name) && !/^x-/i.test(name) && isMeant(name, value)) found.push(stray(name));
  }
  return found;
}

/** Whether what is no field of a path is meant as an operation. */
const isMeant = (name: string, value: unknown): boolean =>
  METHOD_KINDS[name.toUpperCase()] !== undefined ||
  (isTable(value) &&
    ['operationId', 'responses', 'requestBody', 'security', '$ref'].some((one) => one in value));

/** It is counted, and left out. */
function stray(name: string): FoundOperation {
  const isMethod = METHODS.includes(name.toLowerCase());
  const fix = isMethod ? `write ${name.toLowerCase()}` : 'OpenAPI 3.2 has additionalOperations';
  return unread(
    /^[A-Za-z-]+$/.test(name) ? name.toUpperCase() : '*',
    `${JSON.stringify(name)} is no operation of a path; ${fix}`,
  );
}

async function readOperation(method: string, at: At, follow: Follow): Promise<FoundOperation> {
  if (!isTable(at.value)) return unread(method, 'it is empty, and says nothing');
  const { $ref, ...beside } = at.value;
  if ($ref === undefined) return { method, operation: at, unread: undefined };
  const rules = Object.keys(beside).filter(
    (name) => name === 'security' || name === 'servers' || /^x-/i.test(name),
  );
  if (rules.length > 0) return unread(method, `it is a reference, and has ${rules.join(', ')} beside it`);
  const found = await follow(at);
  if (isUnread(found)) return unread(method, found.unread);
  if (!isTable(found.value)) return unread(method, 'its reference leads to no operation');
  return { method, operation: found, unread: undefined };
}
