/** A Hono app: its handlers run for whom the policy lets in, and know who calls. */
import { env } from 'cloudflare:workers';
import { createKeyRefresh } from 'claimgate';
import { claimgate } from 'claimgate/hono';
import { Hono } from 'hono';

const options = { env };
const app = new Hono();
app.use(claimgate(options));
app.get('/orders/:id', (c) => c.json({ id: c.req.param('id'), who: c.var.caller.subject }));
app.get('/health', (c) => c.text('ok'));

export default { fetch: app.fetch, scheduled: createKeyRefresh(options) } satisfies ExportedHandler;
