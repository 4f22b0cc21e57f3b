/** What an attacker would send straight to an origin that checks a secret, and one right request. */
import { randomUUID } from 'node:crypto';
import type { Api } from '../../src/policy/policy.ts';
import { ANYONE, type Asked, type Attempt, forgedClaims } from './attempt.ts';

/** @param values of the secrets, by header; what needs one that is missing is left out */
export function secretAttempts(api: Api, values: ReadonlyMap<string, string>, asked: Asked): Attempt[] {
  const others = api.originHeaders.map(({ header }) => header);
  const refused = (what: string, why: string, headers: Attempt['headers']): Attempt => ({
    ...{ what, wanted: 'refused', why, headers },
    body: asked.body,
  });
  const all = (value: (real: string) => string) =>
    others.map((header) => [header, value(values.get(header) ?? '')] as const);
  const isKnown = others.every((header) => values.has(header));
  const attempts = [
    refused('nothing', ANYONE, []),
    refused('claim headers, no secret', ANYONE, forgedClaims(asked)),
    refused(
      'an empty secret',
      'the secret of the origin is empty',
      all(() => ''),
    ),
    refused(
      'another secret',
      'the secret is not compared',
      all(() => randomUUID()),
    ),
    refused(
      'the word undefined',
      'the secret of the origin is not set',
      all(() => 'undefined'),
    ),
  ];
  if (!isKnown) return attempts;
  return [
    {
      what: 'a right request',
      wanted: 'accepted',
      why: 'it refuses the gateway too',
      headers: [...all((real) => real), ['x-claim-sub', asked.subject]],
      body: asked.body,
    },
    ...attempts,
    refused(
      'the secret without its end',
      'only its beginning is compared',
      all((real) => real.slice(0, -1)),
    ),
    refused(
      'the secret with more behind it',
      'only its beginning is compared',
      all((real) => `${real}x`),
    ),
    ...(others.some((header) => swapCase(values.get(header) ?? '') !== values.get(header))
      ? [refused('the secret in other letters', 'letter case is not compared', all(swapCase))]
      : []),
  ];
}

const swapCase = (text: string): string =>
  [...text].map((one) => (one === one.toLowerCase() ? one.toUpperCase() : one.toLowerCase())).join('');
