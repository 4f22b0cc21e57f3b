/** Requests for what a policy has, in spellings of their own, with tokens that mostly pass. */
import fc from 'fast-check';
import { type Asked, type Caller, clean, type Token, type World } from './model.ts';
import { encode, spelling, WORDS } from './spellings.ts';

export type MakeRequest = (world: World) => Asked;

const MAX_SEGMENTS = 5;

/** A caller that meets nearly every rule, and what it may lack. */
const GOOD: Caller = {
  issuer: 'one',
  audiences: ['x', 'y'],
  scopes: ['r', 's', 't'],
  client: 'c1',
  claims: {
    role: ['x', 'y'],
    n: [7, '7'],
    in: { role: 'x' },
    org: [...WORDS, 'v', 'A', 'zq', 7],
  },
};
const flaw: fc.Arbitrary<Partial<Caller>> = fc.oneof(
  fc.constant({ issuer: 'two' as const }),
  fc.subarray(['x', 'y']).map((audiences) => ({ audiences })),
  fc.subarray(['r', 's', 't']).map((scopes) => ({ scopes })),
  fc.constantFrom('c2', 'c3', undefined).map((client) => ({ client })),
  fc
    .record({
      role: fc.constantFrom<unknown>(
        'x',
        'y',
        ['y'],
        [],
        undefined,
        { x: true, y: {} },
        ['x', {}],
        'Y',
        null,
      ),
      n: fc.constantFrom(7, '7', undefined),
      in: fc.constantFrom<unknown>(
        { role: 'x' },
        { role: ['y'] },
        undefined,
        { a: 'x', b: 'r s t' },
        { a: false },
        ['role'],
      ),
      org: fc.constantFrom<unknown>('a', 'b', ['A'], 7, undefined),
    })
    .map((claims) => ({ claims: clean(claims) })),
);
export const caller: fc.Arbitrary<Caller> = fc
  .array(flaw, { maxLength: 2 })
  .map((flaws) => Object.assign({}, GOOD, ...flaws) as Caller);
export const token: fc.Arbitrary<Token> = fc.oneof(
  { weight: 12, arbitrary: caller },
  { weight: 5, arbitrary: fc.constant<Token>('none') },
  { weight: 1, arbitrary: fc.constant<Token>('bad') },
);

const words = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<string>(...WORDS, '7') },
  { weight: 1, arbitrary: fc.constantFrom('a.a', 'a:a', 'a:b', '7:zq', '@a', 'a-b.b.a', ':a', '7.A') },
  // Characters that are others in another form: separators, dots, signs of percent-encoding.
  { weight: 1, arbitrary: fc.constantFrom('a／b', 'a℀', '％41', '％2e', 'a；', '‥a', '.a', 'a&b', 'ŉ', 'v') },
);
const ends = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('', '', '/') },
  { weight: 1, arbitrary: fc.constantFrom('/%20', '/;v', '/%E2%80%A8', '/%C2%AD') },
);
const methods = fc.oneof(
  { weight: 5, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'BREW', 'get', 'TRACE') },
);

/** Segments that a server may take for a step, and such as are none. */
const steps = fc.constantFrom(
  ...[
    '.',
    '..',
    '．',
    '．．',
    '‥',
    '․․',
    '.․',
    '..;v',
    '.;',
    '．．；',
    '. .',
    '\u00ad.',
    '.\u200b.',
    '..\ufeff',
  ],
  ...['..a', '.a', 'a..', '...', '…', 'a', '.\u0301.', '.-'],
);

/**
 * Made for a route of the policy, so that most meet one; what it becomes depends on the policy alone.
 *
 * @param filling what stands for parameters, and for a rest
 */
const requests = (filling: fc.Arbitrary<string>): fc.Arbitrary<MakeRequest> =>
  fc
    .record({
      pick: fc.nat(1_000),
      spells: fc.array(spelling, { minLength: MAX_SEGMENTS, maxLength: MAX_SEGMENTS }),
      fillings: fc.array(filling, { minLength: MAX_SEGMENTS, maxLength: MAX_SEGMENTS }),
      restLength: fc.constantFrom(1, 1, 2),
      end: ends,
      encodesAll: fc.constantFrom(false, false, true),
      host: fc.nat(100),
      method: methods,
      token,
    })
    .map(
      ({ pick, spells, fillings, restLength, end, encodesAll, host, method, token: carried }) =>
        (world: World) => {
          const all = world.apis.flatMap((api) => api.entries.map((entry) => ({ api, entry })));
          const chosen = all[pick % Math.max(1, all.length)];
          if (chosen === undefined) throw new Error('a policy without routes');
          const { api, entry } = chosen;
          const named = entry.methods.split('|')[0] ?? 'GET';
          return {
            method: method !== '' ? method : named === '*' ? 'GET' : named,
            host: hostOf(api.hosts, host),
            path: fill(entry.path.split('?')[0] ?? '', api.strip, {
              spells,
              fillings,
              restLength,
              end,
              encodesAll,
            }),
            token: carried,
          };
        },
    )
    // Where a property fails, what was made of it is printed.
    .map((make) => Object.assign(make, { [fc.toStringMethod]: () => 'a request' }));

export const request = requests(words);
export const requestWithSteps = requests(fc.oneof(words, steps));

const hostOf = (hosts: readonly string[] | undefined, n: number) =>
  n % 10 === 0
    ? 'b.example'
    : (hosts?.[n % hosts.length]?.replace(/^:\w+/, n % 3 === 0 ? 'a' : 'zq') ?? 'any.example');

interface Fill {
  readonly spells: readonly ((word: string) => string)[];
  readonly fillings: readonly string[];
  readonly restLength: number;
  readonly end: string;
  readonly encodesAll: boolean;
}

function fill(pattern: string, strip: string | undefined, how: Fill): string {
  const { spells, fillings, restLength, end, encodesAll } = how;
  const skipped = strip === undefined ? 0 : 1;
  const written = pattern.slice(1).split('/');
  const hasSlash = written.at(-1) === '';
  const words = (hasSlash ? written.slice(0, -1) : written).flatMap((part, i) => {
    if (part === '*') return fillings.slice(i, i + restLength);
    const [, before = '', after] = /^(.*?)(?<!\w):\w+(.*)$/su.exec(part) ?? [];
    if (after !== undefined) return [before + (fillings[i] ?? 'a') + after];
    // A word that stands where a parameter could have it meets other patterns too.
    return [decodeURIComponent(part)];
  });
  const segments = words.map((word, i) =>
    i < skipped ? word : encode(spells[i]?.(word) ?? word, encodesAll),
  );
  if (segments.length === 0) return '/';
  return `/${segments.join('/')}${hasSlash && end === '' ? '/' : end}`;
}
