/** Which two policies `claimgate diff` compares: what a branch has changed, and one environment with another. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { claimgate } from '../../support/claimgate.ts';
import { makeFolder } from '../../support/policies.ts';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-sides-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const policy = (...routes: string[]) => `
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
[vars.API_X]
origin = "https://x.example"
audience = "x"
[vars.API_X.routes]
${routes.map((route) => `"GET /${route}" = {}\n`).join('')}`;

/** A branch adds /branch; main has got /main since it was left. */
function makeRepository(name: string, lastOnMain: boolean) {
  const at = join(folder, name);
  mkdirSync(at);
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], {
      cwd: at,
      stdio: 'pipe',
      encoding: 'utf8',
    });
  const commit = (message: string, ...routes: string[]) => {
    writeFileSync(join(at, 'wrangler.toml'), policy(...routes));
    git('add', '.');
    git('commit', '-q', '-m', message);
  };
  git('init', '-q', '-b', 'main');
  commit('first', 'old');
  git('checkout', '-q', '-b', 'topic');
  commit('on the branch', 'old', 'branch');
  git('checkout', '-q', 'main');
  if (lastOnMain) commit('on main', 'old', 'main');
  git('update-ref', 'refs/remotes/origin/main', 'main');
  git('checkout', '-q', 'topic');
  const diff = (args: string[], env: Record<string, string> = {}) =>
    claimgate(['diff', ...args], { cwd: at, env });
  return { at, git, diff };
}

/** `+/a -/b`: what is opened and what is closed. */
const changes = (stdout: string) =>
  [...stdout.matchAll(/^(opened|closed) +GET (\/\w+)$/gm)]
    .map(([, change, path]) => `${change === 'opened' ? '+' : '-'}${path}`)
    .sort()
    .join(' ');

describe('a branch that main has left behind', () => {
  const { git, diff } = makeRepository('behind', true);

  it.each<[string, string[], string]>([
    ['one revision: where the branch left it', ['main'], '+/branch'],
    ['three dots: the same of two revisions', ['main...topic'], '+/branch'],
    ['three dots without an end: HEAD', ['main...'], '+/branch'],
    ['three dots without a start: HEAD', ['...main'], '+/main'],
    ['two dots: both as they are', ['main..topic'], '+/branch -/main'],
    ['two revisions: both as they are', ['main', 'topic'], '+/branch -/main'],
    ['a path of a revision: as it is', ['main:wrangler.toml'], '+/branch -/main'],
    ['nothing: the last commit', [], ''],
  ])('%s', async (_, args, expected) => {
    const { code, stdout, stderr } = await diff(args);
    expect([code, stderr, changes(stdout)]).toEqual([0, '', expected]);
  });

  it('says which commit it has compared with', async () => {
    const base = git('merge-base', 'main', 'topic').slice(0, 7);
    const [first] = (await diff(['main'])).stdout.split('\n');
    expect(first).toBe(`main (merge base ${base}):wrangler.toml -> wrangler.toml`);
    expect((await diff(['topic'])).stdout).toMatch(/^topic:wrangler\.toml -> wrangler\.toml\n/);
  });

  it.each<[string, Record<string, string>]>([
    ['GitHub', { GITHUB_BASE_REF: 'main' }],
    ['GitLab', { CI_MERGE_REQUEST_DIFF_BASE_SHA: git('merge-base', 'main', 'topic').trim() }],
  ])('a pull request is compared with where its branch began: %s', async (_, env) => {
    expect(changes((await diff([], env)).stdout)).toBe('+/branch');
    expect(changes((await diff(['main..topic'], env)).stdout)).toBe('+/branch -/main');
  });

  it.each<[string, string[], Record<string, string>, string]>([
    [
      'a branch that was not fetched',
      [],
      { GITHUB_BASE_REF: 'next' },
      'there is neither a file nor a git revision "origin/next"; git log --all --oneline lists revisions',
    ],
    [
      'a range and a second side',
      ['main..topic', 'main'],
      {},
      'main..topic names both sides; leave main out, or name two revisions',
    ],
    [
      'half a range that is not there',
      ['main...nowhere'],
      {},
      'there is neither a file nor a git revision "nowhere"; git log --all --oneline lists revisions',
    ],
  ])('tells of %s', async (_, args, env, message) => {
    expect(await diff(args, env)).toMatchObject({ code: 2, stderr: `error  ${message}\n` });
  });

  it('tells of histories that have nothing in common', async () => {
    git('checkout', '-q', '--orphan', 'other');
    git('commit', '-q', '-m', 'other');
    const { code, stderr } = await diff(['main']);
    git('checkout', '-q', 'topic');
    expect([code, stderr]).toEqual([
      2,
      'error  main and HEAD have no commit in common; write main..HEAD to compare them as they are\n',
    ]);
  });

  it('tells of a clone that is too shallow', async () => {
    execFileSync(
      'git',
      ['clone', '-q', '--depth', '1', '--no-single-branch', `file://${folder}/behind`, 'shallow'],
      {
        cwd: folder,
        stdio: 'pipe',
      },
    );
    const shallow = (env: Record<string, string>) =>
      claimgate(['diff'], { cwd: join(folder, 'shallow'), env });
    const { code, stderr } = await shallow({ GITHUB_BASE_REF: 'main' });
    expect([code, stderr]).toEqual([
      2,
      'error  this clone is shallow, and does not show where HEAD left origin/main; fetch more (git fetch --unshallow, or fetch-depth: 0 of actions/checkout)\n',
    ]);
  });
});

it('a branch that is up to date is compared with the tip', async () => {
  const { diff } = makeRepository('ahead', false);
  const { stdout } = await diff(['main']);
  expect(stdout).toMatch(/^main:wrangler\.toml -> wrangler\.toml\n/);
  expect(changes(stdout)).toBe('+/branch');
});

describe('one environment against another', () => {
  const write = makeFolder();
  const environment = (name: string, host: string | undefined, routes: string[], more = '') =>
    `${policy(...routes)
      .replaceAll('[vars.', `[env.${name}.vars.`)
      .replace(
        'audience = "x"',
        `audience = "x"${host === undefined ? '' : `\nhosts = ["${host}"]`}${more}`,
      )}`;
  const two = (a: string, b: string) => write('wrangler.toml', `${a}\n${b}`);
  const diff = (file: string, ...args: string[]) => claimgate(['diff', '--config', file, ...args]);
  const AGAINST = ['--env', 'staging', '--against', 'production'];

  it('takes hosts in the same place for the same, and says so', async () => {
    const file = two(
      environment('production', 'api.example.com', ['a', 'b'], '\nresource = "https://api.example.com/x"'),
      environment(
        'staging',
        'staging.example.com',
        ['a', 'c'],
        '\nresource = "https://staging.example.com/x"',
      ),
    );
    const { code, stdout } = await diff(file, ...AGAINST);
    expect(code).toBe(0);
    expect(stdout).toContain(`${file} [env.production] -> ${file} [env.staging]\n`);
    expect(stdout).toMatch(/^opened +GET \/c on staging\.example\.com$/m);
    expect(stdout).toMatch(/^closed +GET \/b on staging\.example\.com$/m);
    expect(stdout).toContain('    hosts: api.example.com -> staging.example.com\n');
    expect(stdout).toContain('1 opened, 1 closed, 1 other');
  });

  it('prints the same for programs', async () => {
    const file = two(
      environment('production', 'api.example.com', ['a']),
      environment('staging', 'staging.example.com', ['a', 'c']),
    );
    const { stdout } = await diff(file, ...AGAINST, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      old: `${file} [env.production]`,
      new: `${file} [env.staging]`,
      environments: [
        {
          environment: 'staging',
          findings: [{ change: 'opened' }],
          other: [{ place: 'hosts', before: 'api.example.com', now: 'staging.example.com' }],
        },
      ],
    });
  });

  it('compares an environment without hosts with one that has some', async () => {
    const file = two(
      environment('production', 'api.example.com', ['a']),
      environment('staging', undefined, ['a']),
    );
    expect((await diff(file, ...AGAINST)).stdout).toContain('hosts: api.example.com -> any\n\n1 other');
  });

  it('takes no hosts for the same that are not one to one', async () => {
    const second = (name: string, host: string) =>
      `[env.${name}.vars.API_Y]\nhosts = ["${host}"]\norigin = "https://y.example"\naudience = "y"\n[env.${name}.vars.API_Y.routes]\n"GET /y" = {}\n`;
    const file = two(
      environment('production', 'a.example.com', ['a']) + second('production', 'a.example.com'),
      environment('staging', 'b.example.com', ['a']) + second('staging', 'c.example.com'),
    );
    expect((await diff(file, ...AGAINST)).stdout).toContain('opened      GET /a on b.example.com');
  });

  it('fails where asked to', async () => {
    const file = two(
      environment('production', 'a.example.com', ['a']),
      environment('staging', 'b.example.com', ['a', 'b']),
    );
    expect((await diff(file, ...AGAINST, '--fail-on', 'widened')).code).toBe(1);
    expect(
      (await diff(file, '--env', 'production', '--against', 'staging', '--fail-on', 'widened')).code,
    ).toBe(0);
  });

  it('compares the environments of two files', async () => {
    const old = write('old.toml', environment('production', 'a.example.com', ['a']));
    const now = write('new.toml', environment('staging', 'a.example.com', ['a', 'b']));
    expect((await claimgate(['diff', old, now, ...AGAINST])).stdout).toContain(
      'opened      GET /b on a.example.com',
    );
  });

  const both = write(
    'both.toml',
    `${environment('production', 'a.example.com', ['a'])}${environment('Staging', 'b.example.com', ['a'])}`,
  );
  it.each<[string, string[], string]>([
    [
      'no --env',
      ['--against', 'production'],
      '--against needs --env: name the environment that is compared with it',
    ],
    [
      'the same twice',
      ['--env', 'production', '--against', 'production'],
      '--env and --against name the same environment; name two',
    ],
    [
      'another case',
      AGAINST,
      `${both} has no [env.staging], and names are compared with their case; did you mean [env.Staging]?`,
    ],
    [
      'another case, in all versions',
      ['--env', 'staging', both, both],
      'neither file has [env.staging], and names are compared with their case; did you mean [env.Staging]?',
    ],
    [
      'an unknown one',
      ['--env', 'production', '--against', 'x'],
      `${both} has no [env.x]; it has production, Staging`,
    ],
    [
      'the top level without a policy',
      ['--env', 'production', '--against', ''],
      `${both} (top level) has no policy; name another environment`,
    ],
  ])('tells of %s', async (_, args, message) => {
    expect(await diff(both, ...args)).toMatchObject({ code: 2, stderr: `error  ${message}\n` });
  });
});
