import type { ClaimValue, Policy } from '../../../src/policy/policy.ts';

/** Every value that some rule of a policy wants in a claim. */
export function claimValuesOf({ issuers, apis }: Policy): ClaimValue[] {
  const demands = [
    ...issuers.flatMap(({ requiredClaims }) => requiredClaims),
    ...apis.flatMap(({ routes }) => routes.flatMap((route) => route.demands)),
  ];
  return demands.flatMap(({ anyOf }) => anyOf.flatMap((one) => (one.of === 'claim' ? [one.value] : [])));
}
