/**
 * Runs, when asked, what the platform's cron trigger would: bare workerd has no triggers. In JavaScript, since the
 * gateway's types are those of Workers, and these files are checked with the browser's.
 */
import gateway from '../../src/index.ts';

export default {
  async fetch(_request, env, context) {
    await gateway.scheduled(undefined, env, context);
    return new Response('done');
  },
};
