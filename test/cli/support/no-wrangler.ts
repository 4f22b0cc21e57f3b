/** Loaded before a command: ends it where it would load wrangler. */
import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, next) {
    if (/node_modules\/(wrangler|miniflare|workerd)\//.test(url)) throw new Error(`loads ${url}`);
    return next(url, context);
  },
});
