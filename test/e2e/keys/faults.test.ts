/**
 * The tables of docs/keys.md under "When something fails", cell by cell: real workerd, its real KV binding, a real key
 * server. What the tables say is what is tested: a cell that is changed there fails here.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTable } from './support/docs.ts';
import { type Fault, ISSUER_FAULTS, KV_FAULTS, type World } from './support/faults.ts';
import { type IsolateOptions, START_MS, startWorkerd, type Workerd } from './support/isolates.ts';
import { startKeyServer } from './support/key-server.ts';
import { type KvStorage, startKv, startKvStorage } from './support/kv.ts';
import { type Outcome, STATES } from './support/states.ts';
import { makeKey } from './support/tokens.ts';

const TABLES = {
  'the issuer': { faults: ISSUER_FAULTS, rows: readTable('the issuer') },
  KV: { faults: KV_FAULTS, rows: readTable('KV') },
};
type Subject = keyof typeof TABLES;

interface Cell {
  readonly subject: Subject;
  readonly name: string;
  readonly state: string;
  readonly expected: string;
  readonly fault: Fault;
}

const cells = Object.entries(TABLES).flatMap(([subject, { faults, rows }]) =>
  rows.flatMap((row) =>
    Object.keys(STATES).map((state): Cell => {
      const name = row[subject] ?? '';
      // A name that is not known shows in the first test.
      const fault = faults[name] ?? { apply() {} };
      return { subject: subject as Subject, name, state, expected: row[state] ?? '', fault };
    }),
  ),
);

/** Where the cron runs again, under the fault. */
const cronCells = cells.filter(({ subject, state }) => subject === 'the issuer' && state === 'cold, in KV');
const crons = new Map<Cell, Promise<string>>();

let storage: KvStorage;
let workerd: Workerd;
const worlds: World[] = [];
const outcomes = new Map<Cell, Promise<Outcome>>();

/** Each cell has a world of its own, in one process. Faults take seconds to show: all run at once. */
beforeAll(async () => {
  storage = await startKvStorage();
  const [first, second] = [makeKey('first'), makeKey('second')];
  const places = await Promise.all(
    cells.map(async () => ({ server: await startKeyServer([first.publicJwk]), kv: await startKv(storage) })),
  );
  const options = places.flatMap(({ server, kv }, i): IsolateOptions[] => {
    const { isBound, secrets = {} } = cells[i]?.fault ?? {};
    const one = { issuer: server.issuer, kvPort: isBound === false ? undefined : kv.port, secrets };
    return [one, one];
  });
  workerd = await startWorkerd(options);
  for (const [i, cell] of cells.entries()) {
    const [isolate, cron] = workerd.isolates.slice(2 * i);
    const place = places[i];
    if (isolate === undefined || cron === undefined || place === undefined)
      throw new Error('too few isolates');
    const world = { isolate, cron, first, second, ...place };
    worlds.push(world);
    const outcome = STATES[cell.state]?.(world, cell.fault) as Promise<Outcome>;
    outcome.catch(() => {}); // its test tells
    outcomes.set(cell, outcome);
    if (cronCells.includes(cell))
      crons.set(
        cell,
        outcome.then(() => runCronAgain(world)),
      );
  }
});

async function runCronAgain({ cron, kv }: World): Promise<string> {
  const before = await kv.entry();
  // By then the cron writes keys that have not changed, too.
  await cron.setClock(START_MS + 30 * 60_000);
  await cron.runCron();
  return (await kv.entry()) === before ? 'KV as it was' : 'another entry in KV';
}

afterAll(async () => {
  await Promise.allSettled([...outcomes.values(), ...crons.values()]);
  await workerd?.stop();
  await Promise.all(worlds.flatMap(({ server, kv }) => [server.close(), kv.close()]));
  await storage?.close();
});

const outcomeOf = async (cell: Cell) => (await outcomes.get(cell)) as Outcome;

describe.each(Object.entries(TABLES))('%s', (subject, { faults, rows }) => {
  it('has each fault once in its table', () => {
    expect(rows.map((row) => row[subject]).sort()).toEqual(Object.keys(faults).sort());
  });

  describe.each(rows.map((row) => [row[subject] ?? '', row] as const))('%s', (name, row) => {
    const own = cells.filter((cell) => cell.subject === subject && cell.name === name);

    it.each(own.map((cell) => [cell.state, cell.expected, cell] as const))(
      '%s: %s',
      async (_s, expected, cell) => {
        expect((await outcomeOf(cell)).answers).toBe(expected);
      },
    );

    it(`in the log: ${row['in the log']}`, async () => {
      const failures = (await Promise.all(own.map(outcomeOf))).flatMap((outcome) => outcome.failures);
      expect([...new Set(failures)].sort().join(', ') || '–').toBe(row['in the log']);
    });
  });
});

describe('the issuer is asked', () => {
  const named = ({ subject, name }: Cell) => `${subject} ${name}`;
  const inState = (state: string) => cells.filter((cell) => cell.state === state);
  /** A connection that is refused can't be counted. */
  const isNoticed = ({ name }: Cell) => !name.includes('refuses connections');

  it.each(inState('warm').map((cell) => [named(cell), cell] as const))(
    'never by the warm: %s',
    async (_, cell) => {
      expect((await outcomeOf(cell)).fetches).toBe(0);
    },
  );

  it.each(
    inState('old')
      .filter(isNoticed)
      .map((cell) => [named(cell), cell] as const),
  )('once by the old: %s', async (_, cell) => {
    expect((await outcomeOf(cell)).fetches).toBe(1);
  });

  it.each(
    inState('cold, in KV')
      .filter(({ expected }) => expected === '200 kv')
      .map((cell) => [named(cell), cell] as const),
  )('never by the cold that KV has keys for: %s', async (_, cell) => {
    expect((await outcomeOf(cell)).fetches).toBe(0);
  });
});

describe('the cron', () => {
  it.each(cronCells.map((cell) => [cell.name, cell] as const))('while the issuer %s', async (name, cell) => {
    const row = TABLES['the issuer'].rows.find((one) => one['the issuer'] === name);
    const isFault = row?.['in the log'] !== '–';
    expect(await crons.get(cell)).toBe(isFault ? 'KV as it was' : 'another entry in KV');
  });
});
