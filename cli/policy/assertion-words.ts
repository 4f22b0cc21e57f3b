/** What an API's origin can check by its assertion, in words. */
import type { Assertion } from '../../src/policy/assertion.ts';
import type { Api, Policy } from '../../src/policy/policy.ts';

const BOUND: Readonly<Record<Assertion['bind'], string>> = {
  none: 'no request',
  request: 'the request',
  body: 'the request and its body',
};

/** From what proves least. */
const STRENGTH = ['none', 'request', 'body'] as const;

export function assertionWords({ settings }: Policy, { assertion }: Api): string {
  if (assertion === undefined) return 'none';
  return `for ${assertion.audience} by ${settings.assertion?.issuer}, bound to ${BOUND[assertion.bind]}`;
}

/** How much an origin can check: 0 is nothing. */
export const assertionStrength = ({ assertion }: Api): number =>
  assertion === undefined ? 0 : STRENGTH.indexOf(assertion.bind) + 1;
