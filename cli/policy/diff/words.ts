/** Whom a policy lets in, in words: of two, only what differs. */
import { DEFAULT_CLAIMS } from '../../../src/policy/claims.ts';
import type { Issuer, Property } from '../../../src/policy/policy.ts';
import type { AnyOf } from '../what-if/token.ts';
import type { BoundDemand, Callers, Tokens } from './callers.ts';

export interface Words {
  readonly before: readonly string[];
  readonly now: readonly string[];
}

export function compareCallers(old: Callers, now: Callers): Words {
  if (old.kind !== 'checked' || now.kind !== 'checked')
    return { before: describeCallers(old), now: describeCallers(now) };
  const [before, after] = [partsOf(old), partsOf(now)];
  const names = [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => before.get(name) !== after.get(name),
  );
  const write = (parts: ReadonlyMap<string, string>) => names.map((name) => parts.get(name) ?? absent(name));
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
  const of = (kind: Property['of']) => tokens.demands.filter(({ anyOf }) => anyOf[0]?.of === kind);
  const claims = groupClaims(of('claim'));
  return new Map([
    ['token', withoutToken ? 'no token, or a good one' : 'a good token'],
    ['issuer', `issuer ${orList([...tokens.issuers.keys()])}`],
    ['audience', sorted(of('audience').map((one) => `audience ${orList(valuesOf(one))}`)).join(' and ')],
    ...scopeParts(of('scope')),
    ...clientPart(tokens),
    ...claims,
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

function groupClaims(demands: readonly BoundDemand[]): Map<string, string> {
  const texts = new Map<string, string[]>();
  for (const demand of demands) {
    const [first] = demand.anyOf;
    if (first?.of !== 'claim') continue;
    const name = `claim ${first.claim.text}`;
    texts.set(name, [...(texts.get(name) ?? []), demand.param ?? orList(valuesOf(demand))]);
  }
  return new Map([...texts].map(([name, values]) => [name, `${name} is ${sorted(values).join(' and ')}`]));
}

function absent(part: string): string {
  if (part === 'scope') return 'any scope';
  return part === 'client' ? 'any client' : `any ${part}`;
}

const valuesOf = ({ anyOf }: AnyOf): string[] =>
  anyOf.flatMap((one) =>
    one.of === 'segment' ? [] : one.of === 'claim' ? writeValue(one.value) : one.value,
  );

/** `1` is not `"1"`. */
const writeValue = (value: unknown) =>
  typeof value === 'string' && !/^(true|false|-?[0-9.]+|)$/.test(value) ? value : JSON.stringify(value);

const orList = (names: readonly string[]): string => sorted(names).join(' or ');
const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort();

/** A field of an issuer's table, as it is in effect. */
export function describeIssuerField(issuer: Issuer, field: string, keys: string): string {
  switch (field) {
    case 'algorithms':
      return sorted([...issuer.algorithms]).join(', ');
    case 'token_types':
      return sorted([...issuer.tokenTypes]).join(', ');
    case 'clock_tolerance':
      return `${issuer.clockToleranceSeconds} s`;
    case 'max_token_age':
      return issuer.maxTokenAgeSeconds === undefined ? 'no limit' : `${issuer.maxTokenAgeSeconds} s`;
    case 'not_before':
      return issuer.notBeforeSeconds === undefined
        ? 'no date'
        : new Date(issuer.notBeforeSeconds * 1000).toISOString().replace('.000', '');
    case 'scope_claim':
      return issuer.scopeClaim?.text ?? DEFAULT_CLAIMS.scope.join(', else ');
    case 'client_claim':
      return issuer.clientClaim?.text ?? DEFAULT_CLAIMS.client.join(', else ');
    case 'audience_claim':
      return issuer.audienceClaim?.text ?? DEFAULT_CLAIMS.audience.join(', else ');
    case 'claims': {
      const rules = issuer.requiredClaims.map(
        (demand) => `${demand.label.slice('claims.'.length)} is ${orList(valuesOf(demand))}`,
      );
      return rules.length === 0 ? 'none is required' : sorted(rules).join(', ');
    }
    default:
      return keys;
  }
}
