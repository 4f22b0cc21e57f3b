/** Changes of clients' secrets and keys, for commands and console alike. */
import { type Client, isLive } from '../../issuer/src/records.ts';
import { suggest } from '../../src/policy/compile/fault.ts';
import { CommandError, formatTime } from '../text/terminal.ts';
import { makeRoom, makeSecret, readClientKey } from './credentials.ts';
import type { Outcome } from './outcome.ts';
import type { Place } from './place.ts';
import { findClient, saveClient } from './records.ts';

/** @param expiresIn seconds; `undefined`: it has no end */
export async function addSecret(
  { records }: Place,
  name: string,
  expiresIn: number | undefined,
  nowSeconds: number,
): Promise<Outcome> {
  const client = await findClient(records, name);
  const kept = makeRoom(client, client.secrets, 'secret', nowSeconds);
  const { secret, record } = makeSecret(nowSeconds, endOf(expiresIn, nowSeconds));
  const changed: Client = { ...client, secrets: [...kept, record] };
  await saveClient(records, changed);
  const [older] = kept;
  return {
    json: { ...changed, client_secret: secret },
    said: [`${client.name} has another secret, ${record.id}, which works a minute from now at the latest`],
    credentials: { client_id: client.client_id, client_secret: secret },
    next:
      older === undefined
        ? []
        : [`When nothing uses the older one: claimgate client secret remove ${client.client_id} ${older.id}`],
  };
}

const endOf = (expiresIn: number | undefined, nowSeconds: number) =>
  expiresIn === undefined ? undefined : nowSeconds + expiresIn;

/** @param file with the public key */
export async function addKey(
  { records }: Place,
  name: string,
  file: string,
  expiresIn: number | undefined,
  nowSeconds: number,
): Promise<Outcome> {
  const client = await findClient(records, name);
  const kept = makeRoom(client, client.jwks, 'key', nowSeconds);
  const key = await readClientKey(file, nowSeconds, endOf(expiresIn, nowSeconds));
  if (client.jwks.some(({ id }) => id === key.id))
    throw new CommandError(`${client.name} has that key already`);
  const changed: Client = { ...client, jwks: [...kept, key] };
  await saveClient(records, changed);
  const end = key.expires_at === undefined ? '' : `, until ${formatTime(key.expires_at)}`;
  return { json: changed, said: [`${client.name} has the key ${key.id}${end}`] };
}

const KINDS = { secret: 'secrets', key: 'jwks' } as const;

export interface Removal {
  readonly word: keyof typeof KINDS;
  readonly id: string;
  /** Also the last live one. */
  readonly force: boolean;
}

export async function removeCredential(
  { records }: Place,
  name: string,
  { word, id, force }: Removal,
  nowSeconds: number,
): Promise<Outcome> {
  const client = await findClient(records, name);
  const kind = KINDS[word];
  const known = client[kind].map((one) => one.id);
  if (!known.includes(id))
    throw new CommandError(`${client.name} has no ${word} ${id}; ${suggest(id, known)}`);
  const others = [...client.secrets, ...client.jwks].filter((one) => one.id !== id);
  if (!others.some((one) => isLive(one, nowSeconds)) && !force)
    throw new CommandError(
      `it is the last live credential of ${client.name}; add another one first, or remove it with --force`,
    );
  const changed = { ...client, [kind]: client[kind].filter((one) => one.id !== id) };
  await saveClient(records, changed);
  return {
    json: changed,
    said: [`removed the ${word} ${id} of ${client.name}; it is refused a minute from now at the latest`],
  };
}
