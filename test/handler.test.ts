/** The package's own Worker: the gateway without a router around it. */
import { createExecutionContext } from 'cloudflare:test';
import { expect, it } from 'vitest';
import type { GatewayOptions } from '../src/environment.ts';
import { createGateway } from '../src/gateway.ts';
import { createFetch } from '../src/handler.ts';
import type { LogLine } from '../src/log.ts';
import { vars } from './support/policy.ts';

const OPTIONS: GatewayOptions = {
  env: {},
  policy: vars({ 'GET /open': { auth: 'none' }, 'GET /x': {} }),
  fetch: async (input) => new Response(`of ${String(input)}`, { headers: { 'x-own': 'yes' } }),
  log: () => {},
};

const ask = (options: GatewayOptions, method: string, path: string) => {
  const request = new Request(`https://api.example.com${path}`, { method });
  return createFetch(options)(
    request as Request<unknown, IncomingRequestCfProperties>,
    {},
    createExecutionContext(),
  );
};

it.each([
  ['GET', '/open'],
  ['HEAD', '/open'],
  ['GET', '/x'],
  ['POST', '/x'],
  ['GET', '/a//b'],
])('%s %s is answered as the Hono app answers it', async (method, path) => {
  const own = await ask(OPTIONS, method, path);
  const other = await createGateway(OPTIONS).request(`https://api.example.com${path}`, { method });
  const seen = ({ status, headers }: Response) => ({
    status,
    headers: [...headers].filter(([name]) => name !== 'x-request-id'),
  });
  expect(seen(own)).toEqual(seen(other));
  expect(own.headers.get('x-request-id')).not.toBe(other.headers.get('x-request-id'));
});

it('what throws is a 500 without detail, and in the log', async () => {
  const lines: LogLine[] = [];
  const options = {
    ...OPTIONS,
    log: (line: LogLine) => void lines.push(line),
    now: () => {
      throw new Error('a clock that is broken');
    },
  };
  const response = await ask(options, 'GET', '/open');
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('clock');
  expect(lines).toMatchObject([{ event: 'error', name: 'Error' }]);
});
