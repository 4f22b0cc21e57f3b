/** Serves the issuer's pages of a local store: what the console does, without its guards. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { issuerApi } from '../../../cli/console/issuer-api.ts';
import { PAGE_BUILD } from '../../../cli/page/bundle.ts';

export const CONSOLE_TOKEN = 'of-the-console';

export interface IssuerPages {
  readonly address: string;
  /** Of the issuer. */
  readonly config: string;
  /** Bodies of all answers. */
  readonly answers: readonly string[];
  /** Puts the clock of the handlers forward. */
  advance(seconds: number): void;
  close(): void;
}

/** @param named the configuration as commands name it, from the current folder; `undefined`: in a folder of its own */
export async function serveIssuerPages(named?: string): Promise<IssuerPages> {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-issuer-pages-'));
  const config = named ?? join(folder, 'wrangler.toml');
  writeFileSync(
    config,
    'name = "issuer"\n[vars]\nISSUER = "http://localhost:8788/"\n[[kv_namespaces]]\nbinding = "ISSUER_KV"\n',
  );
  const entry = join(import.meta.dirname, 'issuer-page.tsx');
  const { outputFiles } = await build({ ...PAGE_BUILD, entryPoints: [entry], write: false });
  const script = outputFiles[0]?.text ?? '';
  const style = readFileSync(join(import.meta.dirname, '../../../page/style.css'), 'utf8');
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Issuer</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css"></head>
<body><main><h1>Issuer</h1><div id="page"></div></main><script src="/page.js"></script></body></html>`;
  const files = new Map([
    ['/', ['text/html', html]],
    ['/page.js', ['text/javascript', script]],
    ['/page.css', ['text/css', style]],
  ]);
  let ahead = 0;
  const api = issuerApi({ config }, () => Math.floor(Date.now() / 1000) + ahead);
  const answers: string[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const [type, text] = files.get(pathname) ?? [];
    if (type !== undefined) {
      const policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:";
      response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(text);
      return;
    }
    const handler = api[`${request.method} ${pathname}`];
    if (handler === undefined || request.headers['x-console-token'] !== CONSOLE_TOKEN) {
      response.writeHead(404).end('{"error":"no"}');
      return;
    }
    const body = Buffer.concat(await request.toArray()).toString();
    const reply = await handler({
      query: searchParams,
      body: body === '' ? undefined : (JSON.parse(body) as unknown),
    });
    const answer = JSON.stringify(reply.body);
    answers.push(answer);
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(answer);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    ...{ config, answers },
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/#token=${CONSOLE_TOKEN}`,
    advance: (seconds) => {
      ahead += seconds;
    },
    close() {
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
