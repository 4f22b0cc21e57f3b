import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

/** Of the Timesheets sample. The tests get them as text: the gateway takes tables in its environment for policy. */
const MIGRATIONS = 'examples/timesheets/api/migrations';

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './test/wrangler.toml' },
            miniflare: { bindings: { MIGRATIONS: JSON.stringify(await readD1Migrations(MIGRATIONS)) } },
          })),
        ],
        test: {
          name: 'workerd',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/cli/**', 'test/project/**'],
        },
      },
      {
        test: {
          name: 'node',
          include: ['test/{cli,project,e2e}/**/*.test.ts'],
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
