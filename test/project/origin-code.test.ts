/** The code in docs/origin-code.md, run as an origin developer would run it. */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSecretVerifier, expressGuard, type OriginVerifier } from '../../origin/src/index.ts';
import { setClaimHeaders } from '../../src/origin/claim-headers.ts';
import type { Api } from '../../src/policy/policy.ts';
import { freePort } from '../e2e/support/ports.ts';
import { AUDIENCE, createSigner, ISSUER, type Signer } from '../support/assertion.ts';
import { policyWith, principal } from '../support/policy.ts';
import { JACKSON, LANGUAGES, run } from './verifiers/languages.ts';

const PAGE = readFileSync('docs/origin-code.md', 'utf8');
// In the repository, so that its packages are found.
const folder = mkdtempSync('.claimgate-readme-');
const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
  rmSync(folder, { recursive: true, force: true });
});

function codeOf(kind: string): string {
  const [, code] = new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(PAGE) ?? [];
  if (code === undefined) throw new Error(`no ${kind} in docs/origin-code.md`);
  return code;
}

let signer: Signer;
let variables: Record<string, string>;
beforeAll(async () => {
  signer = await createSigner('one');
  const server = createServer((_request, response) => response.end(JSON.stringify({ keys: [signer.jwk] })));
  variables = {
    GATEWAY_ISSUER: ISSUER,
    GATEWAY_AUDIENCE: AUDIENCE,
    GATEWAY_KEYS: `http://127.0.0.1:${await listen(server)}/keys`,
    ORIGIN_SECRET: 'the secret of this origin',
  };
});
afterEach(() => {
  for (const name of Object.keys(variables)) delete process.env[name];
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  return (server.address() as AddressInfo).port;
}

let count = 0;
/** Runs a snippet as a module that finds the package. @param env variables of its environment */
async function load<Exports>(code: string, env: Record<string, string> = variables): Promise<Exports> {
  const name = join(folder, `snippet-${count++}`);
  writeFileSync(`${name}.js`, code);
  writeFileSync(join(folder, 'env.js'), 'export const env = process.env;');
  await build({
    entryPoints: [`${name}.js`],
    outfile: `${name}.mjs`,
    bundle: true,
    format: 'esm',
    packages: 'external',
    alias: {
      'claimgate/origin': resolve('origin/src/index.ts'),
      'cloudflare:workers': resolve(folder, 'env.js'),
    },
  });
  Object.assign(process.env, env);
  return (await import(resolve(`${name}.mjs`))) as Exports;
}

/** What an app answers, and what it takes to ask it. */
type Ask = (target: string, headers: Record<string, string>, init?: RequestInit) => Promise<Response>;
const askAt =
  (port: number): Ask =>
  (target, headers, init) =>
    fetch(`http://127.0.0.1:${port}${target}`, { headers, ...init });

const askFetch =
  ({ fetch: handle }: { fetch(request: Request): Response | Promise<Response> }): Ask =>
  async (target, headers, init) =>
    handle(new Request(`https://orders.internal.example${target}`, { headers, ...init }));

const STARTS: [string, () => Promise<Ask>][] = [
  [
    'Express',
    async () => {
      const { app } = await load<{ app: Parameters<typeof createServer>[1] }>(codeOf('js express'));
      return askAt(await listen(createServer(app)));
    },
  ],
  [
    'Fastify',
    async () => {
      interface App {
        listen(at: object): Promise<string>;
        close(): Promise<void>;
        server: Server;
      }
      const { app } = await load<{ app: App }>(codeOf('js fastify'));
      await app.listen({ port: 0, host: '127.0.0.1' });
      closing.push(() => app.close());
      return askAt((app.server.address() as AddressInfo).port);
    },
  ],
  [
    'Hono',
    async () =>
      askFetch((await load<{ default: Parameters<typeof askFetch>[0] }>(codeOf('js worker'))).default),
  ],
  [
    'fetch',
    async () =>
      askFetch((await load<{ default: Parameters<typeof askFetch>[0] }>(codeOf('js fetch'))).default),
  ],
];

/** What everybody's `/me` must do. */
async function expectGuarded(ask: Ask): Promise<void> {
  const signed = async (claims = {}) => ({ 'txn-token': await signer.sign(claims) });
  const right = await ask('/me?x=1', await signed());
  expect(right.status).toBe(200);
  const caller = Object.fromEntries(
    Object.entries((await right.json()) as object).map(([name, value]) => [
      name.toLowerCase(),
      value as unknown,
    ]),
  );
  expect(caller).toMatchObject({
    issuer: 'https://issuer.example/',
    subject: 'user-1',
    scopes: ['read:orders'],
    claims: { roles: ['admin'] },
  });
  const nobody = await ask('/me?x=1', await signed({ tctx: undefined, sub: undefined, scope: undefined }));
  expect([nobody.status, await nobody.json()]).toEqual([200, null]);
  const refusals: [Record<string, string>, string][] = [
    [{ 'x-claim-iss': 'evil', 'x-claim-sub': 'admin', 'x-origin-secret': '' }, 'missing'],
    [await signed({ req: { method: 'GET', target: '/me' } }), 'target_mismatch'],
    [await signed({ req: { method: 'POST', target: '/me?x=1' } }), 'method_mismatch'],
    [await signed({ aud: 'another' }), 'audience_mismatch'],
  ];
  for (const [headers, code] of refusals) {
    const refused = await ask('/me?x=1', headers);
    expect([refused.status, refused.headers.get('content-type')?.split(';')[0]]).toEqual([
      401,
      'application/problem+json',
    ]);
    expect(await refused.json()).toMatchObject({ code });
  }
}

describe.each(STARTS)('%s', (name, start) => {
  it('lets in what the gateway has signed, and nothing else', async () => {
    await expectGuarded(await start());
  });

  it('does not start without knowing whom to believe', async () => {
    const kind = { Express: 'express', Fastify: 'fastify', Hono: 'worker', fetch: 'fetch' }[name] ?? '';
    for (const missing of ['GATEWAY_ISSUER', 'GATEWAY_AUDIENCE', 'GATEWAY_KEYS']) {
      await expect(load(codeOf(`js ${kind}`), { ...variables, [missing]: '' })).rejects.toThrow('is empty');
      const { [missing]: _, ...others } = variables;
      delete process.env[missing];
      await expect(load(codeOf(`js ${kind}`), others)).rejects.toThrow('is not set');
    }
  });
});

describe('a body that is bound', () => {
  it('is checked as docs/origin-code.md says for Express', async () => {
    const code = codeOf('js express')
      .replace('keys: process.env.GATEWAY_KEYS,', "$& bind: 'body',")
      .replace(/app\.use\(expressGuard[^\n]*\n/, codeOf('js express-body'))
      .replace("app.get('/me'", "app.post('/me'");
    const { app } = await load<{ app: Parameters<typeof createServer>[1] }>(code);
    const ask = askAt(await listen(createServer(app)));
    const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode('{"a": 1}'));
    const digest = `sha-256=:${Buffer.from(bytes).toString('base64')}:`;
    const req = { method: 'POST', target: '/me', digest };
    for (const [body, status] of [
      ['{"a": 1}', 200],
      ['{"a": 2}', 401],
    ] as const) {
      const headers = { 'txn-token': await signer.sign({ req }), 'content-type': 'application/json' };
      expect((await ask('/me', headers, { method: 'POST', body })).status).toBe(status);
    }
  });
});

describe('tests of an API', () => {
  it('sign requests as docs/origin-code.md says', async () => {
    interface Signed {
      verifier: OriginVerifier;
      sign(method: string, target: string, more?: object): Promise<Record<string, string>>;
    }
    const { verifier, sign } = await load<Signed>(codeOf('js signed'));
    const headers = await sign('GET', '/orders', { sub: 'user-1', scope: 'read:orders' });
    expect((await verifier.verify({ method: 'GET', target: '/orders', headers })).caller).toMatchObject({
      subject: 'user-1',
      scopes: ['read:orders'],
    });
    await expect(verifier.verify({ method: 'PUT', target: '/orders', headers })).rejects.toThrow('GET');
  });
});

/** Headers as the gateway sends them, of claims with all that needs an encoding. */
function headersOf(claims: { sub: string; roles: string[] }): Record<string, string> {
  const policy = policyWith({ 'GET /x': {} }, { forward: { roles: { header: 'x-roles', as: 'list' } } });
  const headers = new Headers({ 'x-origin-secret': 'the secret of this origin' });
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
  claims: { roles: CLAIMS.roles },
};

describe('a secret, in JavaScript', () => {
  it('reads the caller as the gateway wrote it', async () => {
    const { verifier } = await load<{ verifier: OriginVerifier }>(codeOf('js secret'));
    const headers = headersOf(CLAIMS);
    expect((await verifier.verify({ method: 'GET', target: '/x', headers })).caller).toEqual(CALLER);
    for (const secret of ['', 'the secret of this origiN', 'the secret of this origin and more']) {
      const sent = { ...headers, 'x-origin-secret': secret };
      await expect(verifier.verify({ method: 'GET', target: '/x', headers: sent })).rejects.toThrow();
    }
  });

  it.each(['', '   ', 'short', undefined])('does not start with the secret %j', async (secret) => {
    const { ORIGIN_SECRET: _, ...others } = variables;
    await expect(
      load(codeOf('js secret'), { ...others, ...(secret !== undefined && { ORIGIN_SECRET: secret }) }),
    ).rejects.toThrow('secrets[0]: ');
  });

  it('is taken by each guard', async () => {
    const { ORIGIN_SECRET: secret = '' } = variables;
    const guard = expressGuard(createSecretVerifier({ secrets: [secret], header: 'x-origin-secret' }));
    const code = codeOf('js express').replace(
      /expressGuard\(verifier[^\n]*\)\);/,
      'globalThis.guardOfTest);',
    );
    Object.assign(globalThis, { guardOfTest: guard });
    const { app } = await load<{ app: Parameters<typeof createServer>[1] }>(code);
    const ask = askAt(await listen(createServer(app)));
    expect((await ask('/me', { 'x-claim-iss': 'evil', 'x-claim-sub': 'admin' })).status).toBe(401);
    expect(await (await ask('/me', headersOf(CLAIMS))).json()).toMatchObject({ subject: CLAIMS.sub });
  });
});

const [python, go, java] = LANGUAGES;
const copy = (file: string, to: string) => {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(file, to);
};

describe.skipIf(python?.missing !== undefined)('Python', () => {
  beforeAll(() => copy(python?.file ?? '', join(folder, 'claimgate_origin.py')));
  const runPython = (code: string, input: unknown, env: Record<string, string>) => {
    writeFileSync(join(folder, 'run.py'), code);
    const options = {
      input: JSON.stringify(input),
      encoding: 'utf8',
      env: { ...process.env, ...env },
    } as const;
    return spawnSync('python3', ['-B', join(folder, 'run.py')], options);
  };

  it('reads the caller as the gateway wrote it, and starts with no empty secret', () => {
    const code = `${codeOf('python secret')}\nimport json, sys\nprint(json.dumps(vars(verifier.verify(json.load(sys.stdin)).caller)))\n`;
    const { stdout, stderr } = runPython(code, headersOf(CLAIMS), variables);
    expect(JSON.parse(stdout || stderr)).toEqual(CALLER);
    const empty = runPython(code, {}, { ...variables, ORIGIN_SECRET: '' });
    expect([empty.status, empty.stderr]).toEqual([
      1,
      expect.stringContaining('secrets[0]: the verifier needs it'),
    ]);
    const absent = spawnSync('python3', ['-B', join(folder, 'run.py')], { encoding: 'utf8' });
    expect([absent.status, absent.stderr]).toEqual([1, expect.stringContaining("KeyError: 'ORIGIN_SECRET'")]);
  });

  const hasFastApi = spawnSync('python3', ['-c', 'import fastapi, httpx']).status === 0;
  const asked = `
import json, sys
from fastapi.testclient import TestClient
client = TestClient(app)
for target, headers in json.load(sys.stdin):
    response = client.get(target, headers=headers)
    print(json.dumps([response.status_code, response.headers["content-type"], response.json()]))
`;
  it.skipIf(!hasFastApi)('FastAPI lets in what the gateway has signed, and nothing else', async () => {
    const code = codeOf('python fastapi') + asked;
    const ask: Ask = async (target, headers) => {
      writeFileSync(join(folder, 'run.py'), code);
      const child = spawn('python3', ['-B', join(folder, 'run.py')], {
        env: { ...process.env, ...variables },
      });
      child.stdin.end(JSON.stringify([[target, headers]]));
      let output = '';
      for await (const chunk of child.stdout) output += chunk;
      const [status, type, body] = JSON.parse(output) as [number, string, unknown];
      return new Response(JSON.stringify(body), { status, headers: { 'content-type': type } });
    };
    await expectGuarded(ask);
  });

  it('FastAPI does not start without knowing whom to believe', () => {
    const code =
      codeOf('python fastapi')
        .replace(/^from fastapi[\s\S]*?\n\n/m, '')
        .split('\n\n\n')[0] ?? '';
    for (const missing of ['GATEWAY_ISSUER', 'GATEWAY_AUDIENCE', 'GATEWAY_KEYS'])
      expect(runPython(code, {}, { ...variables, [missing]: '' }).stderr).toContain('the verifier needs it');
  });
});

describe.skipIf(go?.missing !== undefined)('Go', () => {
  const program = resolve(folder, 'go/program');
  beforeAll(() => {
    copy(go?.file ?? '', join(folder, 'go/claimgate/claimgate_origin.go'));
    writeFileSync(join(folder, 'go/go.mod'), 'module example.com/orders\n\ngo 1.19\n');
    writeFileSync(join(folder, 'go/main.go'), codeOf('go main.go'));
    const secret = `package main\n\nfunc secret() (claimgate.RequestVerifier, error) {\n${codeOf('go secret')}\nreturn verifier, err\n}\n`;
    const imports = 'package main\n\nimport (\n\t"os"\n\n\t"example.com/orders/claimgate"\n)\n';
    writeFileSync(join(folder, 'go/secret.go'), secret.replace('package main\n', imports));
    run(['go', 'build', '-o', program, '.'], { cwd: join(folder, 'go') });
  });

  it('lets in what the gateway has signed, and nothing else', async () => {
    const port = await freePort();
    const env = { ...process.env, ...variables, LISTEN: `127.0.0.1:${port}` };
    const child = spawn(program, { env, stdio: 'ignore' });
    closing.push(() => child.kill());
    const ask: Ask = async (target, headers) => {
      for (;;) {
        const answer = await askAt(port)(target, headers).catch(() => undefined);
        if (answer !== undefined || child.exitCode !== null) return answer as Response;
        await new Promise((wake) => setTimeout(wake, 20));
      }
    };
    await expectGuarded(ask);
    child.kill();
  });

  it('does not start without knowing whom to believe', () => {
    for (const missing of ['GATEWAY_ISSUER', 'GATEWAY_AUDIENCE', 'GATEWAY_KEYS']) {
      const env = { ...process.env, ...variables, [missing]: '' };
      const { status, stderr } = spawnSync(program, { env, encoding: 'utf8' });
      expect([status, stderr]).toEqual([1, expect.stringContaining('the verifier needs')]);
    }
  });
});

/** Spring's own annotations do nothing here: the filter is asked as a container would. */
const ANNOTATIONS = {
  'org/springframework/stereotype/Component.java':
    'package org.springframework.stereotype;\npublic @interface Component {}\n',
  'org/springframework/core/annotation/Order.java':
    'package org.springframework.core.annotation;\npublic @interface Order { int value(); }\n',
};
const [SERVLET] = globSync([
  `${process.env['HOME']}/.m2/repository/jakarta/servlet/jakarta.servlet-api/6*/*[0-9].jar`,
  '/usr/share/java/jakarta.servlet-api*.jar',
]);

describe.skipIf(java?.missing !== undefined || SERVLET === undefined)('Spring', () => {
  const classpath = [join(folder, 'java'), JACKSON, SERVLET].join(delimiter);
  const start = (env: Record<string, string>) =>
    spawn('java', ['-XX:TieredStopAtLevel=1', '-cp', classpath, 'FilterRunner'], {
      env: { ...process.env, ...env },
    });
  beforeAll(() => {
    copy(java?.file ?? '', join(folder, 'java/ClaimgateOrigin.java'));
    writeFileSync(join(folder, 'java/GatewayFilter.java'), codeOf('java GatewayFilter'));
    const secret = `import claimgate.ClaimgateOrigin;\nimport java.util.*;\nclass Secret {\n${codeOf('java secret')}\n}\n`;
    writeFileSync(join(folder, 'java/Secret.java'), secret);
    for (const [name, text] of Object.entries(ANNOTATIONS)) {
      mkdirSync(dirname(join(folder, 'java', name)), { recursive: true });
      writeFileSync(join(folder, 'java', name), text);
    }
    const sources = [...globSync(`${folder}/java/**/*.java`), 'test/project/verifiers/FilterRunner.java'];
    run(['javac', '--release', '17', '-cp', classpath, '-d', join(folder, 'java'), ...sources]);
  });

  it('lets in what the gateway has signed, and nothing else', async () => {
    const child = start(variables);
    closing.push(() => child.kill());
    const lines = child.stdout.setEncoding('utf8')[Symbol.asyncIterator]();
    const ask: Ask = async (target, headers) => {
      child.stdin.write(`${JSON.stringify([target, headers])}\n`);
      const { value } = (await lines.next()) as { value: string };
      const [status, type, body] = JSON.parse(value) as [number, string | null, string];
      return new Response(body, { status, headers: { 'content-type': type ?? '' } });
    };
    await expectGuarded(ask);
    child.stdin.end();
  });

  it('does not start without knowing whom to believe', () => {
    for (const missing of ['GATEWAY_ISSUER', 'GATEWAY_AUDIENCE', 'GATEWAY_KEYS']) {
      const env = { ...process.env, ...variables, [missing]: '' };
      const { status, stderr } = spawnSync('java', ['-cp', classpath, 'FilterRunner'], {
        env,
        encoding: 'utf8',
      });
      expect([status, stderr]).toEqual([1, expect.stringContaining('the verifier needs it')]);
    }
  });
});

it('no snippet that compares with a secret by itself is left', () => {
  const pages = ['docs/origins.md', 'docs/origin-code.md']
    .map((page) => readFileSync(page, 'utf8'))
    .join('\n');
  expect(pages).not.toMatch(/timingSafeEqual|compare_digest|ConstantTimeCompare|MessageDigest/);
});
