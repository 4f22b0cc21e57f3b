/** Where the keys of assertions are: secrets of the gateway, on this machine or on Cloudflare. */
import { readAssertionKeys } from '../../src/origin/assertion-keys.ts';
import { KEY_SECRETS, KEY_SET_PATH } from '../../src/policy/assertion.ts';
import { devVarsBeside, readDevVars, writeDevVars } from '../issuer/dev-vars.ts';
import { runWrangler, workerFlags } from '../issuer/wrangler.ts';
import { fetchPlainly } from '../policy/what-if/plain-fetch.ts';
import { isTable } from '../text/json.ts';
import { CommandError, EXIT } from '../text/terminal.ts';
import type { PublicKey } from './rotation.ts';

export interface AssertionVault {
  /** For messages. */
  readonly name: string;
  /** Which of the secrets are set. */
  names(): Promise<readonly string[]>;
  read(): Promise<readonly PublicKey[]>;
  /** @param secrets by name; `undefined` removes one */
  write(secrets: Readonly<Record<string, string | undefined>>): Promise<void>;
}

export interface VaultOptions {
  readonly config: string;
  readonly env?: string | undefined;
}

/** `.dev.vars` beside the configuration. */
export function localAssertionVault({ config, env }: VaultOptions): AssertionVault {
  const path = devVarsBeside(config, env);
  return {
    name: path,
    async names() {
      const values = readDevVars(path);
      return KEY_SECRETS.filter((name) => (values[name] ?? '') !== '');
    },
    async read() {
      const values = readDevVars(path);
      const { keys, faults } = readAssertionKeys((name) => values[name] || undefined);
      const [fault] = faults;
      if (fault !== undefined)
        throw new CommandError(
          `${path}: ${fault[0]} is not a key: ${fault[1]}; claimgate assertion keys init --replace makes a new one`,
        );
      return keys;
    },
    async write(secrets) {
      writeDevVars(path, secrets, config);
    },
  };
}

/**
 * Secrets on Cloudflare can be written, never read. What a rotation has to know of them the gateway itself publishes,
 * so that no machine needs a copy of a private key.
 *
 * @param gateway its public URL
 */
export function remoteAssertionVault({ config, env }: VaultOptions, gateway: string): AssertionVault {
  const flags = workerFlags(config, env);
  const url = gateway.replace(/\/+$/, '') + KEY_SET_PATH;
  return {
    name: 'the secrets on Cloudflare',
    async names() {
      const listed = JSON.parse(
        await runWrangler(['secret', 'list', '--format', 'json', ...flags]),
      ) as unknown;
      const names = Array.isArray(listed)
        ? listed.map((one) => (isTable(one) ? one['name'] : undefined))
        : [];
      return KEY_SECRETS.filter((name) => names.includes(name));
    },
    read: () => fetchPublicKeys(url),
    async write(secrets) {
      for (const [name, value] of Object.entries(secrets))
        if (value !== undefined) await runWrangler(['secret', 'put', name, ...flags], value);
        else await runWrangler(['secret', 'delete', name, ...flags], 'y\n');
    },
  };
}

const TIMEOUT_MS = 10_000;

async function fetchPublicKeys(url: string): Promise<readonly PublicKey[]> {
  const remedy = 'name the gateway with --url, or make keys with: claimgate assertion keys init --remote';
  let body: unknown;
  try {
    const response = await fetchPlainly(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    body = await response.json();
  } catch (error) {
    throw new CommandError(`${url} gives no keys: ${(error as Error).message}; ${remedy}`, EXIT.failed);
  }
  const keys = isTable(body) && Array.isArray(body['keys']) ? body['keys'].filter(isPublicKey) : [];
  if (keys.length === 0) throw new CommandError(`${url} has no key of a gateway; ${remedy}`, EXIT.failed);
  return keys;
}

function isPublicKey(value: unknown): value is PublicKey {
  if (!isTable(value)) return false;
  const { slot, alg, kid, from } = value;
  return (
    (slot === 1 || slot === 2) &&
    typeof alg === 'string' &&
    typeof kid === 'string' &&
    Number.isSafeInteger(from)
  );
}
