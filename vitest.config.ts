import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './test/wrangler.toml' },
            miniflare: {
              bindings: { MIGRATIONS: await readD1Migrations('examples/timesheets/api/migrations') },
            },
          })),
        ],
        test: { name: 'workerd', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**', 'test/node/**'] },
      },
      {
        test: {
          name: 'node',
          include: ['test/node/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
    coverage: { provider: 'istanbul', include: ['src/**/*.ts'], reporter: ['text', 'json-summary'] },
  },
});
