/** Small changes of one rule of a route, each of which lets other requests in. */
import type { RuleName } from '../../../src/policy/policy.ts';
import { RULE_NAMES } from '../../../src/policy/rules/rules.ts';
import { isTable, type Table, without } from '../../text/json.ts';

/** A change of a route's table, in words. */
export interface RuleChange {
  readonly what: string;
  readonly config: Table;
}

type Mutate = (config: Table, rule: RuleName) => Generator<RuleChange>;

export const RULE_MUTANTS: Readonly<Record<RuleName, Mutate>> = {
  *scopes_all(config, rule) {
    yield* listChanges(config, rule);
    yield* becomes(config, rule, 'scopes_any');
  },
  *scopes_any(config, rule) {
    yield* listChanges(config, rule);
    yield* becomes(config, rule, 'scopes_all');
  },
  clients: listChanges,
  *claims(config, rule) {
    const claims = tableIn(config, rule);
    for (const [name, want] of Object.entries(claims)) {
      yield { what: `without the claim rule ${name}`, config: withoutIn(config, rule, name) };
      for (const [one, rest] of shortened(want))
        yield {
          what: `${rule}.${name} without ${JSON.stringify(one)}`,
          config: { ...config, [rule]: { ...claims, [name]: rest } },
        };
      for (const [what, changed] of wantChanges(want))
        yield {
          what: `${rule}.${name} ${what}`,
          config: { ...config, [rule]: { ...claims, [name]: changed } },
        };
    }
  },
  *any_of(config, rule) {
    yield* listChanges(config, rule);
    const alternatives = listOf(config[rule]).filter(isTable);
    for (const [i, alternative] of alternatives.entries())
      for (const inner of RULE_NAMES.filter((name) => Object.hasOwn(alternative, name)))
        for (const { what, config: changed } of RULE_MUTANTS[inner](alternative, inner))
          yield {
            what: `${rule}[${i}]: ${what}`,
            config: { ...config, [rule]: alternatives.with(i, changed) },
          };
  },
};

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A table of what a claim must be, with less in it; where it would be empty, the whole claim rule is gone anyway. */
function* wantChanges(want: unknown): Generator<readonly [what: string, changed: unknown]> {
  if (!isTable(want)) return;
  const fields = Object.keys(want);
  for (const field of fields) {
    if (fields.length > 1) yield [`without ${field}`, without(want, field)];
    for (const [one, rest] of shortened(want[field]))
      yield [`${field} without ${JSON.stringify(one)}`, { ...want, [field]: rest }];
  }
  if (fields.length === 1 && listOf(want['all']).length > 1) yield ['all becomes any', want['all']];
  if (want['not'] !== undefined) yield ['not becomes present', { ...without(want, 'not'), present: true }];
}

/** The list is gone, or one of its members. */
function* listChanges(config: Table, field: string): Generator<RuleChange> {
  const { [field]: list } = config;
  if (!Array.isArray(list)) return;
  for (const [one, rest] of shortened(list))
    yield { what: `${field} without ${JSON.stringify(one)}`, config: { ...config, [field]: rest } };
  yield { what: `without ${field}`, config: without(config, field) };
}

/** A list of several with one of them gone, for each of them. */
export const shortened = (list: unknown): (readonly [one: unknown, rest: readonly unknown[]])[] =>
  Array.isArray(list) && list.length > 1
    ? list.map((one) => [one, list.filter((other) => other !== one)] as const)
    : [];

function* becomes(config: Table, field: string, other: string): Generator<RuleChange> {
  const { [field]: list } = config;
  if (!Array.isArray(list) || list.length < 2 || config[other] !== undefined) return;
  yield { what: `${field} becomes ${other}`, config: { ...without(config, field), [other]: list } };
}

/** A table inside is gone with its last member. */
export function withoutIn(table: Table, field: string, name: string): Table {
  const inner = without(tableIn(table, field), name);
  return Object.keys(inner).length === 0 ? without(table, field) : { ...table, [field]: inner };
}

export function tableIn(table: Table, name: string): Table {
  const { [name]: value } = table;
  return isTable(value) ? value : {};
}
