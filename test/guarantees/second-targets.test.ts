/** No caller gets by a second target what plain requests would refuse. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { Policy } from '../../src/policy/policy.ts';
import { shown } from './support/allowed.ts';
import { type Answer, ask, askWith, authorizationOf, compile } from './support/ask.ts';
import { type Asked, tablesOf, type World } from './support/model.ts';
import { worlds } from './support/policies.ts';
import { type MakeRequest, request } from './support/requests.ts';
import { broken, promise, type Tally, TIMEOUT_MS } from './support/runs.ts';
import { encode, WORDS } from './support/spellings.ts';

interface Twofold {
  readonly source: MakeRequest;
  readonly destination: MakeRequest;
  readonly method: 'COPY' | 'MOVE';
  /** The method is in the query of this one. */
  readonly within: string | undefined;
  readonly overwrite: string | undefined;
  readonly depth: string | undefined;
  readonly isUrl: boolean;
}

const twofold: fc.Arbitrary<Twofold> = fc.record({
  source: request,
  destination: request,
  method: fc.constantFrom('COPY', 'MOVE'),
  within: fc.constantFrom(undefined, undefined, 'POST', 'GET'),
  overwrite: fc.constantFrom(undefined, 'T', 'F', 'F', 'f'),
  depth: fc.constantFrom(undefined, '0', '0', 'infinity'),
  isUrl: fc.boolean(),
});

const cases = fc.tuple(worlds(), fc.array(twofold, { minLength: 8, maxLength: 8 }));

const isRefused = (answer: Answer) => answer.kind === 'deny';
/** Refused, and not because there is nothing. */
const isGuarded = (answer: Answer) =>
  answer.kind === 'deny' && !['route_unknown', 'method_not_allowed'].includes(answer.reason.code);

const withQuery = (path: string, query: string) => `${path}${path.includes('?') ? '&' : '?'}${query}`;
const withoutQuery = (path: string) => path.split('?')[0] ?? '';

async function holds(policy: Policy, world: World, two: Twofold, counts: Tally): Promise<void> {
  const { method, within, overwrite, depth, isUrl } = two;
  const source = two.source(world);
  const destination = withoutQuery(two.destination(world).path);
  const { host } = source;
  const headers = new Headers({ destination: isUrl ? `https://${host}${destination}` : destination });
  if (overwrite !== undefined) headers.set('overwrite', overwrite);
  if (depth !== undefined) headers.set('depth', depth);
  const asked: Asked = {
    ...source,
    method: within ?? method,
    path: within === undefined ? source.path : withQuery(source.path, `_method=${method}`),
  };
  counts.add('requests');
  const answer = await askWith(policy, asked, authorizationOf(asked.token), headers);
  if (isRefused(answer)) return;
  counts.add('allowed');
  const plain = (wanted: string, path: string) =>
    ask(policy, { ...source, method: wanted, path: withoutQuery(path) });
  const fail = (what: string, of: string): never =>
    broken(what, { ...shown(world, asked), destination, overwrite, depth, of });
  const atSource = method === 'MOVE' ? ['GET', 'DELETE', 'MOVE'] : ['GET', 'COPY'];
  const atDestination = overwrite === 'F' ? ['PUT'] : ['PUT', 'DELETE'];
  for (const wanted of atSource.filter((one) => one !== method))
    if (isRefused(await plain(wanted, source.path))) fail('a plain request at the source', wanted);
  for (const wanted of atDestination)
    if (isRefused(await plain(wanted, destination))) fail('a plain request at the destination', wanted);
  const isDeep = method === 'MOVE' || depth !== '0';
  for (const word of WORDS) {
    const below = (path: string) => `${withoutQuery(path).replace(/\/$/, '')}/${encode(word, false)}`;
    for (const wanted of isDeep ? atSource.filter((one) => one !== method) : [])
      if (isGuarded(await plain(wanted, below(source.path)))) fail('below the source', `${wanted} ${word}`);
    for (const wanted of atDestination)
      if ((isDeep || wanted === 'DELETE') && isGuarded(await plain(wanted, below(destination))))
        fail('below the destination', `${wanted} ${word}`);
  }
}

describe('second targets', () => {
  it(
    'by Destination: whoever may COPY or MOVE may send the plain requests that it stands for',
    async () => {
      const tally = await promise('destinations', 1_000, cases, async ([world, twos], counts) => {
        const policy = compile(tablesOf(world));
        if (policy === undefined) return;
        for (const two of twos) await holds(policy, world, two, counts);
      });
      tally.demand('allowed', 'requests', 0.005);
    },
    TIMEOUT_MS,
  );

  const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'BREW', 'REPORT'];
  const overrides = fc.tuple(
    worlds(),
    fc.array(
      fc.tuple(
        request,
        fc.constantFrom('_method', '%5Fmethod', 'X-HTTP-Method-Override', '$httpMethod'),
        fc.constantFrom(...METHODS),
      ),
      { minLength: 8, maxLength: 8 },
    ),
  );

  it(
    'by the query: whoever may send it may send the method that it names',
    async () => {
      const tally = await promise('overrides', 1_000, overrides, async ([world, all], counts) => {
        const policy = compile(tablesOf(world));
        if (policy === undefined) return;
        for (const [make, name, method] of all) {
          const asked = make(world);
          counts.add('requests');
          const answer = await ask(policy, { ...asked, path: withQuery(asked.path, `${name}=${method}`) });
          if (isRefused(answer)) continue;
          counts.add('allowed');
          const plain = await ask(policy, { ...asked, method });
          const isNothing = method === 'BREW' && !isGuarded(plain);
          if (isRefused(plain) && !isNothing)
            broken('the method of the query', { ...shown(world, asked), method });
        }
      });
      tally.demand('allowed', 'requests', 0.05);
    },
    TIMEOUT_MS,
  );
});
