/** How long compiling a policy takes when a Worker starts. */
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Amounts } from './amounts.ts';
import { endChild, startScript } from './children.ts';
import { makePolicy } from './policies.ts';

const ROUTES = 2_000;

/**
 * Milliseconds for a policy of 2,000 routes, each from a process of its own; the scripts in turn.
 *
 * @param scripts what compiles policies, bundled, by a name
 */
export async function measureCompilations(
  scripts: Readonly<Record<string, string>>,
  { compilations }: Amounts,
  folder: string,
): Promise<Record<string, number[]>> {
  const own = mkdtempSync(join(folder, 'compile-'));
  const policyFile = join(own, 'policy.json');
  const options = { origin: 'https://origin.example', jwksUri: 'https://issuer.example/jwks', logSample: 0 };
  writeFileSync(policyFile, JSON.stringify(makePolicy({ ...options, routes: ROUTES })));
  const files = Object.entries(scripts).map(([name, script], i) => {
    const file = join(own, `compile-${i}.mjs`);
    writeFileSync(file, script);
    return { name, file };
  });
  const results: Record<string, number[]> = Object.fromEntries(files.map(({ name }) => [name, []]));
  for (let i = 0; i < compilations; i++) {
    for (const { name, file } of files) {
      const child = startScript(
        'compiling a policy',
        './compile-once.ts',
        [file, policyFile],
        ['--disallow-code-generation-from-strings'],
      );
      const [milliseconds] = (await once(child, 'message')) as [number];
      results[name]?.push(milliseconds);
      endChild(child);
    }
  }
  return results;
}
