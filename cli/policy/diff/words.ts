/** Words for the callers that a policy lets in; for two policies, only the differences. */
import { DEFAULT_CLAIMS } from '../../../src/policy/claims.ts';
import type { BoundProperty, ClaimSelector, Issuer } from '../../../src/policy/policy.ts';
import type { AnyOf } from '../what-if/choose.ts';
import type { BoundDemand, Callers, Tokens } from './callers.ts';
import type { Difference } from './difference.ts';
import { writeKeys } from './issuer-settings.ts';

export function compareCallers(old: Callers, now: Callers): Pick<Difference, 'before' | 'now'> {
  if (old.kind !== 'checked' || now.kind !== 'checked')
    return { before: describeCallers(old), now: describeCallers(now) };
  const [before, after] = [partsOf(old), partsOf(now)];
  const names = [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => before.get(name) !== after.get(name),
  );
  const write = (parts: ReadonlyMap<string, string>) => names.map((name) => parts.get(name) ?? `any ${name}`);
  return { before: write(before), now: write(after) };
}

/** All that is asked. The audience and the issuer go without saying. */
function describeCallers(callers: Callers): string[] {
  if (callers.kind === 'nobody') return [describeRefusal(callers.reason)];
  if (callers.kind === 'anyone')
    return [
      callers.verified === undefined
        ? 'anyone, without a token'
        : 'anyone, without a token (its rules are only tried)',
    ];
  const parts = [...partsOf(callers)].filter(([name]) => name !== 'issuer' && name !== 'audience');
  return parts.map(([, text]) => text);
}

function describeRefusal(reason: { code: string } | undefined): string {
  if (reason === undefined) return 'nobody: no token can meet all rules';
  return reason.code === 'method_not_allowed' ? 'nobody: 405, another method' : 'nobody: 404, no route';
}

function partsOf({ withoutToken, tokens }: Extract<Callers, { kind: 'checked' }>): Map<string, string> {
  const of = (kind: BoundProperty['of']) =>
    tokens.demands.filter(({ anyOf }) => anyOf.length > 0 && anyOf.every((one) => one.of === kind));
  const aboutOneClaim = tokens.demands.filter((one) => claimOf(one) !== undefined);
  const mixed = tokens.demands.filter(
    ({ anyOf }) => !anyOf.every(({ of: kind }) => kind === anyOf[0]?.of) || isAboutSeveralClaims(anyOf),
  );
  return new Map([
    ['token', withoutToken ? 'no token, or a good one' : 'a good token'],
    ['issuer', `issuer ${orList([...tokens.issuers.keys()])}`],
    ['audience', sorted(of('audience').map((one) => `audience ${orList(valuesOf(one))}`)).join(' and ')],
    ...scopeParts(of('scope')),
    ...clientPart(tokens),
    ...groupClaims(aboutOneClaim),
    ...alternativesPart(mixed.filter((one) => !aboutOneClaim.includes(one))),
  ]);
}

function scopeParts(demands: readonly AnyOf[]): [string, string][] {
  const all = sorted(demands.filter(({ anyOf }) => anyOf.length === 1).flatMap(valuesOf));
  const some = sorted(
    demands.filter(({ anyOf }) => anyOf.length > 1).map((one) => `scope ${orList(valuesOf(one))}`),
  );
  const parts = [...(all.length === 0 ? [] : [`scope ${all.join(' and ')}`]), ...some];
  return parts.length === 0 ? [] : [['scope', parts.join(', and ')]];
}

function clientPart({ clients }: Tokens): [string, string][] {
  return clients === undefined ? [] : [['client', `client ${orList([...clients])}`]];
}

function groupClaims(demands: readonly BoundDemand[]): [string, string][] {
  const byClaim = Map.groupBy(demands, (one) => claimOf(one)?.text ?? '');
  return [...byClaim].map(([claim, all]) => {
    const values = all.map((one) => one.param ?? orList(one.anyOf.map(wantedOf)));
    return [`claim ${claim}`, `claim ${claim} is ${sorted(values).join(' and ')}`];
  });
}

/** The claim that a demand is about, and nothing else. */
function claimOf({ anyOf: [first, ...others] }: AnyOf): ClaimSelector | undefined {
  if (first === undefined || !('claim' in first)) return undefined;
  const { claim } = first;
  return others.every((one) => 'claim' in one && String(one.claim.path) === String(claim.path))
    ? claim
    : undefined;
}

const isAboutSeveralClaims = (anyOf: readonly BoundProperty[]) =>
  anyOf.some((one) => 'claim' in one) && claimOf({ anyOf }) === undefined;

/** Parts of alternatives, of which a token needs one. */
function alternativesPart(demands: readonly AnyOf[]): [string, string][] {
  const texts = demands.map(({ anyOf }) =>
    orList(
      anyOf.map((one) =>
        'claim' in one ? `claim ${one.claim.text} is ${wantedOf(one)}` : `${one.of} ${one.value}`,
      ),
    ),
  );
  return texts.length === 0 ? [] : [['alternatives', sorted(texts).join(', and ')]];
}

/** `a`, `not a`, `present`. */
function wantedOf(one: BoundProperty): string {
  switch (one.of) {
    case 'present':
      return 'present';
    case 'not':
      return `not ${writeValue(one.value)}`;
    case 'claim':
      return writeValue(one.value);
    default:
      return one.value;
  }
}

const valuesOf = ({ anyOf }: AnyOf): string[] => anyOf.map(wantedOf);

/** `1` is not `"1"`. */
const writeValue = (value: unknown) =>
  typeof value === 'string' && !/^(true|false|-?[0-9.]+|)$/.test(value) ? value : JSON.stringify(value);

const orList = (names: readonly string[]): string => sorted(names).join(' or ');
const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort();

/** A field of an issuer's table, as it is in effect. */
export const describeIssuerField = (issuer: Issuer, field: string): string =>
  (ISSUER_FIELDS[field] ?? writeKeys)(issuer);

const ISSUER_FIELDS: Readonly<Record<string, (issuer: Issuer) => string>> = {
  algorithms: ({ algorithms }) => sorted([...algorithms]).join(', '),
  token_types: ({ tokenTypes }) => sorted([...tokenTypes]).join(', '),
  clock_tolerance: ({ clockToleranceSeconds: seconds }) => `${seconds} s`,
  max_token_age: ({ maxTokenAgeSeconds: seconds }) => (seconds === undefined ? 'no limit' : `${seconds} s`),
  not_before: ({ notBeforeSeconds: seconds }) =>
    seconds === undefined ? 'no date' : new Date(seconds * 1000).toISOString().replace('.000', ''),
  scope_claim: ({ scopeClaim }) => scopeClaim?.text ?? DEFAULT_CLAIMS.scope.join(', else '),
  client_claim: ({ clientClaim }) => clientClaim?.text ?? DEFAULT_CLAIMS.client.join(', else '),
  audience_claim: ({ audienceClaim }) => audienceClaim?.text ?? DEFAULT_CLAIMS.audience.join(', else '),
  status_list: ({ statusLists }) =>
    statusLists === undefined ? 'not looked at' : statusLists.isRequired ? 'required' : 'optional',
  status_list_hosts: ({ statusLists }) => sorted([...(statusLists?.hosts ?? [])]).join(', '),
  claims: ({ requiredClaims }) =>
    sorted(
      requiredClaims.map(
        (demand) => `${demand.label.slice('claims.'.length)} is ${orList(valuesOf(demand))}`,
      ),
    ).join(', ') || 'none is required',
};
