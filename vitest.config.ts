import { join } from 'node:path';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { SlowestReporter } from './test/project/slowest.ts';

/** Of the Timesheets sample. The tests get them as text. */
const MIGRATIONS = 'examples/timesheets/api/migrations';

/** Commands that tests start, wrangler above all, are compiled once. */
const COMPILE_CACHE = join(import.meta.dirname, 'node_modules/.cache/node-compile-cache');

export default defineConfig({
  test: {
    // Vitest would leave one processor to itself; it needs little of it.
    maxWorkers: '100%',
    reporters: ['default', new SlowestReporter()],
    projects: [
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './test/wrangler.toml' },
            miniflare: { bindings: { MIGRATIONS: JSON.stringify(await readD1Migrations(MIGRATIONS)) } },
          })),
        ],
        // As wrangler resolves it for the Timesheets API.
        resolve: { alias: { 'claimgate/origin': join(import.meta.dirname, 'origin/src/index.ts') } },
        test: {
          name: 'workerd',
          // Some draw thousands of paths: a busy machine may take long over it.
          testTimeout: 60_000,
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/cli/**', 'test/project/**', 'test/guarantees/**'],
        },
      },
      {
        test: {
          name: 'node',
          include: ['test/{cli,project,e2e,guarantees}/**/*.test.ts'],
          env: { NODE_COMPILE_CACHE: COMPILE_CACHE },
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
    coverage: {
      provider: 'istanbul',
      include: ['src/**/*.ts', 'issuer/src/**/*.ts'],
      reporter: ['text', 'json-summary'],
    },
  },
});
