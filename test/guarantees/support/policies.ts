/** Policies of a few words, so that patterns, spellings and rules meet, and few of them are errors. */
import fc from 'fast-check';
import { type ApiModel, type Entry, ISSUERS, keyOf, type Table, type World } from './model.ts';
import { encode, rareSpelling, WORDS } from './spellings.ts';

const some = <T>(...items: T[]) => fc.subarray(items, { minLength: 1 });

/** What is written of one path, in all of its spellings. */
interface Group {
  readonly api: number;
  readonly parts: readonly string[];
  readonly methods: readonly (readonly [methods: string, rule: Table])[];
  readonly spellings: readonly Spelled[];
}

interface Spelled {
  readonly spell: readonly ((word: string) => string)[];
  readonly hasSlash: boolean;
  readonly isEncoded: boolean;
  /** A rule of its own for some methods: mostly an error. */
  readonly own: { readonly at: number; readonly rule: Table } | undefined;
}

const MAX_PARTS = 3;
const part = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<string>(...WORDS) },
  { weight: 2, arbitrary: fc.constant(':') },
  { weight: 1, arbitrary: fc.constantFrom(':|.a', ':|.b.a', '@:|', 'a-:|', ':|:a', ':|:b', '~:|.a') },
);
const parts = fc
  .tuple(fc.array(part, { maxLength: MAX_PARTS }), fc.constantFrom('', '', '*'))
  .map(([words, rest]) => (rest === '' ? words : [...words, rest]));

const claimRule = fc.oneof(
  fc.constantFrom<Table>({ role: 'x' }, { role: ['x', 'y'] }, { role: ['y', 'x'] }, { n: 7 }),
  fc.constantFrom<Table>({ '/in/role': 'x' }, { role: 'x', n: [7, '7'] }),
  fc.constant<Table>({ org: { param: 'p0' } }),
  fc.constantFrom<Table>({ role: { not: 'y' } }, { role: { all: ['x', 'y'] } }, { n: { present: true } }),
  fc.constantFrom<Table>({ in: 'role' }, { in: { not: 'client' } }, { role: { all: ['x'], not: ['Z', 7] } }),
  fc.constantFrom<Table>({ in: { param: 'p0' } }, { '/in/:p0': ['x', 'r s t'] }),
);
const alternative: fc.Arbitrary<Table> = fc
  .array(
    fc.oneof(
      some('r', 's').map((scopes_all) => ({ scopes_all })),
      some('s', 't').map((scopes_any) => ({ scopes_any })),
      some('c1', 'c2').map((clients) => ({ clients })),
      claimRule.map((claims) => ({ claims })),
    ),
    { minLength: 1, maxLength: 2 },
  )
  .map((all) => Object.assign({}, ...all));
export const rules: fc.Arbitrary<Table> = fc.oneof(
  some('r', 's').map((scopes_all) => ({ scopes_all })),
  some('r', 's', 't').map((scopes_any) => ({ scopes_any })),
  some('c1', 'c2').map((clients) => ({ clients })),
  claimRule.map((claims) => ({ claims })),
  some('x', 'y').map((audience) => ({ audience })),
  fc.constantFrom('one', 'two').map((issuer) => ({ issuer })),
  fc.array(alternative, { minLength: 1, maxLength: 3 }).map((any_of) => ({ any_of })),
);
const limit = fc.constantFrom(undefined, undefined, undefined, 'L1', 'L2');
export const rule: fc.Arbitrary<Table> = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom<Table>({}, { auth: 'none' }, { auth: 'none' }) },
      { weight: 1, arbitrary: fc.constant<Table>({ auth: 'optional' }) },
      { weight: 6, arbitrary: rules },
      { weight: 3, arbitrary: fc.tuple(rules, rules).map(([one, other]) => ({ ...one, ...other })) },
      { weight: 1, arbitrary: rules.map((report) => ({ report })) },
      { weight: 1, arbitrary: rules.map((one) => ({ ...one, report_only: true })) },
    ),
    limit,
  )
  .map(([one, rate_limit]) => (rate_limit === undefined ? one : { ...one, rate_limit }));

const METHODS = ['GET', 'GET', 'GET', '*', '*', 'POST', 'GET|PUT', 'HEAD', 'POST|PATCH'];
const methodRules = fc.oneof(
  fc.tuple(fc.tuple(fc.constantFrom(...METHODS), rule)),
  fc.tuple(fc.tuple(fc.constantFrom(...METHODS), rule), fc.tuple(fc.constantFrom(...METHODS), rule)),
  fc.tuple(fc.tuple(fc.constantFrom('GET', 'POST'), rule), fc.tuple(fc.constant('*'), rule)),
);
/** @param contrary of 15 spellings, so many have a rule of their own */
const groups = (contrary: number): fc.Arbitrary<Group> => {
  const spelled: fc.Arbitrary<Spelled> = fc.record({
    spell: fc.array(rareSpelling, { minLength: MAX_PARTS, maxLength: MAX_PARTS }),
    hasSlash: fc.constantFrom(false, false, false, true),
    isEncoded: fc.boolean(),
    own: fc.oneof(
      { weight: 15 - contrary, arbitrary: fc.constant(undefined) },
      { weight: contrary, arbitrary: fc.record({ at: fc.nat(1), rule }) },
    ),
  });
  return fc.record({
    api: fc.nat(2),
    parts,
    methods: methodRules,
    spellings: fc.array(spelled, { minLength: 1, maxLength: 2 }),
  });
};

const around = fc.record({
  hosts: fc.constantFrom(
    ...[undefined, undefined, undefined, undefined, ['b.example'], ['b.example'], ['b.example', 'c.example']],
    ...[[':t.x.example'], [':u.x.example', 'b.example'], ['a.x.example']],
  ),
  strip: fc.constantFrom(undefined, undefined, undefined, '/v', '/a'),
  audience: fc.constantFrom(['x', 'y'], ['y', 'x']),
  issuer: fc.constant(Object.keys(ISSUERS)),
  rateLimit: limit,
  isSpread: fc.boolean(),
});

function pathOf({ parts: words }: Group, { spell, hasSlash, isEncoded }: Spelled, strip = ''): string {
  const segments = words.map((word, i) => {
    if (word === ':') return `:p${i}`;
    if (word.includes('|')) return word.replace('|', '').replace(/(?<!\w):/u, `:p${i}`);
    if (word === '*') return word;
    const text = spell[i]?.(word) ?? word;
    return isEncoded ? encode(text, false) : text.replace(/[\s]/gu, encodeURIComponent);
  });
  if (strip !== '' && words.length === 0 && !hasSlash) return strip;
  const isOpenEnded = words.at(-1) === '*';
  return `${strip}/${segments.join('/')}${hasSlash && words.length > 0 && !isOpenEnded ? '/' : ''}`;
}

/** A rule about a parameter that the path does not have is an error: it looks at another one, or goes. */
function fitted(one: Table, path: string): Table {
  const text = JSON.stringify(one);
  if (!/"p0"|:p0/.test(text)) return one;
  const [, param] = /(?<!\w):(\w+)/.exec(path) ?? [];
  if (param !== undefined) return JSON.parse(text.replaceAll('p0', param)) as Table;
  return JSON.parse(text.replaceAll('{"param":"p0"}', '"p0"').replaceAll('/:p0', '/p0')) as Table;
}

function entriesOf(group_: Group, strip: string | undefined): Entry[] {
  return group_.spellings.flatMap((one) => {
    const path = pathOf(group_, one, strip);
    const named = group_.methods.filter(
      ([methods], i) => !group_.methods.slice(0, i).some(([other]) => meet(methods, other)),
    );
    return named.map(([methods, its], i) => ({
      methods,
      path,
      rule: fitted(one.own?.at === i ? one.own.rule : its, path),
    }));
  });
}

const meet = (one: string, other: string) => one.split('|').some((name) => other.split('|').includes(name));

/** The same with one part, or all from one on, left open: paths of other spellings fall under it. */
interface Opening {
  readonly of: number;
  readonly at: number;
  readonly isRest: boolean;
  readonly group: Group;
}

function open(models: readonly Group[], { of, at, isRest, group: own }: Opening): Group | undefined {
  const model = models[of % models.length];
  if (model === undefined || model.parts.length === 0 || model.parts.at(-1) === '*') return undefined;
  const i = at % model.parts.length;
  const rest = isRest ? ['*'] : [':', ...model.parts.slice(i + 1)];
  return { ...own, api: own.api === 2 ? own.api : model.api, parts: [...model.parts.slice(0, i), ...rest] };
}

const openings = (group: fc.Arbitrary<Group>): fc.Arbitrary<Opening> =>
  fc.record({ of: fc.nat(9), at: fc.nat(2), isRest: fc.boolean(), group });

const plainIssuers = Object.fromEntries(Object.entries(ISSUERS).map(([name, issuer]) => [name, { issuer }]));

interface Kind {
  /** Groups of routes that there are at most. */
  readonly most?: number;
  /** Of 15 spellings, so many have a rule of their own. */
  readonly contrary?: number;
}

export const worlds = ({ most = 5, contrary = 1 }: Kind = {}): fc.Arbitrary<World> =>
  fc
    .record({
      some: fc.array(groups(contrary), { minLength: 1, maxLength: most }),
      opened: fc.array(openings(groups(contrary)), { maxLength: 3, size: 'max' }),
      apis: fc.tuple(around, around, around),
      count: fc.constantFrom(1, 1, 2, 2, 3),
      mayRepeat: fc.constantFrom(false, false, false, false, true),
    })
    .map(({ some: closed, opened: how, apis, count, mayRepeat }) => {
      const opened = how.map((one) => open(closed, one)).filter((one) => one !== undefined);
      const all = [...closed, ...opened];
      const taken = new Set<string>();
      const distinct = all.filter(({ parts: words }) => {
        const name = words.join('/');
        if (taken.has(name) && !mayRepeat) return false;
        taken.add(name);
        return true;
      });
      const models = apis.slice(0, count).map((api, i): ApiModel => {
        const own = distinct.filter((one) => one.api % count === i);
        const entries = own.flatMap((one) => entriesOf(one, api.strip));
        const unique = new Map(entries.map((entry) => [keyOf(entry), entry]));
        return { name: `API_${'ABC'[i]}`, ...api, entries: [...unique.values()] };
      });
      const used = models.filter(({ entries }) => entries.length > 0);
      return { apis: used, settings: {}, issuers: plainIssuers };
    });
