/** Files that are no export: a clear message, exit code 2, nothing printed, bounded time and memory. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answerOf, importAuth0 } from './runs.ts';

const JOB = '{ "name": "Job", "app_type": "non_interactive" }';
const bomb = [
  'a0: &a0 [x, x, x, x, x, x, x, x, x]',
  ...Array.from({ length: 11 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`),
  'clients: *a11',
].join('\n');

describe('a file that is no export', () => {
  it.each<[string, string | Uint8Array, string]>([
    ['an empty file', '', 'f is empty; name the files of an export'],
    ['blanks', ' \n\n', 'f is empty'],
    ['a byte order mark alone', '\ufeff', 'f is empty'],
    ['comments alone', '# nothing\n', 'f is empty'],
    ['null', 'null', 'f is empty'],
    ['HTML', '<!doctype html><html>', 'f is HTML or XML, no export'],
    ['text', 'Unauthorized', 'f has only text'],
    ['a number', '42', 'f has only a number'],
    ['an empty list', '[]', 'neither an API nor a client'],
    ['a binary', new Uint8Array([0x50, 0x4b, 0x03, 0x04, 0xff, 0xfe]), 'f is not text in UTF-8'],
    ['UTF-16', new Uint8Array([0x5b, 0, 0x5d, 0]), 'f is not text; name a YAML or JSON file'],
    ['OpenAPI', 'openapi: 3.1.0\npaths: {}\n', 'claimgate import openapi f'],
    ['Swagger', '{"swagger":"2.0"}', 'is an OpenAPI document'],
    ['config.json of the Deploy CLI', '{"AUTH0_DOMAIN":"x"}', 'give it with --keywords f'],
    ['an issuer.json', '{"apis":[],"clients":[]}', 'claimgate push f'],
    [
      'an error of the Management API',
      '{"statusCode":401,"error":"Unauthorized","message":"Expired token received"}',
      'f is an error of the Management API: Unauthorized : Expired token received',
    ],
    ['another object', '{"name":"x","version":"1"}', 'neither an API nor a client'],
    ['a role', '[{"id":"rol_1","name":"Admin","description":"x"}]', 'parts without a counterpart here'],
    ['a connection', '{"name":"users","strategy":"auth0","client_id":"x"}', 'neither an API nor a client'],
    ['two documents', 'clients: []\n---\nclients: []\n', 'multiple documents'],
    ['a key twice in YAML', 'clients: []\nclients: []\n', 'Map keys must be unique'],
    [
      'a key twice in JSON',
      `[${JOB},\n{"name":"a","app_type":"x","name":"b"}]`,
      'has "name" twice, at line 2',
    ],
    ['broken YAML', 'clients: [\n', 'f can’t be read'.replace('’', "'")],
    ['a template', 'clients:\n{{- range .clients }}\n  - name: x\n{{- end }}\n', 'render its template first'],
    ['an unknown alias', 'clients: *nobody\n', 'Unresolved alias'],
    ['an alias bomb', bomb, 'resource exhaustion'],
    ['nested brackets', `{"clients":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, 'nested too deeply'],
    ['millions of brackets', '['.repeat(5_000_000), 'nested too deeply'],
    ['brackets of two kinds', '[}'.repeat(1_000_000), 'nested too deeply'],
    ['dashes', '- '.repeat(1_000_000), 'nested too deeply'],
    ['colons', 'a: '.repeat(1_000_001), 'too many entries for YAML'],
    ['17 MB', new Uint8Array(17_000_000).fill(0x61), 'f is larger than 16 MB'],
    ['more clients than a tenant has', `{"clients":[${'1,'.repeat(100_001)}1]}`, 'more than 100000 APIs'],
  ])('%s', async (_what, text, message) => {
    const { code, stdout, stderr } = await importAuth0({ f: text }, ['f']);
    expect(stderr).toContain(message);
    expect([code, stdout]).toEqual([2, '']);
  });

  it.each<[string, string[], string]>([
    ['no such file', ['nowhere.yaml'], 'there is no nowhere.yaml'],
    ['one file twice', ['f', 'f'], 'f is named twice'],
    ['a good one and a bad one: all or nothing', ['f', 'bad'], 'bad is HTML'],
    ['a folder of others', ['other'], 'other has none of tenant.yaml'],
    ['a broken file in a folder', ['tenant'], 'Job.json can'],
    ['no such keywords', ['f', '--keywords', 'nowhere'], 'there is no nowhere'],
  ])('%s', async (_what, args, message) => {
    const files = { f: JOB, bad: '<x/>', 'other/a.txt': '', 'tenant/clients/Job.json': '{ "name": ' };
    const { code, stdout, stderr } = await importAuth0(files, args);
    expect(stderr).toContain(message);
    expect([code, stdout]).toEqual([2, '']);
  });

  it('no value of a file commands the terminal, nor begins a line', async () => {
    const name = 'Job\u001b]0;x\u0007\nerror  forged';
    const clients = [
      { name, app_type: 'non_interactive' },
      { name, app_type: 'spa' },
    ];
    const { stdout, stderr } = await importAuth0({ f: JSON.stringify(clients) }, ['f']);
    expect(stderr).not.toMatch(/[\u0007\u001b]|^error/m);
    expect(JSON.parse(stdout)).toMatchObject({ clients: [{ name: 'Job ]0;x  error  forged' }] });
  });
});

describe('forms of files', () => {
  it('standard input', async () => {
    const { clients } = await answerOf({}, ['-'], () => {}, `[${JOB}]`);
    expect(clients).toMatchObject([{ name: 'Job' }]);
  });

  it('a byte order mark, Windows’ line ends, and tabs in JSON', async () => {
    const text = `\ufeff{\r\n\t"clients": [\r\n\t\t${JOB}\r\n\t]\r\n}\r\n`;
    expect((await answerOf({ f: text }, ['f'])).clients).toHaveLength(1);
    expect(
      (await answerOf({ f: '\ufeffclients:\r\n  - name: Job\r\n    app_type: non_interactive\r\n' }, ['f']))
        .clients,
    ).toHaveLength(1);
  });

  it('merge keys, and anchors that are used more than a hundred times', async () => {
    const clients = Array.from({ length: 300 }, (_, i) => `  - { <<: *job, name: Job ${i} }`).join('\n');
    const text = `x: &job { app_type: non_interactive, client_metadata: { team: a } }\nclients:\n${clients}\n`;
    const answer = await answerOf({ f: text }, ['f']);
    expect(answer.clients).toHaveLength(300);
    expect(answer.clients[299]).toMatchObject({ name: 'Job 299', metadata: { team: 'a' } });
    expect(answer.ignored).toEqual({ x: 1 });
  });

  it('an answer that is one page of several is said', async () => {
    const text = `{"total":120,"start":0,"limit":50,"clients":[${JOB}]}`;
    expect((await answerOf({ f: text }, ['f'])).notes).toContain(
      'f has 1 of 120 clients; give the other pages as well',
    );
  });

  it('a tenant’s own API under /api/v2/ is not Auth0’s', async () => {
    const apis = [
      ['https://api.example.com/api/v2/', 'Depot'],
      ['https://tenant.us.auth0.com/api/v2/', 'x'],
      ['https://tenant.auth0.com/userinfo', 'x'],
      ['https://tenant.auth0.com/depot', 'Depot'],
      ['https://login.example.com/me/', 'Auth0 My Account API'],
      ['https://login.example.com/my-org/', 'Auth0 My Organization API'],
      ['https://login.example.com/me/', 'Me'],
      ['https://notauth0.com/api/v2/', 'x'],
    ].map(([identifier, name]) => ({ identifier, name, signing_alg: 'RS256' }));
    const answer = await answerOf({ f: JSON.stringify(apis) }, ['f']);
    expect(answer.apis.map(({ identifier }) => identifier)).toEqual([
      'https://api.example.com/api/v2/',
      'https://tenant.auth0.com/depot',
      'https://login.example.com/me/',
      'https://notauth0.com/api/v2/',
    ]);
  });
});

describe('folders', () => {
  const secret = '{ "name": "Outside", "app_type": "non_interactive" }';
  const FILES = { 'tenant/clients/Job.json': JOB, 'outside.json': secret, 'outside/A.json': secret };

  it('no link is followed, and each is said', async () => {
    const answer = await answerOf(FILES, ['tenant'], (folder) => {
      symlinkSync(join(folder, 'outside.json'), join(folder, 'tenant/clients/Link.json'));
      symlinkSync(join(folder, 'outside'), join(folder, 'tenant/resource-servers'));
      symlinkSync('/etc/passwd', join(folder, 'tenant/tenant.yaml'));
    });
    expect(answer.clients.map(({ name }) => name)).toEqual(['Job']);
    expect(answer.counts.clients).toEqual({ read: 2, taken: 1, left_out: 1 });
    expect(answer.left_out).toEqual([
      {
        kind: 'client',
        name: 'tenant/clients/Link.json',
        why: 'it is a symbolic link, which is not followed',
      },
    ]);
    for (const name of ['resource-servers', 'tenant.yaml'])
      expect(answer.notes.join('\n')).toContain(`tenant/${name} is a symbolic link, which is not followed`);
  });

  it('files that the Deploy CLI does not read are not read either, and counted', async () => {
    const answer = await answerOf(
      {
        ...FILES,
        'tenant/clients/Job.html': '',
        'tenant/clients/more/B.json': secret,
        'tenant/roles/A.json': '{}',
        'tenant/config.json': '{}',
        'tenant/.git/x': '',
      },
      ['tenant'],
    );
    expect(answer.clients).toHaveLength(1);
    expect(answer.notes.join('\n')).toContain(
      'tenant/clients has 2 entries besides .json files, not read: Job.html and more',
    );
    expect(answer.ignored).toEqual({ 'config.json': 1, 'roles/': 1 });
  });

  it('one of its folders alone, and a folder with a tenant.yaml', async () => {
    expect((await answerOf(FILES, ['tenant/clients'])).clients).toHaveLength(1);
    const yaml = { 'export/tenant.yaml': `clients: [${JOB}]`, 'export/pages/login.html': '' };
    const answer = await answerOf(yaml, ['export']);
    expect([answer.clients.length, answer.ignored]).toEqual([1, { 'pages/': 1 }]);
  });

  it('a folder with the name of a file is not a file', async () => {
    const { code, stderr } = await importAuth0(FILES, ['tenant'], (folder) => {
      mkdirSync(join(folder, 'tenant/clients/Folder.json'));
      writeFileSync(join(folder, 'tenant/clients/Folder.json/x.json'), secret);
    });
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('has 1 entry besides .json files, not read: Folder.json'),
    ]);
  });
});
