/** How long compiling a policy takes when a Worker starts. */
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endChild, startScript } from './children.ts';
import { makePolicy } from './policies.ts';

/**
 * @param script what compiles policies, bundled
 * @returns milliseconds, each from a process of its own
 */
export async function measureCompilations(
  script: string,
  routes: number,
  times: number,
  folder: string,
): Promise<number[]> {
  const own = mkdtempSync(join(folder, 'compile-'));
  const files = [join(own, 'compile.mjs'), join(own, 'policy.json')] as const;
  const options = { origin: 'https://origin.example', jwksUri: 'https://issuer.example/jwks', logSample: 0 };
  writeFileSync(files[0], script);
  writeFileSync(files[1], JSON.stringify(makePolicy({ ...options, routes })));
  const results: number[] = [];
  for (let i = 0; i < times; i++) {
    const child = startScript('compiling a policy', './compile-once.ts', files, [
      '--disallow-code-generation-from-strings',
    ]);
    const [milliseconds] = (await once(child, 'message')) as [number];
    results.push(milliseconds);
    endChild(child);
  }
  return results;
}
