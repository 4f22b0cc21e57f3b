/**
 * The gateway as the end-to-end tests of keys run it: with a clock that stands still until it is moved, the cron at a
 * path, and what it logged at another. Nothing of this is in the Worker that is deployed.
 */
import { env } from 'cloudflare:workers';
import { createGateway, createKeyRefresh, type GatewayOptions, type LogLine } from '../../src/gateway.ts';

/** A flood must not fill the memory that is being measured. */
const MAX_LINES = 1_000;

let nowMs = 1_800_000_000_000;
let behind = 0;
const lines: LogLine[] = [];

const options: GatewayOptions = {
  env,
  now: () => nowMs,
  log: (line) => {
    if (lines.push(line) > MAX_LINES) lines.splice(0, MAX_LINES / 2);
  },
};
const gateway = createGateway(options);
const refreshKeys = createKeyRefresh(options);

/** Counts the work behind answers that is not done yet. */
function counting(context: ExecutionContext): ExecutionContext {
  const waitUntil = (promise: Promise<unknown>) => {
    behind++;
    context.waitUntil(
      promise.finally(() => {
        behind--;
      }),
    );
  };
  return { waitUntil, passThroughOnException() {} } as ExecutionContext;
}

export default {
  async fetch(request, bindings, context) {
    const [path, value] = request.url.replace(/^[a-z]+:\/\/[^/]*/, '').split('?');
    switch (path) {
      case '/-/clock':
        nowMs = Number(value);
        return new Response('moved');
      case '/-/cron':
        await refreshKeys();
        return new Response('refreshed');
      case '/-/log':
        return Response.json({ behind, lines: value === 'keep' ? lines : lines.splice(0) });
      default:
        return gateway.fetch(request, bindings, counting(context));
    }
  },
} satisfies ExportedHandler;
