/** The README is read in two minutes, on a phone too, and each of its commands runs in some test. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { testNames } from '../../scripts/test-names.ts';
import { claimgate } from '../cli/support/claimgate.ts';

const text = readFileSync('README.md', 'utf8');
const lines = text.split('\n');

const MAX_LINES = 150;
const MAX_COLUMNS = 100;

/** Commands that take long or need a registry, and the test that runs each. */
const RUN_ELSEWHERE: Readonly<Record<string, readonly [file: string, name: string]>> = {
  'npm start': ['test/e2e/tutorial.test.ts', 'docs/tutorial.md'],
  'npm test': ['test/project/workflows.test.ts', 'runs the two commands of the README in test.yml'],
  'npm pack': ['test/e2e/install.test.ts', 'npm pack makes a package that works'],
  'npm install': ['test/e2e/install.test.ts', 'npm pack makes a package that works'],
  'npx claimgate init': ['test/e2e/package.test.ts', 'writes a gateway that is deployed as it is'],
  'npx wrangler deploy': ['test/e2e/package.test.ts', 'is deployed, with the check in front'],
};

const commands = [
  ...[...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) => block.trim().split('\n')),
  ...[...text.matchAll(/^\| `(npx [^`]*)` \|/gm)].map(([, command = '']) => command),
].map((command) => command.replace(/\s+#.*$/, ''));

const elsewhere = (command: string) => Object.keys(RUN_ELSEWHERE).find((known) => command.startsWith(known));

const folder = mkdtempSync(join(tmpdir(), 'claimgate-readme-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The policy of the README in a repository of its own, as a project has it. */
function makeProject(): void {
  const [, policy = ''] = /```toml\n([\s\S]*?)```/.exec(text) ?? [];
  const rest =
    'name = "gateway"\nmain = "worker.js"\n[triggers]\ncrons = ["*/5 * * * *"]\n[[kv_namespaces]]\nbinding = "KEYS"\n';
  writeFileSync(join(folder, 'wrangler.toml'), `${rest}${policy}`);
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      cwd: folder,
      stdio: 'ignore',
    });
  git('init', '-b', 'main');
  git('add', '.');
  git('commit', '-m', 'policy');
}
makeProject();

describe('the README', () => {
  it(`has ${MAX_LINES} lines of ${MAX_COLUMNS} columns at most`, () => {
    expect(lines.length).toBeLessThanOrEqual(MAX_LINES);
    expect(lines.filter((line) => [...line].length > MAX_COLUMNS)).toEqual([]);
  });

  it('says what it is before anything else, and has a page for each reader', () => {
    expect(text).toMatch(/^# claimgate\n\nA Cloudflare Worker that /);
    const [, table = ''] = /## Start here\n\n([\s\S]*?)\n\n/.exec(text) ?? [];
    const rows = table.split('\n').slice(2);
    expect(rows.length).toBeGreaterThan(6);
    for (const row of rows) expect(row).toMatch(/\]\([\w/.#-]+\)/);
  });

  it('has commands', () => {
    expect(commands.length).toBeGreaterThan(8);
  });

  it.each(commands.filter((command) => elsewhere(command) === undefined))(
    '%s runs with its policy',
    async (command) => {
      const [npx, name, ...args] = command.split(' ');
      expect([npx, name]).toEqual(['npx', 'claimgate']);
      const { code, stdout, stderr } = await claimgate(args, { cwd: folder });
      // A refusal is an answer, too: explain says why.
      expect(code, stderr).toBe(args[0] === 'explain' ? 1 : 0);
      expect(stderr).not.toMatch(/^error/m);
      expect(stdout).not.toBe('');
    },
  );

  it.each(commands.filter((command) => elsewhere(command) !== undefined))(
    '%s runs in another test',
    (command) => {
      const [file, name] = RUN_ELSEWHERE[elsewhere(command) ?? ''] ?? [];
      const names = testNames()
        .filter((one) => one.file === file)
        .flatMap(({ path }) => path);
      expect(names).toContain(name);
    },
  );
});
