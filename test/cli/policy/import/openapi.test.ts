/** Paths, servers and schemes of a description, and the command. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FORMATS } from '../../../../cli/formats/formats.ts';
import { parsePolicyFile } from '../../../../cli/policy/file/config.ts';
import { claimgate } from '../../support/claimgate.ts';
import {
  compileDraft,
  document,
  draftFile,
  draftText,
  removeFiles,
  routesOf,
  WANTED,
  writeFiles,
} from './support.ts';

afterAll(removeFiles);

const file = (text: string) => writeFiles({ 'openapi.yaml': text });

describe('docs/import-openapi.md', () => {
  const text = readFileSync('docs/import-openapi.md', 'utf8');
  const [, yaml = '', toml = ''] =
    /```yaml openapi\n([\s\S]*?)```[\s\S]*?```toml\n([\s\S]*?)```/.exec(text) ?? [];

  it('shows what the command prints, which compiles', async () => {
    const run = await claimgate(['import', 'openapi', 'openapi.yaml'], { cwd: dirname(file(yaml)) });
    expect(run.code).toBe(0);
    expect(run.stdout).toBe(toml);
    expect(text).toContain(run.stderr.split(' Put it')[0]);
    expect(compileDraft(run.stdout).apis.map(({ routes }) => routes.length)).toEqual([6]);
    for (const line of run.stdout.split('\n').filter((one) => one.startsWith('#')))
      expect(line.length).toBeLessThanOrEqual(90);
  });
});

describe('paths', () => {
  it.each([
    ['a parameter', '/a/{id}/b', 'GET /a/:id/b'],
    ['a name that is none', '/a/{user-id}/{2nd}', 'GET /a/:user_id/:_2nd'],
    ['names that become the same', '/{a-b}/{a_b}', 'GET /:a_b/:a_b_2'],
    ['what means something in a pattern', '/a*b/:c', 'GET /a%2Ab/%3Ac'],
    ['a colon inside', '/things:batch', 'GET /things:batch'],
    ['a parameter with an end', '/things/{id}.json', 'GET /things/:id.json'],
    ['a parameter with a start', '/@{user}', 'GET /@:user'],
    ['a parameter with a verb', '/things/{id}:archive', 'GET /things/:id:archive'],
    ['one that can not be said', '/a/{x}y', 'GET /a/:x'],
    ['two in a segment', '/a/{x}.{y}', 'GET /a/:x_y'],
    ['two with a start and an end', "/f(x='{x}',y='{y}')", "GET /f(x=':x_y')"],
    ['letters of other scripts', '/café', 'GET /caf%C3%A9'],
    ['a final slash', '/a/', 'GET /a/'],
    ['the root', '/', 'GET /'],
    ['fixed values of the query', '/a?do=purge&x={x}', 'GET /a?do=purge'],
    ['a fragment', '/a#first', 'GET /a'],
    ['a rest: {p+}', '/a/{p+}', 'GET /a/*'],
    ['a rest: {p*}', '/a/{p*}', 'GET /a/*'],
    ['a rest: {+p}', '/a/{+p}', 'GET /a/*'],
    ['a rest: {p:.+}', '/a/{p:.+}', 'GET /a/*'],
    ['a rest: {*p}', '/a/{**p}', 'GET /a/*'],
    ['a rest: *', '/a/*', 'GET /a/*'],
    ['a pattern of one segment', '/a/{p:[^/]+}', 'GET /a/:p'],
    ['a pattern with braces', '/a/{p:[0-9]{2,4}}', 'GET /a/:p'],
    ['a type', '/a/{p:int}', 'GET /a/:p'],
    ['parts of a Google pattern', '/{name=shelves/*/books/**}', 'GET /shelves/:name/books/*'],
  ])('%s', async (_why, path, key) => {
    expect(
      await routesOf(document(`  ${JSON.stringify(path)}: { get: {} }`, 'security: [{ login: [r] }]')),
    ).toEqual([`${key} {"scopes_all":["r"]}`]);
  });

  it.each([
    ['a rest in the middle', '/a/{p+}/b'],
    ['an operator of RFC 6570', '/a/{;p}'],
    ['an open brace', '/a/{b'],
    ['an empty name', '/a/{}'],
    ['an empty segment', '/a//b'],
    ['dots', '/a/../b'],
  ])('%s can be no route', async (_why, path) => {
    const text = document(
      `  ${JSON.stringify(path)}: { get: {} }\n  /ok: { get: {} }`,
      'security: [{ login: [r] }]',
    );
    const { draft } = await draftText(text);
    expect(draft.counts).toEqual({ read: 2, drafted: 1, joined: 0, leftOut: 1 });
    expect(draft.apis[0]?.routes.filter(({ off, blocks }) => !off || blocks).map(({ key }) => key)).toEqual([
      'GET /ok',
    ]);
  });

  it('of Zuplo may be URL patterns', async () => {
    const paths = ['/a/:id', '/b/:rest*', '/c/(.*)', '/d-:n(\\d+).png', '/e/:id{/}?'].map(
      (path) => `  ${JSON.stringify(path)}: { x-zuplo-path: { pathMode: url-pattern }, get: {} }`,
    );
    const routes = await routesOf(document(paths.join('\n'), 'security: [{ login: [r] }]'));
    expect(routes.map((one) => one.split(' ')[1])).toEqual(['/a/:id', '/b/*', '/c/*', '/d-:n.png', '/e/:id']);
  });
});

describe('an item of a path', () => {
  it('may be a reference with operations beside it, but not with the same ones', async () => {
    const path = writeFiles({
      'openapi.yaml': document('  /a: { $ref: item.yaml, get: {}, put: {} }', 'security: [{ login: [r] }]'),
      'item.yaml': 'get: { security: [{ login: [w] }] }\npost: {}',
    });
    const { draft } = await draftFile(path);
    expect(draft.counts).toEqual({ read: 4, drafted: 2, joined: 0, leftOut: 2 });
    expect(draft.apis[0]?.routes.filter(({ off }) => !off).map(({ key }) => key)).toEqual(['PUT|POST /a']);
  });

  it('has no security of its own: what is written there lets nobody in', async () => {
    const text = document(
      '  /a: { security: [{ login: [w] }], get: {}, put: { security: [{ login: [w] }] } }',
    );
    expect(await routesOf(text)).toEqual([
      'GET /a {"scopes_all":["review-me"]}',
      'PUT /a {"scopes_all":["w"]}',
    ]);
  });

  it('may have other things, which are no operations', async () => {
    const text = document(
      '  /a: { tags: [x], responses: { "200": {} }, GET: 3, lock: {}, get: { security: [] } }',
    );
    expect((await draftText(text)).draft.counts).toEqual({ read: 3, drafted: 1, joined: 0, leftOut: 2 });
  });
});

describe('methods', () => {
  it('with the same rules are one route, and HEAD is left to GET', async () => {
    const text = document(
      '  /a: { get: {}, head: {}, put: {}, delete: { security: [{ login: [d] }] } }',
      'security: [{ login: [r] }]',
    );
    expect(await routesOf(text)).toEqual([
      'GET|PUT /a {"scopes_all":["r"]}',
      'DELETE /a {"scopes_all":["d"]}',
    ]);
    expect((await draftText(text)).draft.counts).toEqual({ read: 4, drafted: 3, joined: 1, leftOut: 0 });
  });

  it('HEAD with rules of its own stays, and so does that of an operation for all methods', async () => {
    const head = '  /a: { get: {}, head: { security: [{ login: [h] }] } }';
    expect(await routesOf(document(head, 'security: [{ login: [r] }]'))).toContain(
      'HEAD /a {"scopes_all":["h"]}',
    );
    const any = '  /a: { get: {}, x-amazon-apigateway-any-method: { security: [{ login: [any] }] } }';
    expect(await routesOf(document(any, 'security: [{ login: [r] }]'))).toEqual([
      'GET /a {"scopes_all":["r"]}',
      '* /a {"scopes_all":["any"]}',
      'HEAD /a {"scopes_all":["any"]}',
    ]);
  });
});

describe('what a route can not tell apart asks for all', () => {
  const rules = (name: string) => `{ get: { security: [{ login: [${name}] }] } }`;
  it.each([
    [
      'two names of a parameter',
      `  /b/{x}: ${rules('r')}\n  /b/{y}: ${rules('w')}`,
      'GET /b/:x {"scopes_all":["r","w"]}',
    ],
    ['two fragments', `  /b#1: ${rules('r')}\n  /b#2: ${rules('w')}`, 'GET /b {"scopes_all":["r","w"]}'],
    ['letter case', `  /b: ${rules('r')}\n  /B: ${rules('w')}`, 'GET /b {"scopes_all":["r","w"]}'],
    ['a slash at the end', `  /b: ${rules('r')}\n  /b/: ${rules('w')}`, 'GET /b {"scopes_all":["r","w"]}'],
    [
      'one that was not read',
      `  /b/{x}: ${rules('r')}\n  /b/{y}: { get: { $ref: gone.yaml } }`,
      'GET /b/:x {"scopes_all":["r","review-me"]}',
    ],
  ])('%s', async (_what, paths, route) => {
    expect(await routesOf(document(paths))).toEqual([route]);
  });

  it('and the same rules make no noise', async () => {
    const { draft } = await draftText(
      document(`  /b/{x}: ${rules('r')}\n  /b/{y}: ${rules('r')}\n  /b/{x}#z: ${rules('r')}`),
    );
    expect(draft.apis[0]?.routes).toMatchObject([{ key: 'GET /b/:x', notes: [] }]);
    expect(draft.counts).toEqual({ read: 3, drafted: 1, joined: 2, leftOut: 0 });
  });

  it('no wider route lets in what was left out', async () => {
    const text = document(
      '  /f/{p+}: { x-amazon-apigateway-any-method: { security: [{ login: [r] }] } }\n  /f/{id}: { delete: { $ref: gone.yaml }, trace: {} }\n  /g: { delete: { $ref: gone.yaml } }',
    );
    expect(await routesOf(text)).toEqual([
      '* /f/* {"scopes_all":["r"]}',
      'DELETE /f/:id {"scopes_all":["review-me"]}',
    ]);
  });
});

describe('schemes', () => {
  it('are one only where they surely are', async () => {
    const flow = (name: string, url: string) =>
      `{ type: oauth2, flows: { ${name}: { tokenUrl: "${url}", scopes: {} } } }`;
    const schemes = {
      a: flow('clientCredentials', 'https://t.example/token'),
      b: flow('clientCredentials', 'https://t.example/token'),
      c: flow('password', 'https://t.example/token'),
      d: flow('clientCredentials', 'https://u.example/token'),
      e: '{ type: http, scheme: bearer }',
      f: '{ type: http, scheme: bearer }',
      g: '{ type: openIdConnect, openIdConnectUrl: "https://i.example/.well-known/openid-configuration" }',
      h: '{ type: openIdConnect, openIdConnectUrl: "https://i.example/.well-known/openid-configuration" }',
      i: '{ type: oauth2, flows: {} }',
      j: '{ type: oauth2, flows: {} }',
    };
    const names = Object.keys(schemes);
    const { draft } = await draftText(
      `openapi: 3.0.3\npaths:\n${names.map((name) => `  /${name}: { get: { security: [{ ${name}: [s] }] } }`).join('\n')}\ncomponents:\n  securitySchemes:\n${Object.entries(
        schemes,
      )
        .map(([name, one]) => `    ${name}: ${one}`)
        .join('\n')}`,
    );
    expect(draft.apis[0]?.routes.map(({ rules }) => rules['issuer'])).toEqual([
      'a',
      'a',
      'c',
      'd',
      'e',
      'f',
      'g',
      'g',
      'i',
      'j',
    ]);
    expect(draft.issuers.map(({ name }) => name)).toEqual(['a', 'c', 'd', 'e', 'f', 'g', 'i', 'j']);
  });

  it('get the issuers that the user names', async () => {
    const paths = '  /a: { get: { security: [{ login: [] }] }, put: { security: [{ bearer: [] }] } }';
    const path = file(document(paths));
    const issuers = {
      all: undefined,
      byScheme: new Map([
        ['login', 'auth0'],
        ['bearer', 'entra'],
      ]),
    };
    const { draft } = await draftFile(path, { ...WANTED, issuers });
    expect(draft.issuers).toEqual([]);
    expect(draft.apis[0]?.issuer).toEqual(['auth0', 'entra']);
    const run = await claimgate(['import', 'openapi', path, '--issuer', 'auth0']);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain('name an issuer for each: --issuer login=NAME --issuer bearer=NAME');
    const stray = await claimgate(['import', 'openapi', path, '--issuer', 'loign=auth0']);
    expect(stray.stderr).toContain('no operation asks for tokens of "loign"; its schemes are login, bearer');
  });
});

describe('servers', () => {
  it('nearest first, and each has a table', async () => {
    const text = document(
      '  /a: { get: {} }\n  /b: { servers: [{ url: "https://y.example/v2/" }], get: {}, put: { servers: [{ url: "https://z.example" }] } }',
      'security: [{ login: [r] }]',
    );
    const { draft } = await draftText(text);
    expect(
      draft.apis.map(({ name, origin, routes }) => [name, origin, routes.map(({ key }) => key)]),
    ).toEqual([
      ['API_X', 'https://x.example', ['GET /a']],
      ['API_X_Y', 'https://y.example', ['GET /v2/b']],
      ['API_X_Z', 'https://z.example', ['PUT /b']],
    ]);
  });

  it.each([
    [
      'variables',
      '[{ url: "https://{r}.x.example/{v}/", variables: { r: { default: eu, enum: [eu] }, v: { default: 2 } } }]',
      'https://eu.x.example',
      'GET /2/a',
    ],
    [
      'a machine of the author',
      '[{ url: "http://localhost:80" }, { url: "https://p.example/v1" }]',
      'https://p.example',
      'GET /v1/a',
    ],
    ['a relative one', '[{ url: /v1 }]', 'https://origin.example', 'GET /v1/a'],
    ['none', '[]', 'https://origin.example', 'GET /a'],
    ['a path with a parameter', '[{ url: "https://p.example/{org}" }]', 'https://p.example', 'GET /:org/a'],
  ])('%s', async (_what, servers, origin, key) => {
    const { draft } = await draftText(
      `openapi: 3.0.3\nservers: ${servers}\npaths: { /a: { get: { security: [] } } }`,
    );
    expect(draft.apis.map((api) => [api.origin, api.routes[0]?.key])).toEqual([[origin, key]]);
  });
});

describe('a draft', () => {
  it('in JSON says the same as in TOML, comments too', async () => {
    const path = file(
      document('  /a: { get: { security: [{ login: [a] }] }, put: { security: [] } }\n  /b: { trace: {} }'),
    );
    const [toml, json] = [await draftFile(path), await draftFile(path, WANTED, FORMATS.jsonc)];
    expect(parsePolicyFile('draft.jsonc', json.text).config).toEqual(
      parsePolicyFile('draft.toml', toml.text).config,
    );
    expect(json.text).toContain('      // "TRACE /b": { "scopes_all": ["review-me"] }');
    const plain = await draftFile(path, WANTED, FORMATS.json);
    expect(() => JSON.parse(plain.text.replace(/^\s*\/\/.*$/gm, ''))).not.toThrow();
  });

  it('spreads many routes over tables that each fit a variable', async () => {
    const paths = Array.from(
      { length: 300 },
      (_, i) => `  /resource-${i}/{id}: { get: {}, delete: { security: [{ login: [d] }] } }`,
    );
    const { text } = await draftText(document(paths.join('\n'), 'security: [{ login: [r] }]'));
    expect(compileDraft(text).apis[0]?.routes).toHaveLength(600);
    const tables = Object.values(parsePolicyFile('x', text).config.vars ?? {});
    expect(tables.length).toBeGreaterThan(5);
    for (const table of tables) expect(JSON.stringify(table).length).toBeLessThan(4_000);
  });

  it('explains each kind of review once, with a count', async () => {
    const paths = Array.from(
      { length: 20 },
      (_, i) => `  /r${i}: { get: { security: [] }, put: { security: [{ login: [w] }] } }`,
    );
    const { text } = await draftText(document(paths.join('\n')));
    expect(text.match(/leaves this open/g)).toHaveLength(1);
    expect(text).toContain('# review "open", 20 routes: the description leaves this open to anyone; if so');
    expect(text.match(/^# review: open$/gm)).toHaveLength(20);
    const all = await draftText(document('  /a: { get: {} }\n  /b: { get: {} }'));
    expect(all.text).toContain(
      '# review, all 2 routes: the description says nothing about who may call this',
    );
  });

  it('has no route that is too large for a variable', async () => {
    const scopes = Array.from({ length: 200 }, (_, i) => `scope-${i}`).join(', ');
    const text = document(
      `  /a: { get: { security: [{ login: [${scopes}] }] } }\n  /${'b'.repeat(5_000)}: { get: {} }`,
    );
    expect(await routesOf(text)).toEqual(['GET /a {"scopes_all":["review-me"]}']);
    expect((await draftText(text)).draft.counts).toEqual({ read: 2, drafted: 1, joined: 0, leftOut: 1 });
  });

  it('gives tables names that no other has', async () => {
    const paths = Array.from(
      { length: 90 },
      (_, i) => `  /resource-${i}/{id}: { get: {}, put: { security: [{ login: [w] }] } }`,
    );
    const own =
      '{ get: { security: [{ login: [] }], x-claimgate: { api: API_X_2, origin: "https://o.example" } } }';
    const { text } = await draftText(
      document(
        `${paths.join('\n')}\n  /own: ${own}\n  /n: { get: {}, servers: [{ url: "https://2.x.example" }] }`,
        'security: [{ login: [r] }]',
      ),
    );
    const apis = compileDraft(text).apis.map(({ name, routes }) => [name, routes.length]);
    expect(apis).toEqual([
      ['API_X', 180],
      ['API_X_2', 1],
      ['API_X_HOST_2', 1],
    ]);
  });

  it('lets no text of the description out of its comment', async () => {
    const evil = 'x\n[vars.API_EVIL]\norigin = "https://evil.example"\n#';
    const text = JSON.stringify({
      openapi: '3.0.0',
      info: { title: 'x', version: '1' },
      servers: [{ url: `https://x.example/${evil}` }, { url: 'https://x.example' }],
      paths: { '/a': { get: { security: [{ [evil]: [] }] } }, [`/${evil}`]: { get: {} } },
      components: { securitySchemes: { [evil]: { type: evil } } },
    });
    expect(compileDraft((await draftText(text)).text).apis.map(({ name }) => name)).toEqual(['API_X']);
  });
});

describe('claimgate import openapi', () => {
  const GOOD = document('  /a: { get: {} }', 'security: [{ login: [r] }]');
  const FLAGS = [
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

  it('takes the flags for what the description does not say', async () => {
    const path = file(GOOD);
    const out = join(dirname(path), 'out.toml');
    const run = await claimgate(['import', 'openapi', path, ...FLAGS, '--out', out]);
    expect(run).toMatchObject({
      code: 0,
      stdout: `${out}\n`,
      stderr:
        '1 operation read: 1 drafted. 1 route; none needs review. Put it into wrangler.toml, then: claimgate check\n',
    });
    const [api] = compileDraft(
      `[vars.ISSUERS.main]\nissuer = "https://i.example/"\n${readFileSync(out, 'utf8')}`,
    ).apis;
    expect(api).toMatchObject({ name: 'API_ORDERS', origin: { kind: 'url', base: 'https://o.example' } });
    expect(api?.routes[0]).toMatchObject({ key: 'GET /a', audiences: ['one', 'two'] });
    const again = await claimgate(['import', 'openapi', path, '--out', out]);
    expect(again).toMatchObject({
      code: 2,
      stderr: `error  ${out} is there already; choose a new file, and move what you need\n`,
    });
  });

  it('writes the format of the project, or of --out', async () => {
    const at = mkdtempSync(join(dirname(file('')), 'project-'));
    writeFileSync(join(at, 'wrangler.jsonc'), '{}');
    const args = ['import', 'openapi', file(GOOD)];
    const printed = await claimgate(args, { cwd: at });
    expect(printed.stdout).toMatch(/^\{$/m);
    expect(printed.stderr).toContain('Put it into wrangler.jsonc, then');
    await claimgate([...args, '--out', 'draft.toml'], { cwd: at });
    expect(readFileSync(join(at, 'draft.toml'), 'utf8')).toContain('[vars.API_X]');
  });

  it('says it as JSON too', async () => {
    const text = document('  /a: { get: {}, trace: {} }\nwebhooks: { w: {} }', 'security: [{ login: [r] }]');
    const { stdout } = await claimgate(['import', 'openapi', file(text), '--json']);
    expect(JSON.parse(stdout)).toEqual({
      draft: expect.stringContaining('[vars.API_X.routes]'),
      operations: { read: 2, drafted: 1, joined: 0, left_out: 1 },
      routes: { active: 1, review: 0 },
      left_out: [{ route: 'TRACE /a', reason: "TRACE can't be forwarded" }],
      notes: ['1 webhook of the description is a request that the API sends: no routes'],
    });
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
