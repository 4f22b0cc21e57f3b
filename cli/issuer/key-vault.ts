/** Keeps signing keys, private halves included: they are secrets of the Worker. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../../issuer/src/records.ts';
import { type KeySet, keySecretName, parseKeySet } from '../../issuer/src/token/keys.ts';
import { CommandError, EXIT } from '../text/terminal.ts';
import { readDevVars, replaceFile, writeDevVars } from './dev-vars.ts';
import type { RecordStore } from './record-store.ts';
import { runWrangler } from './wrangler.ts';

export type KeySets = ReadonlyMap<SigningAlgorithm, KeySet>;

export interface KeyVault {
  /** For messages. */
  readonly name: string;
  read(): Promise<KeySets>;
  /** Throws `CommandError` where what `read` gave is not the latest: writing would take keys away that sign. */
  demandLatest(): Promise<void>;
  write(algorithm: SigningAlgorithm, keys: KeySet): Promise<void>;
}

/** `.dev.vars` beside the configuration, where `wrangler dev` reads secrets. The rest of it stays as it is. */
export const localVault = (path: string, configPath: string): KeyVault => ({
  name: path,
  async read() {
    return readSets(readDevVars(path), path);
  },
  async demandLatest() {}, // there is no other copy
  async write(algorithm, keys) {
    writeDevVars(path, { [keySecretName(algorithm)]: JSON.stringify(keys) }, configPath);
  },
});

/** The kids of all keys that were written last, by algorithm: an entry of KV that only commands read. */
const LATEST_PREFIX = 'keys:';

/**
 * Secrets on Cloudflare. They can be written but never read back, so a file on this machine is the master copy: it
 * knows the private half of the key that is to sign next. KV remembers which keys were written last, so that an old
 * or a missing copy is noticed before it replaces them.
 */
export function remoteVault(path: string, wranglerFlags: readonly string[], records: RecordStore): KeyVault {
  const draft = `${path}.new`;
  const readFile = (): Record<string, unknown> => {
    if (existsSync(draft))
      throw new CommandError(
        `${draft} is there: a write of keys did not end well. If Cloudflare has them (the issuer publishes the kids of that file), rename it to ${path}; else delete it`,
      );
    if (!existsSync(path)) return {};
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    } catch {
      throw new CommandError(`${path} is not JSON; restore it from a copy`);
    }
  };
  const read = async () => {
    const content = Object.entries(readFile()).map(([name, set]) => [name, JSON.stringify(set)]);
    return readSets(Object.fromEntries(content), path);
  };
  return {
    name: path,
    read,
    async demandLatest() {
      const sets = await read();
      for (const [key, latest] of await records.list(LATEST_PREFIX)) {
        const algorithm = key.slice(LATEST_PREFIX.length) as SigningAlgorithm;
        if (isDeepStrictEqual(latest, kidsOf(sets.get(algorithm)))) continue;
        const state = sets.has(algorithm) ? 'is not the latest copy' : 'does not have them';
        throw new CommandError(
          `the issuer has ${algorithm} keys, and ${path} ${state}; bring the file from where it was last used, or name it with --key-file. If it is lost: claimgate issuer init --replace makes new keys, and all tokens are refused then`,
        );
      }
    },
    async write(algorithm, keys) {
      const name = keySecretName(algorithm);
      const content = { ...readFile(), [name]: keys };
      const made = mkdirSync(dirname(path), { recursive: true });
      // A new folder for keys is in no .gitignore yet.
      if (made !== undefined) writeFileSync(join(dirname(path), '.gitignore'), '*\n');
      // On disk first: keys that only Cloudflare has could never be rotated.
      replaceFile(draft, `${JSON.stringify(content, null, 2)}\n`);
      try {
        await runWrangler(['secret', 'put', name, ...wranglerFlags], JSON.stringify(keys));
      } catch (error) {
        throw new CommandError(
          `${(error as Error).message}\n  The new keys are in ${draft}. If Cloudflare has them all the same (the issuer publishes their kids), rename it to ${path}; else delete it`,
          EXIT.failed,
        );
      }
      renameSync(draft, path);
      await records.put(`${LATEST_PREFIX}${algorithm}`, kidsOf(keys));
    },
  };
}

const kidsOf = (set: KeySet | undefined) => (set?.keys ?? []).map(({ jwk }) => jwk.kid);

function readSets(
  values: Readonly<Record<string, string | undefined>>,
  path: string,
): Map<SigningAlgorithm, KeySet> {
  const sets = new Map<SigningAlgorithm, KeySet>();
  for (const algorithm of SIGNING_ALGORITHMS) {
    const text = values[keySecretName(algorithm)];
    if (text === undefined) continue;
    const set = parseKeySet(algorithm, text);
    if (typeof set === 'string')
      throw new CommandError(`${keySecretName(algorithm)} in ${path}: ${set}; restore the file from a copy`);
    sets.set(algorithm, set);
  }
  return sets;
}
