/** Small changes of a policy, each of which lets other requests in, or sends other headers on. */
import { RULE_NAMES } from '../../../src/policy/rules/rules.ts';
import { isTable, type Table } from '../../text/json.ts';
import type { Case } from './read.ts';
import { RULE_MUTANTS, tableIn, without, withoutIn } from './rule-mutants.ts';

export type Vars = Readonly<Record<string, unknown>>;

/** A change of one route: its new key and table. */
export interface RouteMutant {
  readonly kind: 'route';
  readonly table: string;
  readonly key: string;
  /** `undefined`: the route is gone. */
  readonly changed: { readonly key: string; readonly config: Table } | undefined;
  /** What was changed, in words. */
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
  for (const rule of RULE_NAMES) if (config[rule] !== undefined) yield* RULE_MUTANTS[rule](config, rule);
  for (const field of ['audience', 'issuer'])
    if (config[field] !== undefined) yield { what: `without ${field}`, config: without(config, field) };
  const rules = [...RULE_NAMES, 'audience', 'issuer'].filter((field) => config[field] !== undefined);
  if (rules.length > 1) yield { what: 'without all its rules', config: without(config, ...rules) };
  if (config['auth'] !== 'none') yield { what: 'public', config: { auth: 'none' } };
  if (config['auth'] !== undefined) yield { what: 'needs a token', config: without(config, 'auth') };
  if (config['report'] !== undefined) yield { what: 'without report', config: without(config, 'report') };
  if (config['report_only'] === true)
    yield { what: 'without report_only', config: without(config, 'report_only') };
  if (config['forward_authorization'] !== undefined)
    yield { what: 'without forward_authorization', config: without(config, 'forward_authorization') };
  yield* keyChanges(key, config);
  yield { what: 'removed' };
}

/** More methods, or fewer; a literal that becomes a parameter. */
function* keyChanges(key: string, config: Table): Generator<RouteChange> {
  const [methodList = '', path = ''] = key.trim().split(/\s+/);
  const methods = methodList.split('|');
  if (!methods.includes('*')) yield { what: 'any method', key: `* ${path}`, config };
  for (const one of methods.length > 1 ? methods : [])
    yield {
      what: `without ${one}`,
      key: `${methods.filter((other) => other !== one).join('|')} ${path}`,
      config,
    };
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
  for (const one of audiences.length > 1 ? audiences : [])
    yield [
      `audience without ${JSON.stringify(one)}`,
      { ...table, audience: audiences.filter((other) => other !== one) },
    ];
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

/** The brakes, and what issuers demand of every token. */
function* gatewayChanges(vars: Vars): Generator<SharedMutant> {
  const gateway = tableIn(vars, 'GATEWAY');
  for (const field of ['blocked_clients', 'blocked_kids']) {
    const { [field]: list } = gateway;
    for (const one of Array.isArray(list) ? list : []) {
      const changed = { ...gateway, [field]: (list as unknown[]).filter((other) => other !== one) };
      yield {
        kind: 'shared',
        table: 'GATEWAY',
        what: `${field} without ${JSON.stringify(one)}`,
        vars: { ...vars, GATEWAY: changed },
      };
    }
  }
  const issuers = tableIn(vars, 'ISSUERS');
  for (const name of Object.keys(issuers)) {
    const issuer = tableIn(issuers, name);
    const changes: [string, Table][] = [
      ...['max_token_age', 'not_before']
        .filter((field) => issuer[field] !== undefined)
        .map((field): [string, Table] => [`without ${field}`, without(issuer, field)]),
      ...Object.keys(tableIn(issuer, 'claims')).map((claim): [string, Table] => [
        `without the claim rule ${claim}`,
        withoutIn(issuer, 'claims', claim),
      ]),
    ];
    for (const [what, changed] of changes)
      yield {
        kind: 'shared',
        table: `ISSUERS.${name}`,
        what,
        vars: { ...vars, ISSUERS: { ...issuers, [name]: changed } },
      };
  }
}
