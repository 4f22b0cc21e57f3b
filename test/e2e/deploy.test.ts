/** All Workers can be deployed; `wrangler deploy` of the gateway stops where the check of the policy finds an error. */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';

/** Beside wrangler.toml, since its paths are relative. */
const BROKEN = 'wrangler.broken.tmp.toml';
afterAll(() => rmSync(BROKEN, { force: true }));

function dryRun(config: string, ...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, NO_COLOR: '1', CI: '1' } };
    execFile('wrangler', ['deploy', '--dry-run', '-c', config, ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}

describe('wrangler deploy', () => {
  it.each([
    ['wrangler.toml', []],
    ['wrangler.toml', ['--env', 'production']],
    ['issuer/wrangler.toml', []],
    ['issuer/wrangler.toml', ['--env', 'production']],
    ['examples/timesheets/api/wrangler.toml', []],
    ['examples/timesheets/job/wrangler.toml', []],
  ])('passes with %s %j', async (config, args) => {
    expect(await dryRun(config, ...args)).toMatchObject({ code: 0 });
  });

  it('stops at a typo, and points at it', async () => {
    const text = readFileSync('wrangler.toml', 'utf8')
      .replace('audience =', 'audiense =')
      .replace('run --silent check', `run --silent check -- --config ${BROKEN}`);
    writeFileSync(BROKEN, text);
    const { code, output } = await dryRun(BROKEN);
    expect(code).not.toBe(0);
    expect(output).toContain('API_TIMESHEETS.audiense');
    expect(output).toContain('did you mean "audience"?');
  });
});
