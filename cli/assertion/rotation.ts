/** Keys of assertions on their way: next → current → previous. Pure, apart from the making of keys. */
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { type AssertionKey, KEPT_SECONDS, type KeyState, stateOf } from '../../src/origin/assertion-keys.ts';
import { KEY_SECRETS, KEY_SET_MAX_AGE_SECONDS } from '../../src/policy/assertion.ts';

export type AssertionAlg = AssertionKey['alg'];

/** What is known of a key without its private half. */
export type PublicKey = Pick<AssertionKey, 'slot' | 'alg' | 'kid' | 'from'>;

/** Deployments reach all of Cloudflare within seconds; clocks differ. */
const SLACK_SECONDS = 180;
/** Origins know a new key before it signs: what they keep has been fetched again by then. */
const PUBLISHED_AHEAD_SECONDS = 2 * KEY_SET_MAX_AGE_SECONDS + SLACK_SECONDS;

/** A key, as its secret holds it. @param from seconds since 1970 */
export async function makeAssertionKey(
  alg: AssertionAlg,
  from: number,
): Promise<{ readonly kid: string; readonly secret: string }> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const { kty, crv, x, y, d } = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint({ kty, crv, x, y } as never);
  return { kid, secret: JSON.stringify({ kty, crv, x, ...(y !== undefined && { y }), d, kid, from }) };
}

export type Rotation =
  | { readonly kind: 'go'; readonly secret: string; readonly from: number; readonly signing: PublicKey }
  /** Which key has to be waited for, and until when. */
  | { readonly kind: 'wait'; readonly key: PublicKey; readonly until: number; readonly why: KeyState }
  | { readonly kind: 'none' };

/** Which secret a new key goes into, and when it signs. One step: what is in the other secret goes on. */
export function planRotation(keys: readonly PublicKey[], now: number): Rotation {
  const of = (state: KeyState) => keys.find((key) => stateOf(key, keys, now) === state);
  const [next, current, previous] = [of('next'), of('current'), of('previous')];
  if (next !== undefined) return { kind: 'wait', key: next, until: next.from, why: 'next' };
  if (current === undefined) return { kind: 'none' };
  const until = current.from + KEPT_SECONDS;
  if (previous !== undefined && until > now) return { kind: 'wait', key: previous, until, why: 'previous' };
  const slot = current.slot === 1 ? 2 : 1;
  return {
    kind: 'go',
    secret: KEY_SECRETS[slot - 1] as string,
    from: now + PUBLISHED_AHEAD_SECONDS,
    signing: current,
  };
}
