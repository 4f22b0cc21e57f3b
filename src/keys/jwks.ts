import { importJWK } from 'jose';
import {
  type DroppedKey,
  fitsAlgorithm,
  isEdwards,
  keyName,
  type PublicJwk,
  readJwk,
  usualAlgorithm,
} from './jwk.ts';

/** A key of a set, ready to verify with. */
export interface VerificationKey {
  /** From `keyName`. */
  readonly id: string;
  readonly kid: string | undefined;
  /** The key for one algorithm: Web Crypto binds an RSA key to its hash and padding. */
  cryptoKey(alg: string): Promise<CryptoKey>;
  fits(alg: string): boolean;
}

export interface KeySet {
  readonly keys: readonly VerificationKey[];
  readonly ids: ReadonlySet<string>;
}

/** Larger sets are cut: no issuer needs them, and each key costs time. */
const MAX_KEYS = 100;
/** So many signatures are checked for one token that does not say which key it is signed with. */
const MAX_CANDIDATES = 4;

/**
 * Picks the keys of a JWK Set (RFC 7517 §5) that can verify signatures. Symmetric and private keys, keys for
 * encryption and weak ones are dropped; absent `use` and `alg` are fine.
 *
 * @returns `undefined` where the document is no JWK Set at all
 */
export function readJwks(document: unknown): { keys: PublicJwk[]; dropped: DroppedKey[] } | undefined {
  if (typeof document !== 'object' || document === null) return undefined;
  const { keys: members } = document as { keys?: unknown };
  if (!Array.isArray(members)) return undefined;
  const keys: PublicJwk[] = [];
  const dropped: DroppedKey[] = [];
  for (const [index, member] of members.entries()) {
    const key = index < MAX_KEYS ? readJwk(member) : 'too_many';
    if (typeof key === 'string') dropped.push({ kid: (member as { kid?: unknown } | null)?.kid, why: key });
    else keys.push(key);
  }
  return { keys, dropped };
}

/**
 * Imports keys. Those that Web Crypto refuses are left out.
 *
 * @param refused is told of them
 * @returns `undefined` if none is left: such a set must never replace a good one
 */
export async function importKeySet(
  jwks: readonly PublicJwk[],
  refused?: DroppedKey[],
): Promise<KeySet | undefined> {
  // A key that is listed twice is one key.
  const distinct = new Map<string, VerificationKey>();
  for (const [index, key] of (await Promise.all(jwks.map(importKey))).entries()) {
    if (key === undefined) refused?.push({ kid: jwks[index]?.kid, why: 'malformed' });
    else distinct.set(key.id, key);
  }
  return distinct.size === 0 ? undefined : { keys: [...distinct.values()], ids: new Set(distinct.keys()) };
}

async function importKey(jwk: PublicJwk): Promise<VerificationKey | undefined> {
  const imported = new Map<string, Promise<CryptoKey>>();
  const cryptoKey = (alg: string) => {
    let key = imported.get(alg);
    if (key === undefined) {
      key = importJWK({ ...jwk, alg }, alg) as Promise<CryptoKey>;
      imported.set(alg, key);
    }
    return key;
  };
  try {
    await cryptoKey(usualAlgorithm(jwk));
  } catch {
    return undefined;
  }
  return {
    id: keyName(jwk),
    kid: jwk.kid,
    cryptoKey,
    fits: (alg) =>
      fitsAlgorithm(jwk, alg) &&
      (jwk.alg === undefined || jwk.alg === alg || (isEdwards(jwk.alg) && isEdwards(alg))),
  };
}

/** The keys that a token may be signed with, and whether it names them. */
export interface Candidates {
  readonly keys: readonly VerificationKey[];
  /** The token's `kid` is theirs. Else the signature alone tells which one it is, or that it is another one. */
  readonly isNamed: boolean;
}

/**
 * The keys that a token asks for: those with its `kid`. Where it has none, or no key has that id, those that could be
 * meant: with no `kid` of their own, or any. The signature decides among them (RFC 7515 §4.1.4, RFC 7517 §4.5).
 *
 * @returns `ambiguous` where they are too many to be tried
 */
export function selectKeys(
  set: KeySet,
  { alg, kid }: { readonly alg: string; readonly kid: string | undefined },
): Candidates | 'unknown' | 'misfit' | 'ambiguous' {
  const named = kid === undefined ? [] : set.keys.filter((key) => key.kid === kid);
  const isNamed = named.length > 0;
  const possible = isNamed ? named : set.keys.filter((key) => kid === undefined || key.kid === undefined);
  const keys = possible.filter((key) => key.fits(alg));
  if (keys.length === 0) return isNamed ? 'misfit' : 'unknown';
  if (keys.length <= MAX_CANDIDATES) return { keys, isNamed };
  // Its key may be a new one: that is looked for before anything is guessed.
  return kid === undefined || isNamed ? 'ambiguous' : 'unknown';
}
