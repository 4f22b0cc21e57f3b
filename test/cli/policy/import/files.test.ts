/** Files, references and what is no description: nothing outside of the folder is read, and nothing hangs. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { claimgate } from '../../support/claimgate.ts';
import { document, draftFile, draftText, refusalOf, removeFiles, routesOf, writeFiles } from './support.ts';

afterAll(removeFiles);

const GET = '  /a: { get: { security: [{ login: [a] }], responses: {} } }';
const ROUTE = 'GET /a {"scopes_all":["a"]}';
const refers = (ref: string) =>
  document(
    `  /a: { get: { $ref: ${JSON.stringify(ref)} } }\n  /b: { get: {} }`,
    'security: [{ login: [b] }]',
  );
const OPERATION = 'security: [{ login: [a] }]\nresponses: {}\n';

describe('files', () => {
  it('are read with a byte order mark, and JSON too', async () => {
    expect(await routesOf(`\ufeff${document(GET)}`)).toEqual([ROUTE]);
    const json = { openapi: '3.0.3', paths: { '/a': { get: { security: [] } } } };
    expect(await routesOf(`\ufeff${JSON.stringify(json)}`)).toEqual(['GET /a {}']);
  });

  it('may refer to each other, up and down within the folder', async () => {
    const path = writeFiles({
      'openapi.yaml': refers('one/two.yaml#/x~1y/0'),
      'one/two.yaml': 'x/y: [{ $ref: "../three%20four.yaml" }]',
      'three four.yaml': OPERATION,
    });
    const { draft } = await draftFile(path);
    expect(draft.apis[0]?.routes.map(({ key, rules }) => [key, rules])).toEqual([
      ['GET /a', { scopes_all: ['a'] }],
      ['GET /b', { scopes_all: ['b'] }],
    ]);
  });

  it('may have the paths and the schemes elsewhere', async () => {
    const path = writeFiles({
      'openapi.yaml':
        'openapi: 3.0.3\npaths: { $ref: "paths.yaml" }\ncomponents: { $ref: "components.yaml" }',
      'paths.yaml': GET.replace('  /a', '/a'),
      'components.yaml': 'securitySchemes: { login: { type: http, scheme: bearer } }',
    });
    const { draft } = await draftFile(path);
    expect(draft.apis[0]?.routes.map(({ rules }) => rules)).toEqual([{ scopes_all: ['a'] }]);
  });

  it('are standard input where the name is -, which has no folder', async () => {
    const run = await claimgate(['import', 'openapi', '-'], { input: refers('other.yaml') });
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('"GET /b" = { scopes_all = ["b"] }');
    expect(run.stdout.replace(/\n#\s+/g, ' ')).toContain('standard input has no folder: name the file');
    expect(run.stderr).toContain('2 operations read: 1 drafted, 1 left out.');
  });

  it.each([
    [
      'in an example',
      '  /a: { get: { security: [{ login: [a] }], x-y: { $ref: 3 }, responses: { d: { content: { j: { example: { $ref: "#/no" } } } } } } }',
    ],
    [
      'in a default',
      '  /a: { get: { security: [{ login: [a] }], requestBody: { content: { j: { schema: { default: { $ref: "/etc/passwd" } } } } } } }',
    ],
    ['in an extension of the document', `${GET}\nx-own: { $ref: "../../x.yaml" }`],
  ])('hold data that looks like a reference: %s', async (_where, paths) => {
    expect(await routesOf(document(paths))).toEqual([ROUTE]);
  });
});

describe('what is not read is never an active route', () => {
  it.each([
    ['a file that is not there', 'gone.yaml', /it stands in gone\.yaml, and there is no gone\.yaml beside/],
    ['a URL', 'https://x.example/a.yaml', /nothing is fetched: bundle the description/],
    ['a URL without a scheme', '//x.example/a.yaml', /nothing is fetched/],
  ])('%s', async (_what, ref, reason) => {
    const { draft } = await draftText(refers(ref));
    expect(draft.counts).toEqual({ read: 2, drafted: 1, joined: 0, leftOut: 1 });
    const [left] = draft.apis[0]?.routes.filter(({ off }) => off) ?? [];
    expect(left).toMatchObject({ key: 'GET /a', rules: { scopes_all: ['review-me'] } });
    expect(left?.notes[0]?.text).toMatch(reason);
  });

  it('and if nothing else is there, it is said in place of a draft', async () => {
    const text = document('  /a: { $ref: "gone.yaml" }');
    expect(await refusalOf(writeFiles({ 'openapi.yaml': text }))).toMatch(
      /no operation can be a route; the first: \* \/a: it stands in gone/,
    );
  });
});

it('a parameter that was not read is named, and the route is drafted', async () => {
  const { draft, notes } = await draftText(
    document(
      '  /a/{id}: { get: { security: [{ login: [a] }], parameters: [{ $ref: "#/no" }, { $ref: gone.yaml }] } }',
    ),
  );
  expect(draft.counts).toEqual({ read: 1, drafted: 1, joined: 0, leftOut: 0 });
  expect(notes.join()).toMatch(
    /a parameter was not read, and may span segments: .*"#\/no" leads nowhere.*gone\.yaml/,
  );
});

describe('references that lead out of the folder are refused, with the place', () => {
  it.each([
    [
      'up',
      '../../etc/passwd',
      /#\/paths\/~1a\/get: "\.\.\/\.\.\/etc\/passwd" leads out of the folder; only files in/,
    ],
    ['up, encoded', '%2e%2e/%2e%2e/etc/passwd', /leads out of the folder/],
    ['up from below', 'one/../../x.yaml', /leads out of the folder/],
    ['absolute', '/etc/passwd', /is no relative path/],
    ['file:', 'file:///etc/passwd', /is no relative path/],
    ['another scheme', 'data:text/plain,x', /is no relative path/],
    ['backslashes', '..\\..\\x.yaml', /is no relative path/],
    ['a stray percent sign', '%zz.yaml', /has a % that stands for nothing/],
    [
      'nowhere in a file',
      'two.yaml#/nothing',
      /its reference "two\.yaml#\/nothing" leads nowhere; correct it$/,
    ],
    ['nowhere in the document', '#/nothing', /leads nowhere/],
    ['an anchor', '#there', /leads nowhere/],
    ['itself', '#/paths/~1a/get', /its reference leads back to itself, by way of/],
    ['in a circle', 'circle.yaml', /its reference leads back to itself, by way of .*circle\.yaml/],
    ['a number', '', /\$ref must be text/],
  ])('%s', async (what, ref, message) => {
    const text = what === 'a number' ? document('  /a: { get: { $ref: 3 } }') : refers(ref);
    const path = writeFiles({
      'here/openapi.yaml': text,
      'here/two.yaml': OPERATION,
      'here/circle.yaml': '$ref: "openapi.yaml#/paths/~1a/get"',
      'x.yaml': OPERATION,
    });
    const refusal = await refusalOf(path);
    expect(refusal).toMatch(message);
    expect(refusal).not.toContain('\n');
  });

  it('links as well, of files and of folders', async () => {
    for (const ref of ['link.yaml', 'folder/secret.yaml']) {
      const path = writeFiles({ 'in/openapi.yaml': refers(ref), 'out/secret.yaml': OPERATION });
      const [inside, outside] = [dirname(path), join(dirname(path), '../out')];
      symlinkSync(join(outside, 'secret.yaml'), join(inside, 'link.yaml'));
      symlinkSync(outside, join(inside, 'folder'));
      expect(await refusalOf(path)).toMatch(
        /is a link out of the description's folder; copy the file into it/,
      );
    }
  });

  it('a folder is not a file', async () => {
    const path = writeFiles({ 'openapi.yaml': refers('one') });
    mkdirSync(join(dirname(path), 'one'));
    expect(await refusalOf(path)).toMatch(/one is a folder; name an OpenAPI document/);
  });
});

describe('what is no description is refused in one line', () => {
  const deep = (open: string, close: string) => open.repeat(20_000) + close.repeat(20_000);
  it.each<[string, string | Uint8Array, RegExp]>([
    ['nothing', '  \n', /is empty; name an OpenAPI document/],
    ['Swagger 2', '{"swagger": "2.0", "paths": {}}', /is Swagger 2\.0; convert it to OpenAPI 3 first$/],
    ['Swagger 2, without quotes', 'swagger: 2.0\npaths: {}', /is Swagger 2\.0; convert it/],
    ['OpenAPI 4', 'openapi: 4.0.0\npaths: {}', /is OpenAPI 4\.0\.0; versions 3\.0, 3\.1 and 3\.2 are read$/],
    ['something else', '{"name": "x"}', /is no OpenAPI document of version 3; it must begin with/],
    ['text', 'hello', /is no OpenAPI document of version 3/],
    ['RAML', '#%RAML 1.0\ntitle: x', /is RAML; convert it/],
    [
      'GraphQL',
      '"""A query"""\ntype Query {\n  a: String\n}',
      /is a GraphQL schema, whose operations share one path/,
    ],
    ['GraphQL as JSON', '{"data": {"__schema": {}}}', /is a GraphQL schema/],
    ['a HAR', '{"log": {"version": "1.2", "entries": []}}', /is a HAR file, which records requests/],
    ['a page', '<!DOCTYPE html><html></html>', /is a web page; download the document/],
    ['XML', '<?xml version="1.0"?><wsdl/>', /is XML/],
    ['Postman', '{"info": {"_postman_id": "x"}, "item": []}', /is a Postman collection/],
    ['AsyncAPI', 'asyncapi: 2.0.0', /is AsyncAPI/],
    ['an archive', 'PK\u0003\u0004', /is an archive/],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x61, 0]), /is not in UTF-8; save it as UTF-8$/],
    ['zeros', 'a\u0000b', /is not in UTF-8/],
    ['no YAML', 'a: [', /:1:5 can't be read: /],
    ['two documents', 'openapi: 3.0.0\n---\na: b', /holds several documents/],
    ['an unknown tag', 'openapi: !include x', /can't be read: /],
    ['no paths', '{"openapi": "3.1.0", "paths": {}}', /has no paths; there is nothing to make routes of$/],
    [
      'a key twice',
      'openapi: 3.0.0\npaths:\n  /a: {}\n  /a: {}',
      /:4:3 can't be read: duplicated mapping key: readers differ/,
    ],
    [
      'a key twice, in JSON',
      '{"openapi": "3.0.0",\n "paths": {"/a": {}, "/a": {}}}',
      /:2:22 has the key "\/a" twice; readers differ/,
    ],
    ['deep JSON', `{"a": ${deep('[', ']')}}`, /:1 is nested too deep; 400 levels are the most/],
    ['deep YAML', `a: ${deep('[', ']')}`, /is nested too deep; 400 levels are the most/],
    [
      'deep YAML blocks',
      Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      /is nested too deep/,
    ],
  ])('%s', async (_what, text, message) => {
    const refusal = await refusalOf(writeFiles({ 'file.yaml': text }));
    expect(refusal).toMatch(message);
    expect(refusal).not.toContain('\n');
  });

  it('a bomb of aliases is read once, and one of merge keys is refused', async () => {
    const levels = Array.from(
      { length: 30 },
      (_, i) => `x-${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}, *a${i}]`,
    );
    expect(await routesOf(`x-0: &a0 [x]\n${levels.join('\n')}${document(`${GET}\n  x-y: *a30`)}`)).toEqual([
      ROUTE,
    ]);
    const keys = Array.from({ length: 1_000 }, (_, i) => `k${i}: 1`).join(', ');
    const merges = Array.from({ length: 300 }, (_, i) => `  m${i}: { <<: *big }`).join('\n');
    const text = `x-big: &big { ${keys} }\nx-all:\n${merges}${document(GET)}`;
    expect(await refusalOf(writeFiles({ 'file.yaml': text }))).toMatch(
      /its merge keys \(<<\) add too many keys/,
    );
  });

  it('50 MB are refused before they are read', async () => {
    const path = writeFiles({ 'file.yaml': Buffer.alloc(50_000_000, 0x20) });
    const yaml = writeFiles({ 'file.yaml': `# ${'x'.repeat(21_000_000)}` });
    expect(await refusalOf(yaml)).toMatch(/is too large/);
    expect(await refusalOf(path)).toMatch(
      /is too large: a description may have 40 MB of JSON in all, or 20 MB of YAML; leave out/,
    );
  });

  it('a URL, a folder and a device are not read', async () => {
    expect(await refusalOf('https://x.example/openapi.yaml')).toMatch(
      /is a URL, and nothing is fetched; download it/,
    );
    expect(await refusalOf(dirname(writeFiles({ 'file.yaml': '' })))).toMatch(
      /is a folder; name an OpenAPI document/,
    );
    expect(await refusalOf('/dev/zero')).toMatch(/is not a file; name an OpenAPI document/);
  });

  it('exits with 2, prints nothing, and leaves no file', async () => {
    const bad = writeFiles({ 'openapi.yaml': refers('../x.yaml') });
    const out = join(dirname(bad), 'draft.toml');
    const run = await claimgate(['import', 'openapi', bad, '--out', out]);
    expect(run).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error {2}.*leads out of the folder.*\n$/),
    });
    expect(() => writeFileSync(out, '', { flag: 'wx' })).not.toThrow();
  });
});
