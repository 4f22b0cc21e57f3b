/**
 * The policy that a clone begins with, for tests of the pages that change it. Whoever writes a policy of their own into
 * wrangler.toml keeps these tests as they are.
 */
import { readFileSync } from 'node:fs';

export const CLONE = {
  folder: 'test/fixtures/clone',
  config: 'test/fixtures/clone/wrangler.toml',
  cases: 'test/fixtures/clone/policy.test.toml',
} as const;

export const clonePolicy = (): string => readFileSync(CLONE.config, 'utf8');
