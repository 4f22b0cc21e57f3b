/**
 * The part of Cloudflare's API that wrangler asks when commands act on Cloudflare: a KV namespace and secrets. The
 * real one needs an account; wrangler itself is real.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CloudflareApi {
  /** What points wrangler to it. */
  readonly env: Record<string, string>;
  readonly kv: Map<string, string>;
  readonly secrets: Map<string, string>;
  /** Requests to such URLs are answered with an error. */
  failing: RegExp | undefined;
  close(): void;
}

export async function startCloudflareApi(): Promise<CloudflareApi> {
  const kv = new Map<string, string>();
  const secrets = new Map<string, string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = api.failing?.test(request.url ?? '')
        ? undefined
        : handle(request.method ?? '', request.url ?? '', Buffer.concat(chunks));
      response.statusCode = answer === undefined ? 403 : 200;
      response.setHeader('content-type', 'application/json');
      const errors = answer === undefined ? [{ code: 10000, message: 'Authentication error' }] : [];
      response.end(
        JSON.stringify({
          success: answer !== undefined,
          errors,
          messages: [],
          result: answer,
          result_info: {},
        }),
      );
    });
  });

  function handle(method: string, target: string, body: Buffer): unknown {
    const url = new URL(target, 'http://localhost');
    const [, operation = '', name = ''] =
      /\/namespaces\/[^/]+\/(keys|values|bulk\/get)\/?(.*)$/.exec(url.pathname) ?? [];
    const key = decodeURIComponent(name);
    if (operation === 'keys') {
      const prefix = url.searchParams.get('prefix') ?? '';
      return [...kv.keys()].filter((one) => one.startsWith(prefix)).map((one) => ({ name: one }));
    }
    if (operation === 'bulk/get') {
      const { keys } = JSON.parse(body.toString()) as { keys: string[] };
      return {
        values: Object.fromEntries(keys.map((one) => [one, kv.has(one) ? { value: kv.get(one) } : null])),
      };
    }
    if (operation === 'values' && method === 'PUT') {
      kv.set(key, readValue(body.toString()));
      return {};
    }
    if (operation === 'values' && method === 'DELETE') return kv.delete(key) ? {} : undefined;
    if (method === 'PUT' && url.pathname.endsWith('/secrets')) {
      const secret = JSON.parse(body.toString()) as { name: string; text: string };
      secrets.set(secret.name, secret.text);
      return secret;
    }
    if (method === 'GET' && url.pathname.endsWith('/secrets'))
      return [...secrets.keys()].map((one) => ({ name: one, type: 'secret_text' }));
    const [, gone] = /\/secrets\/([^/]+)$/.exec(url.pathname) ?? [];
    if (method === 'DELETE' && gone !== undefined) return secrets.delete(gone) ? {} : undefined;
    return {};
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const api: CloudflareApi = {
    env: {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}/client/v4`,
      CLOUDFLARE_API_TOKEN: 'test',
      CLOUDFLARE_ACCOUNT_ID: 'test',
      WRANGLER_SEND_METRICS: 'false',
    },
    kv,
    secrets,
    failing: undefined,
    close: () => server.close(),
  };
  return api;
}

/** A value comes as it is, or as a part of a form. */
function readValue(body: string): string {
  const part = /name="value"[^\r]*\r\n(?:[^\r\n]+\r\n)*\r\n([\s\S]*?)\r\n--/.exec(body);
  return part?.[1] ?? body;
}
