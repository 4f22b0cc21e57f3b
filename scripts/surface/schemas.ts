/** The fields of the policy and of the logs, by their schemas. */
import { renderSchema } from '../../cli/policy/file/json-schema.ts';
import { renderIssuerLogSchema, renderLogSchema } from '../log-schema.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema | boolean>>;
  readonly patternProperties?: Readonly<Record<string, Schema | boolean>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly definitions?: Readonly<Record<string, Schema>>;
}

/** Longer lists have lines of their own: reasons, events. */
const MAX_NAMED = 8;

/** Variables that are no policy. */
const OTHERS = /^vars\.[(*]/;

export function policyLines(): string[] {
  const { policy } = (JSON.parse(renderSchema()) as Schema).definitions ?? {};
  return policy === undefined ? [] : fieldsOf(policy, 'vars').filter((line) => !OTHERS.test(line));
}

export const logLines = (): string[] => [
  ...linesOf(renderLogSchema(), 'gateway'),
  ...linesOf(renderIssuerLogSchema(), 'issuer'),
];

/** Lines of requests by that name, and those of events by their own. */
function linesOf(text: string, whose: string): string[] {
  return ((JSON.parse(text) as Schema).anyOf ?? []).flatMap((line) => {
    const event = line.properties?.['event'];
    const name = typeof event === 'object' && typeof event.const === 'string' ? event.const : 'request';
    return fieldsOf(line, `${whose} ${name}`);
  });
}

/** A line for each field, with its type; those of tables in it follow. */
function fieldsOf(schema: Schema, at: string): string[] {
  const own = [
    ...Object.entries(schema.properties ?? {}),
    ...Object.entries(schema.patternProperties ?? {}).map(
      ([pattern, field]) => [readable(pattern), field] as const,
    ),
    ...(typeof schema.additionalProperties === 'object' ? [['*', schema.additionalProperties] as const] : []),
  ];
  return [
    ...own.flatMap(([name, field]) =>
      typeof field === 'boolean'
        ? []
        : [
            `${at}.${name}: ${typeOf(field)}${schema.required?.includes(name) ? ', required' : ''}`,
            ...inside(field, `${at}.${name}`),
          ],
    ),
    ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((one) => fieldsOf(one, at)),
  ];
}

const inside = (field: Schema, at: string): string[] => [
  ...fieldsOf(field, at),
  ...(field.items === undefined ? [] : fieldsOf(field.items, `${at}[]`)),
];

/** `^API_.` stands for every name that begins so. */
const readable = (pattern: string) => pattern.replace(/^\^|\$$/g, '').replace(/\.[+*]?$/, '*');

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined && schema.enum.length > MAX_NAMED) return 'one of a list';
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return [...new Set(choices.map(typeOf))].join(' or ');
  if (schema.type === 'array')
    return `list of ${schema.items === undefined ? 'anything' : typeOf(schema.items)}`;
  if (schema.type === 'object') return 'table';
  return schema.type === undefined ? 'anything' : [schema.type].flat().join(' or ');
}
