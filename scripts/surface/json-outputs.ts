/** The shapes of what commands print with `--json`, seen in runs on small policies. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { main } from '../../cli/program.ts';

const policy = (routes: string, api = '') => `
[triggers]
crons = ["*/5 * * * *"]
[[kv_namespaces]]
binding = "KEYS"
[[services]]
binding = "X"
service = "x"
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
[vars.API_X]
audience = "x"
origin = "service:X"
${api}
[vars.API_X.routes]
${routes}
`;

const TRIED = '{ scopes_all = ["a"], claims = { tenant = "t" }, report = { scopes_all = ["b"] } }';

const FILES: Readonly<Record<string, string>> = {
  'old.toml': policy(`"GET /x" = ${TRIED}\n"GET /y" = { auth = "none" }`),
  'new.toml': policy(
    `"GET /x" = { scopes_any = ["a", "c"] }\n"GET /z" = { clients = ["c"] }`,
    'cors = { origins = ["*"] }',
  ),
  'bad.toml': policy('"GET /x" = { scopes_al = ["a"] }\n"GET /X" = {}'),
  'revocable.toml': `name = "x"
[[durable_objects.bindings]]
name = "REVOCATIONS"
class_name = "Revocations"
${policy('"GET /x" = {}')
  .replace('[vars.API_X]', 'max_token_age = 3600\n[vars.API_X]')
  .replace('[vars.ISSUERS.main]', '[vars.GATEWAY]\nrevocation = "REVOCATIONS"\n[vars.ISSUERS.main]')}`,
  'cases.toml': `
[[case]]
name = "passes"
request = "GET /x"
claims = { scope = "a", tenant = "t" }
expect = "allow"

[[case]]
name = "fails"
request = "GET /x"
expect = "allow"
`,
  'log.ndjson': [
    {
      decision: 'allow',
      status: 200,
      would_deny: 'scopes_missing',
      would_deny_detail: ['b'],
      issuer: 'main',
      client: 'c',
    },
    {
      decision: 'deny',
      status: 401,
      reason: 'token_expired',
      host: 'x.example',
      path: '/x',
      address: '192.0.2.1',
    },
  ]
    .map((line, i) =>
      JSON.stringify({
        time: `2026-01-01T00:00:0${i}.000Z`,
        request_id: `r${i}`,
        method: 'GET',
        route: 'API_X GET /x',
        ...line,
      }),
    )
    .join('\n'),
};

/** What is run, by the name that its lines have. */
const RUNS: readonly (readonly [string, ...string[]])[] = [
  ['check', 'check', '--config', 'old.toml'],
  ['check', 'check', '--config', 'bad.toml'],
  ['routes', 'routes', '--config', 'old.toml'],
  ['explain', 'explain', 'GET', '/x', '--config', 'old.toml', '--claims', '{"scope":"a","tenant":"t"}'],
  ['test', 'test', 'cases.toml', '--config', 'old.toml', '--mutate'],
  ['diff', 'diff', 'old.toml', 'new.toml'],
  ['logs', 'logs', 'log.ndjson', '--config', 'old.toml'],
  [
    'revoke-dry-run',
    'revoke',
    '--client',
    'c',
    '--dry-run',
    '--log',
    'log.ndjson',
    '--config',
    'revocable.toml',
  ],
  ['logs-suggest', 'logs', 'log.ndjson', '--config', 'old.toml', '--suggest'],
];

/** Members whose names are data: what is under them has one name. */
const OF_DATA = /^(claims|headers|origin_headers|by_\w+)$/;

export async function jsonLines(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-surface-'));
  const before = process.cwd();
  try {
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
    process.chdir(folder);
    const found = new Map<string, Set<string>>();
    for (const [name, ...args] of RUNS) collect(JSON.parse(await run([...args, '--json'])), name, found);
    return [...found].map(([path, types]) => `${path}: ${[...types].sort().join(' or ')}`);
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  }
}

async function run(args: readonly string[]): Promise<string> {
  const [stdout, stderr] = [sink(), sink()];
  await main(args, { stdin: Readable.from([]), stdout: stdout.stream, stderr: stderr.stream });
  if (stdout.read() === '') throw new Error(`claimgate ${args.join(' ')} prints no JSON: ${stderr.read()}`);
  return stdout.read();
}

function sink() {
  let text = '';
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return { stream, read: () => text };
}

function collect(value: unknown, path: string, found: Map<string, Set<string>>): void {
  found.set(path, (found.get(path) ?? new Set()).add(typeOf(value)));
  if (Array.isArray(value)) for (const one of value) collect(one, `${path}[]`, found);
  else if (typeof value === 'object' && value !== null)
    for (const [name, member] of Object.entries(value))
      collect(member, OF_DATA.test(path.split(/[.[]/).at(-1) ?? '') ? `${path}.*` : `${path}.${name}`, found);
}

const typeOf = (value: unknown) =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'list'
      : typeof value === 'object'
        ? 'table'
        : typeof value;
