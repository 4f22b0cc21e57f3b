/** Secrets and keys of clients: made, hashed, read. */
import { createHash, randomInt } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, importSPKI, type JWK } from 'jose';
import { ASSERTION_ALGORITHMS } from '../../issuer/src/client/algorithms.ts';
import { isUsableKey } from '../../issuer/src/key-kinds.ts';
import {
  type Client,
  type ClientKey,
  type ClientSecret,
  isLive,
  MAX_CREDENTIALS,
  PRIVATE_MEMBERS,
} from '../../issuer/src/records.ts';
import { SECRET_PREFIX } from '../../issuer/src/secret-prefix.ts';
import { readFile } from '../text/files.ts';
import { parseJson } from '../text/json.ts';
import { CommandError } from '../text/terminal.ts';

/** No character that form-encoding changes: clients differ in whether they do it (RFC 6749 §2.3.1). */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const CLIENT_ID_LENGTH = 32;
/** 43 of 62 characters are 256 bits. */
const SECRET_LENGTH = 43;

const randomText = (length: number) =>
  Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

export const makeClientId = () => randomText(CLIENT_ID_LENGTH);

export interface NewSecret {
  /** To be shown once, and kept nowhere. */
  readonly secret: string;
  readonly record: ClientSecret;
}

export function makeSecret(nowSeconds: number, expiresAt?: number): NewSecret {
  const secret = `${SECRET_PREFIX}${randomText(SECRET_LENGTH)}`;
  return { secret, record: describeSecret(secret, nowSeconds, expiresAt) };
}

export function describeSecret(secret: string, nowSeconds: number, expiresAt?: number): ClientSecret {
  const sha256 = digest(secret);
  return {
    id: shortId(sha256),
    sha256,
    last4: secret.slice(-4),
    created_at: nowSeconds,
    ...(expiresAt !== undefined && { expires_at: expiresAt }),
  };
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

/** Hex: never read as a flag where it is an argument. */
const shortId = (sha256: string) => sha256.slice(0, 8);

/** Reads the public key of a client: a JWK, a JWK set with one key, or PEM ("BEGIN PUBLIC KEY"). */
export async function readClientKey(
  path: string,
  nowSeconds: number,
  expiresAt?: number,
): Promise<ClientKey> {
  const text = readFile(path, "name a file with the client's public key");
  if (text.includes('PRIVATE KEY')) throw privateKey(path);
  const jwk = text.includes('BEGIN PUBLIC KEY') ? await readPem(text, path) : readJwk(text, path);
  if (PRIVATE_MEMBERS.some((member) => member in jwk)) throw privateKey(path);
  if (!isUsableKey(jwk))
    throw new CommandError(
      `${path} has no key for ${ASSERTION_ALGORITHMS.join(', ')}; make one with: openssl genpkey -algorithm ed25519 -out key.pem && openssl pkey -in key.pem -pubout -out public.pem`,
    );
  const thumbprint = await calculateJwkThumbprint(jwk);
  return {
    id: shortId(digest(thumbprint)),
    jwk: { ...jwk, kid: jwk.kid ?? thumbprint },
    created_at: nowSeconds,
    ...(expiresAt !== undefined && { expires_at: expiresAt }),
  };
}

async function readPem(pem: string, path: string): Promise<JWK> {
  for (const algorithm of ['RS256', 'ES256', 'EdDSA']) {
    try {
      return await exportJWK(await importSPKI(pem, algorithm, { extractable: true }));
    } catch {
      // another kind of key
    }
  }
  throw new CommandError(
    `${path} is not a public key of a kind that fits ${ASSERTION_ALGORITHMS.join(', ')}`,
  );
}

function readJwk(text: string, path: string): JWK {
  const value = parseJson(text);
  if (value === undefined)
    throw new CommandError(
      `${path} is neither a JWK nor a public key in PEM; write one with: openssl pkey -in key.pem -pubout`,
    );
  const noKey = new CommandError(`${path} has no key; give a JWK, or a public key in PEM`);
  if (typeof value !== 'object' || value === null) throw noKey;
  const { keys } = value as { keys?: JWK[] };
  if (keys === undefined) return value as JWK;
  if (keys.length !== 1)
    throw new CommandError(`${path} has ${keys.length} keys; give a file with the one to add`);
  const [key] = keys;
  if (typeof key !== 'object' || key === null) throw noKey;
  return key;
}

const privateKey = (path: string) =>
  new CommandError(
    `${path} has a private key, which must stay with the client; give its public half: openssl pkey -in key.pem -pubout`,
  );

/** Refuses a third live credential: two are for changing from one to the other. Expired ones make room. */
export function makeRoom<T extends { readonly id: string; readonly expires_at?: number | undefined }>(
  client: Client,
  credentials: readonly T[],
  word: 'secret' | 'key',
  nowSeconds: number,
): T[] {
  const live = credentials.filter((one) => isLive(one, nowSeconds));
  if (live.length < MAX_CREDENTIALS) return live;
  throw new CommandError(
    `${client.name} has ${MAX_CREDENTIALS} ${word}s already; when nothing uses the older one, remove it with: claimgate client ${word} remove ${client.client_id} ${live[0]?.id}`,
  );
}
