/** A trial refuses nobody, changes nothing for others, and tells what would have been refused. */
import { describe, it } from 'vitest';
import { type Case, cases, casesWithSteps, shown } from './support/allowed.ts';
import { type Answer, ask, compile } from './support/ask.ts';
import { readingsOf } from './support/lax.ts';
import { apisFor, compareShapes, decoded, mostSpecific, segmentsOf } from './support/literal.ts';
import { type Asked, tablesOf, type World } from './support/model.ts';
import { broken, promise, type Tally, TIMEOUT_MS } from './support/runs.ts';

type Tables = Readonly<Record<string, unknown>>;

/** @param names the APIs to put on trial */
function onTrial(tables: Tables, names: readonly string[]): Tables {
  return Object.fromEntries(
    Object.entries(tables).map(([name, table]) => [
      name,
      names.includes(name) ? { ...(table as object), report_only: true } : table,
    ]),
  );
}

interface Tried {
  readonly world: World;
  readonly asked: Asked;
  readonly enforced: Answer;
  readonly tried: Answer;
  /** Without the first API. `undefined`: there is no other. */
  readonly without: Answer | undefined;
}

async function forEach(
  [world, requests]: Case,
  tally: Tally,
  names: (world: World) => readonly string[],
  holds: (one: Tried) => void,
): Promise<void> {
  const tables = tablesOf(world);
  tally.add('policies');
  const [enforcing, trying] = [compile(tables), compile(onTrial(tables, names(world)))];
  const others = compile(tablesOf({ ...world, apis: world.apis.slice(1) }));
  if (enforcing === undefined) return;
  tally.add('compiled');
  if (trying === undefined) broken('a trial is an error', { tables });
  for (const make of requests) {
    const asked = make(world);
    tally.add('requests');
    holds({
      world,
      asked,
      enforced: await ask(enforcing, asked),
      tried: await ask(trying, asked),
      without: others && (await ask(others, asked)),
    });
  }
}

const UNSENT = ['TRACE', 'TRACK', 'CONNECT'];
const isSent = ({ method }: Asked) => !UNSENT.includes(method.toUpperCase());
const reasonOf = (answer: Answer) => (answer.kind === 'deny' ? answer.reason : answer.wouldDeny)?.code;

/** Whether the path belongs to an API, whatever is wrong with it: one API, or several with the same prefix. */
function isOwned(world: World, { host, path }: Asked): boolean {
  const apis = apisFor(world, host);
  // As every `fetch` folds it: a step up may lead out of the prefix.
  const { pathname } = new URL(`http://host${path}`);
  const prefixes = new Set(apis.map(({ strip }) => strip ?? ''));
  const [prefix = ''] = prefixes;
  return apis.length > 0 && prefixes.size === 1 && (prefix === '' || `${pathname}/`.startsWith(`${prefix}/`));
}

describe('a trial', () => {
  it(
    'of all APIs refuses nothing, and tells what enforcing would refuse',
    async () => {
      const all = ({ apis }: World) => apis.map(({ name }) => name);
      const tally = await promise('trial of all', 1_000, casesWithSteps, (one, counts) =>
        forEach(one, counts, all, ({ world, asked, enforced, tried }) => {
          const details = { ...shown(world, asked), enforced: reasonOf(enforced), tried: reasonOf(tried) };
          if (!isSent(asked)) {
            if (tried.kind === 'allow') broken('a method that can’t be sent', details);
            return;
          }
          if (!isOwned(world, asked)) return;
          // Below a prefix, a path that some origins read as one that leads out of it is none of the API's.
          const isBelow = apisFor(world, asked.host).some(({ strip }) => strip !== undefined);
          if (isBelow && reasonOf(enforced) === 'path_ambiguous') return;
          counts.add('owned');
          if (tried.kind === 'deny') broken('a trial that refuses', details);
          else {
            if (enforced.kind === 'deny') counts.add('would be refused');
            const wouldDeny = tried.wouldDeny !== undefined;
            if (enforced.kind === 'deny' && !wouldDeny) broken('a refusal that is not told', details);
            if (reasonOf(enforced) === undefined && wouldDeny) broken('a refusal that is none', details);
            // A route that is on trial by itself comes last of those that judge, and here all are.
            const isMixed = JSON.stringify(tablesOf(world)).includes('report_only');
            if (!isMixed && reasonOf(enforced) !== reasonOf(tried)) broken('another reason', details);
            if (tried.wouldDeny !== undefined && enforced.kind === 'deny' && tried.principal !== undefined)
              broken('claims of what would be refused', details);
            if (!tried.forwardAuthorization) broken('without Authorization', details);
          }
        }),
      );
      tally.demand('compiled', 'policies', 0.4);
      tally.demand('owned', 'requests', 0.5);
      tally.demand('would be refused', 'owned', 0.2);
    },
    TIMEOUT_MS,
  );

  it(
    'of one API changes nothing for the routes of others, but that none is refused for its sake',
    async () => {
      const first = ({ apis }: World) => apis.slice(0, 1).map(({ name }) => name);
      const tally = await promise('trial of one', 1_000, cases, (one, counts) =>
        forEach(one, counts, first, ({ world, asked, enforced, tried, without }) => {
          const [name] = first(world);
          // A path that is written for both APIs is no longer only that of the other.
          const own = mostSpecific(world.apis.slice(0, 1), segmentsOf(asked.path).map(decoded));
          if (without?.kind === 'allow' && own.length === 0 && !world.apis[0]?.hosts?.includes(asked.host)) {
            counts.add('let in by others');
            if (tried.kind === 'deny') broken('refused for a trial’s sake', shown(world, asked));
          }
          const details = { ...shown(world, asked), enforced: reasonOf(enforced), tried: reasonOf(tried) };
          if (enforced.kind === 'allow' && tried.kind === 'deny') broken('refused by a trial', details);
          if (enforced.route === undefined || enforced.route.api.name === name) return;
          counts.add('served by others');
          if (enforced.kind !== tried.kind || reasonOf(enforced) !== reasonOf(tried))
            broken('another answer', details);
          if (tried.route?.api.name !== enforced.route.api.name) broken('another API', details);
        }),
      );
      tally.demand('served by others', 'requests', 0.05);
      tally.demand('let in by others', 'requests', 0.01);
    },
    TIMEOUT_MS,
  );

  it(
    'of one API never takes what an origin may read as a path of others',
    async () => {
      const first = ({ apis }: World) => apis.slice(0, 1).map(({ name }) => name);
      const tally = await promise('trial beside others', 1_000, casesWithSteps, (one, counts) =>
        forEach(one, counts, first, ({ world, asked, enforced, tried }) => {
          // What no route of it takes, and the trial does.
          const isTaken = enforced.route === undefined && enforced.kind === 'deny' && tried.kind === 'allow';
          if (!isTaken || !first(world).includes(tried.route.api.name)) return;
          const apis = apisFor(world, asked.host);
          const others = apis.filter(({ name }) => name !== tried.route.api.name);
          counts.add('taken');
          if (others.length === 0) return;
          counts.add('beside others');
          // What is written of the path itself is the policy's word on it, whatever is less specific.
          const [own] = mostSpecific(apis, segmentsOf(asked.path).map(decoded));
          for (const { text } of readingsOf(asked.path)) {
            const words = mostSpecific(apis, segmentsOf(text));
            const foreign = words.find(
              ({ api, shape }) =>
                others.includes(api) && (own === undefined || compareShapes(shape, own.shape) >= 0),
            );
            if (foreign !== undefined)
              broken('a path of another API', { ...shown(world, asked), text, foreign });
          }
        }),
      );
      tally.demand('taken', 'requests', 0.05);
      tally.demand('beside others', 'taken', 0.02);
    },
    TIMEOUT_MS,
  );
});
