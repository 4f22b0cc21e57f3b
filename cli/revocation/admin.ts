/** The way to the object that writes revocations and switches down: by a service binding, which no address leads to. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Content } from '../../src/revocation/content.ts';
import type { Change, PageQuestion } from '../../src/revocation/object/input.ts';
import { environmentOf, policyOf, readPolicyFile } from '../policy/file/config.ts';
import { isTable } from '../text/json.ts';
import { quoteWord } from '../text/shell.ts';
import { CommandError, EXIT } from '../text/terminal.ts';

/** The gateway whose object is meant. */
export interface Gateway {
  readonly config: string;
  readonly env?: string | undefined;
  readonly remote?: boolean | undefined;
}

export interface Applied {
  readonly number: number;
  readonly changed: boolean;
  /** Up to when tokens are refused, and when the entry ends by itself, by the clock of the object. */
  readonly beforeSeconds?: number;
  readonly untilSeconds?: number;
  readonly published: boolean;
  /** The entry that it takes the place of. */
  readonly replaced?: { readonly number: number; readonly until: number | null };
}

/** A line of the list of entries, or of the record, as the object has it. */
export type Row = Readonly<Record<string, string | number | null>>;

export interface Page {
  readonly rows: readonly Row[];
  readonly next?: number;
  /** Whether KV has the latest change. */
  readonly published: boolean;
}

export interface Admin {
  apply(change: Change): Promise<Applied>;
  page(question: PageQuestion): Promise<Page>;
  content(): Promise<Content>;
  /** Ends what was started for it. */
  close(): Promise<void>;
}

const ENTRYPOINT = 'RevocationAdmin';
/** Any: the entrypoint looks at no address. */
const URL = 'https://revocation.invalid/';

/**
 * Opens the way to a gateway's object: on this machine to a `wrangler dev` that runs, on Cloudflare with wrangler's
 * login. Throws `CommandError` where there is none.
 */
export async function openAdmin(gateway: Gateway): Promise<Admin> {
  const { config, env, remote = false } = gateway;
  const file = readPolicyFile(config);
  const object = policyOf(file, env).settings.revocation;
  if (object === undefined)
    throw new CommandError(
      `the policy in ${config} has no revocation; add revocation = "REVOCATIONS" to [vars.GATEWAY], and its bindings: docs/revocation.md`,
    );
  const top = file.config as { readonly name?: string; readonly account_id?: string };
  const section = environmentOf(file, env) as typeof top;
  const own = env === undefined || env === '' ? undefined : env;
  const worker =
    section.name !== undefined && own !== undefined && section !== top ? section.name : undefined;
  const name = worker ?? (own === undefined ? top.name : top.name && `${top.name}-${own}`);
  if (name === undefined)
    throw new CommandError(`${config} names no Worker; add name = "…", as wrangler deploys it`);
  const account = section.account_id ?? top.account_id;
  const binding = { binding: 'ADMIN', service: name, entrypoint: ENTRYPOINT, ...(remote && { remote }) };
  useRegistryBeside(config, name);
  const { fetcher, close } = await bind(binding, account, remote);
  const call = async (body: object): Promise<unknown> => {
    const response = await fetcher
      .fetch(URL, { method: 'POST', body: JSON.stringify({ object, ...body }) })
      .catch((error: Error) => new Response(error.message, { status: 500 }));
    return readAnswer(response, { name, env: own }, remote);
  };
  return {
    apply: async (input) => (await call({ call: 'apply', input })) as Applied,
    page: async (input) => (await call({ call: 'page', input })) as Page,
    content: async () => (await call({ call: 'content' })) as Content,
    close,
  };
}

/** What is revoked and switched now. Throws `CommandError` where it can't be had. */
export async function readSnapshot(gateway: Gateway): Promise<Content> {
  const admin = await openAdmin(gateway);
  try {
    return await admin.content();
  } finally {
    await admin.close();
  }
}

interface Fetcher {
  fetch(url: string, init: object): Promise<Response>;
}

async function readAnswer(
  response: Response,
  { name: worker, env }: { readonly name: string; readonly env: string | undefined },
  isRemote: boolean,
): Promise<unknown> {
  const text = await response.text();
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    // It is not the entrypoint's.
  }
  if (isTable(answer) && 'result' in answer) return answer['result'];
  if (isTable(answer) && typeof answer['error'] === 'string')
    throw new CommandError(`the object refused: ${answer['error']}`, EXIT.failed);
  const said = text.trim().split('\n')[0]?.slice(0, 200) ?? '';
  throw new CommandError(
    isRemote
      ? `the Worker ${worker} on Cloudflare has no entrypoint ${ENTRYPOINT}; deploy it with this version first. It said: ${said}`
      : `no \`wrangler dev\` of ${worker} runs on this machine; start it, with ${env === undefined ? 'npm start in a clone' : `npx wrangler dev --env ${quoteWord(env)}`}, or act on Cloudflare with --remote`,
    EXIT.failed,
  );
}

/** A Worker of this process alone, with one binding. Wrangler makes it, and knows the account. */
async function bind(
  service: object,
  account: string | undefined,
  remote: boolean,
): Promise<{ fetcher: Fetcher; close(): Promise<void> }> {
  const wrangler = await loadWrangler();
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-'));
  const configPath = join(folder, 'wrangler.json');
  writeFileSync(
    configPath,
    JSON.stringify({
      name: 'claimgate-command',
      compatibility_date: '2026-10-01',
      services: [service],
      ...(account !== undefined && { account_id: account }),
    }),
  );
  const drop = () => rmSync(folder, { recursive: true, force: true });
  try {
    const proxy = await wrangler.getPlatformProxy({
      configPath,
      persist: false,
      envFiles: [],
      remoteBindings: remote,
    });
    return {
      fetcher: proxy.env['ADMIN'] as Fetcher,
      async close() {
        await proxy.dispose();
        drop();
      },
    };
  } catch (error) {
    drop();
    throw new CommandError(
      `wrangler can't reach the Worker; is this machine logged in (npx wrangler whoami)? It said: ${(error as Error).message}`,
      EXIT.failed,
    );
  }
}

/**
 * Where the processes of `wrangler dev` on this machine find each other: a file for each Worker. That of a clone is
 * beside its configuration, so that two clones don't meet; whoever starts `wrangler dev` by hand has wrangler's own.
 */
function useRegistryBeside(config: string, worker: string): void {
  const beside = join(dirname(config), '.wrangler/registry');
  if (existsSync(join(beside, worker))) process.env['WRANGLER_REGISTRY_PATH'] ??= resolve(beside);
}

interface Wrangler {
  getPlatformProxy(options: object): Promise<{
    readonly env: Readonly<Record<string, unknown>>;
    dispose(): Promise<void>;
  }>;
}

/** The project's own, which knows its account; else the one beside this package. */
async function loadWrangler(): Promise<Wrangler> {
  // Its progress would stand among what is printed here.
  process.env['WRANGLER_LOG'] ??= 'error';
  try {
    const path = createRequire(import.meta.url).resolve('wrangler', {
      paths: [process.cwd(), import.meta.dirname],
    });
    const loaded = (await import(pathToFileURL(path).href)) as Wrangler & { readonly default?: Wrangler };
    return 'getPlatformProxy' in loaded ? loaded : (loaded as { default: Wrangler }).default;
  } catch {
    throw new CommandError(
      'wrangler is not installed here; npm install --save-dev wrangler brings it',
      EXIT.failed,
    );
  }
}
