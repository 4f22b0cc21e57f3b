/** docs/assertion-vectors.json, in workerd. `test/project/verifiers.test.ts` runs it in Node and other languages. */
import { expect, it } from 'vitest';
import vectors from '../../docs/assertion-vectors.json';
import * as origin from '../../origin/src/index.ts';
import { failuresOf, type Vectors } from '../support/vectors.ts';

it('holds to each vector', async () => {
  const failures = await failuresOf(origin, vectors as unknown as Vectors);
  expect(failures).toEqual([]);
});
