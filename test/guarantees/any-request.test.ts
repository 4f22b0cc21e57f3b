/** Whatever comes, there is a decision; and what is sent on is read as it was. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { type Answer, ask, compile, sentPath } from './support/ask.ts';
import { type Asked, tablesOf } from './support/model.ts';
import { worlds } from './support/policies.ts';
import { request } from './support/requests.ts';
import { broken, promise, TIMEOUT_MS } from './support/runs.ts';

const REQUESTS = 6;

const oddPiece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0')}`),
  fc.constantFrom(
    '/',
    '//',
    '/./',
    '/../',
    '%',
    '%2',
    '%zz',
    '%2f',
    '%5c',
    '%25',
    '%00',
    '\\',
    ';',
    '?',
    '#',
  ),
  fc.constantFrom(
    '%c0%ae',
    '%ed%a0%80',
    '\ud800',
    '\udfff',
    '\0',
    '\r\n',
    '%EF%BC%8F',
    '%E2%80%A6',
    '…',
    '％',
  ),
  fc.constantFrom('a', 'A', 'b', 'caf%C3%A9', '__proto__', 'constructor', 'toString', ':p0', '*', '=a', '@'),
);
const oddMethod = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('*', '', '|', 'GET|PUT', '__proto__', 'constructor', 'head', 'Get', 'TRACK', 'CONNECT'),
);

interface Oddity {
  readonly at: number;
  readonly piece: string;
  readonly method: string | undefined;
  readonly host: string | undefined;
  readonly query: string;
}

const oddity: fc.Arbitrary<Oddity> = fc.record({
  at: fc.integer({ min: 1, max: 30 }),
  piece: fc.oneof(fc.constant(''), oddPiece),
  method: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: oddMethod }),
  host: fc.constantFrom(
    undefined,
    undefined,
    undefined,
    undefined,
    'B.EXAMPLE',
    'b.example.',
    'b.example:8443',
    '',
    '[::1]',
    '__proto__',
    'x@b.example',
  ),
  query: fc.constantFrom('', '', '?', '?a=/../b', '?x?y', '?%'),
});

function disturb(asked: Asked, { at, piece, method, host, query }: Oddity): Asked {
  const { path } = asked;
  return {
    ...asked,
    path: `${path.slice(0, at)}${piece}${path.slice(at)}${query}`,
    method: method ?? asked.method,
    host: host ?? asked.host,
  };
}

const cases = fc.tuple(
  worlds(),
  fc.array(fc.tuple(request, oddity), { minLength: REQUESTS, maxLength: REQUESTS }),
);

const routeOf = ({ route }: Answer) => route && `${route.api.name} ${route.key}`;

describe('any request', () => {
  it(
    'gets a decision, and what is sent to the origin gets the same one',
    async () => {
      const tally = await promise('any request', 1_000, cases, async ([world, requests], counts) => {
        counts.add('policies');
        const tables = tablesOf(world);
        const policy = compile(tables);
        if (policy === undefined) return;
        counts.add('compiled');
        for (const [make, odd] of requests) {
          const asked = disturb(make(world), odd);
          counts.add('requests');
          const decision = await ask(policy, asked).catch((error: unknown) =>
            broken('no decision', { tables, asked, error: String(error) }),
          );
          if (decision.kind !== 'allow') continue;
          counts.add('allowed');
          const sent = sentPath(policy, decision);
          const prefix = world.apis.find(({ name }) => name === decision.route.api.name)?.strip ?? '';
          // Where nothing is left of a path without its prefix, the origin's root is sent, as it is for the prefix and a slash.
          const isPrefix =
            prefix !== '' && decision.target.path?.segments.length === prefix.split('/').length - 1;
          const again = await ask(policy, { ...asked, path: isPrefix ? prefix : prefix + sent });
          if (!/^\/[!-~]*$/.test(sent))
            broken('sent in characters that no path has', { tables, asked, sent });
          const isSame = again.kind === 'allow' && routeOf(again) === routeOf(decision);
          if (!isSame || sentPath(policy, again) !== sent)
            broken('sent again, it is another request', {
              tables,
              asked,
              sent,
              routes: [routeOf(decision), routeOf(again)],
            });
        }
      });
      tally.demand('compiled', 'policies', 0.4);
      tally.demand('allowed', 'requests', 0.1);
    },
    TIMEOUT_MS,
  );
});
