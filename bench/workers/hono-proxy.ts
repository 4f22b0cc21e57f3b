/** Hono in front of the least that a proxy can do: what the router costs. */
import { Hono } from 'hono';

const app = new Hono<{ Bindings: { readonly ORIGIN: string } }>();

app.all('*', (c) => {
  const { pathname, search } = new URL(c.req.url);
  return fetch(c.env.ORIGIN + pathname + search, c.req.raw);
});

export default app;
