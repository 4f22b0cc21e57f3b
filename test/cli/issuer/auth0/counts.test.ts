/** Whatever an export has is taken, or left out with a reason: the sum is held on every fixture. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDeclaration } from '../../../../cli/issuer/declaration.ts';
import { EXPORTS, type Fixture } from './exports.ts';
import { type Answer, answerOf, importAuth0 } from './runs.ts';

const PARTS = ['apis', 'clients', 'grants'] as const;
const KINDS = { apis: 'api', clients: 'client', grants: 'grant' } as const;

const isEmpty = ({ taken }: Fixture) => taken[0] + taken[1] === 0;
const all = Object.entries(EXPORTS) as [string, Fixture][];
const some = all.filter(([, fixture]) => !isEmpty(fixture));

function declarationOf({ apis, clients }: Answer) {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-auth0-'));
  try {
    writeFileSync(join(folder, 'issuer.json'), JSON.stringify({ apis, clients }));
    return readDeclaration(join(folder, 'issuer.json'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('what is read', () => {
  it.each(some)('%s: is taken or left out, one by one', async (_why, { files, args, read, taken }) => {
    const answer = await answerOf(files, args);
    expect(PARTS.map((part) => answer.counts[part].read)).toEqual(read);
    expect(PARTS.map((part) => answer.counts[part].taken)).toEqual(taken);
    for (const part of PARTS) {
      const { read, taken, left_out } = answer.counts[part];
      expect(taken + left_out, part).toBe(read);
      const named = answer.left_out.filter(({ kind }) => kind === KINDS[part]);
      expect(named, part).toHaveLength(left_out);
      for (const { name, why } of named) expect([name, why]).not.toContain('');
    }
    expect([answer.apis.length, answer.clients.length]).toEqual(taken.slice(0, 2));
  });

  it.each(some)('%s: what is printed can be pushed, and has no keyword', async (_why, { files, args }) => {
    const answer = await answerOf(files, args);
    const { apis, clients } = declarationOf(answer);
    expect(JSON.stringify({ apis, clients })).not.toMatch(/##|@@|\{\{/);
    for (const { grants } of clients)
      for (const [audience, { scope }] of Object.entries(grants)) {
        const api = apis.find(({ identifier }) => identifier === audience);
        expect(api, audience).toBeDefined();
        const values = api?.scopes.map(({ value }) => value) ?? [];
        if (scope !== '*') expect(values).toEqual(expect.arrayContaining(scope));
      }
  });

  it.each(all)('%s: people read the same sum', async (_why, fixture) => {
    const { code, stderr } = await importAuth0(fixture.files, fixture.args);
    if (isEmpty(fixture)) {
      expect([code, stderr]).toEqual([2, expect.stringContaining('neither an API nor a client')]);
      return;
    }
    const [a, c, g] = fixture.read;
    const [ta, tc, tg] = fixture.taken;
    const s = (n: number) => (n === 1 ? '' : 's');
    expect(code).toBe(0);
    expect(stderr).toContain(
      `taken: ${ta} of ${a} API${s(a)}, ${tc} of ${c} client${s(c)}, ${tg} of ${g} grant${s(g)}\n`,
    );
  });
});

describe('what is left out', () => {
  const left = ({ left_out }: Answer) => left_out.map(({ kind, name, why }) => `${kind} ${name}: ${why}`);

  it('of a tenant.yaml: users’ applications, what is Auth0’s own, and parts without a counterpart', async () => {
    const { files, args } = EXPORTS['a tenant.yaml'];
    const answer = await answerOf(files, args);
    expect(left(answer)).toEqual([
      'client Depot Console: it has no credentials, so it gets no tokens as itself',
      'client Depot Site: it does not use the client credentials grant',
      "grant of Deploy CLI for https://tenant.eu.auth0.com/api/v2/: it is for Auth0's own API",
    ]);
    expect(answer.ignored).toEqual({
      pages: 1,
      databases: 1,
      roles: 1,
      actions: 1,
      triggers: 1,
      guardianFactorTemplates: 1,
      tenant: 1,
    });
    expect(answer.ignored_members.clients).toContain('jwt_configuration');
    expect(answer.notes.join('\n')).toContain('client Deploy CLI: it has no grant, so it gets no tokens');
    expect(JSON.stringify(answer)).not.toContain('root:');
  });

  it('of a folder', async () => {
    const { files, args } = EXPORTS['a folder'];
    const answer = await answerOf(files, args);
    expect(left(answer)).toEqual([
      "api https://##AUTH0_DOMAIN##/me/: it is Auth0's own",
      'client Only a name: it does not use the client credentials grant',
      'client (no name): it is empty',
      'grant of Gone for https://depot.example.com: there is no such client in the files',
    ]);
    expect(answer.ignored).toEqual({ 'actions/': 2, 'tenant.json': 1 });
    expect(answer.apis).toMatchObject([{ signing_alg: 'PS256' }]);
  });

  it('of answers of the Management API', async () => {
    const { files, args } = EXPORTS['answers of the Management API'];
    const answer = await answerOf(files, args);
    const depot = 'https://depot.example.com/api/v2/';
    expect(left(answer)).toEqual([
      "api https://tenant.eu.auth0.com/api/v2/: it is Auth0's own",
      "client All Applications: it is Auth0's own",
      'grant of NightJob0123456789 for urn:users: its API gives clients no tokens',
      `grant of NightJob0123456789 for ${depot}: it is for users`,
      `grant of Twin for ${depot}: 2 clients have the name; write the client_id`,
      `grant of TwinA for ${depot}: it is for organizations, which there are not here`,
      `grant of (no client) for ${depot}: it names no client`,
      'grant of TwinA for https://elsewhere.example/: there is no such API in the files',
      `grant of GlobalClient for ${depot}: its client was left out`,
    ]);
    expect(answer.apis[0]).toMatchObject({
      identifier: depot,
      signing_alg: 'RS256',
      scopes: [{ value: 'depot:read' }],
    });
    expect(answer.clients.map(({ client_id, grants }) => [client_id, grants])).toEqual([
      ['NightJob0123456789', { [depot]: { scope: ['depot:read'] } }],
      ['TwinA', {}],
      ['TwinB', { [depot]: { scope: '*' } }],
      ['Signer', {}],
    ]);
    const notes = answer.notes.join('\n');
    for (const text of [
      'grants.json is not the last page of client_grants; give the next ones as well',
      `API ${depot}: signing_alg HS256 becomes RS256; with HS256, every verifier could make tokens`,
      `API ${depot}: scope depot:read is there twice; the first one was taken`,
      'scope left out, which the API does not have: depot:drop',
      'there are no organizations here; it is for the API as a whole',
      'API urn:users: subject_type_authorization gives clients no tokens for it',
      'client Signer: it authenticates by keys, so a secret is not taken',
    ])
      expect(notes).toContain(text);
  });

  it('of things twice and things of other kinds', async () => {
    const { files, args } = EXPORTS['things twice, things of other kinds'];
    const answer = await answerOf(files, args);
    expect(left(answer)).toEqual([
      'api urn:depot: it is there twice; the first one was taken',
      'api nothing: it has no identifier',
      'api (empty): it is not a table',
      'api text: it is not a table',
      'client Night job: its client_id is there twice; the first one was taken',
      'client night: it has no name',
      'grant of night for (no audience): it has no audience',
      'grant (empty): it is not a table',
    ]);
    expect(
      answer.apis.map(({ identifier, name, token_lifetime, scopes }) => [
        identifier,
        name,
        token_lifetime,
        scopes.length,
      ]),
    ).toEqual([
      ['urn:depot', 'Depot', 86_400, 2],
      ['2024', '1.5', 2_592_000, 0],
      ['urn:bad', 'Bad scopes', 86_400, 1],
    ]);
    expect(answer.clients[0]?.grants).toEqual({ 'urn:depot': { scope: ['r', 'w'] } });
    const notes = answer.notes.join('\n');
    expect(notes).toContain('no scopes or have a keyword without a mapping: a b and x"y');
    expect(notes).toContain('there is another grant for the same API; the scopes of both are taken');
  });

  it('members of weight have a note each, the others are named once', async () => {
    const api = { identifier: 'urn:a', signing_alg: 'RS256' };
    const client = { name: 'Job', app_type: 'non_interactive' };
    const grant = { client_id: 'Job', audience: 'urn:a', scope: [] };
    const weighty = [
      [
        { ...api, token_encryption: { format: 'compact-nested-jwe' } },
        'API urn:a: tokens are not encrypted here',
      ],
      [
        { ...api, proof_of_possession: { mechanism: 'dpop' } },
        'API urn:a: tokens are not bound to keys here',
      ],
      [
        { ...api, authorization_details: [{ type: 'payment' }] },
        'API urn:a: there are no authorization_details',
      ],
      [
        { ...client, token_quota: { client_credentials: { per_hour: 9 } } },
        'client Job: there are no quotas here',
      ],
      [{ ...client, default_organization: { flows: [] } }, 'client Job: there are no organizations here'],
      [{ ...grant, allow_any_organization: true }, 'grant of Job for urn:a: there are no organizations here'],
    ] as const;
    for (const [one, note] of weighty) {
      const all = [api, client, grant].filter((other) => !Object.keys(other).every((name) => name in one));
      const { notes } = await answerOf({ f: JSON.stringify([...all, one]) }, ['f']);
      expect(notes.join('\n')).toContain(note);
    }
    const plain = { ...api, allow_offline_access: true, enforce_policies: false, token_encryption: null };
    const { ignored_members, notes } = await answerOf({ f: JSON.stringify([plain]) }, ['f']);
    expect([ignored_members.apis, notes]).toEqual([['allow_offline_access'], []]);
  });

  it('three things left out for one reason share a line, and --json has each', async () => {
    const spas = Array.from({ length: 30 }, (_, i) => ({ name: `Site ${i}`, app_type: 'spa' }));
    const files = { 'clients.json': JSON.stringify([{ name: 'Job', app_type: 'non_interactive' }, ...spas]) };
    const { stderr } = await importAuth0(files, ['clients.json']);
    expect(stderr).toContain('30 clients left out: Site 0, Site 1,');
    expect(stderr).toContain(
      'Site 19 and 10 more, which --json lists: it does not use the client credentials',
    );
    expect((await answerOf(files, ['clients.json'])).left_out).toHaveLength(30);
  });
});

describe('docs/import-auth0.md', () => {
  const page = readFileSync('docs/import-auth0.md', 'utf8');
  const block = (name: string) =>
    new RegExp(`^\`\`\`\\w+ ${name}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)?.[1] ?? '';

  it('shows what the command says of its example', async () => {
    const files = { 'tenant.yaml': block('tenant'), 'config.json': block('keywords') };
    const { stdout, stderr } = await importAuth0(files, ['tenant.yaml', '--keywords', 'config.json']);
    expect(stderr).toBe(block('notes'));
    expect(JSON.parse(stdout)).toMatchObject({
      apis: [{ identifier: 'https://dev.example.com/depot', scopes: [{ value: 'depot:read' }] }],
      clients: [
        { name: 'Night job', grants: { 'https://dev.example.com/depot': { scope: ['depot:read'] } } },
      ],
    });
  });

  it('fits its lines: prose in 100 columns, cells in 120', () => {
    const text = page.replace(/^```[\s\S]*?^```$/gm, '');
    for (const line of text.split('\n')) {
      if (!line.startsWith('|')) expect(line.length, line).toBeLessThanOrEqual(100);
      else for (const cell of line.split(' | ')) expect(cell.length, line).toBeLessThanOrEqual(120);
    }
  });
});
