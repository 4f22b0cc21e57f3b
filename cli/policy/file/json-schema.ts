/** The JSON Schema of wrangler's configuration, as far as it is policy: for editors, and for who has no claimgate at hand. */
import * as z from 'zod/mini';
import {
  apiSchema,
  assertionSchema,
  assertionSettingsSchema,
  corsSchema,
  extensionSchema,
  forwardSchema,
  issuerSchema,
  limitSchema,
  prefixSchema,
  reportSchema,
  routeSchema,
  settingsSchema,
  signalSchema,
  subjectsSchema,
} from '../../../src/policy/compile/schema.ts';
import { SIGNAL_TEXTS, SUBJECTS_TEXTS } from '../../../src/policy/compile/signal-texts.ts';
import {
  ALTERNATIVE_TEXTS,
  API_TEXTS,
  ASSERTION_SETTINGS_TEXTS,
  ASSERTION_TEXTS,
  CORS_TEXTS,
  EXTENSION_TEXTS,
  FIXED_WANT_TEXTS,
  FORWARD_TEXTS,
  ISSUER_TEXTS,
  LIMIT_TEXTS,
  PREFIX_TEXTS,
  ROUTE_TEXTS,
  RULE_TEXTS,
  SETTINGS_TEXTS,
  WANT_TEXTS,
} from '../../../src/policy/compile/texts.ts';
import { alternativeSchema } from '../../../src/policy/rules/any-of.ts';
import { fixedWantSchema, wantSchema } from '../../../src/policy/rules/claims.ts';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Every table of the policy, and what its fields mean. */
export const DESCRIBED = [
  [alternativeSchema, ALTERNATIVE_TEXTS],
  [apiSchema, API_TEXTS],
  [assertionSchema, ASSERTION_TEXTS],
  [assertionSettingsSchema, ASSERTION_SETTINGS_TEXTS],
  [corsSchema, CORS_TEXTS],
  [extensionSchema, EXTENSION_TEXTS],
  [forwardSchema, FORWARD_TEXTS],
  [issuerSchema, ISSUER_TEXTS],
  [limitSchema, LIMIT_TEXTS],
  [prefixSchema, PREFIX_TEXTS],
  [fixedWantSchema, FIXED_WANT_TEXTS],
  [reportSchema, RULE_TEXTS],
  [routeSchema, ROUTE_TEXTS],
  [settingsSchema, SETTINGS_TEXTS],
  [signalSchema, SIGNAL_TEXTS],
  [subjectsSchema, SUBJECTS_TEXTS],
  [wantSchema, WANT_TEXTS],
] as const;

/** The texts of fields, as the schemas' own descriptions. */
const texts = z.registry<{ description: string }>();
for (const [schema, fields] of DESCRIBED) {
  const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape;
  for (const [name, description] of Object.entries(fields)) {
    const field = shape[name];
    if (field !== undefined) texts.add(field, { description });
  }
}

/** Draft 7 is what editors' TOML plugins read. */
export const toJsonSchema = (schema: z.core.$ZodType): JsonSchema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    metadata: texts,
    override: ({ jsonSchema }) => spreadTable(jsonSchema),
  });
  return rest as JsonSchema;
};

/** A table, or a word: with a choice of two, editors would say of a typo only that it is neither. */
function spreadTable(schema: JsonSchema): void {
  const [table, word, ...more] = (schema.anyOf ?? []) as JsonSchema[];
  if (table?.type !== 'object' || word?.const === undefined || more.length > 0) return;
  const { type, ...fields } = table;
  Object.assign(schema, fields, { anyOf: [{ type }, { const: word.const }] });
}

/** wrangler's own fields are none of its business: `[vars]` and `[env.<name>.vars]` are. */
function policyFileSchema() {
  const vars = { $ref: '#/definitions/policy' };
  const issuers = { type: 'object', additionalProperties: toJsonSchema(issuerSchema) };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: "claimgate: the policy in wrangler's configuration",
    type: 'object',
    properties: {
      vars,
      env: {
        type: 'object',
        additionalProperties: {
          type: 'object',
          properties: { vars, ...MISPLACED },
          patternProperties: NO_API,
        },
      },
      ...MISPLACED,
    },
    patternProperties: NO_API,
    definitions: {
      policy: {
        description: 'The policy, and other variables. Each environment has its own.',
        type: 'object',
        required: ['ISSUERS'],
        properties: {
          GATEWAY: { description: 'What holds for the whole gateway.', ...toJsonSchema(settingsSchema) },
          ISSUERS: {
            description: 'Whose tokens are believed, each under a name of your choice.',
            minProperties: 1,
            ...issuers,
          },
        },
        patternProperties: {
          '^API_.': apiTable(),
          '^ISSUERS_.': { description: 'More issuers, of the same form.', ...issuers },
          // Other variables are none of the policy's business, unless their names or their fields look like it.
          '^([Ii]ssuers?|ISSUER|[Gg]ateways?|GATEWAYS|[Aa][Pp][Ii][Ss]?-.*|[Aa]pis?[-_].*|APIS_.*)$':
            NO_TABLE,
        },
        additionalProperties: {
          properties: {
            routes: { patternProperties: { '^[A-Za-z*|]+\\s+/': NO_TABLE } },
            blocked_clients: false,
            blocked_kids: false,
          },
        },
      },
    },
  };
}

const NO_TABLE = { type: ['string', 'number', 'boolean', 'array'] };

/** A table of the policy beside `[vars]` reaches nobody. */
const MISPLACED = { GATEWAY: false, ISSUERS: false };
const NO_API = { '^(API|ISSUERS)_.': false };

/**
 * An API, or more routes of one. As one object with a condition: with a choice of two, editors would say of a typo only
 * that the table is neither.
 */
function apiTable(): object {
  const api = toJsonSchema(apiSchema);
  const extension = toJsonSchema(extensionSchema);
  return {
    description: 'An API: where its requests go, and who gets in.',
    ...api,
    properties: { ...api.properties, extends: extension.properties?.['extends'] },
    required: ['routes'],
    if: { required: ['extends'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { propertyNames: { enum: Object.keys(extension.properties ?? {}) } },
    else: { required: api.required },
  };
}

export const renderSchema = (): string => `${JSON.stringify(policyFileSchema(), null, 2)}\n`;

/**
 * The same with wrangler's own fields: a JSON file names one schema only. `allowTrailingCommas` is a word of editors with
 * VS Code's JSON support, as wrangler's schema has it.
 *
 * @param wranglerSchema where wrangler's own schema is, as seen from the file that this is written to
 */
export function renderWranglerSchema(wranglerSchema: string): string {
  const { $schema, title, ...policy } = policyFileSchema();
  const schema = { $schema, title, allowTrailingCommas: true, allOf: [{ $ref: wranglerSchema }], ...policy };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
