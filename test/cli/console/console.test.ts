/** `claimgate console` as a person runs it, without the browser. */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { ConsoleApi } from '../../../cli/console/api.ts';
import { openConsole } from '../../../cli/console/console.ts';
import { readKeys } from '../../../cli/console/keys.ts';
import type { KeysData, LiveData, PolicyState } from '../../../page/live-data.ts';
import { compilePolicy } from '../../../src/policy/compile/compile.ts';
import { claimgate } from '../support/claimgate.ts';

/** However busy the machine is. */
const soon = <Value>(read: () => Value) => expect.poll(read, { timeout: 20_000 });

const COMMAND = join(import.meta.dirname, '../../../cli/claimgate.ts');
const folder = mkdtempSync(join(tmpdir(), 'claimgate-console-'));
const config = join(folder, 'wrangler.toml');
const POLICY = `name = "x"
main = "x.ts"
[vars.GATEWAY]
health_path = "/healthz"
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
jwks_uri = "https://issuer.example/keys?code=hunter2"
[vars.API_X]
origin = "https://x.example"
audience = "x"
[vars.API_X.routes]
"GET /x" = { scopes_all = ["a"] }
`;
writeFileSync(config, POLICY);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let child: ChildProcess | undefined;
afterEach(() => {
  child?.kill('SIGKILL');
  child = undefined;
});

interface Running {
  readonly child: ChildProcess;
  readonly port: string;
  ask<Answer>(path: string, body?: unknown): Promise<Answer>;
  ended(): Promise<number | null>;
}

async function start(args: readonly string[] = []): Promise<Running> {
  const started = spawn(process.execPath, [COMMAND, 'console', '--config', config, ...args], {
    env: { ...process.env, NO_COLOR: '1' },
  });
  child = started;
  let output = '';
  started.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ended = new Promise<number | null>((resolve) => started.once('exit', resolve));
  await soon(() => output).toContain('\n');
  const [, port = '', token = ''] = /^http:\/\/127\.0\.0\.1:(\d+)\/#token=([\w-]{43})\n$/.exec(output) ?? [];
  expect(token, output).not.toBe('');
  return {
    child: started,
    port,
    ended: () => ended,
    async ask<Answer>(path: string, body?: unknown) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { 'x-console-token': token, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return (await response.json()) as Answer;
    },
  };
}

const line = (more: object = {}) =>
  `${JSON.stringify({
    ...{ time: '2026-11-27T18:00:00.000Z', request_id: 'r', method: 'GET', decision: 'deny', status: 404 },
    ...{ reason: 'route_unknown', host: 'x.example', path: '/none' },
    ...more,
  })}\n`;

describe('claimgate console', () => {
  it('reads standard input, tells as it comes, and ends with Ctrl-C', async () => {
    const running = await start();
    const waiting = running.ask<LiveData>('/api/live?after=0&log=1&policy=1');
    running.child.stdin?.write(line());
    expect((await waiting).decisions).toMatchObject([{ path: '/none', reason: 'route_unknown' }]);
    const next = running.ask<LiveData>('/api/live?after=1&log=2&policy=1');
    writeFileSync(config, POLICY.replace('scopes_all', 'scope_all'));
    expect((await next).policyVersion).toBe(2);
    const { page, problem } = await running.ask<PolicyState>('/api/policy');
    expect(problem).toBeNull();
    expect(page?.environments[0]?.findings).toMatchObject([{ severity: 'error', line: 12 }]);
    expect(JSON.stringify(page)).not.toContain('hunter2');
    writeFileSync(config, POLICY);
    running.child.kill('SIGINT');
    expect(await running.ended()).toBe(0);
  });

  it('reads a file, and starts without a policy and without a log', async () => {
    const log = join(folder, 'gateway.log');
    rmSync(config);
    const running = await start(['--log', log]);
    const { page, problem } = await running.ask<PolicyState>('/api/policy');
    expect([page, problem]).toEqual([null, expect.stringContaining(`there is no ${config}`)]);
    appendFileSync(log, line());
    await soon(async () => (await running.ask<LiveData>('/api/live?after=0')).decisions.length).toBe(1);
    writeFileSync(config, POLICY);
    await soon(async () => (await running.ask<PolicyState>('/api/policy')).problem).toBeNull();
  });

  it('writes a case beside the policy', async () => {
    const running = await start();
    const text = '[[case]]\nrequest = "GET /x"\nexpect = 401\n';
    expect(await running.ask('/api/case', { text })).toMatchObject({ line: 3, failure: null });
    expect(await running.ask('/api/case', { text: 'x' })).toHaveProperty('error');
    expect(await running.ask('/api/case', { txt: text })).toHaveProperty('error');
    rmSync(join(folder, 'policy.test.toml'));
  });

  it('says that a port is in use, and what is wrong with its options', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const run = await claimgate(['console', '--config', config, '--port', String(port)]);
    expect([run.code, run.stdout]).toEqual([3, '']);
    expect(run.stderr).toContain(`port ${port} is in use; name another with --port`);
    taken.close();
    for (const [args, message] of [
      [['--port', '0'], 'from 1 to 65535'],
      [['--port', '80a'], 'from 1 to 65535'],
      [['--gateway', 'localhost:8787'], 'such as http://localhost:8787'],
      [['--remote', '--log', 'x'], 'exclude each other'],
      [['--host', '0.0.0.0'], 'unknown option'],
    ] as const) {
      const wrong = await claimgate(['console', ...args]);
      expect([wrong.code, wrong.stdout], args.join(' ')).toEqual([2, '']);
      expect(wrong.stderr).toContain(message);
    }
  });
});

it('has the parts of others, and says whether an issuer is among them', async () => {
  const issuer: ConsoleApi = { 'GET /api/issuer/apis': async () => ({ status: 200, body: ['x'] }) };
  for (const apis of [[], [issuer]]) {
    const opened = await openConsole({
      config,
      environment: undefined,
      port: 0,
      apis,
      input: { kind: 'none' },
    });
    const { origin, hash } = new URL(opened.address);
    const ask = (path: string) =>
      fetch(`${origin}${path}`, { headers: { 'x-console-token': hash.slice('#token='.length) } });
    expect(await (await ask('/api/policy')).json()).toMatchObject({ hasIssuer: apis.length > 0 });
    expect((await ask('/api/issuer/apis')).status).toBe(apis.length > 0 ? 200 : 404);
    await opened.close();
  }
});

describe('keys and their ages', () => {
  const compiled = compilePolicy({
    GATEWAY: { health_path: '/healthz' },
    ISSUERS: { main: { issuer: 'https://issuer.example/', jwks_uri: 'https://issuer.example/keys' } },
    API_X: { origin: 'https://x.example', audience: 'x', routes: { 'GET /x': {} } },
  });
  if (!compiled.ok) throw new Error('the policy has faults');
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function gateway(status: number, body: string, headers = {}): Promise<string> {
    const started = createServer((_request, response) => {
      response.writeHead(status, headers);
      response.end(body);
    });
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
  }
  const why = (keys: KeysData) => (keys.kind === 'nothing' ? keys.why : JSON.stringify(keys));

  it('are what the gateway says', async () => {
    // As `renderHealth` in src/http/health.ts writes it.
    const url = await gateway(
      200,
      JSON.stringify({
        status: 'failing',
        issuers: {
          main: {
            ...{
              status: 'failing',
              freshness: 'stale',
              keys: 2,
              checked_at: '2026-11-27T18:00:00.000Z',
              age_s: 90,
            },
            last_failure: { at: '2026-11-27T18:01:00.000Z', cause: 'timeout', http_status: null },
          },
          new: {
            status: 'waiting',
            freshness: 'unusable',
            keys: 0,
            checked_at: null,
            age_s: null,
            last_failure: null,
          },
        },
      }),
    );
    expect(await readKeys(compiled.policy, url)).toEqual({
      kind: 'keys',
      status: 'failing',
      issuers: [
        {
          name: 'main',
          status: 'failing',
          keys: 2,
          ageSeconds: 90,
          failure: 'timeout, 2026-11-27T18:01:00.000Z',
        },
        { name: 'new', status: 'waiting', keys: 0, ageSeconds: null, failure: null },
      ],
    });
  });

  it('need a health_path, and a gateway that answers with it', async () => {
    expect(why(await readKeys(undefined, 'http://127.0.0.1:1'))).toContain('GATEWAY.health_path');
    expect(why(await readKeys(compiled.policy, undefined))).toContain('--gateway');
    const stopped = await gateway(200, '');
    await new Promise((resolve) => server?.close(resolve));
    expect(why(await readKeys(compiled.policy, stopped))).toMatch(/does not answer on .* \(ECONNREFUSED\)/);
    for (const [status, body] of [
      [404, '{"issuers":{}}'],
      [200, 'hello'],
      [200, '[]'],
      [200, '{"issuers":[]}'],
      [200, `{"issuers":{},"x":"${'x'.repeat(300_000)}"}`],
    ] as const) {
      const url = await gateway(status, body);
      expect(why(await readKeys(compiled.policy, url)), body.slice(0, 20)).toContain(`answers ${status}`);
      server?.close();
    }
    const moved = await gateway(302, '', { location: 'http://127.0.0.1:1/' });
    expect(why(await readKeys(compiled.policy, moved))).toContain('does not answer');
  });
});
