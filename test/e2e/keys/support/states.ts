/** What an isolate knows when a fault comes, by the names of docs/keys.md, and what its clients get then. */
import type { Fault, World } from './faults.ts';
import { isRequestLine, START_MS } from './isolates.ts';
import { makeToken } from './tokens.ts';

/** What is seen from the fault on. */
export interface Outcome {
  /** What clients get, as the cells of the tables say it. */
  readonly answers: string;
  /** Looks for keys that the issuer noticed. */
  readonly fetches: number;
  /** What the log says of failures: the fault of the issuer, or the operation of KV. */
  readonly failures: readonly string[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const STATES: Readonly<Record<string, (world: World, fault: Fault) => Promise<Outcome>>> = {
  async warm(world, fault) {
    const seen = await fill(world);
    const watch = await strike(world, fault);
    return watch.outcome([await watch.ask(...watch.tokens(seen))]);
  },

  async old(world, fault) {
    const seen = await fill(world);
    // In steps: an isolate that was idle for long reads KV before it answers.
    for (const minutes of [4, 8, 12]) {
      await world.isolate.setClock(START_MS + minutes * MINUTE_MS);
      await world.isolate.ask(seen);
      await world.isolate.settle();
    }
    const watch = await strike(world, fault);
    await world.isolate.setClock(START_MS + 15 * MINUTE_MS + 1);
    const first = await watch.ask(...watch.tokens(seen).slice(0, 1));
    await watch.fetchIsOver();
    return watch.outcome([first, await watch.ask(...watch.tokens(seen))]);
  },

  async 'past 24 h'(world, fault) {
    await fill(world);
    const watch = await strike(world, fault);
    await world.isolate.setClock(START_MS + 24 * HOUR_MS + 1);
    return watch.outcome([await watch.ask(watch.newToken())]);
  },

  async 'cold, in KV'(world, fault) {
    await world.cron.runCron();
    await world.isolate.setClock(START_MS + MINUTE_MS);
    const watch = await strike(world, fault);
    return watch.outcome([await watch.ask(watch.newToken())]);
  },

  async cold(world, fault) {
    const watch = await strike(world, fault);
    return watch.outcome([await watch.ask(watch.newToken())]);
  },
};

/** The first request, while everything is as it should be. @returns its token, which is remembered now */
async function fill({ isolate, server, first }: World): Promise<string> {
  const token = makeToken(first, server.issuer);
  const { status } = await isolate.ask(token);
  if (status !== 200) throw new Error(`refused before the fault: ${status}`);
  await isolate.settle();
  return token;
}

async function strike(world: World, fault: Fault) {
  await world.isolate.takeLog();
  await fault.apply(world);
  return watchFrom(world, fault);
}

function watchFrom({ isolate, server, first, second }: World, fault: Fault) {
  const fetchesBefore = server.fetches;
  const failures: string[] = [];
  let isFetched = false;

  async function readLog() {
    const { lines } = await isolate.takeLog();
    for (const line of lines) {
      if (isRequestLine(line)) continue;
      isFetched ||= line.event === 'keys_refreshed' || line.event === 'keys_refresh_failed';
      if (line.event === 'keys_refresh_failed') failures.push(line.fault);
      if (line.event === 'keys_store_failed') failures.push(line.operation);
    }
    return lines.filter(isRequestLine);
  }

  async function askOnce(token: string): Promise<string> {
    const { status, retryAfter } = await isolate.ask(token);
    const line = (await readLog()).at(-1);
    if (line?.status !== status) throw new Error(`the log says ${line?.status} of an answer with ${status}`);
    if (status === 200) return `200 ${line.keys_from}`;
    const isUsual =
      status === 401 ? line.reason === 'key_unknown' : status === 503 && Number(retryAfter) >= 1;
    return isUsual ? String(status) : `${status} ${line.reason} Retry-After ${retryAfter}`;
  }

  const newToken = () => makeToken(fault.signer === 'second' ? second : first, server.issuer);
  return {
    newToken,
    /** A remembered token, where there can be one, and a new one. */
    tokens: (seen: string) => (fault.signer === 'second' ? [newToken()] : [seen, newToken()]),
    /** One answer for all the tokens, whether they are remembered or not. */
    async ask(...tokens: string[]): Promise<string> {
      const answers = new Set<string>();
      for (const token of tokens) answers.add(await askOnce(token));
      return [...answers].join(' or ');
    },
    /** Waits for the fetch behind an answer. */
    async fetchIsOver(): Promise<void> {
      for (let polls = 0; !isFetched; polls++) {
        if (polls > FETCH_POLLS) throw new Error('no fetch behind the answer came to an end');
        await new Promise((next) => setTimeout(next, POLL_MS));
        await readLog();
      }
    },
    async outcome(answers: readonly string[]): Promise<Outcome> {
      if (fault.isEndless !== true) await isolate.settle();
      await readLog();
      return {
        answers: [...new Set(answers)].join(', then '),
        fetches: server.fetches - fetchesBefore,
        failures,
      };
    },
  };
}

/** Far more than the 5 s that a fetch may take. */
const FETCH_POLLS = 300;
const POLL_MS = 50;
