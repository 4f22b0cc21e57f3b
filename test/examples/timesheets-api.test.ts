import { beforeEach, describe, expect, it } from 'vitest';
import { makeApi, NOW, verifiedBy } from './support/timesheets.ts';

type Headers = Record<string, string>;

const JOB = verifiedBy({ subject: 'job@clients', client: 'job' });
const OTHER_JOB = verifiedBy({ subject: 'job@clients', client: 'other-job' });
const app = (user: unknown) =>
  verifiedBy({ subject: 'app@clients', client: 'app', claims: { 'https://api.example.com/user_id': user } });
const MILA = app('mila');
const OTTO = app('otto');
const UPLOAD = { user_id: '007', date: '2017-05-10T17:40:20.095Z', project: 'StoreZero', hours: 5 };
const { user_id: _, ...OWN } = UPLOAD;

let api: Awaited<ReturnType<typeof makeApi>>;
beforeEach(async () => {
  api = await makeApi();
});

function call(line: string, headers: Headers, body?: unknown): Promise<Response> {
  const [method = '', path = ''] = line.split(' ');
  return api.fetch(
    new Request(`https://api.example.com${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }),
  );
}

async function callJson(line: string, headers: Headers, body?: unknown) {
  const response = await call(line, headers, body);
  // biome-ignore lint/suspicious/noExplicitAny: what came is what the tests look at
  return { status: response.status, headers: response.headers, body: await response.json<any>() };
}

/** Adds an entry of the caller's own, and tells its id. */
async function add(headers: Headers, more: object = {}): Promise<number> {
  const { status, body } = await callJson('POST /timesheets', headers, { ...OWN, ...more });
  expect(status).toBe(201);
  return body.id;
}

const ids = (body: { timesheets: { id: number }[] }) => body.timesheets.map(({ id }) => id);

describe('who calls', () => {
  it('/health answers anyone who comes through the gateway', async () => {
    const { status, body } = await callJson('GET /health', verifiedBy({}));
    expect([status, body]).toEqual([200, { status: 'ok' }]);
  });

  it.each([
    ['no header at all', {}],
    ['claim headers', { 'x-claim-iss': 'https://issuer.example/', 'x-claim-sub': 'admin' }],
    ['a token', { authorization: 'Bearer x.y.z' }],
  ])('refuses requests that did not come through the gateway: %s', async (_why, headers) => {
    for (const line of ['GET /health', 'GET /timesheets', 'PUT /approvals/1', 'DELETE /timesheets/1']) {
      const { status, body } = await callJson(line, headers);
      expect([status, body.code]).toEqual([401, 'missing']);
    }
    expect((await call('POST /timesheets/upload', headers, UPLOAD)).status).toBe(401);
  });

  it.each([
    ['no subject', verifiedBy({ client: 'app', claims: { 'https://api.example.com/user_id': 'mila' } })],
    ['an empty user never becomes the subject', app('')],
    ['a user that is not text never becomes the subject', app(['mila'])],
  ])('lets in nobody without a name: %s', async (_why, headers) => {
    for (const line of ['GET /timesheets', 'GET /approvals', 'PUT /approvals/1', 'DELETE /timesheets/1']) {
      const { status, body, headers: answered } = await callJson(line, headers);
      expect([status, body.title]).toEqual([401, 'No caller']);
      expect(answered.get('content-type')).toBe('application/problem+json');
      expect(answered.get('www-authenticate')).toBe('Bearer');
    }
    expect((await call('POST /timesheets/upload', headers, UPLOAD)).status).toBe(401);
    expect((await call('POST /timesheets', headers, OWN)).status).toBe(401);
  });

  it.each([
    ['the user that the client acts for', MILA, 'mila'],
    ['the subject where there is no user', JOB, 'job@clients'],
    ['any text', app('Míla, 100%'), 'Míla, 100%'],
  ])('the owner is %s', async (_why, headers, owner) => {
    expect((await callJson('POST /timesheets', headers, OWN)).body.user_id).toBe(owner);
  });
});

describe('POST /timesheets/upload', () => {
  it('creates an entry for another one', async () => {
    const { status, headers, body } = await callJson('POST /timesheets/upload', JOB, UPLOAD);
    expect([status, headers.get('location')]).toEqual([201, '/timesheets/1']);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      id: 1,
      ...UPLOAD,
      approved: false,
      message: 'Created timesheet 1 for employee 007.',
    });
  });

  it('needs the user', async () => {
    const { status, body } = await callJson('POST /timesheets/upload', MILA, OWN);
    expect([status, body.errors]).toEqual([
      400,
      [{ pointer: '#/user_id', detail: expect.stringMatching(/^Missing/) }],
    ]);
  });
});

describe('POST /timesheets', () => {
  it('refuses a user, and says where to go', async () => {
    const { status, body } = await callJson('POST /timesheets', MILA, { ...UPLOAD, user_id: 'otto' });
    expect(status).toBe(400);
    expect(body.errors).toEqual([
      { pointer: '#/user_id', detail: expect.stringContaining('POST /timesheets/upload') },
    ]);
    expect(ids((await callJson('GET /timesheets', OTTO)).body)).toEqual([]);
  });
});

describe('bodies', () => {
  it.each([
    ['user_id', ''],
    ['user_id', 'a b'],
    ['user_id', 'x'.repeat(65)],
    ['user_id', 7],
    ['user_id', '007\n'],
    ['date', '2017-05-10'],
    ['date', '2017-05-10T17:40:20'],
    ['date', '2017-02-30T00:00:00Z'],
    ['date', '0000-01-01T00:00:00+05:00'],
    ['date', '9999-12-31T23:00:00-05:00'],
    ['date', 1494438020],
    ['project', ''],
    ['project', '  '],
    ['project', 'x'.repeat(81)],
    ['project', 'a\u0000b'],
    ['project', 'a\ud800b'],
    ['hours', 0],
    ['hours', -1],
    ['hours', 24.01],
    ['hours', '5'],
    ['hours', null],
  ])('%s must not be %j', async (field, value) => {
    const { status, body } = await callJson('POST /timesheets/upload', JOB, { ...UPLOAD, [field]: value });
    expect([status, body.errors]).toEqual([
      400,
      [{ pointer: `#/${field}`, detail: expect.stringMatching(/^Must be /) }],
    ]);
  });

  it.each([
    ['user_id', 'A.b_c-9@example.com'],
    ['project', '📦'.repeat(80)],
    ['hours', 24],
    ['hours', 0.25],
  ])('%s may be %j', async (field, value) => {
    const { status, body } = await callJson('POST /timesheets/upload', JOB, { ...UPLOAD, [field]: value });
    expect([status, body[field]]).toEqual([201, value]);
  });

  it('names every fault at once', async () => {
    const { body } = await callJson('POST /timesheets/upload', JOB, { hours: 0, 'a/b': 1 });
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(
      ['#/a~1b', '#/date', '#/hours', '#/project', '#/user_id'].sort(),
    );
  });

  it('keeps instants in UTC', async () => {
    const { body } = await callJson('POST /timesheets', MILA, { ...OWN, date: '2017-05-10T01:00:00+02:00' });
    expect(body.date).toBe('2017-05-09T23:00:00.000Z');
  });

  it.each([
    ['no JSON', 400, '{', {}],
    ['no object', 400, '[]', {}],
    ['JSON that calls itself text', 415, JSON.stringify(OWN), { 'content-type': 'text/plain' }],
    ['a form', 415, 'hours=5', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['more than 16 KB', 413, JSON.stringify({ ...OWN, project: 'x'.repeat(16_400) }), {}],
  ])('%s: %d', async (_why, want, body, headers) => {
    const answer = await callJson('POST /timesheets', { ...MILA, ...headers }, body);
    expect([answer.status, answer.body.status]).toEqual([want, want]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it('takes a media type with parameters', async () => {
    const headers = { ...MILA, 'content-type': 'Application/JSON; charset=utf-8' };
    expect((await call('POST /timesheets', headers, OWN)).status).toBe(201);
  });
});

describe('Idempotency-Key', () => {
  const upload = (key: string, body: object = UPLOAD, headers: Headers = JOB) =>
    callJson('POST /timesheets/upload', { ...headers, 'idempotency-key': key }, body);

  it('gives back the first entry for the same request', async () => {
    expect((await upload('k')).status).toBe(201);
    const { status, body } = await upload('k', { ...UPLOAD, date: '2017-05-10T19:40:20.095+02:00' });
    expect([status, body.id, body.message]).toEqual([
      200,
      1,
      'Timesheet 1 for employee 007 existed already.',
    ]);
    expect(ids((await callJson('GET /approvals', MILA)).body)).toEqual([1]);
    expect(await add(MILA), 'no id is lost').toBe(2);
  });

  it.each([
    ['user', { user_id: '008' }],
    ['date', { date: '2017-05-11T17:40:20.095Z' }],
    ['project', { project: 'StoreOne' }],
    ['hours', { hours: 6 }],
  ])('refuses the key for another %s', async (_what, more) => {
    await upload('k');
    expect((await upload('k', { ...UPLOAD, ...more })).status).toBe(422);
    expect(ids((await callJson('GET /approvals', MILA)).body)).toEqual([1]);
  });

  it('never makes doubles of requests at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => upload('k')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
    expect(new Set(answers.map(({ body }) => body.id))).toEqual(new Set([1]));
  });

  it('is of one client only', async () => {
    expect([(await upload('k')).status, (await upload('k', UPLOAD, OTHER_JOB)).status]).toEqual([201, 201]);
  });

  it('is of the subject where the token names no client', async () => {
    const [a, b] = [verifiedBy({ subject: 'a' }), verifiedBy({ subject: 'b' })];
    const statuses = [];
    for (const headers of [a, b, a]) statuses.push((await upload('k', UPLOAD, headers)).status);
    expect(statuses).toEqual([201, 201, 200]);
  });

  it('works for own entries, apart for each user of a client', async () => {
    const post = async (headers: Headers) =>
      (await call('POST /timesheets', { ...headers, 'idempotency-key': 'k' }, OWN)).status;
    expect([await post(MILA), await post(OTTO), await post(MILA)]).toEqual([201, 201, 200]);
  });

  it('does not bring back what its owner has deleted', async () => {
    await upload('k');
    await call('DELETE /timesheets/1', verifiedBy({ subject: '007' }));
    const { status, body } = await upload('k');
    expect([status, body.id, body.message]).toEqual([200, 1, expect.stringContaining('was deleted since')]);
    expect(ids((await callJson('GET /timesheets', verifiedBy({ subject: '007' }))).body)).toEqual([]);
  });

  it('is not needed', async () => {
    expect([await add(MILA), await add(MILA)]).toEqual([1, 2]);
  });

  it.each(['', 'a b', 'x'.repeat(65), 'a\tb'])('refuses %j', async (key) => {
    expect((await upload(key)).status).toBe(400);
  });
});

describe('GET /timesheets', () => {
  it('has own entries only, newest first', async () => {
    await add(MILA, { date: '2017-05-10T00:00:00Z' });
    await add(MILA, { date: '2017-05-12T00:00:00Z' });
    await add(OTTO);
    await add(MILA, { date: '2017-05-11T00:00:00Z' });
    const { body } = await callJson('GET /timesheets', MILA);
    expect(ids(body)).toEqual([2, 4, 1]);
    expect(body).not.toHaveProperty('next');
    expect(body.timesheets[0]).toEqual({
      id: 2,
      ...OWN,
      date: '2017-05-12T00:00:00.000Z',
      user_id: 'mila',
      approved: false,
    });
  });

  it('comes in pages, also where dates are equal', async () => {
    for (let i = 0; i < 5; i++) await add(MILA);
    const pages: number[][] = [];
    let query = '?limit=2';
    for (let i = 0; i < 3; i++) {
      const { body } = await callJson(`GET /timesheets${query}`, MILA);
      pages.push(ids(body));
      query = `?limit=2&after=${encodeURIComponent(body.next)}`;
    }
    expect(pages).toEqual([[5, 4], [3, 2], [1]]);
  });

  it.each(['limit=0', 'limit=201', 'limit=x', 'limit=', 'after=', 'after=1', "after=' OR 1=1_1"])(
    'refuses ?%s',
    async (query) => {
      expect((await call(`GET /timesheets?${query}`, MILA)).status).toBe(400);
    },
  );
});

describe('DELETE /timesheets/:id', () => {
  it('deletes an own entry, once', async () => {
    const id = await add(MILA);
    const first = await call(`DELETE /timesheets/${id}`, MILA);
    expect([first.status, await first.text()]).toEqual([204, '']);
    expect((await call(`DELETE /timesheets/${id}`, MILA)).status).toBe(404);
    expect(ids((await callJson('GET /timesheets', MILA)).body)).toEqual([]);
    expect(ids((await callJson('GET /approvals', OTTO)).body)).toEqual([]);
    expect((await call(`PUT /approvals/${id}`, OTTO)).status).toBe(404);
  });

  it('answers alike for what is not there and what is not theirs', async () => {
    const id = await add(MILA);
    const approved = await add(MILA);
    await call(`PUT /approvals/${approved}`, OTTO);
    const answers = await Promise.all(
      [id, approved, 99, '1e3', '0', '-1', '9'.repeat(30), 'upload'].map((one) =>
        callJson(`DELETE /timesheets/${one}`, OTTO),
      ),
    );
    for (const { status, body } of answers) expect([status, body]).toEqual([404, answers[0]?.body]);
    expect(ids((await callJson('GET /timesheets', MILA)).body)).toContain(id);
  });

  it('keeps what is approved', async () => {
    const id = await add(MILA);
    await call(`PUT /approvals/${id}`, OTTO);
    expect((await call(`DELETE /timesheets/${id}`, MILA)).status).toBe(409);
    expect(ids((await callJson('GET /timesheets', MILA)).body)).toEqual([id]);
  });
});

describe('approvals', () => {
  it('lists what is unapproved, of all, oldest first, in pages', async () => {
    await add(MILA, { date: '2017-05-12T00:00:00Z' });
    await add(OTTO, { date: '2017-05-10T00:00:00Z' });
    await add(MILA, { date: '2017-05-11T00:00:00Z' });
    await call('PUT /approvals/3', OTTO);
    const { body } = await callJson('GET /approvals?limit=1', OTTO);
    expect(ids(body)).toEqual([2]);
    expect(ids((await callJson(`GET /approvals?after=${body.next}`, OTTO)).body)).toEqual([1]);
  });

  it('says who approved, and when; the first approval stays', async () => {
    const id = await add(MILA);
    const want = { id, ...OWN, user_id: 'mila', approved: true, approved_by: 'otto', approved_at: NOW };
    for (const approver of [OTTO, JOB]) {
      const { status, body } = await callJson(`PUT /approvals/${id}`, approver);
      expect([status, body]).toEqual([200, want]);
    }
  });

  it('nobody approves their own, approved or not', async () => {
    const id = await add(MILA);
    expect((await call(`PUT /approvals/${id}`, MILA)).status).toBe(403);
    expect(ids((await callJson('GET /approvals', MILA)).body)).toEqual([id]);
    await call(`PUT /approvals/${id}`, OTTO);
    expect((await call(`PUT /approvals/${id}`, MILA)).status).toBe(403);
  });

  it.each(['99', 'x', '01'])('does not know %s', async (id) => {
    await add(MILA);
    expect((await call(`PUT /approvals/${id}`, OTTO)).status).toBe(404);
  });
});

describe('what goes wrong', () => {
  it.each(['GET /', 'GET /timesheets/1', 'PUT /timesheets', 'POST /approvals/1'])(
    '%s is 404',
    async (line) => {
      const { status, headers } = await callJson(line, MILA);
      expect([status, headers.get('content-type')]).toEqual([404, 'application/problem+json']);
    },
  );

  it('tells the log, not the client', async () => {
    await api.db.exec('DROP TABLE timesheets; DROP TABLE d1_migrations');
    const { status, body } = await callJson('GET /timesheets', MILA);
    expect([status, body]).toEqual([
      500,
      { status: 500, title: 'Internal error', detail: 'The service failed.' },
    ]);
    expect(api.logs).toEqual([
      expect.objectContaining({ event: 'error', message: expect.stringContaining('no such table') }),
    ]);
  });
});

describe('the tables', () => {
  it.each([
    [
      'too many hours',
      "INSERT INTO timesheets (user_id, date, project, hours, created_at) VALUES ('a', '2017-05-10T17:40:20.095Z', 'p', 25, 'now')",
    ],
    [
      'a date in another form',
      "INSERT INTO timesheets (user_id, date, project, hours, created_at) VALUES ('a', '2017-05-10', 'p', 5, 'now')",
    ],
    ['an approval by nobody', "UPDATE timesheets SET approved_at = 'now'"],
  ])('refuse %s', async (_why, sql) => {
    await add(MILA);
    await expect(api.db.prepare(sql).run()).rejects.toThrow('CHECK constraint failed');
  });
});
