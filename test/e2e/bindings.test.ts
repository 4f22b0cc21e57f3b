/** Origins that are bindings of the platform, in the runtime of `wrangler dev`. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestHarness, type TestHarness } from 'wrangler';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-bindings-'));
const issuer = 'https://issuer.example/';
const api = (origin: string, path: string) => ({
  origin,
  audience: 'a',
  routes: { [`* /${path}/*`]: { auth: 'none' } },
});

/** The Worker of docs/origins.md, with a class of objects that tell their names. */
function writePicker(): string {
  const [, code = ''] = /```js pick\n([\s\S]*?)```/.exec(readFileSync('docs/origins.md', 'utf8')) ?? [];
  const file = join(folder, 'picker.mjs');
  writeFileSync(
    file,
    `import { DurableObject } from 'cloudflare:workers';
export class Room extends DurableObject { fetch() { return Response.json({ room: this.ctx.id.name }); } }
${code}`,
  );
  return file;
}

let server: TestHarness;
let url: string;

beforeAll(async () => {
  mkdirSync(join(folder, 'public'));
  writeFileSync(join(folder, 'public/a.txt'), 'a file');
  server = createTestHarness({
    workers: [
      {
        config: {
          name: 'gateway',
          main: 'src/index.ts',
          compatibility_date: '2026-10-01',
          assets: { directory: join(folder, 'public'), binding: 'ASSETS', run_worker_first: true },
          services: [
            { binding: 'PLAIN', service: 'claimgate-bound' },
            { binding: 'PICK', service: 'picker' },
            { binding: 'NAMED', service: 'claimgate-bound', entrypoint: 'Named', props: { plan: 'gold' } },
          ],
          vars: {
            ISSUERS: { main: { issuer } },
            API_PLAIN: api('service:PLAIN', 'plain'),
            API_NAMED: api('service:NAMED', 'named'),
            API_PICKED: {
              origin: 'service:PICK',
              origin_headers: { 'x-room': 'secret:ROOM' },
              audience: 'a',
              routes: { 'GET /picked': { auth: 'none' } },
            },
            ROOM: 'room%20one',
            API_FILES: { ...api('service:ASSETS', 'files'), strip_prefix: '/files' },
            FEATURES: ['a list', 'of a Worker around the gateway'],
          },
        },
      },
      { configPath: 'test/e2e/workers/bound.toml' },
      {
        config: {
          name: 'picker',
          main: writePicker(),
          compatibility_date: '2026-10-01',
          durable_objects: { bindings: [{ name: 'ROOMS', class_name: 'Room' }] },
          migrations: [{ tag: 'v1', new_sqlite_classes: ['Room'] }],
        },
      },
    ],
  });
  url = (await server.listen()).url.href;
});

afterAll(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const ask = async (path: string, init?: RequestInit) => (await fetch(url + path, init)).json();

describe('a service binding', () => {
  it.each([
    ['GET', undefined],
    ['POST', 'text'],
  ])('sees request.cf as the client’s request had it: %s', async (method, body) => {
    const { cf } = (await ask('plain/x', { method, ...(body && { body }) })) as { cf: object };
    // What `wrangler dev` says of every request where it can't ask Cloudflare, and what says "no-store" to the platform.
    expect(cf).toMatchObject({ country: expect.stringMatching(/^[A-Z]{2}$/), colo: expect.any(String) });
    expect(cf).toMatchObject({ tlsClientAuth: { certVerified: 'NONE' } });
  });

  it('leads to a named entrypoint, with its props', async () => {
    expect(await ask('named/x')).toMatchObject({ entrypoint: 'Named', props: { plan: 'gold' } });
    expect(await ask('plain/x')).toMatchObject({ entrypoint: 'default' });
  });
});

it('a Worker in between picks a Durable Object', async () => {
  expect(await ask('picked')).toEqual({ room: 'room one' });
});

describe('static assets', () => {
  it('are served by the routes of the policy only', async () => {
    const file = await fetch(`${url}files/a.txt`);
    expect([file.status, await file.text()]).toEqual([200, 'a file']);
    expect((await fetch(`${url}a.txt`)).status).toBe(404);
    expect((await fetch(`${url}files/none.txt`)).status).toBe(404);
  });
});
