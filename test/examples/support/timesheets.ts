import { applyD1Migrations, type D1Migration } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { createTimesheets } from '../../../examples/timesheets/api/src/timesheets.ts';

const { DB, MIGRATIONS } = env as unknown as { DB: D1Database; MIGRATIONS: string };

export const NOW = '2027-01-15T08:00:00.000Z';

/** The Timesheets API over a database that is empty, but has the real tables. */
export async function makeApi() {
  await applyD1Migrations(DB, JSON.parse(MIGRATIONS) as D1Migration[]);
  await DB.exec('DELETE FROM timesheets');
  const logs: object[] = [];
  const app = createTimesheets({ db: DB, now: () => Date.parse(NOW), log: (line) => logs.push(line) });
  return { db: DB, app, logs, fetch: async (request: Request): Promise<Response> => app.fetch(request) };
}
