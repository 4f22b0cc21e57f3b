import { beforeEach, describe, expect, it, vi } from 'vitest';
import hours from '../../examples/timesheets/job/hours.csv?raw';
import { csvSource } from '../../examples/timesheets/job/src/csv-source.ts';
import { createImportJob } from '../../examples/timesheets/job/src/job.ts';
import { readSettings } from '../../examples/timesheets/job/src/settings.ts';
import { createTokenSource, TokenError } from '../../examples/timesheets/job/src/token.ts';
import { makeApi, verifiedBy } from './support/timesheets.ts';

const SECRET = 'secretOfTheJob';
const ENV = {
  ISSUER: 'http://localhost:8788/',
  API: 'http://localhost:8787',
  AUDIENCE: 'https://api.example.com/timesheets',
  CLIENT_ID: 'job',
  CLIENT_SECRET: SECRET,
};
const HEADER = 'id,user_id,date,project,hours\n';
const ROW = (n: number, more = '') => `E-${n},007,2017-05-1${n}T17:40:20.095Z,StoreZero,5${more}\n`;
const NOW_MS = Date.parse('2027-01-15T06:00:00Z');

/** An issuer, a gateway and the real API in one `fetch`. Answers can be put in the way of each. */
async function makeWorld() {
  const api = await makeApi();
  const state = {
    nowMs: NOW_MS,
    lifetimeSeconds: 3600 as number | undefined,
    tokens: 0,
    tokenForms: [] as Record<string, unknown>[],
    tokenAnswer: undefined as (() => Response | Promise<Response>) | undefined,
    valid: new Set<string>(),
    uploads: [] as Request[],
    /** Given out one by one before the API is asked; `undefined` lets one request through. */
    gatewayAnswers: [] as (Response | Error | undefined)[],
    sleeps: [] as number[],
    logs: [] as string[],
  };

  async function fetchAnything(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input as RequestInfo, init);
    const { origin, pathname } = new URL(request.url);
    if (origin === 'http://localhost:8788') return issue(pathname, request);
    if (origin === 'http://localhost:8787') return pass(request);
    throw new Error(`nothing is at ${request.url}`);
  }

  async function issue(pathname: string, request: Request): Promise<Response> {
    if (pathname === '/.well-known/openid-configuration') {
      return Response.json({ issuer: ENV.ISSUER, token_endpoint: `${ENV.ISSUER}oauth/token` });
    }
    if (`${request.method} ${pathname}` !== 'POST /oauth/token') return new Response(null, { status: 404 });
    state.tokenForms.push(Object.fromEntries(await request.formData()));
    if (state.tokenAnswer !== undefined) return state.tokenAnswer();
    const access_token = `token-${++state.tokens}`;
    state.valid.add(access_token);
    return Response.json({ access_token, token_type: 'Bearer', expires_in: state.lifetimeSeconds });
  }

  async function pass(request: Request): Promise<Response> {
    state.uploads.push(request.clone() as Request);
    const answer = state.gatewayAnswers.shift();
    if (answer instanceof Error) throw answer;
    if (answer !== undefined) return answer;
    const token = request.headers.get('authorization')?.replace(/^Bearer /, '') ?? '';
    if (!state.valid.has(token)) return problem(401, 'Invalid token');
    const headers = new Headers(request.headers);
    headers.delete('authorization');
    const caller = verifiedBy({ subject: 'job@clients', client: 'job' });
    for (const [name, value] of Object.entries(caller)) headers.set(name, value);
    return api.fetch(new Request(request, { headers }));
  }

  return {
    state,
    db: api.db,
    fetch: fetchAnything as typeof fetch,
    job: (csv: string, env: object = ENV) =>
      createImportJob({
        env,
        source: csvSource(csv, 'hours.csv'),
        fetch: fetchAnything as typeof fetch,
        now: () => state.nowMs,
        sleep: async (ms) => {
          state.sleeps.push(ms);
        },
        log: (line) => state.logs.push(line),
      }),
    report: () => JSON.parse(state.logs.findLast((line) => line.startsWith('{')) ?? 'null'),
    countStored: async () =>
      (await api.db.prepare('SELECT count(*) AS n FROM timesheets').first<{ n: number }>())?.n,
  };
}

const problem = (status: number, title: string, headers: Record<string, string> = {}) =>
  Response.json({ title, status }, { status, headers });

let world: Awaited<ReturnType<typeof makeWorld>>;
beforeEach(async () => {
  world = await makeWorld();
});

describe('a run', () => {
  it('uploads every entry of hours.csv, and says so', async () => {
    const report = await world.job(hours)();
    expect(report).toMatchObject({ read: 6, created: 6, already_there: 0, failed: 0 });
    expect(world.state.logs[0]).toBe('Created timesheet 1 for employee 007.');
    expect(world.state.logs).toHaveLength(7);
    expect(world.report()).toEqual({ event: 'import', ...report });
    expect(report.entries[2]).toEqual({
      at: 'hours.csv line 4',
      id: 'EXT-1003',
      user_id: '012',
      outcome: 'created',
      timesheet_id: 3,
    });
    const stored = await world.db.prepare('SELECT project, hours FROM timesheets WHERE id = 3').first();
    expect(stored).toEqual({ project: 'Warehouse, phase 2', hours: 8 });
  });

  it('makes no doubles the next time', async () => {
    const run = world.job(hours);
    await run();
    expect(await run()).toMatchObject({ read: 6, created: 0, already_there: 6, failed: 0 });
    expect(await world.countStored()).toBe(6);
  });

  it('goes on where one broke off, in an isolate of its own', async () => {
    world.state.gatewayAnswers = [undefined, problem(403, 'Insufficient scope')];
    await expect(world.job(hours)()).rejects.toThrow();
    expect(await world.job(hours)()).toMatchObject({ created: 5, already_there: 1, failed: 0 });
  });

  it('never logs the token or the secret', async () => {
    world.state.gatewayAnswers = [problem(500, 'Internal error'), new Error('connection lost')];
    const error = await world.job(hours)().then(String, String);
    const told = [...world.state.logs, error].join('\n');
    expect(told).not.toMatch(/token-\d/);
    expect(told).not.toContain(SECRET);
  });

  it('sends the id as Idempotency-Key, and follows no redirect', async () => {
    world.state.gatewayAnswers = [
      new Response(null, { status: 307, headers: { location: 'https://elsewhere.example/' } }),
    ];
    await expect(world.job(HEADER + ROW(1))()).rejects.toThrow('307');
    expect(world.state.uploads.map(({ redirect }) => redirect)).toEqual(['manual']);
    expect(world.state.uploads[0]?.headers.get('idempotency-key')).toBe('E-1');
    expect(await world.state.uploads[0]?.json()).not.toHaveProperty('id');
  });
});

describe('tokens', () => {
  it('asks for the scope and the audience of the job', async () => {
    await world.job(HEADER + ROW(1))();
    expect(world.state.tokenForms).toEqual([
      {
        grant_type: 'client_credentials',
        client_id: 'job',
        client_secret: SECRET,
        audience: ENV.AUDIENCE,
        scope: 'batch:upload',
      },
    ]);
  });

  it.each([
    ['kept until a minute before they expire', 3600, 3539, 1],
    ['renewed a minute before they expire', 3600, 3540, 2],
    ['kept for four minutes where the issuer does not say', undefined, 239, 1],
    ['renewed after four minutes where the issuer does not say', undefined, 240, 2],
  ])('are %s', async (_what, lifetimeSeconds, laterSeconds, want) => {
    world.state.lifetimeSeconds = lifetimeSeconds;
    const run = world.job(HEADER + ROW(1) + ROW(2));
    await run();
    world.state.nowMs += laterSeconds * 1000;
    await run();
    expect(world.state.tokens).toBe(want);
  });

  it('are replaced once when refused, and the entry is sent again', async () => {
    const run = world.job(HEADER + ROW(1) + ROW(2));
    await run();
    world.state.valid.clear();
    expect(await run()).toMatchObject({ already_there: 2, failed: 0 });
    expect([world.state.tokens, world.state.uploads.length]).toEqual([2, 5]);
  });

  it('are not asked for again and again where fresh ones are refused too', async () => {
    world.state.gatewayAnswers = Array.from({ length: 9 }, () => problem(401, 'Invalid token'));
    await expect(world.job(HEADER + ROW(1) + ROW(2) + ROW(3))()).rejects.toThrow('3 of 3 entries');
    expect([world.state.tokens, world.state.uploads.length]).toEqual([2, 2]);
    expect(world.report().entries[2].reason).toBe('Not tried, because of: 401 · Invalid token');
  });

  it('that can not be had end the run after one question', async () => {
    world.state.tokenAnswer = () =>
      Response.json({ error: 'invalid_client', error_description: 'no' }, { status: 401 });
    await expect(world.job(hours)()).rejects.toThrow(
      'No token from http://localhost:8788/: 401 invalid_client (no). Check CLIENT_ID and CLIENT_SECRET.',
    );
    expect(world.state.tokenForms).toHaveLength(1);
    expect(world.state.uploads).toEqual([]);
    expect(world.report()).toMatchObject({ read: 6, failed: 6 });
  });

  describe('the source', () => {
    const source = (timeoutMs?: number) =>
      createTokenSource({
        ...readSettings(ENV),
        scope: 'batch:upload',
        fetch: world.fetch,
        now: () => world.state.nowMs,
        ...(timeoutMs !== undefined && { timeoutMs }),
      });

    it('asks once for all who ask at the same time', async () => {
      const tokens = source();
      expect(await Promise.all([tokens.get(), tokens.get(), tokens.get()])).toEqual(Array(3).fill('token-1'));
      expect(world.state.tokens).toBe(1);
    });

    it('keeps a newer token when an older one is refused late', async () => {
      const tokens = source();
      const old = await tokens.get();
      tokens.forget(old);
      const fresh = await tokens.get();
      tokens.forget(old);
      expect([await tokens.get(), world.state.tokens]).toEqual([fresh, 2]);
    });

    it('does not remember failures', async () => {
      const tokens = source();
      world.state.tokenAnswer = () => new Response('oops', { status: 500 });
      await expect(tokens.get()).rejects.toThrow(TokenError);
      world.state.tokenAnswer = undefined;
      expect(await tokens.get()).toBe('token-1');
    });

    it('gives up on a request that never ends, and asks anew', async () => {
      const tokens = source(250);
      world.state.tokenAnswer = () => new Promise(() => {});
      const answers = await Promise.allSettled([tokens.get(), tokens.get()]);
      expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      world.state.tokenAnswer = undefined;
      expect(await tokens.get()).toBe('token-1');
    });

    it('takes no token that needs a proof of possession', async () => {
      world.state.tokenAnswer = () => Response.json({ access_token: 'x', token_type: 'DPoP' });
      await expect(source().get()).rejects.toThrow('the token is not a Bearer token');
    });

    it.each([
      ['another issuer', { issuer: 'http://localhost:8788', token_endpoint: 'https://x.example' }],
      ['a token endpoint without TLS', { issuer: ENV.ISSUER, token_endpoint: 'ftp://x.example' }],
    ])('trusts no metadata of %s', async (_what, metadata) => {
      const tokens = createTokenSource({
        ...readSettings({ ...ENV, ISSUER: 'https://issuer.example/' }),
        scope: 'batch:upload',
        fetch: async () => Response.json(metadata),
        now: () => NOW_MS,
      });
      await expect(tokens.get()).rejects.toThrow('No token from https://issuer.example/');
    });
  });
});

describe('a busy API', () => {
  it.each([
    ['waits as long as it is told', problem(503, 'Keys unavailable', { 'retry-after': '7' }), [7000]],
    [
      'waits until the date it is told',
      problem(429, 'Slow down', { 'retry-after': new Date(NOW_MS + 4000).toUTCString() }),
      [4000],
    ],
    ['waits a second where it is not told', problem(503, 'Busy'), [1000]],
    ['waits a second after nonsense', problem(503, 'Busy', { 'retry-after': 'soon' }), [1000]],
    [
      'does not wait for a date gone by',
      problem(503, 'Busy', { 'retry-after': new Date(0).toUTCString() }),
      [0],
    ],
    ['tries again after a bad gateway', problem(502, 'Origin unreachable'), [1000]],
    ['tries again after a lost connection', new Error('connection lost'), [1000]],
  ])('the job %s', async (_what, answer, sleeps) => {
    world.state.gatewayAnswers = [answer];
    expect(await world.job(HEADER + ROW(1))()).toMatchObject({ created: 1, failed: 0 });
    expect(world.state.sleeps).toEqual(sleeps);
  });

  it('is tried three times for an entry; the next entry is tried all the same', async () => {
    world.state.gatewayAnswers = [503, 503, 503].map((status) => problem(status, 'Busy'));
    await expect(world.job(HEADER + ROW(1) + ROW(2))()).rejects.toThrow(
      '1 of 2 entries were not imported. The first, hours.csv line 2: 503 · Busy (3 tries)',
    );
    expect(world.state.sleeps).toEqual([1000, 2000]);
    expect(world.report()).toMatchObject({ created: 1, failed: 1 });
  });

  it('that asks for more than ten seconds is left alone until the next run', async () => {
    world.state.gatewayAnswers = [problem(503, 'Busy', { 'retry-after': '11' })];
    await expect(world.job(hours)()).rejects.toThrow('503 · Busy (for 11 s)');
    expect([world.state.sleeps, world.state.uploads.length]).toEqual([[], 1]);
  });
});

describe('entries that fail', () => {
  it('are reported with what the API says, and make the run fail at its end', async () => {
    await expect(world.job(`${HEADER}E-1,0 7,2017-05-10,,5\n${ROW(2)}`)()).rejects.toThrow('1 of 2 entries');
    const [failed, created] = world.report().entries;
    expect(failed).toMatchObject({ at: 'hours.csv line 2', id: 'E-1', outcome: 'failed' });
    expect(failed.reason).toMatch(/^400 · Invalid timesheet.*#\/date.*#\/project.*#\/user_id/);
    expect(created).toMatchObject({ id: 'E-2', outcome: 'created' });
  });

  it.each([
    ['hours that are no number', 'E-1,007,2017-05-10T17:40:20Z,StoreZero,five\n', 'hours must be a number'],
    ['hours in hexadecimal', 'E-1,007,2017-05-10T17:40:20Z,StoreZero,0x5\n', 'hours must be a number'],
    ['no id', ',007,2017-05-10T17:40:20Z,StoreZero,5\n', 'id must have'],
    ['too few cells', 'E-1,007,StoreZero,5\n', 'it has 4 cells for 5 columns'],
    ['too many cells', ROW(1, ',6'), 'it has 6 cells for 5 columns'],
    ['a stray quote', 'E-1,0"07,2017-05-10T17:40:20Z,StoreZero,5\n', 'it is not CSV'],
    ['more after a quote', 'E-1,"0"07,2017-05-10T17:40:20Z,StoreZero,5\n', 'CSV_INVALID_CLOSING_QUOTE'],
    ['a quote that is never closed', 'E-1,007,2017-05-10T17:40:20Z,"StoreZero,5\n', 'CSV_QUOTE_NOT_CLOSED'],
  ])('%s: the line is named, the others are imported', async (_what, row, reason) => {
    await expect(world.job(HEADER + ROW(2) + row + ROW(3))()).rejects.toThrow('1 of 3 entries');
    expect(world.report()).toMatchObject({ read: 3, created: 2, failed: 1 });
    expect(world.report().entries[1]).toEqual({
      at: 'hours.csv line 3',
      outcome: 'failed',
      reason: expect.stringContaining(reason),
    });
    expect(await world.countStored()).toBe(2);
  });

  it('an id that is used for two entries is found by the API', async () => {
    await expect(world.job(HEADER + ROW(1) + ROW(2).replace('E-2', 'E-1'))()).rejects.toThrow('422');
  });
});

describe('hours in CSV', () => {
  const read = async (text: string) => {
    const rows = [];
    for await (const row of await csvSource(text, 'h.csv').entries()) rows.push(row);
    return rows;
  };

  it('may have other order, line ends, a byte order mark, blanks and empty lines', async () => {
    const text =
      '\ufeff"hours", id,project,date,user_id\r\n\r\n 7.5 ,a,"x, ""y""",2017-05-10T17:40:20Z,007\r\n';
    expect(await read(text)).toEqual([
      {
        at: 'h.csv line 3',
        entry: { id: 'a', user_id: '007', date: '2017-05-10T17:40:20Z', project: 'x, "y"', hours: 7.5 },
      },
    ]);
  });

  it('without a column is no such file', async () => {
    await expect(read('id,user_id,date\n')).rejects.toThrow('h.csv lacks columns: project, hours');
    await expect(read('\n"id,user_id\n')).rejects.toThrow('h.csv line 2: it is not CSV');
  });

  it.each(['', HEADER])('may have no entries: %j', async (text) => {
    expect(await read(text)).toEqual([]);
  });
});

describe('settings', () => {
  it.each([
    ['ISSUER', ''],
    ['ISSUER', 'issuer.example'],
    ['ISSUER', 'http://issuer.example/'],
    ['API', undefined],
    ['API', 'http://localhost.example'],
    ['AUDIENCE', undefined],
    ['CLIENT_ID', undefined],
    ['CLIENT_SECRET', ''],
  ])('%s must not be %j: the run fails, and says what to do', async (name, value) => {
    const error = await world
      .job(hours, { ...ENV, [name]: value })()
      .then(String, String);
    expect(error).toMatch(new RegExp(`^Error: Settings are missing or unusable:\n  ${name}: .+$`));
    expect(world.state.tokenForms).toEqual([]);
  });

  it('names all that are missing at once', () => {
    for (const name of Object.keys(ENV)) expect(() => readSettings({})).toThrow(`\n  ${name}: `);
  });

  it('the API may have a path', async () => {
    const { api } = readSettings({ ...ENV, API: 'https://api.example.com/v1' });
    expect(new URL('timesheets/upload', api).href).toBe('https://api.example.com/v1/timesheets/upload');
  });
});

it('uses the platform’s fetch and clock where none are given', async () => {
  const fetched = vi.spyOn(globalThis, 'fetch').mockImplementation(world.fetch);
  const logged = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    const run = createImportJob({ env: ENV, source: csvSource(HEADER + ROW(1), 'hours.csv') });
    expect(await run()).toMatchObject({ created: 1 });
    expect(logged).toHaveBeenCalledWith('Created timesheet 1 for employee 007.');
  } finally {
    fetched.mockRestore();
    logged.mockRestore();
  }
});
