/** Small changes of a policy, each of which lets other requests in, or sends other headers on. */
import { isIssuersName } from '../../../src/policy/compile/names.ts';
import { RULE_NAMES } from '../../../src/policy/rules/rules.ts';
import { isTable, listOf, type Table, without } from '../../text/json.ts';
import type { Case } from './read.ts';
import { RULE_MUTANTS, shortened, tableIn, withoutIn } from './rule-mutants.ts';

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
  for (const rule of RULE_NAMES) if (config[rule] !== undefined) yield* RULE_MUTANTS[rule](config, rule);
  for (const field of ['audience', 'issuer'])
    if (config[field] !== undefined) yield { what: `without ${field}`, config: without(config, field) };
  const rules = [...RULE_NAMES, 'audience', 'issuer'].filter((field) => config[field] !== undefined);
  if (rules.length > 1) yield { what: 'without all its rules', config: without(config, ...rules) };
  if (config['auth'] !== 'none') yield { what: 'public', config: { auth: 'none' } };
  if (config['auth'] !== undefined) yield { what: 'needs a token', config: without(config, 'auth') };
  for (const field of ['report', 'report_only', 'forward_authorization', 'revocation'])
    if (config[field] !== undefined) yield { what: `without ${field}`, config: without(config, field) };
  yield* keyChanges(key, config);
  yield { what: 'removed' };
}

/** More methods, or fewer; text that becomes a parameter, or any query. */
function* keyChanges(key: string, config: Table): Generator<RouteChange> {
  const [methodList = '', path = ''] = key.trim().split(/\s+/);
  const [pattern = '', query] = path.split(/(?=\?)/);
  const methods = methodList.split('|');
  if (!methods.includes('*')) yield { what: 'any method', key: `* ${path}`, config };
  for (const [one, rest] of shortened(methods))
    yield { what: `without ${one}`, key: `${rest.join('|')} ${path}`, config };
  if (query !== undefined) yield { what: 'with any query', key: `${methodList} ${pattern}`, config };
  const parts = pattern.split('/');
  for (const [i, part] of parts.entries()) {
    const [name = `:any_${i}`] = PARAM.exec(part) ?? [];
    if (part === '' || part === name || part === '*') continue;
    const changed = parts.map((other, j) => (j === i ? name : other)).join('/');
    yield { what: `/${part} becomes a parameter`, key: `${methodList} ${changed}${query ?? ''}`, config };
  }
}

/** The parameter of a segment, without the text beside it. */
const PARAM = /(?<![A-Za-z0-9_]):[A-Za-z_][A-Za-z0-9_]*/;

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
  const issuers = issuerTables(vars).flatMap((table) => Object.keys(tableIn(vars, table)));
  const own = table['issuer'] === undefined ? issuers : [table['issuer']].flat();
  if (own.length < issuers.length) yield ['takes tokens of all issuers', { ...table, issuer: issuers }];
  for (const name of Object.keys(tableIn(table, 'forward')))
    yield [`without forward of ${name}`, { ...table, forward: without(tableIn(table, 'forward'), name) }];
  for (const [name, target] of Object.entries(tableIn(table, 'forward'))) {
    if (!isTable(target) || target['only'] === undefined) continue;
    const forward = { ...tableIn(table, 'forward'), [name]: without(target, 'only') };
    yield [`sends all values of ${name}`, { ...table, forward }];
  }
  for (const name of Object.keys(tableIn(table, 'origin_headers')))
    yield [`without the header ${name} for its origin`, withoutIn(table, 'origin_headers', name)];
  if (isTable(table['assertion'])) {
    yield ['without the assertion for its origin', without(table, 'assertion')];
    if (table['assertion']['bind'] !== 'none')
      yield [
        'an assertion that is bound to no request',
        { ...table, assertion: { ...table['assertion'], bind: 'none', max_body: undefined } },
      ];
  }
  if (table['report_only'] !== undefined)
    yield ['without report_only', without(table, 'report_only', 'report_only_until')];
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
  if (gateway['report_only'] !== undefined) {
    const changed = without(gateway, 'report_only', 'report_only_until');
    yield {
      kind: 'shared',
      table: 'GATEWAY',
      what: 'without report_only',
      vars: { ...vars, GATEWAY: changed },
    };
  }
  if (gateway['revocation'] !== undefined)
    yield { kind: 'shared', table: 'GATEWAY', what: 'without revocation', vars: withoutRevocation(vars) };
  for (const variable of issuerTables(vars)) yield* issuerChanges(vars, variable);
}

/** Strict routes would be an error without. */
const withoutRevocation = (vars: Vars): Vars =>
  Object.fromEntries(
    Object.entries(vars).map(([name, table]) => {
      if (name === 'GATEWAY' && isTable(table)) return [name, without(table, 'revocation')];
      if (!name.startsWith('API_') || !isTable(table)) return [name, table];
      const routes = Object.entries(tableIn(table, 'routes')).map(([key, config]) => [
        key,
        isTable(config) ? without(config, 'revocation') : config,
      ]);
      return [name, { ...table, routes: Object.fromEntries(routes) }];
    }),
  );

/** Without the lists, and with tokens that have no place in one. */
function statusChanges(issuer: Table): (readonly [what: string, changed: Table])[] {
  const { status_list: mode } = issuer;
  if (mode === undefined) return [];
  const none = ['status_list', without(issuer, 'status_list', 'status_list_hosts')] as const;
  if (mode !== 'required') return [none];
  return [none, ['status_list = "required"', { ...issuer, status_list: 'optional' }]];
}

const issuerTables = (vars: Vars) => Object.keys(vars).filter(isIssuersName);

function* issuerChanges(vars: Vars, variable: string): Generator<SharedMutant> {
  const issuers = tableIn(vars, variable);
  for (const name of Object.keys(issuers)) {
    const issuer = tableIn(issuers, name);
    const fields = ['max_token_age', 'not_before'].filter((field) => issuer[field] !== undefined);
    const changes = [
      ...fields.map((field) => [field, without(issuer, field)] as const),
      ...statusChanges(issuer),
      ...Object.keys(tableIn(issuer, 'claims')).map(
        (claim) => [`the claim rule ${claim}`, withoutIn(issuer, 'claims', claim)] as const,
      ),
    ];
    for (const [what, changed] of changes) {
      const all = { ...vars, [variable]: { ...issuers, [name]: changed } };
      yield { kind: 'shared', table: `${variable}.${name}`, what: `without ${what}`, vars: all };
    }
  }
}
