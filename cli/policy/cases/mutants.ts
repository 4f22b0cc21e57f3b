/** Small changes of a policy, each of which lets other requests in, or sends other headers on. */
import { isTable, listOf, type Table } from '../../text/json.ts';
import type { Case } from './read.ts';

export type Vars = Readonly<Record<string, unknown>>;

/** A change of one route: its new key and table. */
export interface RouteMutant {
  readonly kind: 'route';
  readonly table: string;
  readonly key: string;
  /** `undefined`: the route is gone. */
  readonly changed: { readonly key: string; readonly config: Table } | undefined;
  /** The change in words. */
  readonly what: string;
}

/** A change of what several routes share. */
export interface SharedMutant {
  readonly kind: 'shared';
  readonly table: string;
  readonly vars: Vars;
  readonly what: string;
}

export type Mutant = RouteMutant | SharedMutant;

export function* mutantsOf(vars: Vars, cases: readonly Case[]): Generator<Mutant> {
  for (const [name, table] of Object.entries(vars)) {
    if (!name.startsWith('API_') || !isTable(table)) continue;
    for (const [key, config] of Object.entries(tableIn(table, 'routes'))) {
      if (!isTable(config)) continue;
      for (const { key: newKey = key, what, config: changed } of routeChanges(key, config))
        yield { kind: 'route', table: name, key, what, changed: changed && { key: newKey, config: changed } };
    }
    for (const [what, changed] of apiChanges(vars, table, cases))
      yield { kind: 'shared', table: name, what, vars: { ...vars, [name]: changed } };
  }
  yield* gatewayChanges(vars);
}

interface RouteChange {
  readonly what: string;
  readonly key?: string;
  readonly config?: Table;
}

function* routeChanges(key: string, config: Table): Generator<RouteChange> {
  const { scopes_all: all, scopes_any: any } = config;
  for (const field of ['scopes_all', 'scopes_any', 'clients'] as const) yield* listChanges(config, field);
  if (Array.isArray(all) && all.length > 1 && any === undefined)
    yield {
      what: 'scopes_all becomes scopes_any',
      config: { ...without(config, 'scopes_all'), scopes_any: all },
    };
  if (Array.isArray(any) && any.length > 1 && all === undefined)
    yield {
      what: 'scopes_any becomes scopes_all',
      config: { ...without(config, 'scopes_any'), scopes_all: any },
    };
  yield* claimChanges(config);
  for (const field of ['audience', 'issuer'])
    if (config[field] !== undefined) yield { what: `without ${field}`, config: without(config, field) };
  const rules = RULES.filter((field) => config[field] !== undefined);
  if (rules.length > 1) yield { what: 'without all its rules', config: without(config, ...rules) };
  if (config['auth'] !== 'none') yield { what: 'public', config: { auth: 'none' } };
  if (config['auth'] !== undefined) yield { what: 'needs a token', config: without(config, 'auth') };
  for (const field of ['report', 'report_only', 'forward_authorization'])
    if (config[field] !== undefined) yield { what: `without ${field}`, config: without(config, field) };
  yield* keyChanges(key, config);
  yield { what: 'removed' };
}

/** The fields of a route that say whom it lets in. */
export const RULES = ['scopes_all', 'scopes_any', 'clients', 'claims', 'audience', 'issuer'];

/** The list is gone, or one of its members. */
function* listChanges(config: Table, field: string): Generator<RouteChange> {
  const { [field]: list } = config;
  if (!Array.isArray(list)) return;
  for (const [one, rest] of shortened(list))
    yield { what: `${field} without ${JSON.stringify(one)}`, config: { ...config, [field]: rest } };
  yield { what: `without ${field}`, config: without(config, field) };
}

function* claimChanges(config: Table): Generator<RouteChange> {
  const claims = tableIn(config, 'claims');
  for (const name of Object.keys(claims)) {
    yield { what: `without the claim rule ${name}`, config: withoutIn(config, 'claims', name) };
    for (const [one, rest] of shortened(claims[name]))
      yield {
        what: `claims.${name} without ${JSON.stringify(one)}`,
        config: { ...config, claims: { ...claims, [name]: rest } },
      };
  }
}

/** More methods, or fewer; a literal that becomes a parameter. */
function* keyChanges(key: string, config: Table): Generator<RouteChange> {
  const [methodList = '', path = ''] = key.trim().split(/\s+/);
  const methods = methodList.split('|');
  if (!methods.includes('*')) yield { what: 'any method', key: `* ${path}`, config };
  for (const [one, rest] of shortened(methods))
    yield { what: `without ${one}`, key: `${rest.join('|')} ${path}`, config };
  const parts = path.split('/');
  for (const [i, part] of parts.entries()) {
    if (part === '' || part.startsWith(':') || part === '*') continue;
    const changed = parts.map((other, j) => (j === i ? `:any_${i}` : other)).join('/');
    yield { what: `/${part} becomes a parameter`, key: `${methodList} ${changed}`, config };
  }
}

/** @returns what was changed, and the table with the change */
function* apiChanges(
  vars: Vars,
  table: Table,
  cases: readonly Case[],
): Generator<[what: string, table: Table]> {
  if (table['extends'] !== undefined) return;
  const audiences = [table['audience']].flat();
  const others = audiencesInCases(cases).filter((one) => !audiences.includes(one));
  yield [
    'takes tokens for another audience',
    { ...table, audience: [...audiences, ...(others.length > 0 ? others : ['urn:another'])] },
  ];
  for (const [one, rest] of shortened(audiences))
    yield [`audience without ${JSON.stringify(one)}`, { ...table, audience: rest }];
  const issuers = Object.keys(tableIn(vars, 'ISSUERS'));
  const own = table['issuer'] === undefined ? issuers : [table['issuer']].flat();
  if (own.length < issuers.length) yield ['takes tokens of all issuers', { ...table, issuer: issuers }];
  for (const name of Object.keys(tableIn(table, 'forward')))
    yield [`without forward of ${name}`, { ...table, forward: without(tableIn(table, 'forward'), name) }];
  for (const name of Object.keys(tableIn(table, 'origin_headers')))
    yield [`without the header ${name} for its origin`, withoutIn(table, 'origin_headers', name)];
  const forwards = table['forward_authorization'] === true;
  yield [
    forwards ? 'keeps Authorization' : 'sends Authorization on',
    { ...table, forward_authorization: !forwards },
  ];
}

const audiencesInCases = (cases: readonly Case[]): string[] => [
  ...new Set(
    cases.flatMap(({ claims }) =>
      [claims?.['aud']].flat().filter((one): one is string => typeof one === 'string'),
    ),
  ),
];

/** The blocklists, and what issuers demand of every token. */
function* gatewayChanges(vars: Vars): Generator<SharedMutant> {
  const gateway = tableIn(vars, 'GATEWAY');
  for (const field of ['blocked_clients', 'blocked_kids']) {
    const list = listOf(gateway[field]);
    for (const one of list) {
      const changed = { ...gateway, [field]: list.filter((other) => other !== one) };
      const what = `${field} without ${JSON.stringify(one)}`;
      yield { kind: 'shared', table: 'GATEWAY', what, vars: { ...vars, GATEWAY: changed } };
    }
  }
  const issuers = tableIn(vars, 'ISSUERS');
  for (const name of Object.keys(issuers)) {
    const issuer = tableIn(issuers, name);
    const fields = ['max_token_age', 'not_before'].filter((field) => issuer[field] !== undefined);
    const changes = [
      ...fields.map((field) => [field, without(issuer, field)] as const),
      ...Object.keys(tableIn(issuer, 'claims')).map(
        (claim) => [`the claim rule ${claim}`, withoutIn(issuer, 'claims', claim)] as const,
      ),
    ];
    for (const [what, changed] of changes) {
      const all = { ...vars, ISSUERS: { ...issuers, [name]: changed } };
      yield { kind: 'shared', table: `ISSUERS.${name}`, what: `without ${what}`, vars: all };
    }
  }
}

/** A list of several with one of them gone, for each of them. */
const shortened = (list: unknown): (readonly [one: unknown, rest: readonly unknown[]])[] =>
  Array.isArray(list) && list.length > 1
    ? list.map((one) => [one, list.filter((other) => other !== one)] as const)
    : [];

function without(table: Table, ...names: string[]): Table {
  return Object.fromEntries(Object.entries(table).filter(([name]) => !names.includes(name)));
}

/** A table inside is gone with its last member. */
function withoutIn(table: Table, field: string, name: string): Table {
  const inner = without(tableIn(table, field), name);
  return Object.keys(inner).length === 0 ? without(table, field) : { ...table, [field]: inner };
}

export function tableIn(table: Table, name: string): Table {
  const value = table[name];
  return isTable(value) ? value : {};
}
