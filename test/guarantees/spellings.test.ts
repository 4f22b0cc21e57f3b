/** Two patterns of which origins may make one path let the same callers in. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { ask, compile } from './support/ask.ts';
import { exampleOf, meet } from './support/foldings.ts';
import { type ApiModel, type Asked, keyOf, type Token, tablesOf, type World } from './support/model.ts';
import { worlds } from './support/policies.ts';
import { token } from './support/requests.ts';
import { broken, promise, TIMEOUT_MS } from './support/runs.ts';
import { encode } from './support/spellings.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'BREW'];

interface Pattern {
  readonly api: ApiModel;
  readonly host: string;
  readonly written: string;
  /** One path that only this pattern is meant by, in the text of its own. */
  readonly path: string;
}

const hostsOf = ({ hosts }: ApiModel) => hosts ?? ['any.example'];

function patternsOf({ apis }: World): Pattern[] {
  const patterns = new Map<string, Pattern>();
  for (const api of apis)
    for (const { path: written } of api.entries)
      for (const host of hostsOf(api)) {
        const segments = exampleOf(written).map((segment) => encode(segment, false));
        patterns.set(`${host} ${api.name} ${written}`, {
          api,
          host,
          written,
          path: `/${segments.join('/')}`,
        });
      }
  return [...patterns.values()];
}

const serves = ({ api, written }: Pattern, method: string) =>
  api.entries.some(
    (entry) =>
      entry.path === written &&
      (entry.methods === '*' ||
        entry.methods.split('|').includes(method) ||
        (method === 'HEAD' && entry.methods.split('|').includes('GET'))),
  );

const TOKENS = 8;
const cases = fc.tuple(worlds(3), fc.array(token, { minLength: TOKENS, maxLength: TOKENS }));

describe('spellings', () => {
  it(
    'lets the same callers in at two patterns of one path, for each method that both have',
    async () => {
      const tally = await promise('spellings', 1_500, cases, async ([world, tokens], counts) => {
        counts.add('policies');
        const tables = tablesOf(world);
        const policy = compile(tables);
        if (policy === undefined) return;
        counts.add('compiled');
        const patterns = patternsOf(world);
        const letIn = async (asked: Asked, { api, written }: Pattern) => {
          const decision = await ask(policy, asked);
          const { route } = decision;
          const isOwn =
            route?.api.name === api.name &&
            api.entries.some((entry) => entry.path === written && keyOf(entry) === route.key);
          return { isOwn, isLetIn: decision.kind === 'allow' };
        };
        for (const [i, one] of patterns.entries())
          for (const other of patterns.slice(i + 1)) {
            if (one.host !== other.host || one.written === other.written || !meet(one.written, other.written))
              continue;
            counts.add('pairs');
            for (const method of METHODS) {
              if (!serves(one, method) || !serves(other, method)) continue;
              if (one.api !== other.api)
                broken('two APIs have one path', { tables, one: one.written, other: other.written, method });
              for (const carried of ['none' as Token, ...tokens]) {
                const asked = { method, host: one.host, token: carried };
                const first = await letIn({ ...asked, path: one.path }, one);
                const second = await letIn({ ...asked, path: other.path }, other);
                if (!first.isOwn || !second.isOwn) continue;
                counts.add('compared');
                if (first.isLetIn) counts.add('let in');
                if (first.isLetIn !== second.isLetIn)
                  broken('one lets in whom the other refuses', {
                    tables,
                    asked,
                    one: one.path,
                    other: other.path,
                  });
              }
            }
          }
      });
      tally.demand('compiled', 'policies', 0.4);
      tally.demand('pairs', 'compiled', 0.2);
      tally.demand('let in', 'compared', 0.2);
    },
    TIMEOUT_MS,
  );
});
