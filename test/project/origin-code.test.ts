/** The code in docs/origins.md, run as an origin developer would run it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { setClaimHeaders } from '../../src/origin/claim-headers.ts';
import type { Api } from '../../src/policy/policy.ts';
import { policyWith, principal } from '../support/policy.ts';

// In the repository, so that its packages are found.
const folder = mkdtempSync('.claimgate-readme-');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
process.env['ORIGIN_SECRET'] = 'the secret';

function codeOf(kind: string): string {
  const [, code] =
    new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(readFileSync('docs/origins.md', 'utf8')) ??
    [];
  if (code === undefined) throw new Error(`no ${kind} in docs/origins.md`);
  return code;
}

/** Headers as the gateway sends them, of claims with all that needs an encoding. */
function headersOf(claims: { sub: string; roles: string[] }): Record<string, string> {
  const policy = policyWith({ 'GET /x': {} }, { forward: { roles: { header: 'x-roles', as: 'list' } } });
  const headers = new Headers({ 'x-origin-secret': 'the secret' });
  const caller = principal(policy, claims, { subject: claims.sub, scopes: new Set(['read:a', 'write:a']) });
  setClaimHeaders(headers, caller, policy.apis[0] as Api, () => {});
  return Object.fromEntries(headers);
}

const CLAIMS = { sub: ' Zoë, 100%\n+1 ', roles: ['a,b', 'ü', 'plain+1'] };
const CALLER = {
  issuer: 'https://issuer.example/',
  subject: CLAIMS.sub,
  client: 'client',
  scopes: ['read:a', 'write:a'],
  roles: CLAIMS.roles,
};

type Ask = (headers: Record<string, string>) => Promise<{ status: number; body: string }>;

async function askExpress(): Promise<{ ask: Ask; close: () => void }> {
  const file = resolve(folder, 'express.mjs');
  writeFileSync(file, codeOf('js express'));
  const { app } = (await import(file)) as { app: { listen(port: number, host: string): Server } };
  const server = app.listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  return {
    ask: async (headers) => {
      const response = await fetch(`http://127.0.0.1:${port}/me`, { headers });
      return { status: response.status, body: await response.text() };
    },
    close: () => server.close(),
  };
}

async function askHono(): Promise<{ ask: Ask; close: () => void }> {
  const file = resolve(folder, 'hono.mjs');
  writeFileSync(file, codeOf('js hono'));
  const { app } = (await import(file)) as {
    app: { request(path: string, init: RequestInit): Promise<Response> };
  };
  return {
    ask: async (headers) => {
      const response = await app.request('/me', { headers });
      return { status: response.status, body: await response.text() };
    },
    close: () => {},
  };
}

describe.each([
  ['Express', askExpress],
  ['Hono', askHono],
])('%s', (_name, start) => {
  it('reads the caller as the gateway wrote it', async () => {
    const { ask, close } = await start();
    const { status, body } = await ask(headersOf(CLAIMS));
    close();
    expect([status, JSON.parse(body)]).toEqual([200, CALLER]);
  });

  it.each([
    ['no secret', undefined],
    ['another secret', 'the secreT'],
    ['a longer one', 'the secret and more'],
  ])('refuses a request with %s', async (_why, secret) => {
    const { ask, close } = await start();
    const { 'x-origin-secret': _, ...headers } = headersOf(CLAIMS);
    expect((await ask({ ...headers, ...(secret && { 'x-origin-secret': secret }) })).status).toBe(401);
    close();
  });
});

const hasPython = spawnSync('python3', ['--version']).status === 0;

describe.skipIf(!hasPython)('Python', () => {
  function readCaller(headers: Record<string, string>): unknown {
    const file = join(folder, 'caller.py');
    writeFileSync(
      file,
      `${codeOf('python caller.py')}\nimport json, sys\nprint(json.dumps(read_caller(json.load(sys.stdin))))\n`,
    );
    return JSON.parse(execFileSync('python3', [file], { input: JSON.stringify(headers), encoding: 'utf8' }));
  }

  it('reads the caller as the gateway wrote it', () => {
    expect(readCaller(headersOf(CLAIMS))).toEqual(CALLER);
  });

  it('refuses other requests', () => {
    expect(readCaller({ ...headersOf(CLAIMS), 'x-origin-secret': 'other' })).toBeNull();
    expect(readCaller({})).toBeNull();
  });
});
