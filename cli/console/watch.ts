/** The policy as its file is saved: read again, or what is wrong with it. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PageData } from '../../page/data.ts';
import type { PolicyState } from '../../page/live-data.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { collectPage } from '../page/collect.ts';
import { compileSection, environmentOf, environmentsOf } from '../policy/file/config.ts';
import { readPolicy } from '../policy/file/module.ts';
import { CommandError } from '../text/terminal.ts';

export interface WatchOptions {
  readonly config: string;
  readonly module?: string | undefined;
  /** `undefined`: all that have a policy; empty: the top level. */
  readonly environment: string | undefined;
  onChange(): void;
}

export interface Watched {
  readonly state: Omit<PolicyState, 'hasIssuer'>;
  /** Of the environment, or the top level: the latest without errors. */
  readonly policy: Policy | undefined;
  close(): void;
}

/** Editors write a file in several steps: it is read when it has kept still for this long. */
const LOOK_MS = 200;

/** Resolves when the policy was read for the first time, good or not. */
export async function watchPolicy(options: WatchOptions): Promise<Watched> {
  const { config, module, environment, onChange } = options;
  const casesFile = join(dirname(config), 'policy.test.toml');
  const files = [config, casesFile, ...(module === undefined ? [] : [module])];
  let state: Watched['state'] = { version: 0, page: null, problem: null, readAtMs: 0, casesFile };
  let policy: Policy | undefined;
  const read = async () => {
    const { page, problem, good } = await readState(options);
    policy = good ?? policy;
    state = {
      ...state,
      version: state.version + 1,
      page: page ?? state.page,
      problem,
      readAtMs: Date.now(),
    };
    onChange();
  };
  let seen = stampOf(files);
  let done = seen;
  let isReading = false;
  const look = async () => {
    const now = stampOf(files);
    const isStill = now === seen;
    seen = now;
    if (!isStill || now === done || isReading) return;
    done = now;
    isReading = true;
    await read().finally(() => {
      isReading = false;
    });
  };
  await read();
  const timer = setInterval(look, LOOK_MS);
  return {
    get state() {
      return state;
    },
    get policy() {
      return policy;
    },
    close: () => clearInterval(timer),
  };

  async function readState({ environment: only }: WatchOptions) {
    try {
      const file = await readPolicy({ config, module });
      const page = await collectPage({
        file,
        environments: only === undefined ? environmentsOf(file) : [only || undefined],
        nowMs: Date.now(),
      });
      const compiled = compileSection(environmentOf(file, environment || undefined));
      return {
        page: demandPolicy(page, config),
        problem: null,
        good: compiled.ok ? compiled.policy : undefined,
      };
    } catch (error) {
      // A bug in reading must not end the console either: the next save may be read.
      return { page: undefined, problem: problemOf(error), good: undefined };
    }
  }
}

const problemOf = (error: unknown) =>
  error instanceof CommandError
    ? error.message
    : `unexpected: ${error instanceof Error ? error.message : error}`;

function demandPolicy(page: PageData, config: string): PageData {
  if (page.environments.length > 0) return page;
  throw new CommandError(`${config} has no policy; claimgate init writes one`);
}

/** Changes whenever one of the files does. Asked for by time, since not every file system tells of changes. */
function stampOf(files: readonly string[]): string {
  return files
    .map((file) => {
      const stats = existsSync(file) ? statSync(file, { throwIfNoEntry: false }) : undefined;
      return stats === undefined ? '-' : `${stats.mtimeMs} ${stats.size} ${stats.ino}`;
    })
    .join('\n');
}
