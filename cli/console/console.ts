/** The console: a page on this machine that shows a policy, the decisions of a log, and what belongs to them. */
import type { ConsoleShell, PolicyState } from '../../page/live-data.ts';
import { pageParts } from '../page/bundle.ts';
import { renderPage } from '../page/html.ts';
import { isTable, textOf } from '../text/json.ts';
import { CommandError } from '../text/terminal.ts';
import type { ConsoleApi } from './api.ts';
import { addCase } from './cases.ts';
import { Decisions } from './decisions.ts';
import { readKeys } from './keys.ts';
import { type LogInput, nameOfInput, readInto } from './log-input.ts';
import { createNews } from './news.ts';
import { startConsoleServer } from './server.ts';
import { watchPolicy } from './watch.ts';

export interface ConsoleOptions {
  readonly config: string;
  readonly module?: string | undefined;
  /** `undefined`: all that have a policy; empty: the top level. */
  readonly environment: string | undefined;
  readonly port: number;
  readonly input: LogInput;
  /** URL of the gateway, where it is known. */
  readonly gateway?: string | undefined;
  /** Further parts, such as the issuer's. */
  readonly apis: readonly ConsoleApi[];
}

export interface Console {
  readonly port: number;
  /** To be opened by the person who started it: it has the token. */
  readonly address: string;
  close(): Promise<void>;
}

/** How long a page waits for news before it asks again. */
const POLL_MS = 20_000;
/** What comes in quick succession goes out together. */
const BATCH_MS = 200;

/** Rejects with `CommandError` where the port can't be had. A broken policy, log or gateway is said on the page. */
export async function openConsole(options: ConsoleOptions): Promise<Console> {
  const { config, module, environment, gateway, input, apis } = options;
  const news = createNews();
  const decisions = new Decisions(nameOfInput(input), news.tell);
  const policy = await watchPolicy({ config, module, environment, onChange: news.tell });
  const hasIssuer = apis.some((api) => Object.keys(api).some((name) => name.includes(' /api/issuer')));
  const own: ConsoleApi = {
    'GET /api/policy': async () => ok({ ...policy.state, hasIssuer } satisfies PolicyState),
    'GET /api/keys': async () => ok(await readKeys(policy.policy, gateway)),
    'GET /api/live': async ({ query }) => {
      const cursor = numberIn(query, 'after');
      // Whatever the page has seen: nothing is lost between two of its questions.
      const hasNews = () =>
        decisions.latest > cursor ||
        decisions.version !== numberIn(query, 'log') ||
        policy.state.version !== numberIn(query, 'policy');
      await news.wait(hasNews, { waitMs: POLL_MS, batchMs: BATCH_MS });
      const live = decisions.after(cursor);
      return ok({ ...live, logVersion: decisions.version, policyVersion: policy.state.version });
    },
    'POST /api/case': async ({ body }) => {
      const text = isTable(body) ? textOf(body['text']) : undefined;
      if (text === undefined) throw new CommandError('send { "text": "[[case]] …" }');
      return ok(await addCase(policy.state.casesFile, text, policy.policy, Date.now()));
    },
  };
  const ended = new AbortController();
  const page = renderPage({ console: true } satisfies ConsoleShell, await pageParts());
  const server = await startConsoleServer({ port: options.port, apis: [own, ...apis], page }).catch(
    (error) => {
      policy.close();
      throw error;
    },
  );
  const reading = readInto(decisions, input, ended.signal);
  return {
    port: server.port,
    address: server.address,
    async close() {
      ended.abort();
      policy.close();
      news.end();
      await server.close();
      await reading;
    },
  };
}

const ok = (body: unknown) => ({ status: 200, body });

function numberIn(query: URLSearchParams, name: string): number {
  const number = Number(query.get(name) ?? 0);
  return Number.isSafeInteger(number) && number >= 0 ? number : 0;
}
