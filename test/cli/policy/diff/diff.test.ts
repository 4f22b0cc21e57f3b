import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { comparePolicies } from '../../../../cli/policy/diff/diff.ts';
import { readVersion } from '../../../../cli/policy/diff/revision.ts';
import { renderText } from '../../../../cli/policy/diff/text.ts';
import { parsePolicyFile, policyOf } from '../../../../cli/policy/file/config.ts';
import { CommandError } from '../../../../cli/text/terminal.ts';
import { clonePolicy } from '../../../support/clone.ts';
import { claimgate } from '../../support/claimgate.ts';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-diff-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const NOW = 1_800_000_000;

const POLICY = `
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
[vars.API_X]
origin = "https://x.example"
audience = "x"
[vars.API_X.routes]
"GET /x" = { scopes_all = ["read"] }
"GET /y/:id" = { scopes_all = ["read"] }
`;
const WIDER = POLICY.replace('"GET /x" = { scopes_all = ["read"] }', '"GET /x" = {}');
const base = write('base.toml', POLICY);
const wider = write('wider.toml', WIDER);

describe('docs/diff.md', () => {
  const text = readFileSync('docs/diff.md', 'utf8');
  const cases = [...text.matchAll(/### (.*)\n[^#]*?```diff\n([\s\S]*?)```\n\n```\n([\s\S]*?)```/g)].map(
    ([, title = '', change = '', output = '']) => ({ title, change, output }),
  );

  it('has ten changes, and one that changes nothing', () => expect(cases).toHaveLength(11));

  it.each(cases)('$title', async ({ change, output }) => {
    const old = clonePolicy();
    const [before, after] = [old, applyChange(old, change)].map((one) =>
      policyOf(parsePolicyFile('wrangler.toml', one), 'production'),
    );
    if (before === undefined || after === undefined) throw new Error('no policy');
    const lines = renderText(await comparePolicies(before, after, NOW), NOW);
    expect(`${lines.join('\n')}\n`).toBe(output);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });
});

/** Lines with `-` go, those with `+` come in their place; the others say where. In production only. */
function applyChange(text: string, change: string): string {
  const at = text.indexOf('[env.production.');
  let rest = text.slice(at);
  const lines = change.trimEnd().split('\n');
  const replace = (from: string, to: string) => {
    if (!rest.includes(from)) throw new Error(`wrangler.toml has no ${from}`);
    rest = rest.replace(from, () => to);
  };
  const added = lines.filter((line) => line.startsWith('+')).map((line) => line.slice(1));
  const removed = lines.filter((line) => line.startsWith('-')).map((line) => line.slice(1));
  const context = lines.find((line) => line.startsWith(' '))?.slice(1);
  if (context !== undefined) {
    const isAbove = lines[0]?.startsWith(' ') === true;
    replace(context, isAbove ? [context, ...added].join('\n') : [...added, context].join('\n'));
  } else {
    replace(removed[0] ?? '', added.join('\n'));
    for (const line of removed.slice(1)) replace(line, '');
  }
  return text.slice(0, at) + rest;
}

describe('claimgate diff: exit codes', () => {
  const more = write('more.toml', `${POLICY}"GET /z" = {}\n`);

  it.each([
    ['a difference by itself is none', [base, wider], 0],
    ['widened', [base, wider, '--fail-on', 'closed', '--fail-on', 'moved,widened'], 1],
    ['others', [base, wider, '--fail-on', 'opened,closed,narrowed', '--fail-on', 'moved'], 0],
    ['widened means opened too', [base, more, '--fail-on', 'widened'], 1],
    ['narrowed means closed too', [more, base, '--fail-on', 'narrowed'], 1],
  ])('%s', async (_why, args, code) => {
    expect((await claimgate(['diff', ...args])).code).toBe(code);
  });

  it('any means what is neither about callers nor about origins, too', async () => {
    const slow = write('slow.toml', POLICY.replace('audience = "x"', 'audience = "x"\ntimeout_ms = 1000'));
    const { stdout, code } = await claimgate(['diff', base, slow, '--fail-on', 'any']);
    expect(code).toBe(1);
    expect(stdout).toContain('    API_X.timeout_ms: 15000 -> 1000\n');
  });

  it('tells that problem types move', async () => {
    const moved = write(
      'moved.toml',
      `${POLICY}\n[vars.GATEWAY]\nproblem_base = "https://docs.example.com/r"\n`,
    );
    const { stdout, code } = await claimgate(['diff', base, moved, '--fail-on', 'any']);
    expect(code).toBe(1);
    expect(stdout).toContain('    GATEWAY.problem_base: a URN -> https://docs.example.com/r\n');
  });
});

describe('claimgate diff: formats', () => {
  it('prints a table for pull requests, in which no value ends a cell', async () => {
    const piped = write('piped.toml', POLICY.replace('["read"]', '["a|b", "<img>"]'));
    const { stdout } = await claimgate(['diff', base, piped, '--format', 'markdown']);
    const rows = stdout.split('\n').filter((line) => line.startsWith('| **'));
    expect(rows.map((row) => row.replace(/\\\|/g, '').split('|').length)).toEqual([7, 7]);
    expect(stdout).toContain('scope \\<img\\> and a\\|b');
  });

  it('prints JSON with the whole token of the example', async () => {
    const { stdout } = await claimgate(['diff', wider, base, '--json']);
    expect(JSON.parse(stdout)).toEqual({
      old: wider,
      new: base,
      environments: [
        {
          environment: null,
          findings: [
            {
              change: 'narrowed',
              routes: [{ pattern: '/x', methods: ['GET', 'HEAD'], hosts: [''] }],
              before: ['any scope'],
              now: ['scope read'],
              example: {
                request: {
                  method: 'GET',
                  host: 'any.example',
                  path: '/x',
                  token: {
                    header: { alg: 'RS256', typ: 'at+jwt' },
                    claims: { iss: 'https://issuer.example/', client_id: 'some-client', aud: 'x' },
                  },
                },
                before: { letIn: true, identified: true },
                now: { letIn: false, code: 'scopes_missing', status: 403 },
              },
            },
          ],
          other: [],
        },
      ],
    });
  });

  it('compares every environment, also one that is new', async () => {
    const staged = write('staged.toml', POLICY + POLICY.replaceAll('[vars.', '[env.staging.vars.'));
    const { stdout } = await claimgate(['diff', base, staged]);
    expect(stdout).toContain('[top level]\n\nNo difference');
    expect(stdout).toContain('[env.staging]\n\nopened      GET /x\n');
    expect((await claimgate(['diff', base, staged, '--env', ''])).stdout).not.toContain('opened');
  });

  it('tells of a header that clients can send again', async () => {
    const forwarding = write(
      'forwarding.toml',
      POLICY.replace('[vars.API_X.routes]', '[vars.API_X.forward]\norg = "x-org"\n[vars.API_X.routes]'),
    );
    const { stdout, code } = await claimgate(['diff', forwarding, base, '--fail-on', 'moved']);
    expect(code).toBe(1);
    expect(stdout).toContain(
      'moved       the header x-org of clients\n  before    dropped\n  now       passed on to every origin\n',
    );
  });
});

describe('claimgate diff: git', () => {
  const repository = join(folder, 'repository');
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], {
      cwd: repository,
      stdio: 'pipe',
    });
  const inRepository = (args: string[], at = '.') => claimgate(args, { cwd: join(repository, at) });
  write('repository/gateway/wrangler.toml', POLICY);
  git('init', '-q', '-b', 'main');
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  git('tag', 'v1');
  write('repository/gateway/wrangler.toml', WIDER);
  git('commit', '-q', '-a', '-m', 'second');
  write('repository/gateway/wrangler.toml', `${WIDER}"GET /z" = {}\n`);

  it.each([
    ['the last commit against the file', [], 'opened      GET /z\n', 'widened'],
    ['a revision against the file', ['v1'], 'widened     GET /x\n', 'closed'],
    ['two revisions', ['v1', 'HEAD'], 'widened     GET /x\n', 'opened'],
    ['a revision with its path', ['v1:gateway/wrangler.toml', 'main'], 'widened     GET /x\n', 'opened'],
  ])('%s', async (_why, sides, wanted, unwanted) => {
    const { stdout, stderr, code } = await inRepository(['diff', ...sides], 'gateway');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain(wanted);
    expect(stdout).not.toContain(`\n${unwanted}`);
  });

  it('finds the file from anywhere in the repository', async () => {
    const { stdout } = await inRepository(['diff', '--config', 'gateway/wrangler.toml']);
    expect(stdout).toContain('HEAD:gateway/wrangler.toml -> gateway/wrangler.toml');
    expect(stdout).toContain('opened      GET /z\n');
  });

  const config = join(repository, 'gateway/wrangler.toml');

  it.each([
    [
      'no such revision',
      'v9',
      config,
      'there is neither a file nor a git revision "v9"; git log --all --oneline lists revisions',
    ],
    [
      'no such file there',
      'v1',
      join(repository, 'gateway/other.toml'),
      `there is no ${join(repository, 'gateway/other.toml')} in v1; name another one as v1:path, or name two files: claimgate diff old.toml new.toml`,
    ],
    ['no such file', 'old.toml', config, 'there is no old.toml; name a file, a revision, or REV:path'],
    [
      'what looks like a flag of git',
      '--output=stolen',
      config,
      'there is neither a file nor a git revision "--output=stolen"; git log --all --oneline lists revisions',
    ],
    [
      'no such folder',
      'HEAD',
      join(folder, 'nowhere/wrangler.toml'),
      `there is no folder ${join(folder, 'nowhere')}; name the file with --config`,
    ],
  ])('%s', async (_why, side, file, message) => {
    await expect(readVersion(side, file)).rejects.toThrow(new CommandError(message));
  });

  it('says so in one line', async () => {
    const run = await inRepository(['diff', 'v1:gateway'], 'gateway');
    expect(run).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'error  v1:gateway is a folder; name the file in it\n',
    });
  });

  it('needs no repository for two files, and says so', async () => {
    write('plain/wrangler.toml', POLICY);
    const env = { GIT_CEILING_DIRECTORIES: folder };
    const run = (args: string[]) => claimgate(args, { cwd: join(folder, 'plain'), env });
    expect(await run(['diff'])).toMatchObject({
      code: 2,
      stderr:
        'error  the folder is not in a git repository; name two files: claimgate diff old.toml new.toml\n',
    });
    expect(await run(['diff', 'wrangler.toml', wider])).toMatchObject({ code: 0, stderr: '' });
  });

  it('says that there is no git', async () => {
    const env = { PATH: join(folder, 'nowhere') };
    expect(await claimgate(['diff'], { cwd: join(repository, 'gateway'), env })).toMatchObject({
      code: 2,
      stderr: 'error  git is not installed; name two files: claimgate diff old.toml new.toml\n',
    });
  });
});

describe('claimgate diff: what it can not compare', () => {
  it.each([
    [
      'an unknown environment',
      [base, wider, '--env', 'prod'],
      /^error {2}neither file has \[env\.prod\]; they have no environments\n$/,
    ],
    [
      'an unknown change',
      [base, wider, '--fail-on', 'widend'],
      /There is no such change; did you mean "widened"\?/,
    ],
    [
      'two formats',
      [base, wider, '--json', '--format', 'text'],
      /^error {2}--json and --format text exclude each other; leave one out\n$/,
    ],
  ])('%s', async (_why, args, message) => {
    const { code, stdout, stderr } = await claimgate(['diff', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('a file that is no TOML', async () => {
    const { code, stderr } = await claimgate(['diff', base, write('broken.toml', 'vars = [')]);
    expect(code).toBe(2);
    expect(stderr).toContain('broken.toml');
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('a policy with errors, with all of them', async () => {
    const bad = write('bad.toml', POLICY.replaceAll('scopes_all', 'scope_all'));
    const { code, stderr } = await claimgate(['diff', base, bad]);
    expect(code).toBe(2);
    expect(stderr.match(/scope_all: there is no field "scope_all"/g)).toHaveLength(2);
  });
});
