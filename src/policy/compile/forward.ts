import { mayCarryClaim, normaliseHeaderName } from '../headers.ts';
import type { ForwardedClaim } from '../policy.ts';
import type { Faults } from './faults.ts';
import type { ApiConfig, ForwardConfig } from './schema.ts';
import { compileSelector } from './selectors.ts';

/** Which claims the origin gets, in which headers: one claim for each. */
export function compileForward(config: NonNullable<ApiConfig['forward']>, at: Faults): ForwardedClaim[] {
  const seen = new Map<string, string>();
  return Object.entries(config).map(([claim, target]) => {
    const {
      header,
      as = 'text',
      only,
    } = typeof target === 'string' ? { header: target, as: undefined, only: undefined } : target;
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
    if (only !== undefined && as !== 'list')
      at.at(claim, 'only').add('only chooses among the values of a list', 'add as = "list", or remove only');
    return { claim: compileSelector(claim, at.at(claim)), header, as, only: only && compileOnly(only) };
  });
}

/** In one order, and without what a prefix says already: two that send the same are equal. */
function compileOnly(only: NonNullable<ForwardConfig['only']>): NonNullable<ForwardedClaim['only']> {
  const all = only.flatMap((one) => (typeof one === 'string' ? [] : [one.prefix]));
  const begins = (value: string, prefixes: readonly string[]) =>
    prefixes.some((prefix) => prefix !== value && value.startsWith(prefix));
  const prefixes = [...new Set(all)].filter((prefix) => !begins(prefix, all)).sort();
  const values = only.filter((one) => typeof one === 'string');
  return {
    values: [...new Set(values)].filter((value) => !prefixes.some((one) => value.startsWith(one))).sort(),
    prefixes,
  };
}
