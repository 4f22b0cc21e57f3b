/** Where signing keys are kept, private halves included: secrets of the Worker. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseEnv } from 'node:util';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../../issuer/src/records.ts';
import { type KeySet, keySecretName, parseKeySet } from '../../issuer/src/token/keys.ts';
import { CommandError } from '../terminal.ts';
import { runWrangler } from './wrangler.ts';

export interface KeyVault {
  /** For messages. */
  readonly name: string;
  read(): Promise<ReadonlyMap<SigningAlgorithm, KeySet>>;
  write(algorithm: SigningAlgorithm, keys: KeySet): Promise<void>;
}

/** `.dev.vars` beside the configuration, where `wrangler dev` reads secrets. Other lines of it stay. */
export function localVault(path: string, configPath: string): KeyVault {
  const readText = () => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  return {
    name: path,
    async read() {
      return readSets(parseEnv(readText()), path);
    },
    async write(algorithm, keys) {
      const name = keySecretName(algorithm);
      const line = `${name}='${JSON.stringify(keys)}'`;
      const others = readText()
        .split('\n')
        .filter((text) => text !== '' && !text.startsWith(`${name}=`));
      writeFileSync(path, `${[...others, line].join('\n')}\n`, { mode: 0o600 });
      // A running `wrangler dev` reads secrets again only when its configuration changes.
      const now = new Date();
      utimesSync(configPath, now, now);
    },
  };
}

/**
 * Secrets on Cloudflare. They can be written but never read back, so a file on this machine is the master copy: it
 * knows the private half of the key that is to sign next.
 */
export function remoteVault(path: string, wranglerFlags: readonly string[]): KeyVault {
  return {
    name: path,
    async read() {
      if (!existsSync(path)) return new Map();
      const content = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
      return readSets(
        Object.fromEntries(Object.entries(content).map(([name, set]) => [name, JSON.stringify(set)])),
        path,
      );
    },
    async write(algorithm, keys) {
      const content = existsSync(path)
        ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>)
        : {};
      const name = keySecretName(algorithm);
      // On disk first: keys that only Cloudflare has could never be rotated.
      const draft = `${path}.new`;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(draft, `${JSON.stringify({ ...content, [name]: keys }, null, 2)}\n`, { mode: 0o600 });
      try {
        await runWrangler(['secret', 'put', name, ...wranglerFlags], JSON.stringify(keys));
      } catch (error) {
        rmSync(draft);
        throw error;
      }
      renameSync(draft, path);
    },
  };
}

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
      throw new CommandError(
        `${keySecretName(algorithm)} in ${path}: ${set}; restore the file from a copy, or delete that entry and run: claimgate issuer init`,
      );
    sets.set(algorithm, set);
  }
  return sets;
}
