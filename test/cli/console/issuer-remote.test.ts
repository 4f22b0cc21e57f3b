/** The issuer's pages on Cloudflare, by wrangler, which asks a stand-in for Cloudflare's API. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { issuerApi } from '../../../cli/console/issuer-api.ts';
import { claimgate } from '../support/claimgate.ts';
import { type CloudflareApi, startCloudflareApi } from '../support/cloudflare-api.ts';

const AUDIENCE = 'https://api.example.com/timesheets';
const folder = mkdtempSync(join(tmpdir(), 'claimgate-issuer-remote-'));
const config = join(folder, 'remote.toml');
const keyFile = join(folder, 'keys.json');
const flags = ['--remote', '--config', config, '--key-file', keyFile];
writeFileSync(
  config,
  `name = "issuer"
[vars]
ISSUER = "https://auth.example.com/"
[[kv_namespaces]]
binding = "ISSUER_KV"
id = "0123456789abcdef0123456789abcdef"
`,
);
const handlers = issuerApi({ remote: true, config, keyFile });
const call = (name: string, body?: unknown) => handlers[name]?.({ query: new URLSearchParams(), body });

let api: CloudflareApi;
beforeAll(async () => {
  api = await startCloudflareApi();
  for (const [name, value] of Object.entries(api.env)) vi.stubEnv(name, value);
});
afterAll(() => {
  vi.unstubAllEnvs();
  api.close();
  rmSync(folder, { recursive: true, force: true });
});

it('acts where the command acts, and tells what wrangler can not do', { timeout: 120_000 }, async () => {
  const run = (...args: string[]) => claimgate([...args, ...flags], { env: api.env });
  expect((await run('issuer', 'init')).code).toBe(0);
  const made = await call('POST /api/issuer/api/create', { identifier: AUDIENCE, scope: ['a'] });
  expect(made).toMatchObject({
    status: 200,
    body: { command: `claimgate api create ${AUDIENCE} --scope a ${flags.join(' ')}` },
  });
  await call('POST /api/issuer/client/create', { name: 'Job', id: 'job' });
  await call('POST /api/issuer/client/grant', { client: 'job', audience: AUDIENCE, scope: ['a'] });
  expect(JSON.parse((await run('client', 'show', 'job', '--json')).stdout)).toMatchObject({
    grants: { [AUDIENCE]: { scope: ['a'] } },
  });
  expect((await call('POST /api/issuer/keys/rotate', { force: true }))?.status).toBe(200);
  expect(await call('GET /api/issuer')).toMatchObject({
    status: 200,
    body: {
      ...{ remote: true, tokenEndpoint: 'https://auth.example.com/oauth/token', flags },
      apis: [{ identifier: AUDIENCE }],
      clients: [{ client_id: 'job' }],
      keys: [{ status: 'next' }, { status: 'current' }, { status: 'previous' }],
    },
  });
  api.failing = /\/storage/;
  expect(await call('GET /api/issuer')).toMatchObject({
    status: 400,
    body: { error: expect.stringContaining('wrangler') },
  });
});
