/** Keywords of the Deploy CLI: with a mapping as that tool reads them, else nothing of them gets into issuer.json. */
import { describe, expect, it } from 'vitest';
import { EXPORTS } from './exports.ts';
import { answerOf, importAuth0 } from './runs.ts';

const yaml = (text: string) => ({ 'tenant.yaml': text });
const API =
  "resourceServers: [{ name: Depot, identifier: 'urn:depot', signing_alg: RS256, scopes: [{ value: r }] }]\n";
const JOB = 'clients: [{ name: Job, app_type: non_interactive }]\n';

/** The same mapping in each form that the Deploy CLI reads, and alone. */
const MAPPING = { ENV: 'dev', SCOPES: [{ value: 'depot:read' }] };
const TEXT = JSON.stringify(MAPPING);
const MAPPED = yaml(`resourceServers:
  - { name: 'Depot ##ENV##', identifier: 'https://##ENV##.example.com', signing_alg: RS256, scopes: @@SCOPES@@ }
`);

describe('with a mapping', () => {
  it.each([
    ['config.json', JSON.stringify({ AUTH0_DOMAIN: 'x', AUTH0_KEYWORD_REPLACE_MAPPINGS: MAPPING })],
    ['config.json with JSON in text', JSON.stringify({ AUTH0_KEYWORD_REPLACE_MAPPINGS: TEXT })],
    ['the mappings alone', TEXT],
    ['the mappings alone, with a byte order mark', `\ufeff${TEXT}`],
    ['.env', `# of the pipeline\nAUTH0_DOMAIN=x\nexport AUTH0_KEYWORD_REPLACE_MAPPINGS='${TEXT}'\n`],
  ])('%s', async (_form, config) => {
    const answer = await answerOf({ ...MAPPED, k: config }, ['tenant.yaml', '--keywords', 'k']);
    expect(answer.apis).toMatchObject([
      { name: 'Depot dev', identifier: 'https://dev.example.com', scopes: [{ value: 'depot:read' }] },
    ]);
    expect(answer.notes).toEqual([]);
  });

  it('values are JSON or text, whatever they have in them, and quotes around @@NAME@@ go', async () => {
    const { files, args } = EXPORTS['keywords with a mapping'];
    const { apis, clients } = await answerOf(files, args);
    expect(apis).toMatchObject([
      { token_lifetime: 600, scopes: [{ value: 'depot:read' }, { value: 'depot:$&' }] },
    ]);
    expect(clients).toMatchObject([
      {
        metadata: { env: 'dev', team: 'depot' },
        secrets: [{ last4: 'iOxM' }],
        grants: { 'https://dev.example.com/depot': { scope: ['depot:read', 'depot:$&'] } },
      },
    ]);
    const quoted = yaml(`${API}clients: [{ name: "@@NAME@@", app_type: '@@TYPE@@' }]`);
    const answer = await answerOf({ ...quoted, k: '{"NAME":"Job","TYPE":"non_interactive"}' }, [
      'tenant.yaml',
      '--keywords',
      'k',
    ]);
    expect(answer.clients).toMatchObject([{ name: 'Job' }]);
  });

  it('a lifetime may stand in quotes', async () => {
    const files = { ...yaml(API.replace('name:', "token_lifetime: '##T##', name:")), k: '{"T":600}' };
    const { apis, notes } = await answerOf(files, ['tenant.yaml', '--keywords', 'k']);
    expect([apis[0]?.token_lifetime, notes]).toEqual([600, []]);
  });

  it('a keyword in the value of another is replaced, too', async () => {
    const files = { ...yaml(API.replace('urn:depot', '##ID##')), k: '{"ID":"urn:##ENV##","ENV":"dev"}' };
    const { apis } = await answerOf(files, ['tenant.yaml', '--keywords', 'k']);
    expect(apis).toMatchObject([{ identifier: 'urn:dev' }]);
  });

  it.each<[string, object, string, string]>([
    [
      'a section',
      { AUTH0_EXCLUDED: ['clients'] },
      'client Job',
      'AUTH0_EXCLUDED of the Deploy CLI names clients',
    ],
    [
      'all but a section',
      { AUTH0_INCLUDED_ONLY: '["resourceServers"]' },
      'client Job',
      'does not name clients',
    ],
    [
      'a client',
      { AUTH0_EXCLUDED_CLIENTS: ['Job'] },
      'client Job',
      'AUTH0_EXCLUDED_CLIENTS of the Deploy CLI',
    ],
    [
      'its grants',
      { AUTH0_EXCLUDED_CLIENTS: ['Job'] },
      'grant of Job for urn:depot',
      'AUTH0_EXCLUDED_CLIENTS',
    ],
    [
      'an API',
      { AUTH0_EXCLUDED_RESOURCE_SERVERS: ['Depot'] },
      'api urn:depot',
      'AUTH0_EXCLUDED_RESOURCE_SERVERS',
    ],
    ['others’ clients', { AUTH0_EXCLUDE_THIRD_PARTY_CLIENTS: 'true' }, 'client Third', 'THIRD_PARTY'],
  ])('what the Deploy CLI leaves alone is left out: %s', async (_why, config, name, why) => {
    const files = {
      ...yaml(
        `${API}clients: [{ name: Job, app_type: non_interactive }, { name: Third, app_type: non_interactive, is_first_party: false }]\nclientGrants: [{ client_id: Job, audience: 'urn:depot', scope: [r] }]\n`,
      ),
      'config.json': JSON.stringify(config),
    };
    const { left_out } = await answerOf(files, ['tenant.yaml', '--keywords', 'config.json']);
    const found = left_out.filter((one) => `${one.kind} ${one.name}` === name);
    expect(found).toEqual([expect.objectContaining({ why: expect.stringContaining(why) })]);
  });

  it.each([
    ['no table', '[]', 'has no keywords'],
    ['HTML', '<html></html>', 'has no keywords'],
    ['an empty file', '', 'has no keywords'],
    ['broken JSON', '{"ENV": ', 'k is not JSON'],
    ['mappings that are text', '{"AUTH0_KEYWORD_REPLACE_MAPPINGS":"ENV=dev"}', 'is not a table'],
    ['a misspelt name', '{"AUTH0_KEYWORD_REPLACEMENT_MAPPINGS":{}}', 'reads AUTH0_KEYWORD_REPLACE_MAPPINGS'],
    ['signs around a name', '{"##ENV##":"dev"}', 'without @@ and ##'],
  ])('%s is a clear error', async (_why, config, message) => {
    const { code, stdout, stderr } = await importAuth0({ ...MAPPED, k: config }, [
      'tenant.yaml',
      '--keywords',
      'k',
    ]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('a mapping that grows by powers of two is refused', async () => {
    const mappings = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`K${i}`, `##K${i + 1}####K${i + 1}##`]),
    );
    const files = { ...yaml(`${API}${JOB}tenant: '##K0##'\n`), k: JSON.stringify(mappings) };
    const { code, stderr } = await importAuth0(files, ['tenant.yaml', '--keywords', 'k']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('grows to more than 32 MB')]);
  });
});

describe('without a mapping', () => {
  it.each<[string, string, string]>([
    [
      'an identifier',
      API.replace('urn:depot', '##ID##'),
      'API ##ID## left out: the keyword ##ID## has no mapping',
    ],
    ['of another template', API.replace("'urn:depot'", '{{ id }}'), 'the keyword {{ id }} has no mapping'],
    ['of a shell', API.replace('urn:depot', `urn:\${ENV}`), `the keyword \${ENV} has no mapping`],
    ['with a blank', API.replace('urn:depot', '##MY ID##'), 'the keyword ##MY ID## has no mapping'],
    [
      'a whole section',
      'clients: @@CLIENTS@@\n',
      'client @@CLIENTS@@ left out: the keyword @@CLIENTS@@ has no',
    ],
    ['an entry of a section', 'clients:\n  - @@CLIENT@@\n', 'client @@CLIENT@@ left out'],
    [
      'scopes',
      API.replace('[{ value: r }]', '@@S@@'),
      'scopes is not a list, so it has none: the keyword @@S@@ has no',
    ],
    ['a scope', API.replace('value: r', "value: '##S##'"), 'a keyword without a mapping: ##S##'],
    ['an algorithm', API.replace('RS256', '##ALG##'), 'signing_alg ##ALG## becomes RS256'],
    [
      'a lifetime',
      API.replace('name:', 'token_lifetime: @@T@@, name:'),
      'token_lifetime @@T@@ becomes 86400',
    ],
    [
      'a dialect',
      API.replace('name:', 'token_dialect: ##D##, name:'),
      'token_dialect ##D## becomes access_token',
    ],
    [
      'the name of an API',
      API.replace('Depot', '##N##'),
      'the keyword ##N## has no mapping, so the identifier is',
    ],
    [
      'the name of a client',
      JOB.replace('Job', '##N##'),
      'client ##N## left out: the keyword ##N## has no mapping',
    ],
    [
      'a client id',
      JOB.replace('name', 'client_id: ##I##, name'),
      '##I## has no mapping, so it has a new one',
    ],
    ['metadata', JOB.replace('name', 'client_metadata: { a: @@M@@ }, name'), 'client_metadata a is left out'],
    [
      'a grant, without quotes',
      'clientGrants:\n  - client_id: Job\n    audience: ##ID##\n    scope: [r]\n',
      'grant of Job for ##ID## left out: the keyword ##ID## has no mapping',
    ],
    [
      'whom a grant is for',
      "clientGrants: [{ client_id: Job, audience: 'urn:depot', subject_type: ##T## }]\n",
      'left out: the keyword ##T## has no mapping',
    ],
    [
      'a scope of a grant',
      "clientGrants: [{ client_id: Job, audience: 'urn:depot', scope: [##S##] }]\n",
      'scope left out: the keyword ##S## has no mapping',
    ],
    [
      'whether a grant has all scopes',
      "clientGrants: [{ client_id: Job, audience: 'urn:depot', allow_all_scopes: @@ALL@@ }]\n",
      'allow_all_scopes is @@ALL@@, which does not count',
    ],
    [
      'elsewhere',
      "tenant: { friendly_name: '##A##' }\n",
      'in parts that are not taken, the keyword ##A## has no',
    ],
    [
      'alone on a line',
      '##CLIENTS##\n',
      '##CLIENTS## has no mapping, and begins a line: it was read as a comment',
    ],
  ])('%s is named, and not taken', async (_where, part, note) => {
    const own = /^(resourceServers|clients)/.exec(part)?.[1];
    const rest = [API, JOB].filter((one) => own === undefined || !one.startsWith(own));
    const { code, stdout, stderr } = await importAuth0(yaml(rest.join('') + part), ['tenant.yaml']);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(note);
    expect(stdout).not.toMatch(/##|@@|\{\{|\$\{/);
  });

  it('a grant says at once which scope its API lacks', async () => {
    const text = `${API.replace('urn:depot', '##ID##')}${JOB}clientGrants:
  - { client_id: Job, audience: ##ID##, scope: [r] }
  - { client_id: Job, audience: '##ID##', scope: [r, w] }
`;
    const without = await answerOf(yaml(text), ['tenant.yaml']);
    const why = 'the keyword ##ID## has no mapping';
    expect(without.left_out.filter(({ kind }) => kind === 'grant').map((one) => one.why)).toEqual([
      why,
      `${why}; and the API does not have the scope w`,
    ]);
    const files = { ...yaml(text), k: '{"ID":"urn:depot"}' };
    const mapped = await answerOf(files, ['tenant.yaml', '--keywords', 'k']);
    expect(mapped.clients[0]?.grants).toEqual({ 'urn:depot': { scope: ['r'] } });
    expect(mapped.notes.join('\n')).toContain('scope left out, which the API does not have: w');
  });

  it('what stands in the place of a secret is not a secret: everybody who has the file knows it', async () => {
    const clients = [
      '##NIGHT_JOB_CLIENT_SECRET_OF_PRODUCTION##',
      '_VALUE_NOT_SHOWN_',
      '*'.repeat(64),
      'short',
      '@@NIGHT_JOB_CLIENT_SECRET_OF_PRODUCTION@@',
    ].map((client_secret, i) => ({ name: `Job ${i}`, app_type: 'non_interactive', client_secret }));
    const answer = await answerOf({ 'clients.json': JSON.stringify(clients) }, ['clients.json']);
    expect(answer.clients).toHaveLength(5);
    for (const client of answer.clients) expect(client).not.toHaveProperty('secrets');
    expect(answer.notes.join('\n')).toContain(
      'client Job 1: the file hides its secret; make one after the push',
    );
  });

  it('JSON with a bare @@NAME@@, as the README of the Deploy CLI has it', async () => {
    const text =
      '{\n  "name": "Job",\n  "app_type": "non_interactive",\n  "jwt_configuration": {\n    "lifetime_in_seconds": @@JWT_TIMEOUT@@\n  }\n}\n';
    const { clients, notes } = await answerOf({ 'clients/Job.json': text }, ['clients/Job.json']);
    expect(clients).toMatchObject([{ name: 'Job' }]);
    expect(notes.join('\n')).toContain('@@JWT_TIMEOUT@@ has no mapping');
  });

  it('headings and comments stay comments', async () => {
    const text = `########################\n## APIs of the tenant ##\n# see ##ENV## and @@X@@\n${API}`;
    const { apis } = await answerOf(yaml(text), ['tenant.yaml']);
    expect(apis).toHaveLength(1);
  });
});
