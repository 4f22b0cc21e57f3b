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
async function findKeys(
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

/** Signed by a key of the issuer that nobody blocks. */
interface Signed {
  readonly kind: 'signed';
  readonly by: VerificationKey;
  readonly from: KeyOrigin;
}

interface Unsound {
  readonly kind: 'unsound';
  readonly reason: SignatureReason;
  /** Set where keys were tried. */
  readonly keysFrom?: KeyOrigin;
}

/** Checks a signature with the keys of an issuer, whose newest are looked for where none of those at hand fits. */
export async function checkSignature(
  token: string,
  header: UnverifiedHeader,
  issuer: Issuer,
  context: { readonly keys: KeySource; readonly io: KeyIo; readonly settings: Settings },
): Promise<Signed | Unsound> {
  const unsound = (reason: SignatureReason): Unsound => ({ kind: 'unsound', reason });
  let found = await findKeys(header, issuer, context);
  if (isReason(found)) return unsound(found);
  let by = await verifySignature(token, header, found.keys, context.settings);
  if (by === undefined && !found.isNamed) {
    // Where no key has its id, a new key can't be told from a bad signature: look whether the issuer's keys changed.
    const renewed = await findKeys(header, issuer, context, found.keys);
    if (!isReason(renewed)) {
      found = renewed;
      by = await verifySignature(token, header, found.keys, context.settings);
    } else if (renewed.code !== 'key_unknown') return unsound(renewed);
  }
  const keysFrom = found.from;
  if (by === undefined) {
    const { kid } = header;
    const isUnknown = kid !== undefined && !found.isNamed;
    return { ...unsound(isUnknown ? { code: 'key_unknown', kid } : { code: 'signature_invalid' }), keysFrom };
  }
  // The header of a token is its sender's: a leaked key must not pass by leaving its id out.
  if (isBlocked(by, context.settings)) return unsound({ code: 'key_blocked' });
  return { kind: 'signed', by, from: keysFrom };
}

/** Whether the policy blocks a key. */
const isBlocked = ({ kid }: VerificationKey, { blockedKids }: Settings): boolean =>
  kid !== undefined && blockedKids.has(kid);

/** @returns the key that verifies the signature, if one of them does */
async function verifySignature(
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
