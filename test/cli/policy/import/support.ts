/** Drafts of descriptions, for tests. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Format } from '../../../../cli/formats/format.ts';
import { FORMATS } from '../../../../cli/formats/formats.ts';
import { compileSection, parsePolicyFile } from '../../../../cli/policy/file/config.ts';
import { draftPolicy, type Wanted } from '../../../../cli/policy/import/draft.ts';
import type { Draft } from '../../../../cli/policy/import/drafted.ts';
import { readOpenApi } from '../../../../cli/policy/import/openapi/read.ts';
import { writeDraft } from '../../../../cli/policy/import/write.ts';
import { CommandError } from '../../../../cli/text/terminal.ts';
import type { Policy } from '../../../../src/policy/policy.ts';

export const WANTED: Wanted = {
  name: 'API_X',
  origin: undefined,
  audience: [],
  issuers: { all: undefined, byScheme: new Map() },
};

const root = mkdtempSync(join(tmpdir(), 'claimgate-import-'));
let folders = 0;

export const removeFiles = () => rmSync(root, { recursive: true, force: true });

/** Writes files into a folder of their own. @returns the first one's path */
export function writeFiles(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = join(root, String(folders++));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return join(folder, Object.keys(files)[0] ?? '');
}

export interface Drafted {
  readonly draft: Draft;
  readonly text: string;
  readonly notes: readonly string[];
}

export async function draftFile(
  path: string,
  wanted: Wanted = WANTED,
  format: Format = FORMATS.toml,
): Promise<Drafted> {
  const description = await readOpenApi(path);
  const draft = draftPolicy(description, wanted);
  return {
    draft,
    text: writeDraft(draft, description.notes, 'openapi.yaml', format),
    notes: description.notes,
  };
}

export const draftText = (text: string, name = 'openapi.yaml'): Promise<Drafted> =>
  draftFile(writeFiles({ [name]: text }));

const LOGIN = 'openIdConnectUrl: "https://login.example/.well-known/openid-configuration"';

export const document = (paths: string, more = ''): string => `
openapi: 3.1.0
info: { title: X, version: "1" }
servers: [{ url: https://x.example }]
${more}
paths:
${paths}
components:
  securitySchemes:
    login: { type: openIdConnect, ${LOGIN} }
    bearer: { type: http, scheme: Bearer }
    key: { type: apiKey, in: header, name: x-key }
`;

/** The active routes, as the policy would write them. */
export async function routesOf(text: string): Promise<string[]> {
  const { draft } = await draftText(text);
  return draft.apis.flatMap(({ routes }) =>
    routes.filter(({ off }) => !off).map(({ key, rules }) => `${key} ${JSON.stringify(rules)}`),
  );
}

export function compileDraft(toml: string): Policy {
  const result = compileSection(parsePolicyFile('draft.toml', toml).config);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.policy;
}

/** The message of the refusal. */
export async function refusalOf(path: string): Promise<string> {
  const error = await draftFile(path).catch((one: unknown) => one);
  if (!(error instanceof CommandError)) throw new Error(`it was not refused: ${String(error)}`);
  return error.message;
}
