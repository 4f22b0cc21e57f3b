import type { ClaimRule, ClaimValue, Policy } from '../../../src/policy/policy.ts';

/** Every value that some rule of a policy wants in a claim. */
export function claimValuesOf({ issuers, apis }: Policy): ClaimValue[] {
  const rules: ClaimRule[] = [
    ...issuers.flatMap(({ requiredClaims }) => requiredClaims),
    ...apis.flatMap(({ routes }) => routes.flatMap(({ claims }) => claims)),
  ];
  return rules.flatMap((rule) => ('anyOf' in rule ? rule.anyOf : []));
}
