/** The handlers of an app that answers by itself: they differ in nothing but who says who calls. */
import type { Context, Env, Hono } from 'hono';

export function addHandlers<E extends Env>(app: Hono<E>, subjectOf: (c: Context<E>) => string): Hono<E> {
  app.get('/bench', (c) => c.text(`hello ${subjectOf(c)}`));
  // As the origin does it behind proxies.
  app.get('/seen', (c) => c.json({ 'x-claim-sub': subjectOf(c) }));
  return app;
}
