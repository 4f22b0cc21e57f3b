/** Whatever an origin makes of a path that it gets, the rules of what it makes of it have held. */
import { describe, it } from 'vitest';
import { admits } from './support/admits.ts';
import { cases, casesWithSteps, forAllowed, meant, shown } from './support/allowed.ts';
import { foldingsOf } from './support/foldings.ts';
import { readingsOf } from './support/lax.ts';
import { segmentsOf, servedBy, wordsOf } from './support/literal.ts';
import { broken, promise, TIMEOUT_MS } from './support/runs.ts';

describe('near misses', () => {
  it(
    'lets a request in only if the rules of every path hold that an origin may take it for',
    async () => {
      const tally = await promise('near misses', 1_000, cases, (one, counts) =>
        forAllowed(one, counts, (letIn) => {
          const { world, asked, own, segments } = letIn;
          let differs = false;
          for (const [reading, words] of meant(letIn)) {
            // A method that this spelling does not have, another one may.
            const word =
              servedBy(words, asked.method) ?? servedBy(foldingsOf(words, wordsOf(letIn.apis)), asked.method);
            const details = { ...shown(world, asked), sent: letIn.sent, reading, written: words[0]?.entry };
            if (word === undefined) broken('a path that does not have the method', details);
            if (!admits(word, asked.token, segments))
              broken('a rule that does not hold', { ...details, rule: word.entry });
            differs ||= word.shape.join('/') !== own.shape.join('/');
          }
          if (differs) counts.add('read as another pattern');
        }),
      );
      tally.demand('compiled', 'policies', 0.4);
      tally.demand('allowed', 'requests', 0.2);
      tally.demand('read as another pattern', 'allowed', 0.02);
    },
    TIMEOUT_MS,
  );

  it(
    'never passes on what an origin may read as a step up, or as the same directory',
    async () => {
      const tally = await promise('dots', 600, casesWithSteps, (one, counts) =>
        forAllowed(one, counts, ({ world, asked, sent }) => {
          if (asked.path.includes('.')) counts.add('with dots');
          for (const reading of readingsOf(sent))
            if (segmentsOf(reading.text).some((segment) => segment === '.' || segment === '..'))
              broken('a dot segment', { ...shown(world, asked), sent, reading });
        }),
      );
      tally.demand('path_ambiguous', 'requests', 0.1);
      tally.demand('with dots', 'allowed', 0.05);
    },
    TIMEOUT_MS,
  );

  it(
    'never serves a path that an origin may take for one of another API',
    async () => {
      const tally = await promise('other APIs', 800, cases, (one, counts) =>
        forAllowed(one, counts, (letIn) => {
          const { world, asked, own, sent } = letIn;
          if (letIn.apis.length > 1) counts.add('among APIs');
          for (const [reading, words] of meant(letIn))
            for (const { api, entry } of words)
              if (api !== own.api && servedBy(words, asked.method)?.entry === entry)
                broken('the route of another API', { ...shown(world, asked), sent, reading, entry });
        }),
      );
      tally.demand('among APIs', 'allowed', 0.1);
    },
    TIMEOUT_MS,
  );
});
