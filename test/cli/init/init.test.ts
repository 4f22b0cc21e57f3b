import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { parse as parseToml } from 'smol-toml';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { type Answers, findAnswers, workerName } from '../../../cli/init/answers.ts';
import { judgeAnswer } from '../../../cli/init/judge.ts';
import { renderPolicyFile } from '../../../cli/init/policy-file.ts';
import { renderWorkflow } from '../../../cli/init/workflow.ts';
import { checkPolicy } from '../../../cli/policy/check/check.ts';
import { parsePolicyFile } from '../../../cli/policy/file/config.ts';
import { main } from '../../../cli/program.ts';
import { claimgate } from '../support/claimgate.ts';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-init-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function emptyFolder(name: string): string {
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name);
}

const ANSWERS: Answers = {
  name: 'orders',
  issuer: 'https://issuer.example/',
  audience: 'https://api.example.com/orders',
  origin: 'https://orders.example',
  host: undefined,
};

const FLAGS = [
  '--issuer',
  'https://issuer.example/',
  '--audience',
  'https://api.example.com/orders',
  '--origin',
  'https://orders.example',
];

describe('claimgate init', () => {
  it.each<[string, Partial<Answers>]>([
    ['a URL and a host', { host: 'api.example.com' }],
    ['a service', { origin: 'service:orders-api' }],
    ['a name that says nothing', { name: 'gateway' }],
    ['texts that TOML must escape', { audience: 'a "b" \\c' }],
  ])('writes a policy without errors and warnings: %s', (_, more) => {
    const text = renderPolicyFile({ ...ANSWERS, ...more }, './node_modules/claimgate');
    const [result] = checkPolicy(parsePolicyFile('wrangler.toml', text));
    expect(result).toMatchObject({ faults: [], warnings: [], routes: 4 });
  });

  it('has the list of secrets that wrangler demands', () => {
    const text = renderPolicyFile(ANSWERS, './node_modules/claimgate');
    expect(parsePolicyFile('wrangler.toml', text).config.secrets).toEqual({ required: [] });
    const named = text.replace('audience =', 'origin_headers = { x-s = "secret:S" }\naudience =');
    const warned = (toml: string) => checkPolicy(parsePolicyFile('wrangler.toml', toml))[0]?.warnings;
    expect(warned(named)).toMatchObject([
      { rule: 'unlisted-secret', remedy: 'write required = ["S"] under [secrets] of this environment' },
    ]);
    expect(warned(named.replace('required = []', 'required = ["S"]'))).toEqual([]);
  });

  it('writes what passes check and test as it is', async () => {
    const at = emptyFolder('Orders');
    expect((await claimgate(['init', at, '--yes'])).code).toBe(0);
    const config = ['--config', join(at, 'wrangler.toml')];
    expect(await claimgate(['check', '--strict', ...config])).toMatchObject({
      code: 0,
      stdout: `ok     ${config[1]}: 4 routes\n`,
    });
    const tested = await claimgate([
      'test',
      join(at, 'policy.test.toml'),
      ...config,
      '--min-coverage',
      '100',
    ]);
    expect(tested).toMatchObject({ code: 0, stdout: expect.stringContaining('all pass') });
  });

  it('takes the name of the folder, and says what comes next', async () => {
    const at = emptyFolder('Order_Gateway');
    const { stdout, stderr } = await claimgate(['init', at, ...FLAGS]);
    expect(stdout).toContain(
      'wrote    wrangler.toml\nwrote    policy.test.toml\nwrote    .github/workflows/policy.yml\n',
    );
    expect(stdout).toMatch(/npx wrangler dev [\s\S]*npx claimgate check --online/);
    expect(stderr).toContain('claimgate is not installed here yet; npm install --save-dev FILE wrangler');
    const text = readFileSync(join(at, 'wrangler.toml'), 'utf8');
    expect(text.split('\n').slice(0, 3)).toEqual([
      '#:schema ./node_modules/claimgate/docs/policy.schema.json',
      'name = "order-gateway"',
      'main = "node_modules/claimgate/dist/worker.js"',
    ]);
    expect(text).toContain('[vars.API_ORDER.routes]\n"GET /order" ');
  });

  it('finds the package of a workspace, and the root of the repository', async () => {
    const root = emptyFolder('workspace');
    mkdirSync(join(root, '.git'));
    mkdirSync(join(root, 'node_modules/claimgate'), { recursive: true });
    writeFileSync(join(root, 'node_modules/claimgate/package.json'), '{}');
    const at = emptyFolder('workspace/apps/orders');
    const { stdout, stderr } = await claimgate(['init', at, ...FLAGS]);
    expect(stderr).toBe('');
    expect(stdout).toContain('wrote    ../../.github/workflows/policy.yml');
    expect(readFileSync(join(at, 'wrangler.toml'), 'utf8')).toContain(
      'main = "../../node_modules/claimgate/dist/worker.js"',
    );
    const workflow = parse(readFileSync(join(root, '.github/workflows/policy.yml'), 'utf8'));
    expect(workflow.jobs.policy.defaults).toEqual({ run: { 'working-directory': 'apps/orders' } });
  });

  it('writes what belongs beside a policy: what git leaves out, secrets to set, how to go on', async () => {
    const at = emptyFolder('beside');
    writeFileSync(
      join(at, 'package.json'),
      '{\n  "name": "shop",\n  "scripts": { "policy:check": "mine" }\n}\n',
    );
    writeFileSync(join(at, '.gitignore'), 'node_modules\n*.log');
    writeFileSync(join(at, 'README.md'), '# Shop');
    const { code, stderr } = await claimgate(['init', at, ...FLAGS, '--yes']);
    expect(code).toBe(0);
    expect(stderr).toContain('+ ## The gateway');
    const scripts = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')).scripts;
    expect(scripts).toMatchObject({ 'policy:check': 'mine', 'policy:test': expect.any(String) });
    expect(readFileSync(join(at, '.gitignore'), 'utf8')).toBe(
      'node_modules\n*.log\n.wrangler/\n.dev.vars*\n!.dev.vars.example\n',
    );
    expect(readFileSync(join(at, 'README.md'), 'utf8')).toMatch(/^# Shop\n\n## The gateway\n/);
    expect(readFileSync(join(at, '.dev.vars.example'), 'utf8')).toMatch(/^# /);
  });

  it('changes nothing that is there where nobody has agreed', async () => {
    const at = emptyFolder('shown');
    writeFileSync(join(at, 'README.md'), '# Shop\n');
    const { code, stdout } = await claimgate(['init', at, ...FLAGS]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('README.md stays as it is; --yes adds to it'),
    ]);
    expect(readFileSync(join(at, 'README.md'), 'utf8')).toBe('# Shop\n');
    expect(readdirSync(at)).toContain('wrangler.toml');
  });

  it.each([
    ['no package', '[1]'],
    ['no JSON', '{ "name": '],
    ['scripts that are none', '{ "scripts": 1 }'],
  ])('leaves a package.json alone that has %s', async (name, text) => {
    const at = emptyFolder(`package ${name}`);
    writeFileSync(join(at, 'package.json'), text);
    expect((await claimgate(['init', at, ...FLAGS])).code).toBe(0);
    expect(readFileSync(join(at, 'package.json'), 'utf8')).toBe(text);
  });

  it('keeps cases that a person has written, and a workflow', async () => {
    const at = emptyFolder('kept');
    mkdirSync(join(at, '.github/workflows'), { recursive: true });
    writeFileSync(join(at, '.github/workflows/policy.yml'), 'mine');
    const own = '# Ours.\n[[case]]\nrequest = "GET /nowhere"\nexpect = 404\n';
    writeFileSync(join(at, 'policy.test.toml'), own);
    const { code, stdout } = await claimgate(['init', at, ...FLAGS, '--yes']);
    expect(code).toBe(0);
    expect(stdout).toContain('.github/workflows/policy.yml is there already, and stays as it is');
    expect(readFileSync(join(at, 'policy.test.toml'), 'utf8').startsWith(own)).toBe(true);
    expect(readFileSync(join(at, '.github/workflows/policy.yml'), 'utf8')).toBe('mine');
  });

  it.each([
    ['wrangler.toml', 'mine', 'is no TOML'],
    ['wrangler.jsonc', '{ "name": ', 'wrangler.jsonc'],
    ['policy.test.toml', 'mine', 'is no TOML'],
    ['policy.test.toml', '[[case]]\nrequest = "GET /x"\n', 'policy.test.toml:1:'],
  ])('writes nothing where %s can’t be read', async (name, text, message) => {
    const at = emptyFolder(`broken ${name} ${message.length}`);
    writeFileSync(join(at, name), text);
    const { code, stderr } = await claimgate(['init', at, ...FLAGS, '--yes']);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(readFileSync(join(at, name), 'utf8')).toBe(text);
    expect(readdirSync(at)).toEqual([name]);
  });

  it.each<[string, string[], string]>([
    ['nobody to ask', FLAGS.slice(0, 2), 'give --audience, --origin, or --yes for examples'],
    ['an issuer that is none', ['--yes', '--issuer', 'auth0'], 'error  issuer: '],
    ['a host that is none', ['--yes', '--host', 'https://x'], 'error  hosts[0]: '],
    ['a name that is none', ['--yes', '--name', 'My Gateway'], 'take one such as my-gateway'],
  ])('%s: what to do, and no file', async (name, flags, message) => {
    const at = emptyFolder(name);
    const { code, stderr } = await claimgate(['init', at, ...flags]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect(readdirSync(at)).toEqual([]);
  });

  it('says so where it may not write', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { code, stderr } = await claimgate(['init', join(folder, 'file'), ...FLAGS]);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/^error {2}.*can't be written \(E\w+\)/)]);
    expect(existsSync(join(folder, 'file', 'wrangler.toml'))).toBe(false);
  });
});

describe('claimgate init, for a Worker that is there', () => {
  const JSONC = `{
  // Ours.
  "name": "shop",
  "main": "src/index.ts",
  "compatibility_date": "2026-10-01",
  "kv_namespaces": [{ "binding": "CACHE", "id": "abc" }], // of the shop
  "vars": { "STAGE": "dev", "FLAGS": { "a": true } },
}
`;
  const TOML = `name = "shop" # ours
main = "src/index.ts"
compatibility_date = "2026-10-01"
kv_namespaces = [{ binding = "CACHE", id = "abc" }]

[vars]
STAGE = "dev"
`;
  const WANTED = ['--issuer', 'https://issuer.example/', '--audience', 'https://shop.example'];

  it.each([
    ['wrangler.jsonc', JSONC],
    ['wrangler.json', JSONC.replace(/ *\/\/.*$/gm, '').replace('},\n}', '}\n}')],
    ['wrangler.toml', TOML.replace(/^kv_.*\n/m, '')],
    ['wrangler.toml with CRLF', TOML.replace(/^kv_.*\n/m, '').replaceAll('\n', '\r\n')],
  ])('adds the policy to %s, and keeps what is there', async (name, text) => {
    const at = emptyFolder(`add ${name}`);
    const file = name.split(' ')[0] ?? '';
    writeFileSync(join(at, file), text);
    const { code, stdout, stderr } = await claimgate(['init', at, ...WANTED, '--yes']);
    expect([code, stderr]).toEqual([0, expect.stringContaining(`${file}\n`)]);
    expect(stdout).toContain(`changed  ${file}\n`);
    expect(stdout).toContain("import { claimgate } from 'claimgate/hono'");
    const after = readFileSync(join(at, file), 'utf8');
    for (const [comment] of text.matchAll(/(\/\/ |# )(Ours|ours|of the shop).*/g))
      expect(after).toContain(comment.trim());
    expect(after).toMatch(/^ *"GET \/shop\/\*"/m);
    const { config } = parsePolicyFile(file, after);
    expect(config).toMatchObject({
      main: 'src/index.ts',
      vars: { STAGE: 'dev', ISSUERS: { main: {} }, API_SHOP: { origin: 'next' } },
      triggers: { crons: ['*/5 * * * *'] },
    });
    expect(config.kv_namespaces?.map(({ binding }) => binding)).toContain('KEYS');
    const [result] = checkPolicy(parsePolicyFile(file, after));
    expect(result).toMatchObject({ faults: [], warnings: [], routes: 4 });
    const again = await claimgate(['init', at, ...WANTED, '--yes']);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('has a policy already')]);
  });

  it('shows the change, and waits for a yes', async () => {
    const at = emptyFolder('asked');
    writeFileSync(join(at, 'wrangler.jsonc'), JSONC);
    const { code, stderr } = await claimgate(['init', at, ...WANTED]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^\+ .*"ISSUERS"/m);
    expect(stderr).toContain('wrangler.jsonc would change as shown, and nothing was written; give --yes');
    expect(readFileSync(join(at, 'wrangler.jsonc'), 'utf8')).toBe(JSONC);
    expect(readdirSync(at)).toEqual(['wrangler.jsonc']);
  });

  it('leaves its own triggers and build, and says what to look at', async () => {
    const at = emptyFolder('own triggers');
    const own = '[triggers]\ncrons = ["0 0 * * *"]\n[build]\ncommand = "make"\n';
    writeFileSync(join(at, 'wrangler.toml'), `${TOML.replace(/^kv_.*\n/m, '')}${own}`);
    const { stdout } = await claimgate(['init', at, ...WANTED, '--yes']);
    expect(stdout).toContain('add the cron "*/5 * * * *" to its triggers');
    expect(stdout).toContain('let its build command run `npx --no-install claimgate check` too');
    expect(parseToml(readFileSync(join(at, 'wrangler.toml'), 'utf8'))).toMatchObject({
      triggers: { crons: ['0 0 * * *'] },
      build: { command: 'make' },
    });
  });

  it.each([
    ['an inline list that tables can’t continue', 'wrangler.toml', TOML],
    ['variables as an inline table', 'wrangler.toml', 'name = "shop"\nvars = { STAGE = "dev" }\n'],
  ])('says so where it can’t add to %s', async (name, file, text) => {
    const at = emptyFolder(name);
    writeFileSync(join(at, file), text);
    const { code, stderr } = await claimgate(['init', at, ...WANTED, '--yes']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('add the policy by hand')]);
    expect(readFileSync(join(at, file), 'utf8')).toBe(text);
    expect(readdirSync(at)).toEqual([file]);
  });

  it('says what to do beside cloudflare.config.ts', async () => {
    const at = emptyFolder('code');
    writeFileSync(join(at, 'cloudflare.config.ts'), '');
    const { code, stderr } = await claimgate(['init', at, ...WANTED, '--yes']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('configured in cloudflare.config.ts')]);
  });
});

describe('claimgate init --issuer', () => {
  const OWN = ['--issuer', '--audience', 'https://api.example.com/orders', '--origin', 'service:orders'];

  it('writes an issuer, and a policy that trusts it', async () => {
    const at = emptyFolder('own');
    const { code, stdout } = await claimgate(['init', at, '--name', 'shop', ...OWN]);
    expect(code).toBe(0);
    expect(stdout).toContain('wrote    issuer/wrangler.toml\nwrote    issuer/.gitignore\n');
    expect(stdout).toContain(
      'npx claimgate api create https://api.example.com/orders --scope read:shop --scope write:shop',
    );
    const gateway = readFileSync(join(at, 'wrangler.toml'), 'utf8');
    const [result] = checkPolicy(parsePolicyFile('wrangler.toml', gateway));
    expect(result).toMatchObject({ faults: [], warnings: [], routes: 4 });
    const issuer = parseToml(readFileSync(join(at, 'issuer/wrangler.toml'), 'utf8'));
    expect(issuer).toMatchObject({
      name: 'shop-issuer',
      main: '../node_modules/claimgate/dist/issuer.js',
      vars: { ISSUER: 'https://auth.example.com/' },
    });
    expect(parseToml(gateway)).toMatchObject({
      vars: { ISSUERS: { main: { issuer: 'https://auth.example.com/', service: 'ISSUER' } } },
      services: [
        { binding: 'ORDERS', service: 'orders' },
        { binding: 'ISSUER', service: issuer['name'] },
      ],
    });
    // Private keys of this machine stay on it.
    expect(readFileSync(join(at, 'issuer/.gitignore'), 'utf8').split('\n')).toContain('.dev.vars*');
  });

  it('has the bindings that the clone’s own issuer has', async () => {
    const written = parseToml(readFileSync(join(folder, 'own/issuer/wrangler.toml'), 'utf8'));
    const own = parseToml(readFileSync('issuer/wrangler.toml', 'utf8'));
    for (const name of ['kv_namespaces', 'durable_objects', 'migrations', 'ratelimits', 'dev'])
      expect(written[name], name).toEqual(own[name]);
  });

  it.each([
    [[], 'auth.example.com'],
    [['--host', 'api.shop.example'], 'auth.shop.example'],
    [['--host', 'shop.example'], 'auth.shop.example'],
    [['--issuer-host', 'login.shop.example'], 'login.shop.example'],
  ])('with %j it is at %s', async (flags, host) => {
    const at = emptyFolder(`host ${flags.join(' ')}`);
    expect((await claimgate(['init', at, '--yes', '--issuer', ...flags])).code).toBe(0);
    const { routes } = parseToml(readFileSync(join(at, 'issuer/wrangler.toml'), 'utf8'));
    expect(routes).toEqual([{ pattern: host, custom_domain: true }]);
  });

  it('adds the issuer alone where a policy is, which stays as it is', async () => {
    const at = emptyFolder('policy there');
    writeFileSync(join(at, 'wrangler.toml'), 'mine');
    const { code, stdout } = await claimgate(['init', at, '--issuer']);
    expect(code).toBe(0);
    expect(stdout).toContain(
      '  [vars.ISSUERS.own]\n  issuer = "https://auth.example.com/"\n  service = "ISSUER"\n',
    );
    expect(readFileSync(join(at, 'wrangler.toml'), 'utf8')).toBe('mine');
    expect(readdirSync(at).sort()).toEqual(['issuer', 'wrangler.toml']);
    const again = await claimgate(['init', at, '--issuer']);
    expect([again.code, again.stderr]).toEqual([
      2,
      expect.stringContaining('issuer/wrangler.toml, issuer/.gitignore are there already'),
    ]);
  });

  it('prints the lines and commands for the policy that is there', async () => {
    const at = emptyFolder('policy trusted');
    writeFileSync(
      join(at, 'wrangler.toml'),
      `[vars.ISSUERS.main]
issuer = "https://id.example.com/"
[vars.API_SHOP]
origin = "https://shop.internal.example"
audience = "the shop"
[vars.API_SHOP.routes]
"GET /carts" = { scopes_all = ["carts:list"] }
"POST /carts" = { scopes_any = ["carts:fill", "carts:list"] }
`,
    );
    const { code, stdout } = await claimgate(['init', at, '--issuer']);
    expect(code).toBe(0);
    expect(stdout).toContain("api create 'the shop' --scope carts:list --scope carts:fill --lifetime 1h\n");
    const lines = /with these lines:\n\n([\s\S]*?)\n\n {2}#/.exec(stdout)?.[1]?.replace(/^ {2}/gm, '') ?? '';
    // Pasted, they are the second half of the API's table.
    const [services = '', api = ''] = lines.split(/\[vars\.API_SHOP\].*\n/);
    const before = readFileSync(join(at, 'wrangler.toml'), 'utf8');
    writeFileSync(join(at, 'wrangler.toml'), `${services}${before.replace('[vars.API_SHOP]', `$&\n${api}`)}`);
    const checked = await claimgate(['check'], { cwd: at });
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining('2 routes')]);
    expect(api).toBe('issuer = ["main", "own"]');
  });

  it('wants --issuer-host for an issuer of one’s own only', async () => {
    const at = emptyFolder('elsewhere');
    const { code, stderr } = await claimgate(['init', at, ...FLAGS, '--issuer-host', 'auth.example.com']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('give --issuer without a URL too')]);
    expect(readdirSync(at)).toEqual([]);
  });
});

describe('the commands of the issuer', () => {
  const OF_ISSUER = ['issuer', 'keys', 'api', 'client', 'token', 'push', 'pull'];
  const listed = async (cwd: string) =>
    [...(await claimgate(['--help'], { cwd })).stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);

  it('are listed where there is an issuer, and nowhere else', async () => {
    const with_ = await listed(join(folder, 'own'));
    const without = await listed(emptyFolder('none'));
    expect(with_.filter((name) => !without.includes(name)).sort()).toEqual([...OF_ISSUER].sort());
    expect((await claimgate(['--help'], { cwd: emptyFolder('none') })).stdout).toContain(
      'claimgate init --issuer writes it.',
    );
  });

  it.each([['api', 'list'], ['keys', 'list'], ['pull'], ['client', 'list'], ['issuer', 'init']])(
    '%s %s: without an issuer it says what to do',
    async (...command) => {
      const cwd = emptyFolder('none');
      const { code, stderr } = await claimgate(command.filter(Boolean), { cwd });
      expect([code, stderr]).toEqual([
        2,
        'error  there is no issuer/wrangler.toml; `claimgate init --issuer` adds an issuer to the project; where there is one, name its configuration with --config\n',
      ]);
    },
  );
});

describe('the questions', () => {
  const talk = (replies: readonly string[], given = {}, usual = {}) => {
    const [asked, told]: [string[], string[]] = [[], []];
    const answers = findAnswers({
      given,
      usual: { name: 'shop', ...usual },
      ask: async (text) => {
        asked.push(text);
        const reply = replies[asked.length - 1];
        if (reply === undefined) throw new Error(`asked too often: ${text}`);
        return reply;
      },
      takesExamples: false,
      judge: judgeAnswer,
      tell: (problem) => told.push(problem),
    });
    return { answers, asked, told };
  };

  it('are asked for what the flags leave open; an empty answer takes what stands in brackets', async () => {
    const { answers, asked } = talk(['', 'https://issuer.example/', ' orders ', '', 'api.example.com']);
    expect(await answers).toEqual({
      name: 'shop',
      issuer: 'https://issuer.example/',
      audience: 'orders',
      origin: 'https://origin.example.com',
      host: 'api.example.com',
    });
    expect(asked[0]).toBe('Name of the Worker (shop): ');
    expect(asked).toHaveLength(5);
  });

  it('judge each answer at once, and ask for it again', async () => {
    const { answers, asked, told } = talk([
      'My Gateway',
      'shop',
      'auth0',
      'https://issuer.example/',
      'orders',
      'https://user@o.example',
      'zone',
      'https://o.example',
      'https://x',
      '',
    ]);
    expect(await answers).toMatchObject({ name: 'shop', issuer: 'https://issuer.example/', host: undefined });
    expect(asked).toHaveLength(10);
    expect(told).toEqual([
      expect.stringContaining('take one such as my-gateway'),
      expect.stringMatching(/^issuer: /),
      expect.stringMatching(/^origin: /),
      expect.stringContaining('docs/origins.md'),
      expect.stringMatching(/^hosts/),
    ]);
  });

  it('are not asked where flags have answered', async () => {
    const given = {
      name: 'a',
      issuer: 'https://b.example/',
      audience: 'c',
      origin: 'https://d.example',
      host: 'e.example',
    };
    const { answers, asked } = talk([], given);
    expect([await answers, asked]).toEqual([given, []]);
  });

  it('end quietly with Ctrl-C and at the end of the input, and nothing is written', async () => {
    for (const key of ['\u0003', '\u0004']) {
      const at = emptyFolder(`stop ${key.charCodeAt(0)}`);
      const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin });
      const output: string[] = [];
      const sink = () =>
        Object.assign(
          new PassThrough().on('data', (data) => output.push(String(data))),
          { isTTY: true },
        );
      const terminal = { stdin, stdout: sink(), stderr: sink(), exitCode: 0 };
      const ended = main(['init', at], terminal);
      await vi.waitFor(() => expect(output.join('')).toContain('Name of the Worker'));
      stdin.write(key);
      await ended;
      expect(terminal.exitCode).toBe(130);
      expect(output.join('')).toContain('Nothing was written.');
      expect(output.join('')).not.toMatch(/error|Abort| {4}at /);
      expect(readdirSync(at)).toEqual([]);
    }
  });

  it.each([
    ['Order Gateway!', 'order-gateway'],
    ['--', 'gateway'],
    ['x'.repeat(80), 'x'.repeat(54)],
  ])('make a name of %j', (text, name) => expect(workerName(text)).toBe(name));
});

describe('the workflow', () => {
  it('quotes a folder that YAML would read otherwise', () => {
    const { jobs } = parse(renderWorkflow('a: b #c'));
    expect(jobs.policy.defaults.run['working-directory']).toBe('a: b #c');
  });

  it('has shell that bash reads, and no expression in it: a branch may have any name', () => {
    for (const { run } of parse(renderWorkflow('')).jobs.policy.steps) {
      if (run === undefined) continue;
      expect(run).not.toContain('${{');
      execFileSync('bash', ['-n', '-c', run]);
    }
  });
});
