/** What the check knows of a deployment. That wrangler itself stops is in test/e2e/deploy.test.ts. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findDeployment, isDeploying, readAncestors } from '../../../../cli/policy/check/deployment.ts';
import { CLONE } from '../../../support/clone.ts';
import { claimgate } from '../../support/claimgate.ts';
import { makeFolder, policyText } from '../../support/policies.ts';

const write = makeFolder();

/** As ps shows them below a deployment: the shell of the custom build, wrangler, its start script, npx. */
const below = (...args: string[]) => [
  ['/bin/sh', '-c', 'npx claimgate check --env other'],
  ['/usr/bin/node', '--no-warnings', '/p/node_modules/wrangler/wrangler-dist/cli.js', ...args],
  ['node', '/p/node_modules/.bin/wrangler', ...args],
  ['npm exec wrangler deploy'],
];

describe('the environment that is deployed', () => {
  it.each<[string, string | undefined, string | undefined, string[][]]>([
    ['--env NAME', 'prod', undefined, below('deploy', '--env', 'prod')],
    ['--env=NAME', 'prod', undefined, below('deploy', '--env=prod', '--dry-run')],
    ['-e NAME', 'prod', undefined, below('versions', 'upload', '-e', 'prod')],
    ['-eNAME', 'prod', undefined, below('deploy', '-eprod')],
    ['--env before CLOUDFLARE_ENV', 'prod', 'staging', below('deploy', '--env', 'prod')],
    ['an empty --env is the top level', '', 'staging', below('deploy', '--env', '')],
    ['CLOUDFLARE_ENV', 'staging', 'staging', below('deploy')],
    ['neither: the top level', '', undefined, below('deploy', '--minify')],
    ['what comes behind -- is no flag', '', undefined, below('deploy', '--', '--env', 'x')],
    ['CLOUDFLARE_ENV where no wrangler is seen', 'staging', 'staging', [['sh'], ['make', 'deploy']]],
    ['nothing is known', undefined, undefined, [['sh'], ['make', 'deploy']]],
    [
      'another program with that word',
      undefined,
      undefined,
      [['sh', '-c', 'cd', 'apps/wrangler', '-e', 'x']],
    ],
    [
      'wrangler on Windows',
      'p',
      undefined,
      [['C:\\node.exe', 'C:\\p\\wrangler-dist\\cli.js', 'deploy', '-e', 'p']],
    ],
  ])('%s', (_, environment, variable, ancestors) => {
    expect(findDeployment(variable, ancestors).environment).toBe(environment);
  });

  it.each([
    ['deploy', true],
    ['versions upload', true],
    ['dev', false],
    ['types', false],
    [undefined, false],
  ])('%s deploys: %s', (command, deploys) => expect(isDeploying(command)).toBe(deploys));

  it('reads the processes above this one', () => {
    const [parent] = readAncestors();
    expect(parent?.join(' ')).toMatch(/node|vitest/);
  });
});

const LOCAL = policyText({ api: 'origin = "http://localhost:3000"' });
const GOOD = policyText().replace(/^\[\[?(?=\w)/gm, (open) => `${open}env.production.`);
const BOTH = `${LOCAL}\n${GOOD.replace('[env.production.triggers]', '[env.production.triggers] # its own')}`;

describe('claimgate check, where wrangler deploys', () => {
  const file = write('wrangler.toml', BOTH);
  const check = (args: string[], env: Record<string, string> = {}) =>
    claimgate(['check', '--config', file, ...args], { env });
  const DEPLOY = { WRANGLER_COMMAND: 'deploy' };

  it('is quiet where nothing is deployed', async () => {
    const { code, stdout } = await check(['--strict']);
    expect([code, stdout]).toEqual([
      0,
      `ok     ${file}: 1 route\nok     ${file} [env.production]: 1 route\n`,
    ]);
  });

  it.each<[string, string[], Record<string, string>, number, string]>([
    ['the top level by hand', ['--deploy'], {}, 1, 'deployment of the top level (no --env)'],
    ['the top level by name', ['--deploy', '--env', ''], {}, 1, 'deployment of the top level (--env)'],
    ['an environment by hand', ['--deploy', '--env', 'production'], {}, 0, '[env.production] (--env)'],
    [
      'CLOUDFLARE_ENV by hand',
      ['--deploy'],
      { CLOUDFLARE_ENV: 'production' },
      0,
      '(CLOUDFLARE_ENV=production)',
    ],
    ['CLOUDFLARE_ENV of wrangler', [], { ...DEPLOY, CLOUDFLARE_ENV: 'production' }, 0, '[env.production]'],
    ['an empty CLOUDFLARE_ENV', [], { ...DEPLOY, CLOUDFLARE_ENV: '' }, 1, 'deployment of the top level'],
    ['versions upload', [], { WRANGLER_COMMAND: 'versions upload', CLOUDFLARE_ENV: '' }, 1, 'top level'],
    ['--env in [build]', ['--env', 'production'], DEPLOY, 0, 'deployment of [env.production] (--env)'],
    ['nothing is known', [], DEPLOY, 0, 'deployment of an unknown environment'],
  ])('%s', async (_, args, env, code, said) => {
    const run = await check(args, env);
    expect([run.code, run.stdout]).toEqual([code, expect.stringContaining(said)]);
    expect(run.stdout.includes('error[loopback]: localhost:3000')).toBe(code === 1);
  });

  it('warns of this machine where the environment is not known', async () => {
    const { stdout } = await check([], DEPLOY);
    expect(stdout).toContain('warning[loopback]: localhost:3000 is this machine');
    expect(stdout).toContain(`${file} [env.production]: 1 route`);
  });

  it('prints what docs/check.md shows', async () => {
    const [, shown] = /```text deploy\n([\s\S]*?)```/.exec(readFileSync('docs/check.md', 'utf8')) ?? [];
    const args = ['check', '--deploy', '--env', 'production'];
    expect((await claimgate(args, { cwd: CLONE.folder })).stdout).toBe(shown);
  });

  it('does not stop for another environment', async () => {
    const broken = write('broken.toml', BOTH.replace('audience = "x"', ''));
    const run = (args: string[]) => claimgate(['check', '--config', broken, ...args], { env: DEPLOY });
    expect((await run(['--env', 'production'])).code).toBe(0);
    expect((await run(['--env', ''])).code).toBe(1);
  });

  it('stops where the environment that is deployed has no policy', async () => {
    const empty = write('empty.toml', `[vars]\nSTAGE = "dev"\n${GOOD}`);
    const run = (variable: string) =>
      claimgate(['check', '--config', empty], { env: { ...DEPLOY, CLOUDFLARE_ENV: variable } });
    expect((await run('')).stdout).toContain('there is no API');
    expect((await run('production')).code).toBe(0);
  });

  it('stops where [build] names another environment than wrangler deploys', async () => {
    const env = { ...DEPLOY, CLOUDFLARE_ENV: 'staging' };
    expect(await check(['--env', 'production'], env)).toMatchObject({
      code: 2,
      stderr:
        'error  wrangler deploys [env.staging] (CLOUDFLARE_ENV=staging), and --env of claimgate check names [env.production]; take --env out of [build]: the check finds the environment by itself\n',
    });
  });

  it('says it beside reports for programs', async () => {
    const { stdout, stderr } = await check(['--deploy', '--env', 'production', '--json']);
    expect(stderr).toBe('deployment of [env.production] (--env)\n');
    expect(JSON.parse(stdout)).toHaveLength(1);
  });
});
