/** `explain` with what is revoked and switched. */
import { describe, expect, it } from 'vitest';
import { explain } from '../../../../cli/policy/explain/explain.ts';
import { readSnapshotFile } from '../../../../cli/policy/explain/snapshot.ts';
import { parsePolicyFile, policyOf } from '../../../../cli/policy/file/config.ts';
import type { Content } from '../../../../src/revocation/content.ts';
import { claimgate } from '../../support/claimgate.ts';
import { makeFolder } from '../../support/files.ts';
import { policyText } from '../../support/policies.ts';

const folder = makeFolder();
const NOW_MS = Date.parse('2026-11-24T12:00:00Z');
const NOW = NOW_MS / 1000;
const ISSUER = 'https://issuer.example/';
const TEXT = policyText({
  issuer: 'max_token_age = 3600',
  routes: `"GET /things" = {}
"DELETE /things" = { revocation = "strict" }
"GET /open" = { auth = "none" }`,
  more: `[[durable_objects.bindings]]
name = "REVOCATIONS"
class_name = "Revocations"
[vars.GATEWAY]
revocation = "REVOCATIONS"`,
});
const config = folder.write('wrangler.toml', TEXT);
const plain = folder.write('plain.toml', policyText());
const policy = policyOf(parsePolicyFile('wrangler.toml', TEXT), undefined);

const list: Content = {
  version: 3,
  publishedAtMs: NOW_MS,
  groups: [{ kind: 'subject', issuer: ISSUER, ids: ['ada'], before: [NOW], numbers: [7] }],
  switches: [
    { number: 8, kind: 'route', target: 'API_X GET /open', status: 503, why: 'repair' },
    { number: 9, kind: 'client', target: 'job', status: 503, why: 'noisy' },
  ],
};

async function steps(request: string, claims: Record<string, unknown>, revocations?: Content) {
  const [method = '', path = ''] = request.split(' ');
  const asked = { method, url: `https://x.example${path}`, headers: new Headers() };
  const told = await explain(asked, { policy, signature: 'unsigned', claims, nowMs: NOW_MS, revocations });
  const shown = ['switches', 'revocation', 'blocked'];
  const lines = told.steps
    .filter(({ step }) => shown.includes(step))
    .map(({ step, verdict, saw, decided }) => `${verdict} ${step}: ${decided} (${saw})`);
  return { result: told.result, reason: told.reason, lines };
}

describe('explain', () => {
  it('says that nobody was asked', async () => {
    const { result, lines } = await steps('GET /things', { sub: 'ada' });
    expect([result, lines.at(-1)]).toEqual([
      'allowed',
      'skipped revocation: not asked here; claimgate explain --remote asks (read by each isolate every 30 s)',
    ]);
    const strict = await steps('DELETE /things', { sub: 'ada' });
    expect(strict.lines.at(-1)).toContain('(asked of REVOCATIONS on this very request)');
  });

  it('says what is revoked, by which entry', async () => {
    const { reason, lines } = await steps('GET /things', { sub: 'ada' }, list);
    expect([reason, lines.at(-1)]).toEqual([
      'token_revoked',
      'refused revocation: refused: revoked by its subject, entry 7 (a token of main)',
    ]);
  });

  it('says that an entry is about older tokens', async () => {
    const { result, lines } = await steps(
      'GET /things',
      { sub: 'ada', iat: NOW },
      {
        ...list,
        groups: [{ kind: 'subject', issuer: ISSUER, ids: ['ada'], before: [NOW - 100], numbers: [7] }],
      },
    );
    expect(result).toBe('allowed');
    expect(lines).toContain(
      'ok revocation: nothing revokes it; entry 7 is about older tokens of its subject (a token of main)',
    );
  });

  it('says what is closed, by which switch and why', async () => {
    const { reason, lines } = await steps('GET /open', {}, list);
    expect([reason, lines.at(-1)]).toEqual([
      'closed',
      'refused switches: refused: closed, by switch 8: repair (API_X GET /open)',
    ]);
  });

  it('says who is blocked by a switch', async () => {
    const { reason, lines } = await steps('GET /things', { sub: 'bob', client_id: 'job' }, list);
    expect([reason, lines.some((line) => line.startsWith('refused blocked'))]).toEqual([
      'client_blocked',
      true,
    ]);
  });

  it('says that nothing is', async () => {
    const { result, lines } = await steps('GET /things', { sub: 'bob' }, list);
    expect([result, ...lines.slice(-2)]).toEqual([
      'allowed',
      'ok revocation: nothing revokes it (a token of main)',
      'ok switches: nothing is closed that it asks for (1 revocation and 2 switches, read by each isolate every 30 s)',
    ]);
  });
});

describe('claimgate explain --revocations', () => {
  // As `claimgate switches --json` prints it: the rows of the object (src/revocation/object/ledger.ts).
  const rows = [
    {
      kind: 'api',
      issuer: null,
      target: 'API_X',
      status: 403,
      before: null,
      until: NOW,
      number: 9,
      at: NOW,
      by: 'me',
      why: 'y',
    },
    {
      kind: 'subject',
      issuer: ISSUER,
      target: 'ada',
      status: null,
      before: NOW,
      until: NOW + 9,
      number: 7,
      at: NOW,
      by: 'me',
      why: 'x',
    },
  ];
  const run = (file: string, configPath = config, more: string[] = []) =>
    claimgate([
      ...['explain', 'GET', '/things', '--config', configPath, '--now', '2026-11-24T12:00:00Z'],
      ...['--claims', '{"sub":"ada"}', '--revocations', file, ...more],
    ]);

  it.each([
    ['what the command lists', { rows, next: null }],
    ['what KV has', list],
  ])('reads %s', async (_what, value) => {
    const { code, stdout } = await run(folder.write('list.json', JSON.stringify(value)));
    expect(code).toBe(1);
    expect(stdout).toContain('revoked by its subject, entry 7');
  });

  it('lets a switch end when it does', () => {
    const file = folder.write('ended.json', JSON.stringify({ rows, next: null }));
    expect(readSnapshotFile(file).switches).toMatchObject([{ target: 'API_X', until: NOW, status: 403 }]);
  });

  it.each([
    ['a page', { rows, next: 7 }, /has only a page of the list; write one with: claimgate switches --json/],
    [
      'a record',
      { rows: [{ number: 1, action: 'revoke', what: {} }], next: null },
      /is not a list of revocations/,
    ],
    ['an unknown kind', { rows: [{ ...rows[0], kind: 'host' }] }, /is not a list of revocations/],
    ['something else', [], /is not a list of revocations/],
  ])('takes nothing for a list that is %s', async (_what, value, message) => {
    const { code, stderr } = await run(folder.write('odd.json', JSON.stringify(value)));
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('is for policies that have revocation, and for one source', async () => {
    const file = folder.write('list.json', JSON.stringify(list));
    expect((await run(file, plain)).stderr).toContain(
      '--revocations is about revocations, and the policy has none',
    );
    expect((await run(file, config, ['--remote'])).stderr).toContain(
      '--remote and --revocations exclude each other',
    );
  });
});
