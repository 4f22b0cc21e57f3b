/** The issuer in wrangler's local server, with keys, APIs and clients that are made for the test. */
import { createHash, randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import { createTestHarness, type TestHarness, type TestHarnessOptions } from 'wrangler';
import { type Api, apiKey, type Client, type ClientSecret, clientKey } from '../../../issuer/src/records.ts';
import { SECRET_PREFIX } from '../../../issuer/src/secret-prefix.ts';
import { type KeyEntry, type KeySet, keySecretName } from '../../../issuer/src/token/keys.ts';

export const ISSUER_WORKER = 'claimgate-issuer';

/** Those that the tests have keys for. */
export const SIGNING = ['RS256', 'ES256', 'EdDSA'] as const;
export type Signing = (typeof SIGNING)[number];
export type KeySets = Readonly<Record<Signing, KeySet>>;

type WorkerInput = TestHarnessOptions['workers'][number];

export interface IssuerOptions {
  /** Stands in tokens. Default: the URL at which it can really be reached. */
  readonly identifier?: string;
  /** Workers besides the issuer, for instance a gateway. Each may bind it as service `claimgate-issuer`. */
  readonly workers?: (identifier: string) => WorkerInput[];
}

export interface StartedIssuer {
  /** Where it is reached, with a slash at the end. */
  readonly url: string;
  /** As it stands in tokens. */
  readonly identifier: string;
  readonly server: TestHarness;
  /** The keys in use. */
  readonly keys: KeySets;
  addApi(api: Pick<Api, 'identifier'> & Partial<Api>): Promise<Api>;
  /** Adds a client, or replaces the one with the same id. */
  addClient(client: Partial<Client>): Promise<Client>;
  /** Deploys the issuer again, with other keys. */
  replaceKeys(keys: KeySets): Promise<void>;
  /** Every line that any of the Workers has written. */
  logs(): string[];
  close(): Promise<void>;
}

export async function startIssuer(options: IssuerOptions = {}): Promise<StartedIssuer> {
  let keys = await makeKeySets();
  const configure = (identifier: string): TestHarnessOptions => ({
    workers: [
      {
        configPath: 'issuer/wrangler.toml',
        vars: { ISSUER: identifier },
        secrets: Object.fromEntries(SIGNING.map((alg) => [keySecretName(alg), JSON.stringify(keys[alg])])),
      },
      ...(options.workers?.(identifier) ?? []),
    ],
  });
  // The port is known only when the server listens; the issuer has to know it, since it stands in tokens.
  const server = createTestHarness(configure(options.identifier ?? 'http://127.0.0.1/'));
  const listening = (await server.listen()).url.href;
  const identifier = options.identifier ?? listening;
  if (options.identifier === undefined) await server.update(configure(identifier));
  const url = (await server.listen()).url.href;
  if (url !== listening) throw new Error('the server has moved');

  const put = async (key: string, record: object) => {
    const { ISSUER_KV } = await server.getWorker<{ ISSUER_KV: KvLike }>(ISSUER_WORKER).getEnv();
    await ISSUER_KV.put(key, JSON.stringify(record));
  };
  return {
    url,
    identifier,
    server,
    get keys() {
      return keys;
    },
    async addApi(api) {
      const record: Api = { ...API_DEFAULTS, name: api.identifier, ...api };
      await put(apiKey(record.identifier), record);
      return record;
    },
    async addClient(client) {
      const record: Client = { ...CLIENT_DEFAULTS, client_id: makeClientId(), ...client };
      await put(clientKey(record.client_id), record);
      return record;
    },
    async replaceKeys(next) {
      keys = next;
      await server.update(configure(identifier));
    },
    logs: () =>
      server
        .getLogs()
        .map(({ message }) => (typeof message === 'string' ? message : JSON.stringify(message))),
    close: () => server.close(),
  };
}

interface KvLike {
  put(key: string, value: string): Promise<void>;
}

const API_DEFAULTS: Omit<Api, 'identifier' | 'name'> = {
  scopes: [],
  token_lifetime: 3600,
  signing_alg: 'ES256',
  token_dialect: 'access_token',
};
const CLIENT_DEFAULTS: Omit<Client, 'client_id'> = {
  name: 'test',
  metadata: {},
  secrets: [],
  jwks: [],
  grants: {},
};

const nowSeconds = () => Math.floor(Date.now() / 1000);

/** Letters and digits only, as the command line makes them. */
const random = (bytes: number) => randomBytes(bytes).toString('hex');
export const makeClientId = () => random(16);
export const makeSecret = () => `${SECRET_PREFIX}${random(32)}`;

/** What is stored of a secret. */
export function describeSecret(secret: string, id = random(4)): ClientSecret {
  const sha256 = createHash('sha256').update(secret).digest('hex');
  return { id, sha256, last4: secret.slice(-4), created_at: nowSeconds() };
}

/** What is stored of a client's public key. */
export async function describeKey(publicKey: CryptoKey, alg: string): Promise<Client['jwks'][number]> {
  const jwk = { ...(await exportJWK(publicKey)), alg };
  return { id: random(4), jwk, created_at: nowSeconds() };
}

async function makeKeySets(): Promise<KeySets> {
  const made = SIGNING.map(async (alg): Promise<[Signing, KeySet]> => {
    const keys = [await makeKey(alg, 'current'), await makeKey(alg, 'next')];
    return [alg, { keys }];
  });
  return Object.fromEntries(await Promise.all(made)) as Record<Signing, KeySet>;
}

async function makeKey(alg: Signing, status: 'current' | 'next'): Promise<KeyEntry> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: random(8) } as KeyEntry['jwk'];
  return { status, since: nowSeconds(), jwk };
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi'];

/** One rotation of every algorithm: what was next signs, what signed is left as a public key, and a new one is next. */
export async function rotateKeys(sets: KeySets): Promise<KeySets> {
  const rotated = SIGNING.map(async (alg): Promise<[Signing, KeySet]> => {
    const keys = sets[alg].keys.map((entry): KeyEntry => {
      if (entry.status === 'next') return { ...entry, status: 'current' };
      const members = Object.entries(entry.jwk).filter(([name]) => !PRIVATE_MEMBERS.includes(name));
      return { ...entry, status: 'previous', jwk: Object.fromEntries(members) as KeyEntry['jwk'] };
    });
    return [alg, { keys: [...keys, await makeKey(alg, 'next')] }];
  });
  return Object.fromEntries(await Promise.all(rotated)) as Record<Signing, KeySet>;
}

/** Without the keys that no longer sign. */
export function revokePreviousKeys(sets: KeySets): KeySets {
  const left = SIGNING.map((alg) => [
    alg,
    { keys: sets[alg].keys.filter(({ status }) => status !== 'previous') },
  ]);
  return Object.fromEntries(left) as Record<Signing, KeySet>;
}
