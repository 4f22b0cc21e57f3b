/** The memory of verified tokens is bounded: `npm run soak` sends a million tokens, this test what is enough to tell. */
import { expect, it } from 'vitest';
import { MAX_TOKENS } from '../../../src/token/cache.ts';
import { withSite } from './support/floods.ts';
import { startKvStorage } from './support/kv.ts';
import { sendManyTokens } from './support/many-tokens.ts';

/** Room for the gateway and twice what it remembers of tokens like these. */
const HEAP_MEGABYTES = 20;

it('a heap with room for some 15,000 tokens bears 30,000', async () => {
  expect(MAX_TOKENS).toBe(10_000);
  const storage = await startKvStorage();
  const options = { storage, processes: 1, logSample: 0, heapMegabytes: HEAP_MEGABYTES };
  const sent = withSite(options, (site) => sendManyTokens(site, 3 * MAX_TOKENS, () => {}));
  await expect(sent).resolves.toBeUndefined();
  await storage.close();
});
