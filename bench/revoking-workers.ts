/** Gateways with revocation in raw `workerd serve`: as many isolates as are wanted, with one object and one KV. */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { bundle, readPorts, renderWorker, WORKERD } from '../scripts/workerd.ts';
import { startProgram } from './children.ts';

export const ISSUER = 'https://issuer.example/';
export const AUDIENCE = 'bench';
export const PATH = '/bench';

export interface RevokingOptions {
  readonly name: string;
  readonly isolates: number;
  readonly hasRevocation: boolean;
  readonly kvPort: number;
  /** What the issuer publishes. */
  readonly jwks: object;
  /** For files of theirs. */
  readonly folder: string;
}

export interface Revoking {
  readonly name: string;
  readonly process: ChildProcess;
  /** Of the isolates. */
  readonly ports: readonly number[];
  /** Asks the object, as commands do. Throws where KV did not take the change. */
  apply(change: object): Promise<void>;
}

let script: Promise<string> | undefined;

export async function startRevoking(options: RevokingOptions): Promise<Revoking> {
  const { name, isolates, jwks } = options;
  const folder = mkdtempSync(join(options.folder, 'revoking-'));
  script ??= bundle('src/index.ts');
  mkdirSync(join(folder, 'disk'));
  writeFileSync(join(folder, 'gateway.js'), await script);
  writeFileSync(
    join(folder, 'outside.js'),
    `export default { fetch: ({ url }) => url.startsWith(${JSON.stringify(ISSUER)}) ? Response.json(${JSON.stringify(jwks)}) : new Response('origin') };`,
  );
  writeFileSync(join(folder, 'config.capnp'), renderConfig(options, folder));
  const args = ['serve', join(folder, 'config.capnp'), '--control-fd=3'];
  const child = startProgram(`workerd of ${name}`, WORKERD, args, {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  const ports = await readPorts(child.stdio[3] as Readable, isolates + 1);
  const admin = ports.at(-1);
  return {
    name,
    process: child,
    ports: ports.slice(0, isolates),
    async apply(input) {
      const response = await fetch(`http://127.0.0.1:${admin}/`, {
        method: 'POST',
        body: JSON.stringify({ object: 'REVOCATIONS', call: 'apply', input }),
      });
      const { result, error } = (await response.json()) as {
        result?: { published: boolean };
        error?: string;
      };
      if (!result?.published) throw new Error(error ?? 'KV did not take it');
    },
  };
}

/** Several Workers with one object: each is an isolate of its own. */
function renderConfig({ isolates, hasRevocation, kvPort }: RevokingOptions, folder: string): string {
  const policy = {
    GATEWAY: { ...(hasRevocation && { revocation: 'REVOCATIONS' }), log_sample: 0, log_requests: 'none' },
    ISSUERS: { main: { issuer: ISSUER, jwks_uri: `${ISSUER}keys`, max_token_age: 86_400 } },
    API_BENCH: { origin: 'https://origin.example', audience: AUDIENCE, routes: { [`GET ${PATH}`]: {} } },
  };
  const bound =
    'bindings = [(name = "REVOCATIONS", durableObjectNamespace = (className = "Revocations", serviceName = "gateway0")), ';
  const worker = renderWorker('gateway.js', policy, {}, { KEYS: 'kv' })
    .replace('bindings = [', bound)
    .replace('globalOutbound = "internet"', 'globalOutbound = "outside"');
  const owner = worker.replace(
    /\)\s*$/,
    'durableObjectNamespaces = [(className = "Revocations", uniqueKey = "revocations", enableSql = true)], durableObjectStorage = (localDisk = "disk"))',
  );
  const names = Array.from({ length: isolates }, (_, i) => `gateway${i}`);
  const socket = (i: number, service: string) =>
    `(name = "${i}", address = "127.0.0.1:0", http = (), service = ${service})`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${names.map((name) => `(name = "${name}", worker = .${name})`).join(', ')},
    (name = "outside", worker = .outside),
    (name = "disk", disk = (path = ${JSON.stringify(join(folder, 'disk'))}, writable = true)),
    (name = "kv", external = (address = "127.0.0.1:${kvPort}", http = ())),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [
    ${names.map((name, i) => socket(i, `"${name}"`)).join(', ')},
    ${socket(isolates, '(name = "gateway0", entrypoint = "RevocationAdmin")')},
  ],
);
const outside :Workerd.Worker = ${renderWorker('outside.js', {})};
${names.map((name, i) => `const ${name} :Workerd.Worker = ${i === 0 ? owner : worker};`).join('\n')}
`;
}
