/** What the console tells, as it comes. */
import { useEffect, useState } from 'preact/hooks';
import { askConsole } from './console-client.ts';
import type { PageData } from './data.ts';
import type { DecisionData, EventData, KeysData, LiveData, LogState, PolicyState } from './live-data.ts';

export interface ConsoleState {
  /** The latest, oldest first. */
  readonly decisions: readonly DecisionData[];
  /** Those that came too fast for this page, and were dropped before it had them. */
  readonly missed: number;
  readonly events: readonly EventData[];
  readonly log: LogState | null;
  readonly keys: KeysData | null;
  /** Why the console can't be asked. */
  readonly problem: string | null;
  /** Why the policy can't be read, with the place. */
  readonly policyProblem: string | null;
  readonly hasPolicy: boolean;
  readonly hasIssuer: boolean;
  /** Writes a case beside the policy. @returns what became of it */
  addCase(text: string): Promise<string>;
}

/** As many as the console keeps. */
const MAX_KEPT = 10_000;
const AGAIN_MS = 2_000;
const KEYS_MS = 10_000;

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export function useConsole(): { readonly page: PageData | null; readonly console: ConsoleState } {
  const [live, setLive] = useState<Pick<ConsoleState, 'decisions' | 'missed' | 'events' | 'log'>>({
    ...{ decisions: [], missed: 0, events: [], log: null },
  });
  const [policy, setPolicy] = useState<PolicyState | null>(null);
  const [keys, setKeys] = useState<KeysData | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    const seen = { cursor: 0, log: 0, policy: 0 };
    const question = () => `/api/live?after=${seen.cursor}&log=${seen.log}&policy=${seen.policy}`;
    const step = async () => {
      const news = await askConsole<LiveData>('GET', question());
      if (news.policyVersion !== seen.policy) setPolicy(await askConsole<PolicyState>('GET', '/api/policy'));
      Object.assign(seen, { cursor: news.cursor, log: news.logVersion, policy: news.policyVersion });
      setLive(({ decisions, missed }) => ({
        decisions:
          news.decisions.length === 0 ? decisions : [...decisions, ...news.decisions].slice(-MAX_KEPT),
        missed: missed + news.missed,
        events: news.events,
        log: news.log,
      }));
    };
    return repeat(async () => {
      const failure = await step().then(
        () => null,
        (error: Error) => error.message,
      );
      setProblem(failure);
      if (failure !== null) await sleep(AGAIN_MS);
    });
  }, []);
  useEffect(
    () =>
      repeat(async () => {
        // Of a console that is gone, the other loop tells.
        await askConsole<KeysData>('GET', '/api/keys').then(setKeys, () => {});
        await sleep(KEYS_MS);
      }),
    [policy?.version],
  );
  return {
    page: policy?.page ?? null,
    console: {
      ...{ ...live, keys, problem, addCase },
      policyProblem: policy?.problem ?? null,
      hasPolicy: policy?.page != null,
      hasIssuer: policy?.hasIssuer ?? false,
    },
  };
}

/** @returns what ends it */
function repeat(step: () => Promise<void>): () => void {
  let isOver = false;
  const run = async () => {
    while (!isOver) await step();
  };
  run();
  return () => {
    isOver = true;
  };
}

async function addCase(text: string): Promise<string> {
  const { path, line, failure } = await askConsole<{ path: string; line: number; failure: string | null }>(
    'POST',
    '/api/case',
    { text },
  );
  const state = failure === null ? 'the policy meets it' : `the policy does not meet it yet: ${failure}`;
  return `${path}, line ${line}: added; ${state}.`;
}
