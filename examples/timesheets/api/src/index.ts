import { env } from 'cloudflare:workers';
import { createVerifier } from 'claimgate/origin';
import { createTimesheets } from './timesheets.ts';

interface Env {
  readonly DB: D1Database;
  readonly ASSERTION_ISSUER: string;
  readonly ASSERTION_AUDIENCE: string;
  readonly ASSERTION_KEYS: string;
}

const { DB, ASSERTION_ISSUER, ASSERTION_AUDIENCE, ASSERTION_KEYS } = env as unknown as Env;
const verifier = createVerifier({
  issuer: ASSERTION_ISSUER,
  audience: ASSERTION_AUDIENCE,
  keys: ASSERTION_KEYS,
});

export default { fetch: createTimesheets({ db: DB, verifier }).fetch } satisfies ExportedHandler;
