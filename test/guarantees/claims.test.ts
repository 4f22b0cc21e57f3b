/** Whoever a rule over claims means gets in, and nobody else: against a reading of docs/policy.md. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { admits } from './support/admits.ts';
import { ask, compile } from './support/ask.ts';
import { type ApiModel, type Caller, clean, ISSUERS, type Table, tablesOf } from './support/model.ts';
import { broken, promise, TIMEOUT_MS } from './support/runs.ts';

const NAMES = ['a', 'b', 'A', '7', '0', 'true', 'toString', '__proto__', 'length', 'roles'];
const scalar = fc.constantFrom<unknown>('a', 'b', 'A', '7', 7, 0, 'true', true, false, '', ' a', 'roles');
/** `__proto__` is a name like any other: JSON makes it one. */
const object = (value: fc.Arbitrary<unknown>) =>
  fc
    .array(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 4 })
    .map((members) =>
      JSON.parse(`{${members.map((one) => one.map((part) => JSON.stringify(part)).join(':')).join()}}`),
    );
const inner = fc.oneof(
  scalar,
  fc.constantFrom<unknown>(null, {}, []),
  fc.array(fc.oneof(scalar, fc.constantFrom<unknown>(null, {})), { maxLength: 3 }),
);
const claim = fc.oneof(
  inner,
  object(inner),
  object(object(inner)),
  fc.array(object(inner), { maxLength: 2 }),
  fc.constant(undefined),
);

const value = fc.constantFrom<unknown>('a', 'b', '7', 7, true, 'true', 'toString', '__proto__', 'roles');
const values = fc.array(value, { minLength: 1, maxLength: 2 });
const want = fc.oneof(
  value,
  values,
  fc
    .record({
      param: fc.constantFrom(undefined, undefined, 'org'),
      present: fc.constantFrom(undefined, undefined, true),
      all: fc.option(values, { nil: undefined }),
      not: fc.option(fc.oneof(value, values), { nil: undefined }),
    })
    .map(clean)
    .filter((table) => Object.keys(table).length > 0),
);
const selector = fc.constantFrom('c', '/c', '/c/a', '/c/:org', '/c/0', '/c/:org/roles', '/c/roles/:org');
const claims = fc.dictionary(selector, want, { minKeys: 1, maxKeys: 2 });
const alternative = fc.oneof(
  claims.map((one) => ({ claims: one })),
  fc.record({ claims, scopes_all: fc.constant(['r']) }),
  fc.record({ scopes_any: fc.constant(['r', 's']), clients: fc.constant(['x']) }),
);
const rule: fc.Arbitrary<Table> = fc.oneof(
  claims.map((one) => ({ claims: one })),
  fc.array(alternative, { minLength: 1, maxLength: 3 }).map((any_of) => ({ any_of })),
  fc.record({ claims, any_of: fc.array(alternative, { minLength: 1, maxLength: 2 }) }),
);
const caller: fc.Arbitrary<Caller> = fc.record({
  issuer: fc.constant('one' as const),
  audiences: fc.constant(['x']),
  scopes: fc.subarray(['r', 's']),
  client: fc.constantFrom('x', undefined),
  claims: claim.map((c) => clean({ c })),
});

const cases = fc.tuple(
  rule,
  fc.array(fc.tuple(caller, fc.constantFrom(...NAMES)), { minLength: 8, maxLength: 8 }),
);

describe('rules over claims', () => {
  it(
    'let in whom they mean, and nobody else',
    async () => {
      const tally = await promise('claims', 1_500, cases, async ([its, callers], counts) => {
        const entry = { methods: 'GET', path: '/x/:org', rule: its };
        const api: ApiModel = {
          name: 'API_A',
          hosts: undefined,
          strip: undefined,
          audience: ['x'],
          issuer: ['one'],
          rateLimit: undefined,
          entries: [entry],
          isSpread: false,
        };
        const issuers = { one: { issuer: ISSUERS.one } };
        const policy = compile(tablesOf({ apis: [api], settings: {}, issuers }));
        counts.add('policies');
        if (policy === undefined) return; // too many alternatives
        counts.add('compiled');
        for (const [token, org] of callers) {
          const { kind } = await ask(policy, { method: 'GET', host: 'a.example', path: `/x/${org}`, token });
          const isMeant = admits({ api, entry, shape: [] }, token, ['x', org]);
          counts.add('requests');
          if (isMeant) counts.add('let in');
          if ((kind === 'allow') !== isMeant)
            broken('the rule means another', { rule: its, token, org, isMeant });
        }
      });
      tally.demand('compiled', 'policies', 0.95);
      tally.demand('let in', 'requests', 0.05);
    },
    TIMEOUT_MS,
  );
});
