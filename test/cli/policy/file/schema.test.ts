/** The JSON Schema for editors, by what editors use: Taplo. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { DESCRIBED } from '../../../../cli/policy/file/json-schema.ts';
import { renderCheckPage, renderOriginsPage } from '../../../../scripts/docs.ts';
import { IDENTITY_HEADERS_OF_OTHERS } from '../../../../src/policy/identity-headers.ts';
import { clonePolicy } from '../../../support/clone.ts';
import { claimgate } from '../../support/claimgate.ts';
import { makeFolder } from '../../support/policies.ts';

const write = makeFolder();
const SCHEMA = pathToFileURL(resolve('docs/policy.schema.json')).href;
const README = /```toml\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '';
const WRANGLER = clonePolicy();

/** Its errors, each as text with the file. */
function lint(files: readonly string[], flags = ['--schema', SCHEMA]): Promise<string[]> {
  return new Promise((done, fail) => {
    execFile(
      'node_modules/.bin/taplo',
      ['lint', '--no-auto-config', '--colors', 'never', ...flags, ...files],
      (error, stdout, stderr) => {
        const errors = (stdout + stderr).split(/^error: /m).slice(1);
        // It ends with 1 where there are errors, and only there.
        if ((error === null) === (errors.length === 0)) done(errors);
        else fail(new Error(stderr));
      },
    );
  });
}

const TYPOS: readonly [where: string, text: string, message: string][] = [
  ['a field of an API', WRANGLER.replace('audience =', 'audiense ='), "('audiense' was unexpected)"],
  [
    'a field of a route, in an environment',
    `${WRANGLER}"GET /typo" = { scope_all = ["a"] }\n`,
    "('scope_all' was unexpected)",
  ],
  ['a value', WRANGLER.replaceAll('auth = "none"', 'auth = "nobody"'), 'is not one of'],
  [
    'a table',
    WRANGLER.replace('[vars.API_TIMESHEETS.routes]', '[vars.APITIMESHEETS.routes]'),
    'is not of types',
  ],
  [
    'a name that is nearly one',
    WRANGLER.replace('[vars.ISSUERS.dev]', '[vars.ISSUER.dev]'),
    'is not of types',
  ],
  ['a table beside vars', `${WRANGLER}\n[GATEWAY]\nlog_sample = 1\n`, 'False schema'],
  [
    'an extension with fields of an API',
    `${WRANGLER}\n[vars.API_B]\nextends = "API_TIMESHEETS"\norigin = "zone"\nroutes = {}\n`,
    'origin',
  ],
];

describe('the schema in an editor', () => {
  it('`claimgate schema` prints it', async () => {
    const { code, stdout } = await claimgate(['schema']);
    expect([code, stdout]).toEqual([0, readFileSync('docs/policy.schema.json', 'utf8')]);
  });

  it('is named in the first line of wrangler.toml, which passes', async () => {
    expect(WRANGLER).toMatch(/^#:schema \.\/docs\/policy\.schema\.json\n/);
    const clone = write('clone.toml', WRANGLER.replace('./docs/policy.schema.json', SCHEMA));
    expect(await lint([clone], [])).toEqual([]);
    const slip = `#:schema ${SCHEMA}\n${WRANGLER.replace('audience =', 'audiense =')}`;
    expect(await lint([write('named.toml', slip)], [])).not.toEqual([]);
  });

  it("README's example passes, and so does all else that wrangler.toml may have", async () => {
    const more =
      '[vars]\nPLAIN = "a"\nNUMBER = 1\nLIST = ["a"]\nMENU = { routes = { home = "/" } }\n[vars.ISSUERS_2.b]\nissuer = "https://b.example/"\n[vars.API_MORE]\nextends = "API_TIMESHEETS"\nroutes = { "GET /more" = {} }\n';
    const rest = 'name = "x"\nmain = "x"\n[[kv_namespaces]]\nbinding = "KEYS"\n[env.a]\nname = "y"\n';
    expect(await lint([write('readme.toml', `${rest}${more}${README}`)])).toEqual([]);
  });

  it('errors are where the typos are', async () => {
    const files = TYPOS.map(([, text], i) => write(`typo-${i}.toml`, text));
    const errors = await lint(files);
    for (const [i, [where, , message]] of TYPOS.entries()) {
      const own = errors.filter((error) => error.includes(`${files[i]}:`));
      expect(own.join('\n'), where).toContain(message);
    }
  });
});

describe('what fields mean', () => {
  it.each(
    DESCRIBED.flatMap(([schema, texts]) =>
      Object.keys(schema.shape).map((name) => [name, schema, texts as Record<string, string>] as const),
    ),
  )('%s has a description, with an example that is right', (name, schema, texts) => {
    const [, example] = /^[A-Z].*\. Example: (.*)\.$/.exec(texts[name] ?? '') ?? [];
    expect(example).toBeDefined();
    const { value } = parse(`value = ${example}`);
    const field = (schema.shape as Record<string, { safeParse(value: unknown): { success: boolean } }>)[name];
    expect(field?.safeParse(value).success, example).toBe(true);
  });
});

describe('docs/check.md', () => {
  it('has every rule as the code has it (npm run docs)', () => {
    const page = readFileSync('docs/check.md', 'utf8');
    expect(page).toBe(renderCheckPage(page));
  });
});

describe('docs/origins.md', () => {
  it('lists every identity header that is dropped (npm run docs)', () => {
    const page = readFileSync('docs/origins.md', 'utf8');
    expect(page).toBe(renderOriginsPage(page));
    for (const name of IDENTITY_HEADERS_OF_OTHERS.flatMap(({ names }) => names))
      expect(page).toContain(`\`${name}`);
  });
});
