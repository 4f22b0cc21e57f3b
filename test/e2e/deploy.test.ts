/**
 * All Workers can be deployed; `wrangler deploy` of the gateway stops where the check of the policy finds an error, and
 * the check finds the environment that wrangler deploys.
 */
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { clonePolicy } from '../support/clone.ts';

/** Beside wrangler.toml, since their paths are relative. */
const BROKEN = 'wrangler.broken.tmp.toml';
const CLONED = 'wrangler.clone.tmp.toml';
writeFileSync(CLONED, clonePolicy());
afterAll(() => {
  for (const file of [BROKEN, CLONED]) rmSync(file, { force: true });
});

const dryRun = (config: string, ...args: string[]) => wrangler(['deploy', '-c', config, ...args]);

function wrangler(args: string[], env: object = {}): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, CLOUDFLARE_ENV: undefined, NO_COLOR: '1', CI: '1', ...env } };
    execFile('wrangler', [...args, '--dry-run'], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}

describe('wrangler deploy', () => {
  it.each([
    [CLONED, ['--env', 'production']],
    ['issuer/wrangler.toml', []],
    ['issuer/wrangler.toml', ['--env', 'production']],
    ['examples/timesheets/api/wrangler.toml', []],
    ['examples/timesheets/job/wrangler.toml', []],
  ])('passes with %s %j', async (config, args) => {
    expect(await dryRun(config, ...args)).toMatchObject({ code: 0 });
  });

  it.each<[string, string[], object, string]>([
    ['deploy', ['deploy'], {}, 'deployment of the top level (wrangler got no --env)'],
    [
      'the top level by name',
      ['deploy', '--env='],
      { CLOUDFLARE_ENV: 'production' },
      '(--env "" of wrangler)',
    ],
    ['versions upload', ['versions', 'upload'], {}, 'deployment of the top level'],
  ])('stops at an issuer of this machine: %s', async (_, args, env, said) => {
    const { code, output } = await wrangler([...args, '-c', CLONED], env);
    expect(code).not.toBe(0);
    expect(output).toContain(said);
    expect(output).toContain('error[loopback]: localhost:8788 is this machine');
  });

  it.each<[string, string[], object, string]>([
    ['--env', ['versions', 'upload', '-e', 'production'], {}, '(--env production of wrangler)'],
    ['CLOUDFLARE_ENV', ['deploy'], { CLOUDFLARE_ENV: 'production' }, '(CLOUDFLARE_ENV=production)'],
  ])('looks at the environment that is deployed: %s', async (_, args, env, said) => {
    const { code, output } = await wrangler([...args, '-c', CLONED], env);
    expect(output).toContain(`deployment of [env.production] ${said}`);
    expect(code).toBe(0);
  });

  it('reads the file that wrangler deploys', async () => {
    writeFileSync(BROKEN, clonePolicy().replaceAll('audience =', 'audiense ='));
    const { code, output } = await dryRun(BROKEN, '--env', 'production');
    expect(code).not.toBe(0);
    expect(output).toContain(`error  ${BROKEN} [env.production]`);
  });

  it('stops at a typo, and points at it', async () => {
    const text = clonePolicy()
      .replace('audience =', 'audiense =')
      .replace('run --silent check', `run --silent check -- --config ${BROKEN}`);
    writeFileSync(BROKEN, text);
    const { code, output } = await dryRun(BROKEN);
    expect(code).not.toBe(0);
    expect(output).toContain('API_TIMESHEETS.audiense');
    expect(output).toContain('did you mean "audience"?');
  });
});
