/**
 * docs/tutorial.md, followed word by word in a copy of the repository: `sh` blocks are run in one shell, blocks with
 * a file name are written to that file, and the `text` block after a command is what it must print (`…` stands for
 * anything). `sh remote` blocks need an account: they run against a stand-in for Cloudflare's API, and deployments
 * are dry runs.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LiveData } from '../../page/live-data.ts';
import { type CloudflareApi, startCloudflareApi } from '../cli/support/cloudflare-api.ts';
import { clonePolicy } from '../support/clone.ts';
import { freePort } from './support/ports.ts';

interface Block {
  readonly line: number;
  /** What stands after the fence: `sh`, `text`, `ts issuer/src/hooks.ts`. */
  readonly kind: string;
  readonly text: string;
  /** What it has to print. */
  readonly expected: string | undefined;
}

/** The ports that the page names, and that of the console; the test must not meet a running `npm start`. */
const PORTS = ['8787', '8788', '8789', '8790', '8791'];
const OUTPUT_TIMEOUT_MS = 20_000;

const folder = mkdtempSync(join(tmpdir(), 'claimgate-tutorial-'));
let replacePorts: (text: string) => string;
let start: ChildProcess;
let shell: Shell;
let api: CloudflareApi;
const startLog: string[] = [];

function readBlocks(text: string): Block[] {
  const found = [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    kind: match[1] ?? '',
    text: match[2] ?? '',
    line: text.slice(0, match.index).split('\n').length,
  }));
  return found.flatMap((block, i) =>
    block.kind === 'text'
      ? []
      : [{ ...block, expected: found[i + 1]?.kind === 'text' ? found[i + 1]?.text : undefined }],
  );
}

const blocks = readBlocks(readFileSync('docs/tutorial.md', 'utf8'));

beforeAll(async () => {
  const ports = new Map(
    await Promise.all(PORTS.map(async (port) => [port, String(await freePort())] as const)),
  );
  replacePorts = (text) => text.replace(/\b(8787|8788|8789|8790|8791)\b/g, (port) => ports.get(port) ?? port);
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  });
  for (const file of files.trim().split('\n')) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(file, join(folder, file));
  }
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  for (const file of [
    'wrangler.toml',
    'issuer/wrangler.toml',
    'examples/timesheets/job/wrangler.toml',
    'scripts/start.ts',
  ]) {
    const text = file === 'wrangler.toml' ? clonePolicy() : readFileSync(file, 'utf8');
    writeFileSync(join(folder, file), replacePorts(text));
  }
  api = await startCloudflareApi();
  start = spawn('npm', ['start'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  for (const stream of [start.stdout, start.stderr])
    stream?.on('data', (data) => startLog.push(String(data)));
  await vi.waitFor(() => expect(startLog.join('')).toContain('Ctrl-C ends everything'), 90_000);
  shell = openShell();
});

afterAll(async () => {
  shell?.close();
  api?.close();
  if (start?.pid !== undefined) {
    const ended = new Promise((done) => start.once('exit', done));
    process.kill(-start.pid, 'SIGINT');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

interface Shell {
  /** Everything that the commands print, on both streams. */
  run(commands: string): Promise<string>;
  close(): void;
}

/** One shell for the whole page, so that variables stay. */
function openShell(): Shell {
  const child = spawn('bash', [], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1', PS1: '' },
    stdio: 'pipe',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
  let count = 0;
  return {
    async run(commands) {
      output = '';
      const end = `end of block ${++count}`;
      child.stdin.write(`{ ${commands}\n} 2>&1\necho; echo "${end}"\n`);
      await vi.waitFor(() => expect(output).toContain(`${end}\n`), 60_000);
      return output.replace(`\n${end}\n`, '');
    },
    close: () => child.stdin.end(),
  };
}

/** Each line must be there, in this order; `…` stands for anything. */
function toPattern(expected: string): RegExp {
  const lines = expected.split('\n').filter((line) => line.trim() !== '');
  const quote = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(lines.map((line) => line.split('…').map(quote).join('.*')).join('[\\s\\S]*?'));
}

describe('docs/tutorial.md', () => {
  it('has blocks of known kinds only', () => {
    for (const { kind } of blocks) expect(kind).toMatch(/^(sh|sh remote|toml|(ts|js|yaml) [\w./-]+)$/);
    expect(blocks.filter(({ kind }) => kind === 'sh').length).toBeGreaterThan(10);
  });

  it('shows routes that the policy has', () => {
    const policy = clonePolicy().replace(/ +#.*$/gm, '');
    for (const { kind, text } of blocks) {
      if (kind !== 'toml') continue;
      for (const line of text.split('\n').filter(Boolean)) expect(policy).toContain(line);
    }
  });

  for (const { kind, line, text, expected } of blocks) {
    const first = text.split('\n')[0]?.slice(0, 70);
    if (kind === 'sh') {
      it(`line ${line}: ${first}`, async () => {
        const deadline = Date.now() + OUTPUT_TIMEOUT_MS;
        let output = await shell.run(replacePorts(text));
        if (expected === undefined) return;
        const pattern = toPattern(replacePorts(expected));
        // A changed hook is taken over in the background: a reader looks twice, too. While the issuer starts anew, the
        // gateway can't have its keys yet, and says when to come again.
        const isTooEarly = () => /^Retry-After: /im.test(output) || (line > hooksLine && line < verifyLine);
        while (!pattern.test(output) && isTooEarly() && Date.now() < deadline) {
          await sleep(500);
          output = await shell.run(replacePorts(text));
        }
        expect(output).toMatch(pattern);
      });
    } else if (kind === 'sh remote') {
      it.each(text.trim().split('\n'))(`line ${line}: %s`, async (command) => {
        const isDeployment = command.startsWith('npx wrangler deploy');
        // These ask parts of Cloudflare's API that the stand-in does not have.
        if (/^npx wrangler (kv namespace create|d1|secret)/.test(command) || command.includes('doctor'))
          return;
        const variables = Object.entries(api.env)
          .map(([name, value]) => `${name}=${value}`)
          .join(' ');
        const withId = `sed -i '/env.production/,$ s/^binding = "ISSUER_KV".*/&\\nid = "0123456789abcdef0123456789abcdef"/' issuer/wrangler.toml`;
        const output = await shell.run(
          isDeployment
            ? `${command} --dry-run; echo "exit $?"`
            : `grep -q '^id = ' issuer/wrangler.toml || ${withId}; ${variables} ${command}; echo "exit $?"`,
        );
        // The page says that it does, in the first day.
        if (command.includes('keys rotate')) expect(output).toContain('published for less than a day');
        else expect(output).toContain('exit 0');
      });
    } else if (kind.includes(' ')) {
      it(`line ${line}: ${kind}`, () =>
        writeFileSync(join(folder, kind.split(' ')[1] ?? ''), replacePorts(text)));
    }
  }

  it('printed the address of a page first, which has what the gateway decided', async () => {
    const log = startLog.join('');
    const [, origin, token = ''] =
      /^Look at it: (http:\/\/127\.0\.0\.1:\d+)\/#token=([\w-]+)$/m.exec(log) ?? [];
    expect(log.indexOf(`${origin}/`)).toBeLessThan(log.indexOf('The gateway answers on'));
    const answer = await fetch(`${origin}/api/live?after=0`, { headers: { 'x-console-token': token } });
    const { decisions, log: state } = (await answer.json()) as LiveData;
    expect(state).toMatchObject({ state: 'reading', problem: null, brokenLines: 0, lostLines: 0 });
    expect(new Set(decisions.map(({ reason }) => reason))).toContain('token_missing');
    expect(decisions.some(({ allowed }) => allowed)).toBe(true);
  });

  it('left a job that made no doubles, and no secret in the log', () => {
    const log = startLog.join('');
    expect(log.match(/"created":6/g)).toHaveLength(1);
    expect(log).toContain('"already_there":6');
    const secret =
      /CLIENT_SECRET=(\S+)/.exec(readFileSync(join(folder, '.claimgate/client.env'), 'utf8'))?.[1] ?? '';
    expect(secret).toMatch(/^cgs/);
    expect(log).not.toContain(secret);
  });
});

const lineOf = (heading: string) =>
  readFileSync('docs/tutorial.md', 'utf8').split(heading)[0]?.split('\n').length ?? 0;
const hooksLine = lineOf('## 3. Modify');
const verifyLine = lineOf('## 4. Verify');
