import { honoGuard, type OriginVerifier, type VerifiedRequest } from 'claimgate/origin';
import { Hono } from 'hono';
import { type Caller, readCaller } from './caller.ts';
import { type NewEntry, readOwnEntry, readUploadedEntry } from './entry.ts';
import { type Problem, type Read, renderProblem } from './problem.ts';
import { readId, readIdempotencyKey, readJson, readPage, writeCursor } from './request.ts';
import { createStore, type Timesheet } from './store.ts';

export interface TimesheetsOptions {
  readonly db: D1Database;
  /** Checks that the gateway sent a request, and reads who calls. */
  readonly verifier: OriginVerifier;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly now?: () => number;
  /** Gets a line for each unexpected error. Default: JSON to the console. */
  readonly log?: (line: object) => void;
}

/**
 * The Timesheets API. Which scope a call needs is the gateway's business and stands in its policy alone; this service
 * decides only what depends on its data: whose an entry is, and what may still be done with it.
 */
export function createTimesheets(options: TimesheetsOptions) {
  const { now = Date.now, log = (line) => console.error(JSON.stringify(line)) } = options;
  const store = createStore(options.db);
  const instant = () => new Date(now()).toISOString();
  const app = new Hono<{ Variables: { caller: Caller; verified: VerifiedRequest } }>();

  // Whoever reaches this service around the gateway gets no further.
  app.use(honoGuard(options.verifier));

  app.get('/health', (c) => c.json({ status: 'ok' }));

  // Routes above are public; below, nobody is let in without a name.
  app.use(async (c, next) => {
    const caller = readCaller(c.var.verified);
    if (!caller.ok) return renderProblem(caller.problem);
    c.set('caller', caller.value);
    await next();
    c.header('cache-control', 'no-store');
  });

  app.post('/timesheets/upload', (c) => {
    const { client } = c.var.caller;
    return add(c.req.raw, JSON.stringify([client]), readUploadedEntry);
  });

  app.post('/timesheets', (c) => {
    const { client, owner } = c.var.caller;
    // A client that acts for many users may use a key once for each.
    return add(c.req.raw, JSON.stringify([client, owner]), (body) => readOwnEntry(body, owner));
  });

  app.get('/timesheets', (c) => list(c.req.url, (page) => store.listOwn(c.var.caller.owner, page)));

  app.delete('/timesheets/:id', async (c) => {
    const id = readId(c.req.param('id'));
    const outcome = id === undefined ? 'unknown' : await store.remove(id, c.var.caller.owner, instant());
    if (outcome === 'removed') return c.body(null, 204);
    return renderProblem(outcome === 'approved' ? ALREADY_APPROVED : NO_TIMESHEET);
  });

  app.get('/approvals', (c) => list(c.req.url, store.listUnapproved));

  app.put('/approvals/:id', async (c) => {
    const id = readId(c.req.param('id'));
    const outcome = id === undefined ? 'unknown' : await store.approve(id, c.var.caller.owner, instant());
    if (outcome === 'unknown') return renderProblem(NO_TIMESHEET);
    return outcome === 'own' ? renderProblem(OWN_TIMESHEET) : c.json(present(outcome));
  });

  app.notFound(() => renderProblem(NOT_FOUND));
  app.onError((error) => {
    const { name, message, stack = '' } = error;
    log({
      event: 'error',
      name,
      message,
      frames: stack
        .split('\n')
        .slice(1, 6)
        .map((line) => line.trim()),
    });
    return renderProblem(FAILED);
  });
  return app;

  async function add(
    request: Request,
    keyScope: string,
    readEntry: (body: unknown) => Read<NewEntry>,
  ): Promise<Response> {
    const key = readIdempotencyKey(request.headers);
    if (!key.ok) return renderProblem(key.problem);
    const body = await readJson(request);
    if (!body.ok) return renderProblem(body.problem);
    const entry = readEntry(body.value);
    if (!entry.ok) return renderProblem(entry.problem);

    const named = key.value === undefined ? undefined : { scope: keyScope, key: key.value };
    const { added, timesheet } = await store.add(entry.value, named, instant());
    if (!added && !isSame(timesheet, entry.value)) return renderProblem(KEY_USED);
    const message = added
      ? `Created timesheet ${timesheet.id} for employee ${timesheet.user_id}.`
      : `Timesheet ${timesheet.id} for employee ${timesheet.user_id} existed already${timesheet.deleted_at === null ? '' : ', and was deleted since'}.`;
    return Response.json(
      { ...present(timesheet), message },
      { status: added ? 201 : 200, headers: { location: `/timesheets/${timesheet.id}` } },
    );
  }

  async function list(
    url: string,
    read: (page: Parameters<typeof store.listUnapproved>[0]) => Promise<Timesheet[]>,
  ): Promise<Response> {
    const page = readPage(new URL(url).searchParams);
    if (!page.ok) return renderProblem(page.problem);
    const { limit } = page.value;
    const found = await read({ ...page.value, limit: limit + 1 });
    const shown = found.slice(0, limit);
    const last = found.length > limit ? shown.at(-1) : undefined;
    return Response.json({ timesheets: shown.map(present), ...(last && { next: writeCursor(last) }) });
  }
}

/** An entry as clients see it. */
function present({ id, user_id, date, project, hours, approved_by, approved_at }: Timesheet) {
  const approved = approved_at !== null;
  return { id, user_id, date, project, hours, approved, ...(approved && { approved_by, approved_at }) };
}

const isSame = (a: NewEntry, b: NewEntry) =>
  a.user_id === b.user_id && a.date === b.date && a.project === b.project && a.hours === b.hours;

const NOT_FOUND: Problem = {
  status: 404,
  title: 'Not found',
  detail: 'There is nothing at this path, or not with this method.',
};
const NO_TIMESHEET: Problem = {
  status: 404,
  title: 'No such timesheet',
  detail: 'There is no timesheet with this id that you may change.',
};
const ALREADY_APPROVED: Problem = {
  status: 409,
  title: 'Already approved',
  detail: 'An approved timesheet can no longer be deleted.',
};
const OWN_TIMESHEET: Problem = {
  status: 403,
  title: 'Own timesheet',
  detail: 'Nobody approves a timesheet of their own: someone else has to.',
};
const KEY_USED: Problem = {
  status: 422,
  title: 'Idempotency-Key used before',
  detail: 'This Idempotency-Key came with another entry before. Send a new entry with a new key.',
};
const FAILED: Problem = { status: 500, title: 'Internal error', detail: 'The service failed.' };
