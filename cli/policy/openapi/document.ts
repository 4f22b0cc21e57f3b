/** An OpenAPI document as far as it says who may call what. */
import { isTable } from '../../text/json.ts';
import { CommandError } from '../../text/terminal.ts';
import { firstLine, readYaml } from '../../text/yaml.ts';

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info?: { readonly title?: unknown };
  readonly servers?: readonly Server[];
  readonly security?: Security;
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components?: { readonly securitySchemes?: Readonly<Record<string, SecurityScheme>> };
}

export interface Server {
  readonly url?: unknown;
  readonly variables?: Readonly<Record<string, { readonly default?: unknown }>>;
}

/** Alternatives; in each, schemes that must all hold, with their scopes. */
export type Security = readonly Readonly<Record<string, readonly string[]>>[];

export interface SecurityScheme {
  readonly type?: unknown;
  readonly scheme?: unknown;
  readonly openIdConnectUrl?: unknown;
}

export type PathItem = Readonly<Record<string, unknown>>;

export interface Operation {
  /** Into another file, which is not read. */
  readonly $ref?: unknown;
  readonly security?: Security;
  readonly servers?: readonly Server[];
}

const SPLIT = 'bundle the document into one file first';

/**
 * Reads YAML or JSON, and resolves references inside the document. Other files and URLs are not read: what stands
 * there is left a reference. Throws `CommandError` where there is no OpenAPI 3 document.
 */
export async function readOpenApi(path: string): Promise<{ document: OpenApiDocument; notes: string[] }> {
  const raw = readYaml(path, 'name an OpenAPI document, YAML or JSON');
  demandOpenApi(path, raw);
  const { dereference, validate } = await import('@readme/openapi-parser');
  const options = { resolve: { external: false, file: false }, dereference: { circular: 'ignore' as const } };
  let document: unknown;
  try {
    document = await dereference(structuredClone(raw) as never, options);
  } catch (error) {
    throw new CommandError(`${path} has a reference that leads nowhere: ${firstLine(error)}`);
  }
  demandOpenApi(path, document);
  return { document, notes: await faultsOf(raw, (one) => validate(one as never, options)) };
}

function demandOpenApi(path: string, value: unknown): asserts value is OpenApiDocument {
  const { openapi, swagger, paths } = isTable(value) ? value : {};
  if (swagger !== undefined)
    throw new CommandError(`${path} is Swagger ${String(swagger)}; convert it to OpenAPI 3 first`);
  if (typeof openapi !== 'string' || !/^3\.[012](\.|$)/.test(openapi))
    throw new CommandError(
      `${path} is no OpenAPI document of version 3; it must begin with openapi: 3.0.x or 3.1.x`,
    );
  if (!isTable(paths) || Object.keys(paths).length === 0)
    throw new CommandError(`${path} has no paths; there is nothing to make routes of`);
}

/** A document with faults may say enough about its routes; whoever reviews them should know. */
async function faultsOf(
  raw: unknown,
  validate: (document: unknown) => Promise<{ valid: boolean; errors?: readonly { message: string }[] }>,
): Promise<string[]> {
  try {
    const result = await validate(structuredClone(raw));
    if (result.valid) return [];
    const [first] = result.errors ?? [];
    const split = JSON.stringify(raw).match(/"\$ref":"[^#"]/) ? `; ${SPLIT}` : '';
    return [`the document is not valid OpenAPI: ${firstLine(first)}${split}`];
  } catch (error) {
    return [`the document could not be validated: ${firstLine(error)}`];
  }
}
