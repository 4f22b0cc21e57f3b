/** The keys that tokens are signed with, for commands and console alike. */
import type { SigningAlgorithm } from '../../issuer/src/records.ts';
import type { KeySet } from '../../issuer/src/token/keys.ts';
import { suggest } from '../../src/policy/compile/fault.ts';
import { CommandError, formatTime } from '../text/terminal.ts';
import { gatewayLines } from './gateway-lines.ts';
import type { KeyVault } from './key-vault.ts';
import type { Outcome } from './outcome.ts';
import type { Place } from './place.ts';
import { revoke, rotate, safeToRevokeAt, secondsUntilRotation } from './rotation.ts';

/** A secret of a Worker holds no more. */
const MAX_SECRET_BYTES = 5_000;

/** All keys and their states; nothing of their private halves. */
export async function listKeys(vault: KeyVault) {
  return [...(await vault.read())].flatMap(([algorithm, set]) =>
    set.keys.map(({ status, since, jwk }) => ({ algorithm, status, kid: jwk.kid, since })),
  );
}

export const noKeys = (name: string) =>
  `no keys in ${name}; if the issuer has some, bring that file from where it was last used; else make some with: claimgate issuer init`;

/** @param alg only keys of these algorithms; `undefined`: all. @param force even if verifiers may not know the next key */
export async function rotateKeys(
  { vault }: Place,
  { alg, force = false }: { alg?: readonly SigningAlgorithm[] | undefined; force?: boolean | undefined },
  nowSeconds: number,
): Promise<Outcome> {
  const sets = await vault.read();
  const algorithms = alg ?? [...sets.keys()];
  if (algorithms.length === 0) throw new CommandError(noKeys(vault.name));
  await vault.demandLatest();
  // All are made and checked before any is written.
  const rotated = await Promise.all(
    algorithms.map(async (algorithm) => {
      const set = sets.get(algorithm);
      if (set === undefined)
        throw new CommandError(`there is no ${algorithm} key; ${suggest(algorithm, [...sets.keys()])}`);
      demandPublished(algorithm, set, nowSeconds, force);
      const next = await rotate(algorithm, set, nowSeconds);
      if (Buffer.byteLength(JSON.stringify(next)) > MAX_SECRET_BYTES)
        throw new CommandError(
          `the ${algorithm} keys would not fit into a secret of 5 KB; revoke a previous one first (claimgate keys list)`,
        );
      const kidOf = (status: string) => next.keys.find((key) => key.status === status)?.jwk.kid ?? '';
      return { algorithm, current: kidOf('current'), previous: kidOf('previous'), next };
    }),
  );
  for (const { algorithm, next } of rotated) await vault.write(algorithm, next);
  return {
    json: rotated.map(({ next: _, ...kids }) => kids),
    said: rotated.flatMap(({ algorithm, current, previous }) => [
      `${algorithm}: ${current} signs now; ${previous} goes on verifying`,
      `  If that one is in the wrong hands: claimgate keys revoke ${previous} --now`,
    ]),
  };
}

function demandPublished(algorithm: SigningAlgorithm, set: KeySet, now: number, force: boolean): void {
  const wait = secondsUntilRotation(set, now);
  if (wait > 0 && !force)
    throw new CommandError(
      `the next ${algorithm} key is published for less than a day, and verifiers may not know it; rotate after ${formatTime(now + wait)}, or with --force if the current key is in the wrong hands`,
    );
}

/** @param atOnce even while tokens that it signed may be valid */
export async function revokeKey(
  { vault, environment }: Place,
  kid: string,
  atOnce: boolean,
  nowSeconds: number,
): Promise<Outcome> {
  const sets = await vault.read();
  const entries = [...sets].flatMap(([algorithm, set]) => set.keys.map((key) => ({ algorithm, set, key })));
  const found = entries.find(({ key }) => key.jwk.kid === kid);
  const kids = entries.map(({ key }) => key.jwk.kid);
  if (found === undefined) throw new CommandError(`there is no key ${kid}; ${suggest(kid, kids)}`);
  const { algorithm, set, key } = found;
  if (key.status !== 'previous')
    throw new CommandError(
      `${kid} is the ${key.status} key; rotate first: claimgate keys rotate --alg ${algorithm} --force`,
    );
  const safeAt = safeToRevokeAt(key);
  if (safeAt > nowSeconds && !atOnce)
    throw new CommandError(
      `tokens that it signed may be valid until ${formatTime(safeAt)}; revoke it then, or with --now to refuse them`,
    );
  await vault.demandLatest();
  await vault.write(algorithm, revoke(set, kid));
  const lines = gatewayLines(environment, 'blocked_kids', kid);
  return {
    json: { revoked: kid, gateway: lines },
    said: [`revoked ${kid}: the gateway refuses what it signed six minutes from now at the latest`],
    ...(safeAt > nowSeconds && { gateway: lines }),
  };
}
