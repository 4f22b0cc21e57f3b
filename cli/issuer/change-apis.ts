/** Changes of APIs, for commands and console alike. */
import {
  type Api,
  apiKey,
  DEFAULT_TOKEN_LIFETIME_SECONDS,
  isIdentifier,
  type SigningAlgorithm,
  type TokenDialect,
} from '../../issuer/src/records.ts';
import { CommandError, formatSeconds } from '../text/terminal.ts';
import type { Outcome } from './outcome.ts';
import type { Place } from './place.ts';
import { findSpellingMismatch } from './record-checks.ts';
import type { RecordStore } from './record-store.ts';
import { findApi, listClients, saveApi, saveClient } from './records.ts';

export interface ApiFields {
  readonly name?: string | undefined;
  /** Each as `value` or `value=description`. */
  readonly scope?: readonly string[] | undefined;
  readonly lifetime?: number | undefined;
  readonly alg?: SigningAlgorithm | undefined;
  readonly dialect?: TokenDialect | undefined;
}

export interface ApiChange extends ApiFields {
  readonly removeScope?: readonly string[] | undefined;
  readonly enable?: boolean | undefined;
  readonly disable?: boolean | undefined;
}

export async function createApi(place: Place, identifier: string, fields: ApiFields): Promise<Outcome> {
  if (!isIdentifier(identifier)) throw new CommandError('an identifier has 1 to 500 bytes; a URL does well');
  // Grants are members by this name, and there can't be such a member.
  if (identifier === '__proto__') throw new CommandError('no grant could name __proto__; a URL does well');
  if ((await place.records.get(apiKey(identifier))) !== undefined)
    throw new CommandError(
      `there is an API ${identifier} already; change it with: claimgate api update ${identifier}`,
    );
  const api: Api = {
    identifier,
    name: fields.name ?? identifier,
    scopes: parseScopes(fields.scope),
    token_lifetime: fields.lifetime ?? DEFAULT_TOKEN_LIFETIME_SECONDS,
    signing_alg: fields.alg ?? 'ES256',
    token_dialect: fields.dialect ?? 'access_token',
  };
  await demandKey(place, api.signing_alg);
  await saveApi(place.records, api);
  return { json: api, said: [`made the API ${identifier}`], notes: notesOf(api) };
}

function notesOf(api: Api): string[] {
  const mismatch = findSpellingMismatch(api.identifier);
  return [
    ...(mismatch === undefined ? [] : [`${mismatch}; consider that as the identifier`]),
    ...(api.token_dialect === 'access_token'
      ? [
          'a new API does well with --dialect rfc9068_profile (RFC 9068): its tokens say that they are access tokens, and have ids',
        ]
      : []),
    ...(api.token_lifetime >= DEFAULT_TOKEN_LIFETIME_SECONDS
      ? [
          `its tokens live ${formatSeconds(api.token_lifetime)} and can't be called back; --lifetime 1h is safer`,
        ]
      : []),
  ];
}

async function demandKey({ vault }: Place, algorithm: SigningAlgorithm): Promise<void> {
  const sets = await vault.read();
  if (sets.size > 0 && !sets.has(algorithm))
    throw new CommandError(
      `the issuer has no ${algorithm} key, only ${[...sets.keys()].join(', ')}; name one of these with --alg, or make a key with: claimgate issuer init --alg ${algorithm}`,
    );
}

export async function updateApi(place: Place, identifier: string, change: ApiChange): Promise<Outcome> {
  const { disabled: wasDisabled, ...before } = await findApi(place.records, identifier);
  const { enable, disable, removeScope = [] } = change;
  if (enable && disable) throw new CommandError('--enable and --disable exclude each other');
  if (change.alg !== undefined) await demandKey(place, change.alg);
  const added = parseScopes(change.scope);
  const unknown = removeScope.find((scope) => !before.scopes.some(({ value }) => value === scope));
  if (unknown !== undefined) throw new CommandError(`${identifier} has no scope ${unknown}`);
  const scopes = before.scopes
    .filter(({ value }) => !removeScope.includes(value))
    .map((scope) => ({ ...scope, ...added.find(({ value }) => value === scope.value) }));
  const fresh = added.filter(({ value }) => !scopes.some((scope) => scope.value === value));
  const api: Api = {
    ...before,
    scopes: [...scopes, ...fresh],
    ...(change.name !== undefined && { name: change.name }),
    ...(change.lifetime !== undefined && { token_lifetime: change.lifetime }),
    ...(change.alg !== undefined && { signing_alg: change.alg }),
    ...(change.dialect !== undefined && { token_dialect: change.dialect }),
    ...((disable || (wasDisabled && !enable)) && { disabled: true as const }),
  };
  await saveApi(place.records, api);
  if (removeScope.length > 0) await removeFromGrants(place, identifier, removeScope);
  return { json: api, said: [`changed the API ${identifier}`] };
}

export async function deleteApi({ records }: Place, identifier: string, force: boolean): Promise<Outcome> {
  await findApi(records, identifier);
  const clients = await listGrantees(records, identifier);
  if (clients.length > 0 && !force)
    throw new CommandError(
      `${clients.map(({ name }) => name).join(', ')} may have tokens for it; take that back with: claimgate client ungrant <client> ${identifier}, or delete it with --force`,
    );
  for (const client of clients) {
    const { [identifier]: _, ...grants } = client.grants;
    await saveClient(records, { ...client, grants });
  }
  await records.delete(apiKey(identifier));
  return {
    json: { deleted: identifier },
    said: [`deleted the API ${identifier}; its tokens are good until they expire`],
  };
}

/** The clients that may have tokens for an API. */
export const listGrantees = async (records: RecordStore, identifier: string) =>
  (await listClients(records)).filter(({ grants }) => Object.hasOwn(grants, identifier));

/** A scope that came back later must not be granted to those who had it before. */
async function removeFromGrants(
  { records }: Place,
  identifier: string,
  removed: readonly string[],
): Promise<void> {
  for (const client of await listClients(records)) {
    const scope = client.grants[identifier]?.scope;
    if (scope === undefined || scope === '*' || !scope.some((one) => removed.includes(one))) continue;
    const kept = scope.filter((one) => !removed.includes(one));
    await saveClient(records, { ...client, grants: { ...client.grants, [identifier]: { scope: kept } } });
  }
}

function parseScopes(given: readonly string[] = []): Api['scopes'] {
  return given.map((text) => {
    const [value = '', ...rest] = text.split('=');
    return rest.length === 0 ? { value } : { value, description: rest.join('=') };
  });
}
