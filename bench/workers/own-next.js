/** The same app behind claimgate: its policy is in the environment, with `origin = "next"`. */
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { claimgate } from '../../src/hono.ts';
import { addHandlers } from './own-handlers.ts';

const app = new Hono();
app.use(claimgate({ env }));

export default addHandlers(app, (c) => c.var.caller.subject ?? '');
