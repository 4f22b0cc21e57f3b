/** The last check of a token: is it signed with a key of its issuer? */
import { compactVerify } from 'jose';
import { isReason, type ReasonOf } from '../decision.ts';
import type { KeyIo } from '../keys/io.ts';
import { type Candidates, type KeySet, selectKeys, type VerificationKey } from '../keys/jwks.ts';
import type { KeyOrigin, KeySource, KeysReason } from '../keys/source.ts';
import type { Issuer, Settings } from '../policy/policy.ts';
import type { UnverifiedHeader } from './decode.ts';

/** The reasons for which a signature can't be verified, or is not valid. */
export type SignatureReason =
  | KeysReason
  | ReasonOf<'key_unknown' | 'key_ambiguous' | 'key_blocked' | 'algorithm_not_allowed' | 'signature_invalid'>;

interface FoundKeys extends Candidates {
  readonly kind: 'found';
  readonly from: KeyOrigin;
}

/**
 * The keys that a token may be signed with. The issuer is asked where none of those at hand can be meant.
 *
 * @param tried keys that did not verify the signature: others are wanted
 */
export async function findKeys(
  header: UnverifiedHeader,
  issuer: Issuer,
  { keys, io }: { readonly keys: KeySource; readonly io: KeyIo },
  tried: readonly VerificationKey[] = [],
): Promise<FoundKeys | SignatureReason> {
  const select = (set: KeySet) => {
    const selected = selectKeys(set, header);
    if (typeof selected === 'string' || tried.length === 0) return selected;
    const others = selected.keys.filter(({ id }) => !tried.some((one) => one.id === id));
    return others.length === 0 ? 'unknown' : { ...selected, keys: others };
  };
  const found = keys.get(issuer, io);
  let atHand = found instanceof Promise ? await found : found;
  if (isReason(atHand)) return atHand;
  let selected = select(atHand.set);
  if (selected === 'unknown') {
    atHand = await keys.findKey(issuer, (set) => select(set) !== 'unknown', io);
    if (isReason(atHand)) return atHand;
    selected = select(atHand.set);
  }
  switch (selected) {
    case 'unknown':
      return { code: 'key_unknown', kid: header.kid };
    case 'ambiguous':
      return { code: 'key_ambiguous', kid: header.kid };
    case 'misfit':
      return { code: 'algorithm_not_allowed', alg: header.alg };
    default:
      return { kind: 'found', ...selected, from: atHand.from };
  }
}

/** Whether the policy blocks a key. */
export const isBlocked = ({ kid }: VerificationKey, { blockedKids }: Settings): boolean =>
  kid !== undefined && blockedKids.has(kid);

/** @returns the key that verifies the signature, if one of them does */
export async function verifySignature(
  token: string,
  { alg }: UnverifiedHeader,
  candidates: readonly VerificationKey[],
  settings: Settings,
): Promise<VerificationKey | undefined> {
  // A key may be published under two ids: the blocked one counts.
  const blocked = candidates.filter((key) => isBlocked(key, settings));
  const ordered =
    blocked.length === 0 ? candidates : [...blocked, ...candidates.filter((key) => !blocked.includes(key))];
  for (const key of ordered) {
    try {
      await compactVerify(token, await key.cryptoKey(alg), { algorithms: [alg] });
      return key;
    } catch {
      // Whatever jose or Web Crypto object to: this key does not verify it.
    }
  }
  return undefined;
}
