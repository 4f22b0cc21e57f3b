/**
 * docs/deploying.md, followed as far as a machine without an account goes: every command of claimgate and every dry
 * run of wrangler is run in the order of the page and prints what it shows, every policy compiles, and the workflow is
 * one. Commands that need an account are marked, and their flags exist.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'smol-toml';
import { afterAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { checkPolicy } from '../../cli/policy/check/check.ts';
import { parsePolicyFile } from '../../cli/policy/file/config.ts';

const page = readFileSync('docs/deploying.md', 'utf8');
const BIN = resolve('node_modules/.bin');

interface Block {
  readonly kind: string;
  readonly text: string;
}

const blocks: Block[] = [...page.matchAll(/^( *)```(\w*[^\n]*)\n([\s\S]*?)^ *```$/gm)].map(
  ([, indent = '', kind = '', body = '']) => ({
    kind,
    text: body.replace(new RegExp(`^${indent}`, 'gm'), ''),
  }),
);
const ofKind = (kind: string) => blocks.filter((block) => block.kind === kind).map(({ text }) => text);

const folder = mkdtempSync(join(tmpdir(), 'claimgate-deploying-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A project in which the package is installed, as far as its commands and the Worker go. */
function makeProject(): void {
  const put = (name: string, text: string) => {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  put('.git/HEAD', 'ref: refs/heads/main\n');
  put('node_modules/claimgate/package.json', '{ "name": "claimgate" }');
  put(
    'node_modules/claimgate/dist/worker.js',
    `export { default } from ${JSON.stringify(resolve('src/index.ts'))};`,
  );
  put('node_modules/.bin/claimgate', `#!/bin/sh\nexec "${BIN}/node" "${resolve('cli/claimgate.ts')}" "$@"\n`);
  put(
    'node_modules/.bin/wrangler',
    `#!/bin/sh\nexec "${BIN}/node" "${resolve('node_modules/wrangler/bin/wrangler.js')}" "$@"\n`,
  );
  for (const name of ['claimgate', 'wrangler']) chmodSync(join(folder, 'node_modules/.bin', name), 0o755);
}

/** Runs what stands in a block, as one who follows the page. */
function follow(commands: string): string {
  const env = {
    ...process.env,
    PATH: `${BIN}:${process.env['PATH']}`,
    CLOUDFLARE_ENV: undefined,
    WRANGLER_COMMAND: '',
    WRANGLER_SEND_METRICS: 'false',
    NO_COLOR: '1',
    CI: '1',
  };
  return execFileSync('bash', ['-euc', `{ ${commands}\n} 2>&1`], { cwd: folder, env, encoding: 'utf8' });
}

/** Each line must be there, in this order; `…` stands for anything. */
function inOrder(expected: string): RegExp {
  const quoted = expected
    .split('\n')
    .filter((one) => one.trim() !== '')
    .map((one) =>
      one
        .trimEnd()
        .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
        .replaceAll('…', '.*'),
    );
  return new RegExp(quoted.map((one) => `^${one} *$`).join('[\\s\\S]*?'), 'm');
}

const file = () => join(folder, 'wrangler.toml');
const policy = () => readFileSync(file(), 'utf8');

/** What the page adds to the file on the way to its next commands. */
const CHANGES: Readonly<Record<string, (toml: string, added: string) => string>> = {
  'toml secret': (toml, added) => {
    const [secrets = '', api = ''] = added.split('\n\n');
    return toml
      .replace(/^\[secrets\]\nrequired = \[\]$/m, secrets)
      .replace(/^\[vars\.API_ORDERS\]\n(?:.+\n)+/m, () => `${api.trimEnd()}\n`);
  },
  'toml staging': (toml, added) => `${toml}\n${added}`,
};

describe('the steps', () => {
  it('print what the page shows, in its order', { timeout: 120_000 }, () => {
    makeProject();
    let followed = 0;
    for (const [i, { kind, text }] of blocks.entries()) {
      const change = CHANGES[kind];
      if (change !== undefined) {
        const changed = change(policy(), text);
        expect(changed, kind).not.toBe(policy());
        writeFileSync(file(), changed);
      }
      if (kind !== 'sh') continue;
      const shown = blocks[i + 1];
      expect(shown?.kind, text).toBe('text');
      // A refused request is exit code 1, and is what the page wants to show.
      const commands = text.includes('claimgate explain') ? `${text.trim()} || [ $? = 1 ]` : text;
      expect(follow(commands), text).toMatch(inOrder(shown?.text ?? ''));
      followed++;
    }
    expect(followed).toBe(6);
    // The secret that the page adds is in the list, and the two environments are without errors and warnings.
    expect(checkPolicy(parsePolicyFile('wrangler.toml', policy()))).toMatchObject([
      { faults: [], warnings: [], routes: 4 },
      { environment: 'staging', faults: [], warnings: [], routes: 5 },
    ]);
  });

  it('use no command that needs an account where it can not be run', () => {
    for (const commands of ofKind('sh'))
      for (const line of commands.trim().split('\n'))
        expect(line).toMatch(/^npx (claimgate (init|check|diff|explain)\b|wrangler deploy .*--dry-run)/);
  });
});

it('an API on this machine is fine to try, and is not deployed by mistake', () => {
  const [api = ''] = ofKind('toml try');
  const local = policy().replace(/^\[vars\.API_ORDERS\]\n(?:.+\n)+/m, () => `${api.trimEnd()}\n`);
  const found = (deploys: boolean) => {
    writeFileSync(join(folder, 'local.toml'), local);
    const flags = deploys ? ' --deploy --env ""' : '';
    return follow(`npx claimgate check --config local.toml${flags} || true`);
  };
  expect(found(false)).toContain('ok     local.toml: 4 routes');
  expect(found(true)).toContain('error[loopback]: localhost:3000 is this machine');
});

describe('the tables to choose from', () => {
  it.each(ofKind('toml top'))('%s', (text) => {
    const toml = `${text}\n${policy().replace(/^routes = .*$/m, '')}`;
    const own = text.startsWith('routes') ? toml : `${policy()}\n${text}`;
    expect(parse(text)).not.toEqual({});
    expect(checkPolicy(parsePolicyFile('wrangler.toml', own))).toMatchObject([
      { faults: [], warnings: [] },
      { faults: [], warnings: [] },
    ]);
  });

  it('leave no block of TOML without a test', () => {
    const known = ['toml top', 'toml try', ...Object.keys(CHANGES)];
    expect(
      blocks.filter(({ kind, text }) => kind.startsWith('toml') && !known.includes(kind) && text),
    ).toEqual([]);
  });
});

describe('commands that need an account', () => {
  const commands = ofKind('sh account')
    .flatMap((text) => text.trim().split('\n'))
    .filter((line) => line.startsWith('npx '));

  it('exist in wrangler, with these flags', { timeout: 120_000 }, () => {
    const known = new Map<string, string>();
    for (const line of commands) {
      const [, verbs = ''] = /^npx wrangler ((?:[a-z]+ ?)+?)(?= --| orders| "|$)/.exec(line) ?? [];
      expect(verbs, line).not.toBe('');
      if (!known.has(verbs)) known.set(verbs, follow(`npx wrangler ${verbs} --help`));
      const help = known.get(verbs) ?? '';
      expect(help, line).toContain(`wrangler ${verbs}`);
      for (const flag of line.match(/--[a-z][a-z-]*/g) ?? []) expect(help, line).toContain(flag);
    }
    expect([...known.keys()].sort()).toEqual([
      'deploy',
      'deployments status',
      'kv namespace create',
      'rollback',
      'versions deploy',
      'versions upload',
    ]);
  });
});

describe('the workflow', () => {
  const [text = ''] = ofKind('yaml');
  interface Workflow {
    readonly on: unknown;
    readonly jobs: Readonly<
      Record<
        string,
        {
          readonly environment: string;
          readonly needs?: string;
          readonly steps: readonly {
            readonly run?: string;
            readonly env?: Readonly<Record<string, string>>;
          }[];
        }
      >
    >;
  }
  const { on, jobs } = parseYaml(text) as Workflow;

  it('deploys to staging, then to production, and tests before', () => {
    expect(on).toEqual({ push: { branches: ['main'] } });
    expect(Object.entries(jobs).map(([name, { environment, needs }]) => [name, environment, needs])).toEqual([
      ['staging', 'staging', undefined],
      ['production', 'production', 'staging'],
    ]);
    for (const { steps } of Object.values(jobs))
      expect(steps.flatMap(({ run }) => run ?? [])).toEqual([
        'npm ci',
        'npx --no-install claimgate test',
        'npx --no-install wrangler deploy',
      ]);
  });

  it('tells wrangler and the check which environment it deploys', () => {
    const run = (environment: string) =>
      follow(
        `export CLOUDFLARE_ENV=${environment}; npx --no-install claimgate test && npx --no-install wrangler deploy --dry-run`,
      );
    expect(run('staging')).toContain('deployment of [env.staging] (CLOUDFLARE_ENV=staging)');
    expect(run('')).toContain('deployment of the top level');
    for (const { steps } of Object.values(jobs))
      expect(Object.keys(steps.at(-1)?.env ?? {})).toEqual([
        'CLOUDFLARE_ENV',
        'CLOUDFLARE_API_TOKEN',
        'CLOUDFLARE_ACCOUNT_ID',
      ]);
  });
});

it('the page fits its lines, and its cells', () => {
  const prose = page.replace(/^( *)```[\s\S]*?^ *```$/gm, '');
  for (const line of prose.split('\n')) {
    const isOneLink = /^ *\(?\[[^\]]*\]\([^)]*\)\)?[.,]?$/.test(line);
    if (!line.startsWith('|')) expect(line.length <= 100 || isOneLink, line).toBe(true);
    else for (const cell of line.split(' | ')) expect(cell.length, line).toBeLessThanOrEqual(120);
  }
});
