/** Says of a file that is no OpenAPI 3 document what it is, and what to do. */
import { isTable } from '../../../text/json.ts';
import { CommandError } from '../../../text/terminal.ts';

/** Throws `CommandError`. @returns the document's version */
export function demandOpenApi({ name, value }: { readonly name: string; readonly value: unknown }): string {
  if (!isTable(value)) throw new CommandError(`${name} ${NOTHING}`);
  const other = OTHERS.find(({ is }) => is(value));
  if (other !== undefined) throw new CommandError(`${name} is ${other.what(value)}; ${other.remedy}`);
  const { openapi } = value;
  // YAML reads 3.0 without quotes as a number.
  const version = typeof openapi === 'number' ? openapi.toFixed(1) : openapi;
  if (typeof version !== 'string') throw new CommandError(`${name} ${NOTHING}`);
  if (!/^3\.[012](\.|$)/.test(version))
    throw new CommandError(`${name} is OpenAPI ${version}; versions 3.0, 3.1 and 3.2 are read`);
  return version;
}

const NOTHING = 'is no OpenAPI document of version 3; it must begin with openapi: 3.0.x, 3.1.x or 3.2.x';

interface Other {
  is(value: Readonly<Record<string, unknown>>): boolean;
  what(value: Readonly<Record<string, unknown>>): string;
  readonly remedy: string;
}

const CONVERT = 'convert it to OpenAPI 3 first';

const OTHERS: readonly Other[] = [
  {
    is: ({ swagger }) => swagger !== undefined,
    what: ({ swagger }) => `Swagger ${typeof swagger === 'number' ? swagger.toFixed(1) : String(swagger)}`,
    remedy: CONVERT,
  },
  {
    is: ({ asyncapi }) => asyncapi !== undefined,
    what: () => 'AsyncAPI, which describes messages',
    remedy: 'name an OpenAPI document',
  },
  {
    is: ({ log }) => isTable(log) && Array.isArray(log['entries']),
    what: () => 'a HAR file, which records requests',
    remedy: 'name an OpenAPI document',
  },
  {
    is: ({ info, item }) => isTable(info) && Array.isArray(item),
    what: () => 'a Postman collection',
    remedy: CONVERT,
  },
  {
    is: ({ kind }) => typeof kind === 'string' && kind.startsWith('discovery#'),
    what: () => 'a Google discovery document',
    remedy: CONVERT,
  },
  {
    is: ({ overlay }) => overlay !== undefined,
    what: () => 'an OpenAPI overlay',
    remedy: 'apply it to its document first',
  },
  {
    is: ({ arazzo }) => arazzo !== undefined,
    what: () => 'an Arazzo document',
    remedy: 'name the OpenAPI document that it uses',
  },
  {
    is: ({ __schema, data }) => isTable(__schema) || (isTable(data) && isTable(data['__schema'])),
    what: () => 'a GraphQL schema, whose operations share one path',
    remedy: 'write one route for that path',
  },
];

/** Before anything is parsed. Throws `CommandError`. */
export function demandNoOther(name: string, text: string): void {
  const start = text.slice(0, 2_000).trimStart();
  const other = TEXTS.find(([pattern]) => pattern.test(start));
  if (other !== undefined) throw new CommandError(`${name} is ${other[1]}`);
  const code = start.replace(/"""[\s\S]*?"""|^\s*#.*$|^\s*"[^"\n]*"\s*$/gm, '').trimStart();
  if (GRAPHQL.test(code))
    throw new CommandError(
      `${name} is a GraphQL schema, whose operations share one path; write one route for that path`,
    );
}

const GRAPHQL = /^(?:(?:extend )?(?:type|schema|interface|enum|input)\b[^:\n]*\{|directive @|scalar \w+\s)/;

const TEXTS: readonly (readonly [RegExp, string])[] = [
  [/^#%RAML/, `RAML; ${CONVERT}`],
  [/^<(!doctype html|html)/i, 'a web page; download the document that it shows'],
  [/^<(\?xml|[a-z:]+[\s>])/i, `XML; ${CONVERT}`],
  [/^PK\u0003\u0004/, 'an archive; unpack it first'],
];
