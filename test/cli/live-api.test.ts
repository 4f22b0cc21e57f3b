/** What people met who put the gateway in front of a live API, each as a test of what it does now: the commands' part. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { dayOf } from '../project/day.ts';
import { claimgate } from './support/claimgate.ts';
import { makeFolder } from './support/files.ts';

const folder = makeFolder();
const policy = (name: string, { issuer = 'https://issuer.example/', more = '', api = '' } = {}) =>
  folder.write(
    name,
    `name = "gateway"
[vars.ISSUERS.main]
issuer = "${issuer}"
[vars.API_X]
origin = "https://o.example"
audience = "x"
hosts = ["api.example.com"]
${api}
[vars.API_X.routes]
"* /*" = { scopes_all = ["a"] }
"GET /orders" = { scopes_all = ["a"] }
${more}`,
  );

describe('in front of a live API', () => {
  it('the check tells of hidden methods, and of / beside /*', async () => {
    const { stdout } = await claimgate(['check', '--config', policy('hidden.toml')]);
    expect(stdout).toContain('warning[hidden-method]');
    expect(stdout).toContain('warning[no-root]');
  });

  it('report_only can be set on an API', async () => {
    const { code, stdout } = await claimgate([
      'check',
      '--config',
      policy('trial.toml', { api: 'report_only = true' }),
    ]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('warning[trial]: API_X is open to anyone')]);
  });

  it('300 allowed until 10:00 and 300 denied from then on are no mere 600 requests', async () => {
    const log = folder.write(
      'day.log',
      dayOf(() => ({ decision: 'deny', status: 401, reason: 'token_expired' })),
    );
    const { stdout } = await claimgate(['logs', log]);
    expect(stdout).toContain('600 requests: 300 allowed, 300 denied');
    expect(stdout).toMatch(/^ {2}09:45 +█+ +\d+ +0 +0$/m);
    expect(stdout).toMatch(/^ {2}10:00 +░+ +0 +\d+ +0$/m);
    expect(stdout).toContain('changed most at 2026-11-24 10:00:00 UTC');
  });

  it('a log of the tail has its URL, where the line has no path', async () => {
    const line = {
      ...{ time: '2026-11-24T10:00:00.000Z', request_id: 'r', method: 'GET' },
      ...{ decision: 'deny', reason: 'route_unknown', status: 404 },
    };
    const event = {
      request: { url: 'https://api.example.com/nowhere?secret=1', method: 'GET', headers: {} },
    };
    const log = folder.write(
      'tail.json',
      JSON.stringify({ outcome: 'ok', event, logs: [{ message: [JSON.stringify(line)], level: 'log' }] }),
    );
    const { stdout } = await claimgate(['logs', log]);
    expect(stdout).toContain('GET api.example.com/nowhere');
    expect(stdout).not.toContain('secret');
  });

  it('a deployment that trusts this machine does not pass', async () => {
    const config = policy('local.toml', { issuer: 'http://localhost:8788/' });
    const { code, stdout } = await claimgate(['check', '--deploy', '--config', config]);
    expect([code, stdout]).toEqual([1, expect.stringContaining('error[loopback]')]);
    expect((await claimgate(['check', '--config', config])).code).toBe(0);
  });

  it('a secret that is named is one that wrangler demands', async () => {
    const api = 'origin_headers = { x-origin-secret = "secret:ORIGIN_SECRET" }';
    const { stdout } = await claimgate(['check', '--config', policy('secret.toml', { api })]);
    expect(stdout).toContain('warning[unlisted-secret]');
    expect(stdout).toContain('ORIGIN_SECRET');
  });

  it('two environments of one file can be compared', async () => {
    const env = (name: string, route: string) => `[env.${name}.vars.ISSUERS.main]
issuer = "https://issuer.example/"
[env.${name}.vars.API_X]
origin = "https://o.example"
audience = "x"
[env.${name}.vars.API_X.routes]
${route}
`;
    const both = policy('two.toml', {
      more: env('staging', '"GET /a" = {}\n"GET /b" = {}') + env('production', '"GET /a" = {}'),
    });
    const args = ['diff', '--env', 'staging', '--against', 'production', '--config', both];
    expect((await claimgate(args)).stdout).toMatch(/^opened +GET \/b$/m);
  });

  it('diff main does not blame a branch for what main did since', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args], { cwd: repo });
    const repo = folder.path('repo');
    execFileSync('mkdir', [repo]);
    const commit = (text: string, what: string) => {
      folder.write('repo/wrangler.toml', text);
      git('add', '.');
      git('commit', '-qm', what);
    };
    const text = (routes: string) => `[vars.ISSUERS.main]
issuer = "https://issuer.example/"
[vars.API_X]
origin = "https://o.example"
audience = "x"
[vars.API_X.routes]
${routes}
`;
    git('init', '-q', '-b', 'main');
    commit(text('"GET /a" = {}'), 'first');
    git('checkout', '-qb', 'branch');
    commit(text('"GET /a" = {}\n"GET /mine" = {}'), 'mine');
    git('checkout', '-q', 'main');
    commit(text('"GET /a" = {}\n"GET /theirs" = {}'), 'theirs');
    git('checkout', '-q', 'branch');
    for (const range of ['main', 'main...HEAD']) {
      const { stdout } = await claimgate(['diff', range, '--config', folder.path('repo/wrangler.toml')]);
      expect(stdout).toMatch(/^opened +GET \/mine$/m);
      expect(stdout).not.toContain('theirs');
    }
  });

  it('an environment without a policy stops nobody else’s deployment', async () => {
    const config = policy('empty-env.toml', { more: '[env.preview]\nname = "x"\n' });
    expect((await claimgate(['check', '--config', config])).code).toBe(0);
  });
});
