import { mayCarryClaim, normaliseHeaderName } from '../headers.ts';
import type { ForwardedClaim } from '../policy.ts';
import type { Faults } from './faults.ts';
import type { ApiConfig } from './schema.ts';
import { compileSelector } from './selectors.ts';

/** Which claims the origin gets, in which headers: one claim for each. */
export function compileForward(config: NonNullable<ApiConfig['forward']>, at: Faults): ForwardedClaim[] {
  const seen = new Map<string, string>();
  return Object.entries(config).map(([claim, target]) => {
    const { header, as } = typeof target === 'string' ? { header: target, as: undefined } : target;
    if (!mayCarryClaim(header))
      at.at(claim).add(
        `the header ${JSON.stringify(header)} can't carry a claim`,
        'name it x-…, in lower case, outside the families of "Headers" in docs/policy.md',
      );
    const other = seen.get(normaliseHeaderName(header));
    if (other !== undefined)
      at.at(claim).add(
        `the claim ${JSON.stringify(other)} is already sent as ${header}`,
        'give each claim its own header',
      );
    seen.set(normaliseHeaderName(header), claim);
    return { claim: compileSelector(claim, at.at(claim)), header, as: as ?? 'text' };
  });
}
