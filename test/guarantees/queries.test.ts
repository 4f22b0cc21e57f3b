/** A route for a certain query binds every request that some origin may read as having it. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { ask, compile } from './support/ask.ts';
import { ISSUERS, ORIGIN, type Token } from './support/model.ts';
import { broken, promise, TIMEOUT_MS } from './support/runs.ts';

/** The scope that a route asks for; `open`: it asks for no token. */
type Rule = 'r' | 's' | 't' | 'open';
type Condition = Readonly<Record<string, string>>;
interface Written {
  readonly condition: Condition;
  readonly rule: Rule;
}

const NAMES = ['q', 'do', 'a_b'];
const VALUES = ['1', 'x', 'délete', 'a b', ''];
const rule = fc.constantFrom<Rule>('r', 's', 't', 'open');
const condition = fc.oneof(
  fc.record({ name: fc.constantFrom(...NAMES), value: fc.constantFrom(...VALUES) }).map(one),
  fc
    .tuple(fc.constantFrom(...VALUES), fc.constantFrom(...VALUES))
    .map(([a, b]): Condition => ({ q: a, do: b })),
);
function one({ name, value }: { name: string; value: string }): Condition {
  return { [name]: value };
}

const routes = fc.record({
  base: fc.option(rule, { nil: undefined }),
  queried: fc.uniqueArray(fc.record({ condition, rule }), {
    minLength: 1,
    maxLength: 4,
    selector: (written) => JSON.stringify(Object.entries(written.condition).sort()),
  }),
});

/** Ways to write a name or a value that some server reads as the plain one. */
const spell = fc.constantFrom<(text: string) => string>(
  ...[(text: string) => text, (text: string) => text, (text: string) => text],
  (text) => text.toUpperCase(),
  (text) => ` ${text}`,
  (text) => `${text} `,
  (text) => text.normalize('NFD'),
);
const encode = fc.constantFrom<(text: string) => string>(
  ...[encodeURIComponent, encodeURIComponent, encodeURIComponent],
  (text) => encodeURIComponent(text).replaceAll('%20', '+'),
  (text) => encodeURIComponent(encodeURIComponent(text)),
  (text) =>
    [...new TextEncoder().encode(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
);
const nameEnd = fc.constantFrom('', '', '', '', '[]', '[0]', ']', '%5B%5D', '%00', '%00x');
const piece = fc
  .record({
    name: fc.constantFrom(...NAMES, 'a.b', 'a b', 'a[b'),
    value: fc.constantFrom(...VALUES),
    spellings: fc.tuple(spell, spell),
    encodings: fc.tuple(encode, encode),
    start: fc.constantFrom(...Array.from({ length: 17 }, () => ''), '[', '%5B', ']'),
    end: nameEnd,
  })
  .map(({ name, value, spellings, encodings, start, end }) => {
    const written = start + encodings[0](spellings[0](name)) + end;
    return `${written}=${encodings[1](spellings[1](value))}`;
  });
const query = fc
  .tuple(
    fc.array(piece, { maxLength: 4 }),
    fc.constantFrom('&', '&', '&', ';', '&&'),
    fc.constantFrom('', '', '&', '?'),
  )
  .map(([pieces, separator, start]) => (pieces.length === 0 ? '' : `?${start}${pieces.join(separator)}`));

/** How one server reads a query: what it splits at, how it reads texts, and which of several values it takes. */
interface Server {
  readonly separator: RegExp;
  readonly decodings: number;
  readonly read: (text: string) => string;
  readonly readName: (text: string) => string;
  readonly takes: 'first' | 'last';
}
const same = (text: string) => text;
const php = (name: string) =>
  name
    .replace(/\0.*$/su, '')
    .replace(/^ +/, '')
    .replace(/^([^[]+)\[([^\]]*)$/su, '$1_$2')
    .replace(/\[.*$/su, '')
    .replace(/[. ]/g, '_');
/** Rack 2, and qs of Express. */
const bracketed = (name: string) => name.replace(/^[[\]]+/, '').replace(/[[\]].*$/su, '');
const SERVERS: readonly Server[] = [/&/, /[&;]/].flatMap((separator) =>
  [1, 2].flatMap((decodings) =>
    [same, (text: string) => text.toLowerCase().trim(), (text: string) => text.normalize('NFC')].flatMap(
      (read) =>
        [same, php, bracketed].flatMap((readName) =>
          (['first', 'last'] as const).map((takes) => ({ separator, decodings, read, readName, takes })),
        ),
    ),
  ),
);

function decode(text: string, times: number): string {
  let decoded = text.replaceAll('+', ' ');
  for (let n = 0; n < times; n++) {
    try {
      decoded = decodeURIComponent(decoded);
    } catch {
      return decoded;
    }
  }
  return decoded;
}

function readBy(server: Server, written: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const part of written.slice(1).split(server.separator)) {
    const [name = '', ...value] = part.split('=');
    const key = server.read(server.readName(decode(name.replace(/^\?+/, ''), server.decodings)));
    if (values.has(key) && server.takes === 'first') continue;
    values.set(key, server.read(decode(value.join('='), server.decodings)));
  }
  return values;
}

const has = (values: Map<string, string>, { condition: its }: Written, { read }: Server) =>
  Object.entries(its).every(([name, value]) => values.get(read(name)) === read(value));

const tables = (base: Rule | undefined, queried: readonly Written[]) => {
  const entry = (text: string, its: Rule) => [
    `GET /p${text}`,
    its === 'open' ? { auth: 'none' } : { scopes_all: [its] },
  ];
  const written = ({ condition: its }: Written) =>
    `?${Object.entries(its)
      .map((pair) => pair.map(encodeURIComponent).join('='))
      .join('&')}`;
  const all = [
    ...(base === undefined ? [] : [entry('', base)]),
    ...queried.map((q) => entry(written(q), q.rule)),
  ];
  const api = { origin: ORIGIN, audience: 'x', issuer: 'one', routes: Object.fromEntries(all) };
  return { ISSUERS: { one: { issuer: ISSUERS.one } }, API_A: api };
};

const caller = fc.oneof(
  fc.constant<Token>('none'),
  fc
    .subarray(['r', 's', 't'])
    .map((scopes): Token => ({ issuer: 'one', audiences: ['x'], scopes, client: 'c', claims: {} })),
);
const passes = (its: Rule, token: Token) =>
  its === 'open' || (typeof token === 'object' && token.scopes.includes(its));

describe('queries', () => {
  it(
    'lets a request in only if the rules hold of every route that an origin may read its query as',
    async () => {
      const cases = fc.tuple(routes, fc.array(fc.tuple(query, caller), { minLength: 8, maxLength: 8 }));
      const tally = await promise('queries', 1_500, cases, async ([{ base, queried }, requests], counts) => {
        const written = tables(base, queried);
        const policy = compile(written);
        if (policy === undefined) broken('no policy', { written });
        for (const [text, token] of requests) {
          counts.add('requests');
          const asked = { method: 'GET', host: 'any.example', path: `/p${text}`, token };
          const decision = await ask(policy, asked);
          if (decision.kind !== 'allow') continue;
          counts.add('allowed');
          for (const server of SERVERS) {
            const values = readBy(server, text);
            const met = queried.filter((one) => has(values, one, server));
            // A route for more parameters replaces those for some of them.
            const bound = met.filter(
              (one) => !met.some((other) => isNarrower(other.condition, one.condition)),
            );
            if (met.length > 0) counts.add('met');
            const rules = bound.length > 0 ? bound.map((one) => one.rule) : [base];
            for (const its of rules)
              if (its === undefined || !passes(its, token))
                broken('a rule that does not hold', {
                  written,
                  asked,
                  server: `${server.separator} ${server.decodings} ${server.read} ${server.readName} ${server.takes}`,
                  its: its ?? 'no route',
                });
          }
        }
      });
      tally.demand('allowed', 'requests', 0.2);
      tally.demand('met', 'allowed', 1);
    },
    TIMEOUT_MS,
  );
});

const isNarrower = (wide: Condition, narrow: Condition) =>
  Object.keys(wide).length > Object.keys(narrow).length &&
  Object.entries(narrow).every(([name, value]) => wide[name] === value);
