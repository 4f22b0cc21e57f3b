/** Start-up: from spawning the process to its first answer. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { BenchError, endChild } from './children.ts';
import { PATH, PUBLIC_PATH } from './policies.ts';
import { BARE, CLAIMGATE, HONO_JOSE, HONO_JWK, SUBTLE, type VariantMaker, withRoutes } from './variants.ts';

/** The key set of all that are started here. */
export const START_KEYS = 'start';

export const WITH_KV = `${CLAIMGATE}, keys in KV`;
export const WITHOUT_KV = `${CLAIMGATE}, no KV`;

/**
 * Milliseconds, by what was started; the variants in turn.
 *
 * @param make with a slow key server, and keys of `START_KEYS` in KV
 */
export async function measureStartUps(
  make: VariantMaker,
  token: string,
  times: number,
): Promise<Record<string, number[]>> {
  const large = withRoutes(2_000);
  const started = [
    { name: BARE, variant: make.bare(), path: PUBLIC_PATH },
    { name: WITH_KV, variant: make.claimgate(WITH_KV, START_KEYS), path: PATH },
    { name: WITHOUT_KV, variant: make.claimgate(WITHOUT_KV, START_KEYS, { hasKv: false }), path: PATH },
    { name: large, variant: make.claimgate(large, START_KEYS, { routes: 2_000 }), path: PATH },
    { name: HONO_JOSE, variant: make.honoJose(), path: PATH },
    { name: HONO_JWK, variant: make.honoJwk(), path: PATH },
    { name: SUBTLE, variant: make.subtle(), path: PATH },
  ];
  const results: Record<string, number[]> = Object.fromEntries(started.map(({ name }) => [name, []]));
  for (let i = 0; i < times; i++) {
    for (const { name, variant, path } of started) {
      const before = performance.now();
      const server = await variant.launch();
      const headers = path === PATH ? { authorization: `Bearer ${token}` } : {};
      const request = get({ host: '127.0.0.1', port: server.port, path, headers, agent: false });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      results[name]?.push(performance.now() - before);
      response.resume();
      await once(response, 'end');
      endChild(server.process);
      if (response.statusCode !== 200) {
        throw new BenchError(`the first answer of ${name} is ${response.statusCode}, not 200`);
      }
    }
  }
  return results;
}
