import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { FORMATS } from '../../../../cli/formats/formats.ts';
import { compileSection, parsePolicyFile } from '../../../../cli/policy/file/config.ts';
import { readOpenApi } from '../../../../cli/policy/openapi/document.ts';
import { draftPolicy } from '../../../../cli/policy/openapi/draft.ts';
import { draftRules } from '../../../../cli/policy/openapi/security.ts';
import { writeDraft } from '../../../../cli/policy/openapi/write.ts';
import { CommandError } from '../../../../cli/text/terminal.ts';
import type { Policy } from '../../../../src/policy/policy.ts';
import { claimgate } from '../../support/claimgate.ts';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-openapi-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function write(text: string, ending = 'yaml'): string {
  const file = join(folder, `${files++}.${ending}`);
  writeFileSync(file, text);
  return file;
}

const ISSUER = '[vars.ISSUERS.main]\nissuer = "https://issuer.example/"\n';
const WANTED = { name: 'API_X', origin: undefined, audience: [], issuer: undefined };

const document = (paths: string, more = '') => `
openapi: 3.0.3
info: { title: X, version: "1" }
servers: [{ url: https://x.example }]
${more}
paths:
${paths}
components:
  securitySchemes:
    login: { type: openIdConnect, openIdConnectUrl: https://login.example/.well-known/openid-configuration }
    bearer: { type: http, scheme: Bearer }
    key: { type: apiKey, in: header, name: x-key }
`;

/** The draft as text. */
async function draft(text: string, format = FORMATS.toml): Promise<string> {
  const { document: read } = await readOpenApi(write(text));
  return writeDraft(draftPolicy(read, WANTED), 'openapi.yaml', format);
}

/** The lines of its routes. */
async function routes(paths: string, more?: string): Promise<string[]> {
  const lines = (await draft(document(paths, more))).trimEnd().split('\n');
  return lines.slice(lines.indexOf('[vars.API_X.routes]') + 1);
}

function compile(toml: string): Policy {
  const result = compileSection(parsePolicyFile('draft.toml', ISSUER + toml).config);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.policy;
}

describe('a draft in JSON', () => {
  const text = document(
    '  /a: { get: { security: [{ login: [a] }] }, put: { security: [] } }\n  /b: { trace: { security: [{ login: [a] }] } }',
  );

  it('says the same as the one in TOML, comments too', async () => {
    const json = await draft(text, FORMATS.jsonc);
    const toml = await draft(text);
    expect(parsePolicyFile('draft.jsonc', json).config).toEqual(parsePolicyFile('draft.toml', toml).config);
    const words = (all: string, mark: string) =>
      all.split('\n').flatMap((line) => {
        const [, comment = ''] = line.trim().split(`${mark} `);
        return /review/.test(comment) ? comment.split(' ') : [];
      });
    expect(words(json, '//')).toEqual(words(toml, '#'));
    expect(json).toContain(
      '// "ISSUERS": { "main": { … } } under "vars"\n// "issuer": "https://login.example/" //',
    );
    expect(json).toContain('      // "TRACE /b": { "scopes_all": ["a"] }');
  });

  it('is a file that a JSON parser reads, but for its comments', async () => {
    const json = await draft(text, FORMATS.json);
    expect(() => JSON.parse(json.replace(/^\s*\/\/.*$/gm, ''))).not.toThrow();
  });

  it('is what a project with wrangler.jsonc gets, and --out says it too', async () => {
    const at = mkdtempSync(join(folder, 'project-'));
    writeFileSync(join(at, 'wrangler.jsonc'), '{}');
    const args = ['import', 'openapi', write(text), '--api', 'X'];
    const printed = await claimgate(args, { cwd: at });
    expect(printed.stdout).toMatch(/^\{$/m);
    expect(printed.stderr).toContain('Put it into wrangler.jsonc, then');
    await claimgate([...args, '--out', 'draft.toml'], { cwd: at });
    expect(readFileSync(join(at, 'draft.toml'), 'utf8')).toContain('[vars.API_X]');
  });
});

describe('docs/import-openapi.md', () => {
  const text = readFileSync('docs/import-openapi.md', 'utf8');
  const [, yaml = '', toml = ''] =
    /```yaml openapi\n([\s\S]*?)```[\s\S]*?```toml\n([\s\S]*?)```/.exec(text) ?? [];

  it('shows what the command prints, which compiles', async () => {
    writeFileSync(join(folder, 'openapi.yaml'), yaml);
    const { code, stdout, stderr } = await claimgate(['import', 'openapi', 'openapi.yaml'], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toBe(toml);
    expect(stderr).toContain('6 routes; 3 need review.');
    expect(compile(stdout).apis.map(({ routes: all }) => all.length)).toEqual([6]);
    for (const line of stdout.split('\n').filter((one) => one.startsWith('#')))
      expect(line.length).toBeLessThanOrEqual(90);
  });
});

describe('import openapi: paths', () => {
  it.each([
    ['a parameter', '/a/{id}/b', '"GET /a/:id/b" = {}'],
    ['a name that is none', '/a/{user-id}/{2nd}', '"GET /a/:user_id/:_2nd" = {}'],
    ['names that become the same', '/{a-b}/{a_b}', '"GET /:a_b/:a_b_2" = {}'],
    ['what means something in a pattern', '/a*b/:c', '"GET /a%2Ab/%3Ac" = {}'],
    ['a colon inside', '/things:batch', '"GET /things:batch" = {}'],
    ['letters of other scripts', '/café', '"GET /caf%C3%A9" = {}'],
    ['a final slash', '/a/', '"GET /a/" = {}'],
    ['the root', '/', '"GET /" = {}'],
  ])('%s', async (_why, path, line) => {
    const found = await routes(`  ${JSON.stringify(path)}: { get: {} }`, 'security: [{ login: [] }]');
    expect(found).toEqual(['# review: the document asks for a token, and for no scope', line]);
  });

  it('begins with the path of the server, of the nearest one', async () => {
    const text = `
openapi: 3.1.0
info: { title: X, version: "1" }
servers: [{ url: "https://{region}.x.example/{version}/", variables: { region: { default: eu }, version: { default: v2 } } }]
security: [{ login: [r] }]
paths:
  /a: { get: {} }
  /b: { servers: [{ url: /other }], get: {}, put: { servers: [{ url: "https://x.example" }, { url: "https://x.example/v9" }] } }
components: { securitySchemes: { login: { type: http, scheme: bearer } } }
`;
    const found = await draft(text);
    expect(found).toContain('origin = "https://eu.x.example"');
    expect(found).toContain('"GET /v2/a" = { scopes_all = ["r"] }');
    expect(found).toContain('"GET /other/b" = { scopes_all = ["r"] }');
    expect(found).toContain(
      '# review: its servers have other paths too: /v9\n"PUT /b" = { scopes_all = ["r"] }',
    );
  });

  it('joins methods with the same rules, and leaves HEAD to GET', async () => {
    const found = await routes(
      '  /a: { get: {}, head: {}, put: {}, delete: { security: [{ login: [d] }] } }',
      'security: [{ login: [r] }]',
    );
    expect(found).toEqual(['"GET|PUT /a" = { scopes_all = ["r"] }', '"DELETE /a" = { scopes_all = ["d"] }']);
  });

  it('leaves in comments what can be no route, so that the rest compiles', async () => {
    const found = await draft(
      document(
        '  /a: { get: {}, trace: {} }\n  /A: { get: { security: [{ login: [w] }] } }\n  /b/{x}: { get: {} }\n  /b/{y}: { get: {} }\n  /c//d: { get: {} }\n  /e: { $ref: "other.yaml" }',
        'security: [{ login: [r] }]',
      ),
    );
    expect(compile(found).apis[0]?.routes.map(({ key }) => key)).toEqual(['GET /a', 'GET /b/:x']);
    expect(found).toContain('# review: TRACE can\'t be forwarded\n# "TRACE /a" = ');
    expect(found).toContain('# "GET /A" = { scopes_all = ["w"] }');
    expect(found).toContain('# "GET /b/:y" = ');
    expect(found).toContain('# "GET /c//d" = ');
    expect(found).toContain('# review: it stands elsewhere: other.yaml\n# "* /e" = {}');
  });
});

describe('import openapi: security', () => {
  const login = {
    login: { type: 'oauth2' },
    key: { type: 'apiKey' },
    bearer: { type: 'http', scheme: 'Bearer' },
  };

  it.each([
    ['one alternative', [{ login: ['a', 'b'] }], { scopes_all: ['a', 'b'] }, 0],
    ['alternatives of one scope', [{ login: ['a'] }, { login: ['b'] }], { scopes_any: ['a', 'b'] }, 0],
    [
      'with something in common',
      [{ login: ['a', 'b'] }, { login: ['c', 'a'] }],
      { scopes_all: ['a'], scopes_any: ['b', 'c'] },
      0,
    ],
    ['one that is enough', [{ login: ['a', 'b'] }, { login: ['a'] }], { scopes_all: ['a'] }, 0],
    ['two schemes at once', [{ login: ['a'], bearer: ['b'] }], { scopes_all: ['a', 'b'] }, 0],
    [
      'what a route can not say',
      [{ login: ['a', 'b'] }, { login: ['c', 'd'] }],
      { scopes_all: ['a', 'b'] },
      1,
    ],
    ['a key as well', [{ login: ['a'], key: [] }], { scopes_all: ['a'] }, 1],
    ['a key instead', [{ login: ['a'] }, { key: [] }], { scopes_all: ['a'] }, 1],
    ['a key alone', [{ key: [] }], {}, 1],
    ['an unknown scheme', [{ nothing: ['a'] }], {}, 1],
    ['a token without scopes', [{ bearer: [] }], {}, 1],
    ['nothing said', undefined, {}, 1],
    ['open', [], {}, 1],
    ['open or not', [{ login: ['a'] }, {}], { scopes_all: ['a'] }, 1],
    ['a scope that is none', [{ login: ['a b'] }], { scopes_all: ['review-me'] }, 1],
  ])('%s', (_why, security, rules, reviews) => {
    const drafted = draftRules(security as never, login);
    expect(drafted.rules).toEqual(rules);
    expect(drafted.review).toHaveLength(reviews);
  });

  it('is never laxer than the document, and says so where it is stricter', () => {
    const scopes = fc.subarray(['a', 'b', 'c', 'd']);
    fc.assert(
      fc.property(fc.array(scopes, { minLength: 1, maxLength: 4 }), scopes, (alternatives, held) => {
        const { rules, review } = draftRules(
          alternatives.map((one) => ({ login: one })),
          login,
        );
        const has = (scope: string) => held.includes(scope);
        const passes = (rules.scopes_all ?? []).every(has) && (rules.scopes_any?.some(has) ?? true);
        const shall = alternatives.some((one) => one.every(has));
        if (passes) expect(shall).toBe(true);
        else if (shall) expect(review.join()).toContain("a route can't say that");
      }),
      { numRuns: 3000 },
    );
  });
});

describe('claimgate import openapi', () => {
  const GOOD = document(
    '  /a: { get: { responses: { default: { description: any } } } }',
    'security: [{ login: [r] }]',
  );

  it('takes the flags for what the document does not say', async () => {
    const out = join(folder, 'out.toml');
    const flags = [
      '--api',
      'orders',
      '--issuer',
      'main',
      '--origin',
      'https://o.example',
      '--audience',
      'one',
      '--audience',
      'two',
    ];
    const run = await claimgate(['import', 'openapi', write(GOOD), ...flags, '--out', out]);
    expect(run).toMatchObject({
      code: 0,
      stdout: `${out}\n`,
      stderr: '1 route; none needs review. Put it into wrangler.toml, then: claimgate check\n',
    });
    const [api] = compile(readFileSync(out, 'utf8')).apis;
    expect(api).toMatchObject({ name: 'API_ORDERS', origin: { kind: 'url', base: 'https://o.example' } });
    expect(api?.routes[0]).toMatchObject({
      key: 'GET /a',
      audiences: ['one', 'two'],
      demands: [{ label: 'scopes_all', anyOf: [{ value: 'r' }] }],
    });
    const again = await claimgate(['import', 'openapi', write(GOOD), '--out', out]);
    expect(again).toMatchObject({
      code: 2,
      stderr: `error  ${out} is there already; choose a new file, and move what you need\n`,
    });
  });

  it('spreads many routes over tables that each fit a variable', async () => {
    const paths = Array.from(
      { length: 300 },
      (_, i) => `  /resource-${i}/{id}: { get: {}, delete: { security: [{ login: [d] }] } }`,
    );
    const toml = await draft(document(paths.join('\n'), 'security: [{ login: [r] }]'));
    expect(compile(toml).apis[0]?.routes).toHaveLength(600);
    const { vars = {} } = parsePolicyFile('x', toml).config;
    expect(Object.keys(vars).length).toBeGreaterThan(5);
    for (const table of Object.values(vars)) expect(JSON.stringify(table).length).toBeLessThan(5_000);
  });

  it('lets no text of the document out of its comment', async () => {
    const evil = `x\n[vars.API_EVIL]\norigin = "https://evil.example"\n#`;
    const text = JSON.stringify({
      openapi: '3.0.0',
      info: { title: 'x', version: '1' },
      paths: { '/a': { get: { security: [{ [evil]: [] }] } }, [`/${evil}`]: { get: {} } },
    });
    expect(compile(await draft(text)).apis.map(({ name }) => name)).toEqual(['API_X']);
  });

  it.each([
    ['Swagger 2', '{"swagger": "2.0", "paths": {}}', /is Swagger 2.0; convert it to OpenAPI 3 first$/],
    ['something else', '{"name": "x"}', /is no OpenAPI document of version 3; it must begin with/],
    ['text', 'hello', /is no OpenAPI document of version 3; it must begin with/],
    ['no YAML', 'a: [', /can't be read: /],
    ['no paths', '{"openapi": "3.1.0", "paths": {}}', /has no paths; there is nothing to make routes of$/],
    [
      'a reference to nothing',
      '{"openapi": "3.1.0", "paths": {"/a": {"$ref": "#/nothing"}}}',
      /has a reference that leads nowhere: /,
    ],
  ])('says of a bad file in one line what it is: %s', async (_why, text, message) => {
    const error = await readOpenApi(write(text)).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(CommandError);
    expect((error as CommandError).message).toMatch(message);
    expect((error as CommandError).message).not.toContain('\n');
  });

  it('says that there is no such file, and exits with 2', async () => {
    expect(await claimgate(['import', 'openapi', 'nowhere.yaml'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'error  there is no nowhere.yaml; name an OpenAPI document, YAML or JSON\n',
    });
    expect(existsSync('nowhere.yaml')).toBe(false);
  });
});
