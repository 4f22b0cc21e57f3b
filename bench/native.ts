/** HAProxy and nginx, where they are installed: what proxies in C take for the same work. One thread each. */
import { accessSync, constants, mkdtempSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError, startProgram } from './children.ts';
import { AUDIENCE, ISSUER, type Issuer, SCOPE } from './issuer.ts';
import type { RunningServer } from './workerd.ts';

const START_MS = 5_000;

/** Where a program is, if it is on the path; Debian keeps servers where only root's path looks. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** HAProxy checks what the Workers check; of EdDSA it knows nothing. */
export function startHaproxy(
  name: string,
  program: string,
  originPort: number,
  { publicKeys }: Issuer,
  folder: string,
): Promise<RunningServer> {
  const own = mkdtempSync(join(folder, 'haproxy-'));
  for (const alg of ['RS256', 'ES256'] as const) writeFileSync(join(own, `${alg}.pem`), publicKeys[alg]);
  return startNative(name, program, join(own, 'haproxy.cfg'), ['-db', '-f'], (port) => {
    const token = 'var(txn.token)';
    const refuse = (unless: string) => `  http-request deny deny_status 401 unless ${unless}`;
    return `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend http
  bind 127.0.0.1:${port}
  http-request set-var(txn.token) http_auth_bearer
  http-request set-var(txn.alg) ${token},jwt_header_query('$.alg')
  http-request set-var(txn.exp) ${token},jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  acl signed_rs256 ${token},jwt_verify(txn.alg,"${own}/RS256.pem") 1
  acl signed_es256 ${token},jwt_verify(txn.alg,"${own}/ES256.pem") 1
${refuse(`{ ${token},jwt_header_query('$.typ') -m str at+jwt }`)}
${refuse(`{ ${token},jwt_payload_query('$.iss') -m str ${ISSUER} }`)}
${refuse(`{ ${token},jwt_payload_query('$.aud') -m str ${AUDIENCE} }`)}
${refuse('{ var(txn.exp),sub(txn.now) -m int gt 0 }')}
${refuse('{ var(txn.alg) -m str RS256 } signed_rs256 or { var(txn.alg) -m str ES256 } signed_es256')}
  http-request deny deny_status 403 unless { ${token},jwt_payload_query('$.scope') -m reg '(^| )${SCOPE}( |$)' }
  http-request set-header x-claim-sub %[${token},jwt_payload_query('$.sub')]
  http-request del-header authorization
  default_backend origin
backend origin
  http-reuse always
  server origin 127.0.0.1:${originPort}
`;
  });
}

export function startNginx(
  name: string,
  program: string,
  originPort: number,
  folder: string,
): Promise<RunningServer> {
  const own = mkdtempSync(join(folder, 'nginx-'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path ${own}/${kind};`)
    .join('\n');
  const run = ['-p', own, '-e', 'stderr', '-c'];
  return startNative(
    name,
    program,
    join(own, 'nginx.conf'),
    run,
    (port) => `daemon off;
master_process off;
pid ${own}/pid;
error_log stderr error;
events { worker_connections 512; }
http {
  access_log off;
  keepalive_requests 1000000;
  client_max_body_size 0;
${temporary}
  upstream origin { server 127.0.0.1:${originPort}; keepalive 64; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_set_header connection "";
    }
  }
}
`,
  );
}

/** @returns once it takes connections, on a port that was free a moment before: these programs choose none themselves */
async function startNative(
  name: string,
  program: string,
  configFile: string,
  options: string[],
  renderConfig: (port: number) => string,
): Promise<RunningServer> {
  const port = await findPort();
  writeFileSync(configFile, renderConfig(port));
  const child = startProgram(name, program, [...options, configFile], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const deadline = performance.now() + START_MS;
  while (!(await takesConnections(port))) {
    if (performance.now() > deadline) throw new BenchError(`${name} takes no connections`);
    await sleep(2);
  }
  return { name, port, process: child };
}

function findPort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const settle = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
