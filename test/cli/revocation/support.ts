/** Commands that act on a gateway, with a wrangler that opens no way to anything: it tells what it was asked. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Change, PageQuestion } from '../../../src/revocation/object/input.ts';
import { claimgate, type Run } from '../support/claimgate.ts';

/** What wrangler is told to open: its configuration as a file, and its options. */
interface Opened {
  readonly options: Readonly<Record<string, unknown>>;
  readonly config: Readonly<Record<string, unknown>>;
}

interface Call {
  readonly object: string;
  readonly call: 'apply' | 'page' | 'content';
  readonly input?: Change | PageQuestion;
}

export interface FakeGateway {
  readonly folder: string;
  readonly opened: Opened[];
  readonly calls: Call[];
  /** Answers a call; what it throws is what the object says. */
  answer: (call: Call) => unknown;
  /** What the Worker answers, in place of the entrypoint. */
  raw: string | undefined;
  /** How many ways are open. */
  open: number;
  run(...args: string[]): Promise<Run>;
  file(name: string, content: string | Buffer): string;
}

export const POLICY = `name = "shop"
account_id = "acc"
[vars.GATEWAY]
revocation = "REVOCATIONS"
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
max_token_age = 3600
clock_tolerance = 5
[vars.ISSUERS.partner]
issuer = "https://partner.example/"
max_token_age = 60
[vars.API_ORDERS]
issuer = "main"
origin = "https://orders.example"
audience = "x"
[vars.API_ORDERS.routes]
"GET    /orders"     = { scopes_all = ["read:orders"] }
"DELETE /orders/:id" = { scopes_all = ["delete:orders"] }
[[kv_namespaces]]
binding = "KEYS"
[[durable_objects.bindings]]
name = "REVOCATIONS"
class_name = "Revocations"
[env.production.vars.GATEWAY]
revocation = "REVOCATIONS"
[env.production.vars.ISSUERS.only]
issuer = "https://only.example/"
max_token_age = 60
[env.production.vars.API_SHOP]
origin = "https://shop.example"
audience = "x"
[env.production.vars.API_SHOP.routes]
"GET /" = { auth = "none" }
[[env.production.kv_namespaces]]
binding = "KEYS"
[[env.production.durable_objects.bindings]]
name = "REVOCATIONS"
class_name = "Revocations"
`;

/** The part of wrangler's API that the commands use, by the names of its package `wrangler`. */
const WRANGLER = `import { readFileSync } from 'node:fs';
export async function getPlatformProxy(options) {
  const fake = globalThis.fakeGateway;
  fake.opened.push({ options, config: JSON.parse(readFileSync(options.configPath, 'utf8')) });
  fake.open++;
  return {
    env: { ADMIN: { fetch: async (url, { body }) => fake.respond(JSON.parse(body)) } },
    dispose: async () => { fake.open--; },
  };
}
`;

export function makeGateway(policy = POLICY): FakeGateway {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-revocation-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, text: string | Buffer) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  mkdirSync(join(folder, 'node_modules/wrangler'), { recursive: true });
  file('wrangler.toml', policy);
  file('node_modules/wrangler/index.js', WRANGLER);
  file('node_modules/wrangler/package.json', '{"name":"wrangler","type":"module","main":"index.js"}');
  const fake: FakeGateway & { respond(call: Call): Response } = {
    folder,
    opened: [],
    calls: [],
    answer: applied,
    raw: undefined,
    open: 0,
    file,
    run(...args) {
      Object.assign(globalThis, { fakeGateway: fake });
      return claimgate(args, { cwd: folder });
    },
    respond(call) {
      fake.calls.push(call);
      if (fake.raw !== undefined) return new Response(fake.raw, { status: 503 });
      try {
        return Response.json({ result: fake.answer(call) });
      } catch (error) {
        return Response.json({ error: (error as Error).message }, { status: 400 });
      }
    },
  };
  return fake;
}

export const readJson = (run: Run) => JSON.parse(run.stdout) as Record<string, unknown>;

export const lastOf = <T>(list: readonly T[]): T => {
  const last = list.at(-1);
  if (last === undefined) throw new Error('there is none');
  return last;
};

/** What the object answers to a change, by a clock of its own. */
export function applied({ input }: Call): object {
  const now = Math.floor(Date.now() / 1000);
  const done = { number: 7, changed: true, published: true };
  if (input === undefined || !('action' in input)) return done;
  if (input.action === 'close')
    return { ...done, ...(input.forSeconds !== undefined && { untilSeconds: now + input.forSeconds }) };
  if (input.action !== 'revoke') return done;
  const beforeSeconds = now + (input.andNextSeconds ?? 0);
  return { ...done, beforeSeconds, untilSeconds: beforeSeconds + input.livesSeconds };
}
