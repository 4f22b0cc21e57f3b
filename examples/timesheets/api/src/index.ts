import { env } from 'cloudflare:workers';
import { createTimesheets } from './timesheets.ts';

const { DB } = env as unknown as { DB: D1Database };

export default { fetch: createTimesheets({ db: DB }).fetch } satisfies ExportedHandler;
