import { applyD1Migrations, type D1Migration } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { createTimesheets } from '../../../examples/timesheets/api/src/timesheets.ts';
import { OriginRefusal, type OriginRequest, type OriginVerifier } from '../../../origin/src/index.ts';

const { DB, MIGRATIONS } = env as unknown as { DB: D1Database; MIGRATIONS: string };

export const NOW = '2027-01-15T08:00:00.000Z';

/** Who calls, as tests write it: in place of an assertion. */
export interface Verified {
  readonly subject?: string;
  readonly client?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Takes the caller from a header that holds JSON. The verifier itself has tests of its own, and is real end to end. */
const verifier: OriginVerifier = {
  bind: 'request',
  async verify({ headers }: OriginRequest) {
    const text = (headers as Headers).get('x-verified');
    if (text === null) throw new OriginRefusal('missing', 'There is no assertion.');
    const { subject, client, claims = {} } = JSON.parse(decodeURIComponent(text)) as Verified;
    const caller = { issuer: 'https://issuer.example/', subject, client, scopes: [], claims };
    return { caller, requestId: undefined, id: undefined, expiresAt: undefined };
  },
};

/** The header of a request that comes through the gateway. */
export const verifiedBy = (caller: Verified): Record<string, string> => ({
  'x-verified': encodeURIComponent(JSON.stringify(caller)),
});

/** The Timesheets API over a database that is empty, but has the real tables. */
export async function makeApi(verify: OriginVerifier = verifier) {
  await applyD1Migrations(DB, JSON.parse(MIGRATIONS) as D1Migration[]);
  await DB.exec('DELETE FROM timesheets');
  const logs: object[] = [];
  const app = createTimesheets({
    db: DB,
    verifier: verify,
    now: () => Date.parse(NOW),
    log: (line) => logs.push(line),
  });
  return { db: DB, app, logs, fetch: async (request: Request): Promise<Response> => app.fetch(request) };
}
