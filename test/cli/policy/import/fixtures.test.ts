/** What holds of every description: nothing is lost, the draft is a policy, and an export of it is the same one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkPolicy } from '../../../../cli/policy/check/check.ts';
import { MAX_VARIABLE_BYTES } from '../../../../cli/policy/check/file-checks.ts';
import { comparePolicies } from '../../../../cli/policy/diff/diff.ts';
import { parsePolicyFile } from '../../../../cli/policy/file/config.ts';
import { renderOpenApi } from '../../../../cli/policy/routes/openapi.ts';
import { routeTable } from '../../../../cli/policy/routes/table.ts';
import { compileDraft, draftFile, removeFiles, writeFiles } from './support.ts';

const FOLDER = join(import.meta.dirname, 'fixtures');
afterAll(removeFiles);

/** Operations that stand in each: read, drafted, joined with another, left out. */
const FIXTURES: readonly (readonly [
  file: string,
  read: number,
  drafted: number,
  joined: number,
  leftOut: number,
])[] = [
  ['aws-http.json', 5, 5, 0, 0],
  ['aws-rest.json', 6, 6, 0, 0],
  ['apim.json', 3, 3, 0, 0],
  ['kong.yaml', 4, 4, 0, 0],
  ['zuplo.json', 5, 5, 0, 0],
  ['google.yaml', 3, 3, 0, 0],
  ['many/openapi.yml', 6, 4, 0, 2],
  ['two-kinds.yaml', 6, 6, 0, 0],
  ['open-banking.yaml', 2, 2, 0, 0],
  ['hosts.yaml', 8, 6, 2, 0],
  ['slashes.yaml', 12, 11, 0, 1],
  ['merge.yaml', 3, 3, 0, 0],
  ['three-two.yaml', 5, 4, 0, 1],
  ['servers.yaml', 6, 4, 0, 2],
  ['scopes.yaml', 22, 22, 0, 0],
  ['clashes.yaml', 20, 4, 3, 13],
];

/** What the check asks about, since the description says so: rules of neighbours, methods in forms, COPY. */
const ASKED: Readonly<Record<string, readonly string[]>> = {
  'aws-http.json': ['weak-neighbour', 'hidden-method', 'read-scope'],
  'kong.yaml': ['form-method'],
  'many/openapi.yml': ['weaker-write'],
  'hosts.yaml': ['workers-dev'],
  'servers.yaml': ['workers-dev'],
  'three-two.yaml': ['lost-copy'],
  'clashes.yaml': ['weaker-write'],
};

/** About the project around the policy, which a draft is not. */
const OF_THE_PROJECT = ['no-key-store', 'no-key-refresh', 'triggers'];

describe.each(FIXTURES)('%s', (file, read, drafted, joined, leftOut) => {
  const path = join(FOLDER, file);

  it('has each operation in the sum, and names each that is left out', async () => {
    const { draft, text } = await draftFile(path);
    expect(draft.counts).toEqual({ read, drafted, joined, leftOut });
    expect(drafted + joined + leftOut).toBe(read);
    const named = draft.apis.flatMap(({ routes }) => routes.filter((one) => one.off || one.blocks));
    expect(named.reduce((sum, { key }) => sum + (key.split(' ')[0]?.split('|').length ?? 0), 0)).toBe(
      leftOut,
    );
    for (const { notes } of named) expect(notes.map((one) => one.text).join()).toMatch(/^left out: ./);
    expect(text.match(/left out: /g)?.length ?? 0).toBeGreaterThanOrEqual(named.length === 0 ? 0 : 1);
  });

  it('is drafted as it was reviewed once', async () => {
    const { text } = await draftFile(path);
    await expect(text).toMatchFileSnapshot(join(FOLDER, 'drafts', `${file.replace(/\W/g, '-')}.toml`));
  });

  it('makes a policy without errors, and small variables', async () => {
    const { text } = await draftFile(path);
    const [result] = checkPolicy(parsePolicyFile('wrangler.toml', text));
    expect(result?.faults).toEqual([]);
    const warnings = result?.warnings.map(({ rule }) => rule) ?? [];
    const asked = new Set(warnings.filter((rule) => !OF_THE_PROJECT.includes(rule)));
    expect([...asked]).toEqual(ASKED[file] ?? []);
    for (const table of Object.values(parsePolicyFile('x', text).config.vars ?? {}))
      expect(JSON.stringify(table).length).toBeLessThan(MAX_VARIABLE_BYTES * 0.8);
  });

  it('is the same policy after an export and another import', async () => {
    const before = compileDraft((await draftFile(path)).text);
    const exported = JSON.stringify(renderOpenApi(routeTable(before), 'x'));
    const again = await draftFile(writeFiles({ 'exported.json': exported }));
    const { findings, other } = await comparePolicies(before, compileDraft(again.text), 1_800_000_000);
    expect({ findings, other }).toEqual({ findings: [], other: [] });
    expect(again.draft.counts.leftOut).toBe(0);
  });
});

it('the list of shapes has each fixture', () => {
  const page = readFileSync(join(FOLDER, 'README.md'), 'utf8');
  for (const [file] of FIXTURES) expect(page).toContain(`| ${file} |`);
});
