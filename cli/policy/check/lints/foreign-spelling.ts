import { type Fault, fault, type Place } from '../../../../src/policy/compile/fault.ts';
import { isTable, type Table } from '../../../text/json.ts';
import {
  CLAIM_NAMES,
  CLAIM_VALUES,
  foreign,
  METHODS,
  NAMES,
  QUERY_NAMES,
  QUERY_VALUES,
  SCOPES,
  SEGMENTS,
  type Spelling,
} from './foreign-spellings.ts';
import type { Lint, PlacedRoute } from './subject.ts';

export const foreignSpelling: Lint = {
  name: 'foreign-spelling',
  finds:
    'what other products write otherwise: `ANY`, `{id}`, `<id>`, `[id]`, `read:*`, `realm_access.roles`, a regular expression, a claim that is to be `":org"`',
  why: 'here it is literal text that no request and no token has: nobody passes, or no request gets there',
  remedy: 'write what the finding says; if the text is meant as it stands, accept the warning',
  *find({ routes, section: { vars = {} } }) {
    for (const one of routes) {
      yield* inKey(one);
      yield* inRules(tableAt(vars, one.place), one.place, one);
    }
    for (const [name, table] of Object.entries(vars)) {
      if (!isTable(table)) continue;
      if (name.startsWith('API_')) yield* inApi(table, [name]);
      if (name === 'ISSUERS' || name.startsWith('ISSUERS_'))
        for (const [issuer, its] of Object.entries(table))
          if (isTable(its)) yield* inIssuer(its, [name, issuer]);
    }
  },
};

function tableAt(vars: Table, place: Place): Table {
  let table: unknown = vars;
  for (const name of place) table = isTable(table) ? table[name] : undefined;
  return isTable(table) ? table : {};
}

function* inKey({ key: { methods, pattern, query }, place }: PlacedRoute): Generator<Fault> {
  for (const method of methods) yield* hits(method, METHODS, place);
  const segments = pattern.slice(1).split('/');
  for (const [i, segment] of segments.entries())
    yield* hits(segment, SEGMENTS, place, i === segments.length - 1);
  for (const [name, value] of query) {
    yield* hits(name, QUERY_NAMES, place);
    yield* hits(value, QUERY_VALUES, place);
  }
}

/** Rules that belong together: those of a route, of its `report`, or of an alternative. */
function* inRules(table: Table, place: Place, route: PlacedRoute): Generator<Fault> {
  for (const field of ['scopes_all', 'scopes_any']) yield* inList(table[field], SCOPES, [...place, field]);
  for (const field of ['clients', 'audience']) yield* inList(table[field], NAMES, [...place, field]);
  yield* inClaims(table['claims'], [...place, 'claims'], route);
  if (isTable(table['report'])) yield* inRules(table['report'], [...place, 'report'], route);
  if (!Array.isArray(table['any_of'])) return;
  for (const [i, one] of table['any_of'].entries())
    if (isTable(one)) yield* inRules(one, [...place, 'any_of', i], route);
}

function* inClaims(claims: unknown, place: Place, route?: PlacedRoute): Generator<Fault> {
  if (!isTable(claims)) return;
  const params = route?.key.params.map(({ name }) => name) ?? [];
  for (const [name, want] of Object.entries(claims)) {
    const here = [...place, name];
    yield* hits(name, CLAIM_NAMES, here);
    for (const [at, values] of isTable(want)
      ? ['all', 'not'].map((field) => [[...here, field], want[field]] as const)
      : [[here, want] as const]) {
      yield* inList(values, CLAIM_VALUES, at);
      for (const value of [values].flat()) {
        const [, meant] = /^(?::|\$)?[{<]?(\w+)[}>]?$/.exec(typeof value === 'string' ? value : '') ?? [];
        if (meant !== undefined && meant !== value && params.includes(meant))
          yield fault(
            at,
            `${JSON.stringify(value)} is literal`,
            `write { param = ${JSON.stringify(meant)} }`,
          );
      }
    }
  }
}

function* inApi(table: Table, place: Place): Generator<Fault> {
  yield* inList(table['audience'], NAMES, [...place, 'audience']);
  if (isTable(table['forward']))
    for (const name of Object.keys(table['forward']))
      yield* hits(name, CLAIM_NAMES, [...place, 'forward', name]);
  if (isTable(table['cors'])) yield* inList(table['cors']['headers'], NAMES, [...place, 'cors', 'headers']);
}

function* inIssuer(table: Table, place: Place): Generator<Fault> {
  for (const field of ['scope_claim', 'client_claim', 'audience_claim'])
    yield* inList(table[field], CLAIM_NAMES, [...place, field]);
  yield* inClaims(table['claims'], [...place, 'claims']);
}

function* inList(value: unknown, spellings: readonly Spelling[], place: Place): Generator<Fault> {
  for (const [i, one] of [value].flat().entries())
    if (typeof one === 'string') yield* hits(one, spellings, Array.isArray(value) ? [...place, i] : place);
}

function* hits(text: string, spellings: readonly Spelling[], place: Place, isLast = false): Generator<Fault> {
  const found = foreign(text, spellings, isLast);
  if (found !== undefined) yield fault(place, found.problem, found.remedy);
}
