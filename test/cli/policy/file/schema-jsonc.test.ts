/** The JSON Schema for a wrangler.jsonc, by what VS Code uses: vscode-json-languageservice, with wrangler's own schema. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { getLanguageService, TextDocument } from 'vscode-json-languageservice';
import { claimgate } from '../../support/claimgate.ts';

const WRANGLER_SCHEMA = resolve('node_modules/wrangler/config-schema.json');

const POLICY = {
  ISSUERS: { main: { issuer: 'https://issuer.example/' } },
  API_X: { origin: 'https://x.example', audience: 'x', routes: { 'GET /x': { scopes_all: ['a'] } } },
};

/** @param files what editors find at these paths, besides what is there */
function editor(schemaPath: string, files: Readonly<Record<string, string>>) {
  const service = getLanguageService({
    schemaRequestService: async (uri) => {
      const path = fileURLToPath(uri);
      return files[path] ?? readFileSync(path, 'utf8');
    },
    workspaceContext: {
      resolveRelativePath: (path, base) => new URL(path, base).href,
    },
  });
  const uri = pathToFileURL(resolve('wrangler.jsonc')).href;
  const open = (text: string) => {
    const named = text.replace('{', `{ "$schema": ${JSON.stringify(schemaPath)},`);
    const document = TextDocument.create(uri, 'jsonc', 1, named);
    return { document, json: service.parseJSONDocument(document) };
  };
  return {
    async lint(text: string): Promise<string[]> {
      const { document, json } = open(text);
      const found = await service.doValidation(document, json, {
        comments: 'ignore',
        trailingCommas: 'error',
      });
      return found.map(({ message, range }) => `${document.getText(range)}: ${message}`);
    },
    async complete(text: string): Promise<string[]> {
      const { document, json } = open(text.replace('|', ''));
      const at = document.offsetAt({ line: 0, character: 0 }) + open(text).document.getText().indexOf('|');
      const list = await service.doComplete(document, document.positionAt(at), json);
      return list?.items.map(({ label }) => label) ?? [];
    },
  };
}

const PRINTED = resolve('claimgate.schema.json');
const { stdout: printed } = await claimgate(['schema', '--jsonc']);

const PACKAGE = resolve('node_modules/claimgate/docs');
const packaged = Object.fromEntries(
  ['policy.schema.json', 'wrangler.schema.json'].map((name) => [
    resolve(PACKAGE, name),
    readFileSync(`docs/${name}`, 'utf8'),
  ]),
);

describe.each([
  ['`claimgate schema --jsonc` prints', './claimgate.schema.json', { [PRINTED]: printed }],
  ['the package has', './node_modules/claimgate/docs/wrangler.schema.json', packaged],
])('the schema that %s, in VS Code', (_where, path, files) => {
  const { lint, complete } = editor(path, files);
  const config = (vars: object, more: object = {}) =>
    JSON.stringify(
      { name: 'x', main: 'src/index.ts', compatibility_date: '2026-10-01', ...more, vars },
      null,
      '\t',
    );

  it('passes a policy, other variables, comments and trailing commas', async () => {
    const text = config({ ...POLICY, STAGE: 'live' }, { env: { p: { vars: POLICY } } });
    expect(await lint(text)).toEqual([]);
    expect(
      await lint(text.replace('"name": "x",', '// a comment\n"name": "x",').replace(/\n\}$/, ',\n}')),
    ).toEqual([]);
  });

  it.each<[string, object, object, string]>([
    [
      'a field of a route',
      { API_X: { ...POLICY.API_X, routes: { 'GET /x': { scopes_al: [] } } } },
      {},
      '"scopes_al": Property scopes_al is not allowed.',
    ],
    [
      'a field of an API',
      { API_X: { ...POLICY.API_X, audiense: 'x' } },
      {},
      '"audiense": Property audiense is not allowed.',
    ],
    [
      'a field of wrangler',
      {},
      { compatibility_dat: 'x' },
      '"compatibility_dat": Property compatibility_dat is not allowed.',
    ],
  ])('errors are where the typos are: %s', async (_what, vars, more, message) => {
    expect(await lint(config({ ...POLICY, ...vars }, more))).toContain(message);
  });

  it('errors in an environment are found, too', async () => {
    const env = { p: { vars: { ...POLICY, GATEWAY: { log_sampel: 1 } } } };
    expect(await lint(config(POLICY, { env }))).toContain(
      '"log_sampel": Property log_sampel is not allowed.',
    );
  });

  it('completes fields of the policy, and those of wrangler', async () => {
    expect(await complete('{ "vars": { "API_X": { "origin": "zone", | } } }')).toContain('audience');
    expect(await complete('{ "vars": {}, | }')).toContain('kv_namespaces');
  });
});

it('names the schema of the wrangler that is installed', () => {
  expect(existsSync(WRANGLER_SCHEMA)).toBe(true);
  expect(printed).toContain(`"$ref": "./node_modules/wrangler/${basename(WRANGLER_SCHEMA)}"`);
});
