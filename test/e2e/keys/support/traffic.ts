/** Clients that never pause, on isolates whose clocks are moved together in steps. */
import { type Isolate, START_MS } from './isolates.ts';
import { makeToken, type SigningKey } from './tokens.ts';

export interface Answer {
  /** The time of the gateway when the request was sent, or later; never earlier. */
  readonly sentMs: number;
  readonly status: number;
}

export interface Clients {
  /** All so far, or since they were taken out. */
  readonly answers: Answer[];
  stop(): void;
}

export interface Traffic {
  readonly nowMs: number;
  /**
   * Starts clients at every isolate that call with tokens of this key, from now on: one with a token that is the same
   * each time, one with new ones.
   */
  start(key: SigningKey, makeOne?: (key: SigningKey) => string): Clients;
  /** Moves the clocks by so much in steps, at each of which every client is answered at least twice. */
  pass(totalMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** Short against all times of docs/keys.md. */
const STEP_MS = 3_100;
export const CRON_MS = 5 * 60_000;

export interface TrafficOptions {
  readonly isolates: readonly Isolate[];
  readonly issuer: string;
  /** Runs the cron at every full 5 min. */
  readonly hasCron: boolean;
  readonly stepMs?: number;
}

export function createTraffic({ isolates, issuer, hasCron, stepMs = STEP_MS }: TrafficOptions): Traffic {
  let nowMs = START_MS;
  let isStopped = false;
  const counters = new Set<{ answered: number }>();
  const running: Promise<void>[] = [];
  let failure: Error | undefined;

  async function runClient(
    isolate: Isolate,
    nextToken: () => string,
    answers: Answer[],
    signal: AbortSignal,
  ): Promise<void> {
    const counter = { answered: 0 };
    counters.add(counter);
    signal.addEventListener('abort', () => counters.delete(counter));
    while (!isStopped && !signal.aborted) {
      const sentMs = nowMs;
      const { status } = await isolate.ask(nextToken());
      answers.push({ sentMs, status });
      counter.answered++;
    }
  }

  async function everyoneIsAnsweredTwice(): Promise<void> {
    const goals = [...counters].map((counter) => [counter, counter.answered + 2] as const);
    while (goals.some(([counter, goal]) => counter.answered < goal)) {
      if (failure !== undefined) throw failure;
      await new Promise((next) => setTimeout(next, 1));
    }
  }

  return {
    get nowMs() {
      return nowMs;
    },
    start(key, makeOne = (one) => makeToken(one, issuer)) {
      const answers: Answer[] = [];
      const ending = new AbortController();
      const repeated = makeOne(key);
      for (const isolate of isolates) {
        for (const nextToken of [() => repeated, () => makeOne(key)]) {
          const client = runClient(isolate, nextToken, answers, ending.signal);
          client.catch((error: Error) => {
            failure = error;
          });
          running.push(client);
        }
      }
      return { answers, stop: () => ending.abort() };
    },
    async pass(totalMs) {
      const end = nowMs + totalMs;
      while (nowMs < end) {
        const next = Math.min(end, nowMs + stepMs);
        const isCronDue = Math.floor(next / CRON_MS) > Math.floor(nowMs / CRON_MS);
        await Promise.all(isolates.map((isolate) => isolate.setClock(next)));
        nowMs = next;
        if (hasCron && isCronDue) await isolates[0]?.runCron();
        await everyoneIsAnsweredTwice();
      }
    },
    async stop() {
      isStopped = true;
      await Promise.allSettled(running);
    },
  };
}

export const refused = ({ answers }: Clients) => answers.filter(({ status }) => status !== 200);

/** When the last request that was let through had been sent; `-Infinity`, if there was none. */
export function lastAcceptedMs({ answers }: Clients): number {
  return Math.max(...answers.filter(({ status }) => status === 200).map(({ sentMs }) => sentMs));
}
