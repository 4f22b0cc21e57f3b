/**
 * `npm run docs`: writes what the schema says of the policy into docs/policy.schema.json (for editors) and into the
 * tables of docs/policy.md. A test fails where they are out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod/mini';
import {
  apiSchema,
  corsSchema,
  extensionSchema,
  issuerSchema,
  reportSchema,
  routeSchema,
  settingsSchema,
} from '../src/policy/schema.ts';
import {
  API_TEXTS,
  CORS_TEXTS,
  EXTENSION_TEXTS,
  ISSUER_TEXTS,
  ROUTE_TEXTS,
  RULE_TEXTS,
  SETTINGS_TEXTS,
} from '../src/policy/texts.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

const SCHEMA_FILE = 'docs/policy.schema.json';
const POLICY_PAGE = 'docs/policy.md';

/** The texts of fields, as the schemas' own descriptions. */
const texts = z.registry<{ description: string }>();
for (const [schema, fields] of [
  [apiSchema, API_TEXTS],
  [corsSchema, CORS_TEXTS],
  [extensionSchema, EXTENSION_TEXTS],
  [issuerSchema, ISSUER_TEXTS],
  [reportSchema, RULE_TEXTS],
  [routeSchema, ROUTE_TEXTS],
  [settingsSchema, SETTINGS_TEXTS],
] as const) {
  const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape;
  for (const [name, description] of Object.entries(fields)) {
    const field = shape[name];
    if (field !== undefined) texts.add(field, { description });
  }
}

const json = (schema: z.core.$ZodType): JsonSchema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', metadata: texts });
  return rest;
};

/** The JSON Schema of the tables under `[vars]`. */
export function renderSchema(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'claimgate policy: the tables under [vars] in wrangler.toml',
    type: 'object',
    required: ['ISSUERS'],
    properties: {
      GATEWAY: json(settingsSchema),
      ISSUERS: { type: 'object', minProperties: 1, additionalProperties: json(issuerSchema) },
    },
    patternProperties: { '^API_.': { anyOf: [json(apiSchema), json(extensionSchema)] } },
    // Strings and numbers are none of the policy's business; any other table is a misspelt one.
    additionalProperties: { type: ['string', 'number', 'boolean'] },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

const TABLES = {
  gateway: settingsSchema,
  issuer: issuerSchema,
  api: apiSchema,
  route: routeSchema,
  cors: corsSchema,
} as const;

/** Fills the tables between `<!-- fields: NAME -->` and `<!-- end -->`. */
export function renderPolicyPage(page: string): string {
  return page.replace(
    /(<!-- fields: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (whole, start: string, name: string, end: string) => {
      const schema = TABLES[name as keyof typeof TABLES];
      return schema === undefined ? whole : `${start}${fieldTable(json(schema))}\n${end}`;
    },
  );
}

function fieldTable(schema: JsonSchema): string {
  const required = new Set(schema.required);
  const rows = Object.entries(schema.properties ?? {}).map(([name, value]) => {
    const field = value as JsonSchema;
    const demanded = required.has(name) ? ' **Required.**' : '';
    return `| \`${name}\` | ${typeText(field)} | ${markCode(field.description ?? '')}${demanded} |`;
  });
  return ['| field | type | meaning |', '|---|---|---|', ...rows].join('\n');
}

function typeText(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  if (schema.anyOf !== undefined)
    return [...new Set(schema.anyOf.map((one) => typeText(one as JsonSchema)))].join(' or ');
  if (schema.type === 'array')
    return `list of ${typeText(schema.items as JsonSchema).replace(/^string$/, 'strings')}`;
  if (schema.type === 'object') return 'table';
  return String(schema.type);
}

/** Examples are TOML: they read as code. */
const markCode = (text: string) => text.replace(/Example: (.*)\.$/, 'Example: `$1`.').replaceAll('|', '\\|');

if (import.meta.main) {
  writeFileSync(SCHEMA_FILE, renderSchema());
  writeFileSync(POLICY_PAGE, renderPolicyPage(readFileSync(POLICY_PAGE, 'utf8')));
}
