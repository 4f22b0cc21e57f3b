/** `npm start`: the gateway, a sample origin and an identity provider on this machine, until Ctrl-C. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { parseArgs, styleText } from 'node:util';
import type { JWK } from 'jose';
import { ConfigError, readConfig } from '../cli/check.ts';
import { compilePolicy } from '../src/policy/compile.ts';
import type { Policy, Route } from '../src/policy/policy.ts';
import { isLoopbackHost } from '../src/policy/uri.ts';
import { makeSigningKey, startIdentityProvider } from './identity-provider.ts';

const STATE_FILE = '.claimgate/identity-provider.json';
const FIRST_PORT = 8787;
const PORTS_TO_TRY = 20;
const READY_TIMEOUT_MS = 60_000;

const HELP = `npm start [-- --port 8787]

Runs the gateway with the policy of wrangler.toml, a sample origin and an identity provider, until Ctrl-C.

  --port PORT   port of the gateway (default: the first free one from ${FIRST_PORT})
`;

/** Something that the person at the terminal can mend. */
class StartError extends Error {}

try {
  await main();
} catch (error) {
  if (!(error instanceof StartError || error instanceof ConfigError)) throw error;
  process.stderr.write(`${styleText('red', 'error', { stream: process.stderr })}  ${error.message}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  const wantedPort = readPort();
  const policy = readPolicy();
  const issuer = readIssuer(policy);
  const resource = policy.apis[0]?.routes[0]?.audiences[0] ?? '';
  const scopes = new Set(
    policy.apis.flatMap((api) => api.routes.flatMap((r) => [...r.scopesAll, ...r.scopesAny])),
  );

  const { key, ...client } = await readState();
  const identityProvider = await startIdentityProvider({
    issuer: issuer.href.replace(/\/$/, ''),
    port: Number(issuer.port),
    ...client,
    resource,
    scopes: [...scopes],
    keys: [key],
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new StartError(
      `port ${issuer.port} of the identity provider is in use; end the other process, or write another port into ISSUERS.${policy.issuers[0]?.name}.issuer in wrangler.toml`,
    );
  });
  const port = wantedPort ?? (await firstFreePort());
  progress(`starting the gateway on port ${port} …`);
  const wrangler = startWrangler(port);
  endTogether(wrangler, () => identityProvider.close());
  await waitUntilReady(port);
  printGuide({ port, issuer: issuer.origin, policy, ...client, resource });
}

function readPort(): number | undefined {
  try {
    const { values } = parseArgs({
      options: { port: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) {
      process.stdout.write(HELP);
      process.exit(0);
    }
    if (values.port === undefined) return undefined;
    const port = Number(values.port);
    if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
    throw new StartError(`${values.port} is no port; write a number from 1 to 65535`);
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`${(error as Error).message}\n\n${HELP}`);
  }
}

function readPolicy(): Policy {
  const compiled = compilePolicy(readConfig('wrangler.toml').vars ?? {});
  if (!compiled.ok)
    throw new StartError('the policy in wrangler.toml has errors; `npm run check` lists them');
  return compiled.policy;
}

/** The identity provider runs where the policy expects it. */
function readIssuer(policy: Policy): URL {
  const [issuer] = policy.issuers;
  const url = new URL(issuer?.issuer ?? '');
  if (url.protocol === 'http:' && isLoopbackHost(url.hostname) && url.port !== '') return url;
  throw new StartError(
    `ISSUERS.${issuer?.name}.issuer in wrangler.toml is not on this machine; write http://localhost:9400 there, and put your own issuer into an environment such as [env.production]`,
  );
}

interface State {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly key: JWK;
}

/** Development keys and a client secret are made at the first start, and stay on this machine. */
async function readState(): Promise<State> {
  if (!existsSync(STATE_FILE)) {
    const clientSecret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex');
    mkdirSync('.claimgate', { recursive: true });
    const state: State = { clientId: 'dev-client', clientSecret, key: await makeSigningKey() };
    writeFileSync(STATE_FILE, JSON.stringify(state), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(STATE_FILE, 'utf8')) as State;
}

async function firstFreePort(): Promise<number> {
  for (let port = FIRST_PORT; port < FIRST_PORT + PORTS_TO_TRY; port++) {
    if (await isFree(port)) return port;
  }
  throw new StartError(
    `ports ${FIRST_PORT} to ${FIRST_PORT + PORTS_TO_TRY - 1} are in use; name another with --port`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server: Server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function startWrangler(port: number): ChildProcess {
  const configs = ['-c', 'wrangler.toml', '-c', 'examples/echo/wrangler.toml'];
  const options = [
    '--ip',
    '127.0.0.1',
    '--port',
    String(port),
    '--inspector-port',
    '0',
    '--show-interactive-dev-session=false',
  ];
  return spawn('wrangler', ['dev', ...configs, ...options], { stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Ctrl-C reaches all of them; whatever ends first takes the others along. */
function endTogether(wrangler: ChildProcess, closeServer: () => void): void {
  let ending = false;
  const end = (code: number) => {
    if (ending) return;
    ending = true;
    closeServer();
    wrangler.kill('SIGTERM');
    wrangler.once('exit', () => process.exit(code));
    if (wrangler.exitCode !== null || wrangler.signalCode !== null) process.exit(code);
  };
  process.on('SIGINT', () => end(0));
  process.on('SIGTERM', () => end(0));
  wrangler.on('exit', (code) => end(code ?? 1));
}

async function waitUntilReady(port: number): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    try {
      await fetch(`http://localhost:${port}/health`);
      return;
    } catch {
      if (Date.now() > deadline)
        throw new StartError('wrangler dev did not answer within a minute; see its output above');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

function printGuide(set: {
  port: number;
  issuer: string;
  policy: Policy;
  clientId: string;
  clientSecret: string;
  resource: string;
}): void {
  const { port, issuer, policy, clientId, clientSecret, resource } = set;
  const gateway = `http://localhost:${port}`;
  const bold = (text: string) => styleText('bold', text, { stream: process.stdout });
  const getToken = (scopes: readonly string[]) =>
    `curl -s ${issuer}/token -u ${clientId}:${clientSecret} -d grant_type=client_credentials -d resource=${resource} -d scope=${scopes.join('+')} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'`;
  const { passing, refused, open } = chooseExamples(policy);
  const curl = (method: string) => (method === 'GET' ? 'curl -i' : `curl -i -X ${method}`);
  const withToken = `-H "Authorization: Bearer $TOKEN"`;
  const examples = [
    passing && [
      bold('A call that passes (200, and what the origin received):'),
      `TOKEN=$(${getToken(passing.route.scopesAll)})`,
      `${curl(passing.method)} ${withToken} ${gateway}${passing.path}`,
      '',
      bold('No token (401):'),
      `${curl(passing.method)} ${gateway}${passing.path}`,
    ],
    refused && [
      bold('Too little scope (403):'),
      `${curl(refused.method)} ${withToken} ${gateway}${refused.path}`,
    ],
    open && [bold('A public route (200):'), `${curl(open.method)} ${gateway}${open.path}`],
  ];
  const lines = [
    '',
    bold(`claimgate answers on ${gateway}`),
    '',
    ...routeTable(policy),
    '',
    ...examples.flatMap((example) => (example === undefined ? [] : [...example, ''])),
    'Ctrl-C ends everything.',
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

interface Example {
  readonly route: Route;
  readonly method: string;
  readonly path: string;
}

/** Routes to show, of whatever the policy has. Those with parameters would need values. */
function chooseExamples(policy: Policy): Partial<Record<'passing' | 'refused' | 'open', Example>> {
  const examples = policy.apis
    .flatMap((api) => api.routes)
    .flatMap((route): Example[] => {
      const [methods = '', path = ''] = route.key.split(/\s+/);
      const method = methods === '*' ? 'GET' : (methods.split('|')[0] ?? 'GET');
      return /[:*]/.test(path) ? [] : [{ route, method, path }];
    });
  const scoped = examples.filter(({ route }) => route.scopesAll.length > 0 && route.scopesAny.length === 0);
  const passing = scoped[0];
  const held = passing?.route.scopesAll ?? [];
  const refused = scoped.find(({ route }) => !route.scopesAll.every((scope) => held.includes(scope)));
  const open = examples.find(({ route }) => route.auth === 'none');
  return { ...(passing && { passing }), ...(refused && { refused }), ...(open && { open }) };
}

function routeTable(policy: Policy): string[] {
  const rows = policy.apis.flatMap((api) =>
    api.routes.map((route) => {
      const [method = '', path = ''] = route.key.split(/\s+/);
      const rules = [
        route.scopesAll.length > 0 ? `all of ${route.scopesAll.join(' ')}` : '',
        route.scopesAny.length > 0 ? `any of ${route.scopesAny.join(' ')}` : '',
      ].filter((rule) => rule !== '');
      return [
        method,
        path,
        route.auth === 'none' ? 'public' : `token with ${rules.join(', ') || 'the audience'}`,
      ];
    }),
  );
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map(([method = '', path = '', who = '']) =>
    `  ${method.padEnd(width(0))}  ${path.padEnd(width(1))}  ${who}`.trimEnd(),
  );
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
