/** Words for each rule: in sentences, in `explain`, and by the policy's own names in JSON. */
import { readClaimAt } from '../../src/policy/claims.ts';
import { isMet, valuesOf } from '../../src/policy/demands.ts';
import { type Place, paramValue } from '../../src/policy/params.ts';
import type { Demand, Held, Principal, Property, RuleName } from '../../src/policy/policy.ts';
import { paramsOf } from '../../src/policy/properties.ts';
import { listed, shown } from '../text/words.ts';

interface RuleWords {
  /** The beginning of its phrase. Rules that begin alike share a phrase: `with a, and one of b, c`. */
  readonly lead: 'with' | 'of client' | 'where' | 'either';
  /** Lists its demands, piece by piece. */
  list(demands: readonly Demand[]): string[];
  /** The pieces in a sentence. */
  join(list: readonly string[]): string;
  /** Describes a token that does not meet these demands. */
  lacks(unmet: readonly Demand[]): string;
  /** Shows the part of a token that the demands look at. */
  saw(demands: readonly Demand[], principal: Principal, place: Place): string;
  /** As the policy writes it, more or less. @param demands may be empty: the route doesn't have the rule */
  json(demands: readonly Demand[]): unknown;
}

const scopesOf = (demands: readonly Demand[]) => valuesOf(demands, 'scope');
const clientsOf = (demands: readonly Demand[]) => valuesOf(demands, 'client');
const SCOPES = {
  lead: 'with',
  list: scopesOf,
  saw: (_: readonly Demand[], { scopes }: Principal) =>
    scopes.size === 0 ? 'no scopes' : [...scopes].join(' '),
  json: scopesOf,
} as const;

export const RULE_WORDS: Readonly<Record<RuleName, RuleWords>> = {
  scopes_all: {
    ...SCOPES,
    join: (scopes) => listed(scopes),
    lacks: (unmet) => `the token lacks ${unmet.length > 1 ? 'scopes' : 'scope'} ${listed(scopesOf(unmet))}`,
  },
  scopes_any: {
    ...SCOPES,
    join: (scopes) => (scopes.length < 2 ? listed(scopes) : `one of ${scopes.join(', ')}`),
    lacks: (unmet) => `the token has none of the scopes ${listed(scopesOf(unmet), 'or')}`,
  },
  clients: {
    lead: 'of client',
    list: clientsOf,
    join: (ids) => listed(ids, 'or'),
    lacks: (unmet) => `the client is not ${listed(clientsOf(unmet), 'or')}`,
    saw: (_, { client }) => shown(client),
    json: (demands) => (demands.length === 0 ? null : clientsOf(demands)),
  },
  claims: {
    lead: 'where',
    list: (demands) => [...Map.groupBy(demands, claimOf)].flatMap(([claim, some]) => wantedOf(claim, some)),
    join: (claims) => listed(claims),
    lacks: (unmet) => listed(unmet.map((demand) => `the claim ${claimOf(demand)} ${unwanted(demand)}`)),
    saw: (demands, principal, place) => {
      const byClaim = Map.groupBy(demands, claimOf);
      return listed([...byClaim.values()].map((some) => sawClaim(some, principal, place)));
    },
    json: (demands) =>
      Object.fromEntries([...Map.groupBy(demands, claimOf)].map(([claim, some]) => [claim, wantJson(some)])),
  },
  any_of: {
    lead: 'either',
    list: (demands) => alternativesOf(demands).map((some) => `(${demandWords(some)})`),
    join: (alternatives) => listed(alternatives, 'or'),
    lacks: (unmet) => `the token meets no alternative: ${listed(RULE_WORDS.any_of.list(unmet), 'or')}`,
    saw: (demands, principal, place) => {
      const parts = groupByRule(alternativesOf(demands).flat());
      const saw = [...parts].map(
        ([rule, some]) => `${rule}: ${RULE_WORDS[rule].saw(some, principal, place)}`,
      );
      return saw.join('; ');
    },
    json: (demands) =>
      demands.length === 0
        ? null
        : alternativesOf(demands).map((some) =>
            Object.fromEntries(
              [...groupByRule(some)].map(([rule, part]) => [rule, RULE_WORDS[rule].json(part)]),
            ),
          ),
  },
};

/** All demands of `any_of` are made of the same alternatives. */
const alternativesOf = ([first]: readonly Demand[]): readonly (readonly Demand[])[] =>
  first?.alternatives ?? [];

const claimOf = ({ anyOf: [first] }: Demand): string =>
  first !== undefined && 'claim' in first ? first.claim.text : '';

/** `:org`, or `"gold" or "silver"`. */
const valuesIn = ({ anyOf }: Demand): string => listed(anyOf.map(valueIn), 'or');

function valueIn(property: Property): string {
  if (property.of === 'param') return `:${property.param.name}`;
  return 'value' in property ? JSON.stringify(property.value) : '';
}

/** Values that a claim must all have are named together. */
function wantedOf(claim: string, demands: readonly Demand[]): string[] {
  const isOfAll = ({ anyOf }: Demand) => anyOf.length === 1 && anyOf[0]?.of === 'claim';
  const all = demands.filter(isOfAll);
  return [
    ...(all.length === 0 ? [] : [`${claim} is ${listed(all.map(valuesIn))}`]),
    ...demands.filter((one) => !isOfAll(one)).map((one) => `${claim} ${wanted(one)}`),
  ];
}

/** `is :org`, `is not "guest"`, `is present`. */
function wanted(demand: Demand): string {
  const [first] = demand.anyOf;
  if (first?.of === 'present') return 'is present';
  return `${first?.of === 'not' ? 'is not' : 'is'} ${valuesIn(demand)}`;
}

function unwanted(demand: Demand): string {
  const [first] = demand.anyOf;
  if (first?.of === 'present') return 'is absent';
  return first?.of === 'not'
    ? `is ${valuesIn(demand)}, absent, or can't be judged`
    : `is not ${valuesIn(demand)}`;
}

/** A value or a list where that says it all, else a table. */
function wantJson(demands: readonly Demand[]): unknown {
  const [{ anyOf: values } = { anyOf: [] }, ...others] = demands;
  const of = (kind: Property['of']) => demands.flatMap(({ anyOf }) => anyOf.filter((one) => one.of === kind));
  const valuesOfKind = (kind: 'claim' | 'not') => of(kind).map((one) => 'value' in one && one.value);
  if (others.length === 0 && values[0]?.of === 'claim') return valuesOfKind('claim');
  const [bound] = of('param');
  return {
    ...(bound?.of === 'param' && { param: bound.param.name }),
    ...(of('present').length > 0 && { present: true }),
    ...(of('claim').length > 0 && { all: valuesOfKind('claim') }),
    ...(of('not').length > 0 && { not: valuesOfKind('not') }),
  };
}

function sawClaim(demands: readonly Demand[], { claims }: Principal, place: Place): string {
  const properties = demands.flatMap(({ anyOf }) => anyOf);
  const [first] = properties;
  const held = first !== undefined && 'claim' in first ? shown(readClaimAt(claims, first.claim, place)) : '';
  const values = new Set(properties.flatMap(paramsOf).map((param) => shown(paramValue(param, place))));
  return [held, ...[...values].map((value) => `the path has ${value}`)].join(', ');
}

/** Demands of one rule, or of one of its members, which are shown and tested as one. */
export interface RulePart {
  readonly rule: RuleName;
  /** `scopes_all`, `claims.org_id`. */
  readonly label: string;
  readonly demands: readonly Demand[];
}

export function ruleParts(demands: readonly Demand[]): RulePart[] {
  const parts = Map.groupBy(demands, (demand) => demand.label);
  return [...parts].map(([label, part]) => ({ rule: (part[0] as Demand).rule, label, demands: part }));
}

/** "with a and b, of client x, where org_id is :org". Empty where any token will do. */
export function demandWords(demands: readonly Demand[]): string {
  const phrases = new Map<string, string[]>();
  for (const [rule, part] of groupByRule(demands)) {
    const { lead, list, join } = RULE_WORDS[rule];
    phrases.set(lead, [...(phrases.get(lead) ?? []), join(list(part))]);
  }
  return [...phrases].map(([lead, texts]) => `${lead} ${texts.join(' and ')}`).join(', ');
}

/** Describes the part of a rule that a token does not meet. */
export function lacksWords({ rule, demands }: RulePart, held: Held, place: Place): string {
  return RULE_WORDS[rule].lacks(demands.filter((demand) => !isMet(demand, held, place)));
}

/** Every rule by the name that the policy has for it, also those that a route doesn't have. */
export const rulesJson = (demands: readonly Demand[]): Record<RuleName, unknown> => {
  const byRule = groupByRule(demands);
  return Object.fromEntries(
    Object.entries(RULE_WORDS).map(([rule, { json }]) => [rule, json(byRule.get(rule as RuleName) ?? [])]),
  ) as Record<RuleName, unknown>;
};

const groupByRule = (demands: readonly Demand[]) => Map.groupBy(demands, ({ rule }) => rule);
