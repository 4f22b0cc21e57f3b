/** What the issuer's pages show: read anew each time, since commands and pipelines write as well. */
import { type Client, isLive } from '../../issuer/src/records.ts';
import { isLoopbackHost } from '../../src/policy/uri.ts';
import { configIn } from '../formats/find.ts';
import { listKeys } from '../issuer/change-keys.ts';
import type { Place, PlaceOptions } from '../issuer/place.ts';
import { listApis, listClients } from '../issuer/records.ts';
import { readyAt } from '../issuer/rotation.ts';
import { CommandError } from '../text/terminal.ts';
import type { ClientData, CredentialData, IssuerData, KeyData } from './issuer-data.ts';

export async function readIssuerData(
  place: Place,
  options: PlaceOptions,
  nowSeconds: number,
): Promise<IssuerData> {
  const problems: string[] = [];
  const tell = (problem: string) => problems.push(problem);
  // One after the other: what is asked of wrangler goes by one file.
  const apis = await listApis(place.records, tell);
  const clients = await listClients(place.records, tell);
  const keys = await readKeys(place, tell);
  return {
    issuer: place.issuer,
    tokenEndpoint: tokenEndpointOf(place),
    remote: place.remote,
    environment: place.environment ?? null,
    flags: placeFlags(options),
    nowSeconds,
    apis,
    clients: clients.map((client) => shownClient(client, nowSeconds)),
    keys,
    problems,
  };
}

/** Where the keys can't be read, the rest is shown nevertheless. */
async function readKeys({ vault }: Place, tell: (problem: string) => void): Promise<KeyData[]> {
  try {
    return (await listKeys(vault)).map((key) => ({ ...key, ready_at: readyAt(key) }));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    tell(error.message);
    return [];
  }
}

/** On this machine the issuer answers where `wrangler dev` listens, whatever its public name is. */
function tokenEndpointOf({ remote, issuer, config }: Place): string {
  const url = URL.parse(issuer);
  if (url !== null && (remote || isLoopbackHost(url.hostname))) return new URL('oauth/token', url).href;
  return `http://localhost:${config.dev?.port ?? 8787}/oauth/token`;
}

function shownClient(client: Client, nowSeconds: number): ClientData {
  const credential = (
    kind: CredentialData['kind'],
    mark: string,
    one: Client['secrets'][number] | Client['jwks'][number],
  ): CredentialData => ({
    ...{ kind, id: one.id, mark, created_at: one.created_at },
    expires_at: one.expires_at ?? null,
    live: isLive(one, nowSeconds),
  });
  return {
    client_id: client.client_id,
    name: client.name,
    disabled: client.disabled ?? false,
    metadata: client.metadata,
    default_audience: client.default_audience ?? null,
    credentials: [
      ...client.secrets.map((secret) => credential('secret', secret.last4, secret)),
      ...client.jwks.map((key) => credential('key', String(key.jwk['kid'] ?? ''), key)),
    ],
    grants: Object.entries(client.grants).map(([audience, { scope }]) => ({ audience, scope })),
  };
}

/** The flags by which a command acts on the same issuer. */
export function placeFlags({ remote, config, env, persistTo, keyFile }: PlaceOptions): string[] {
  return [
    ...(remote ? ['--remote'] : []),
    ...(config === configIn('issuer') ? [] : ['--config', config]),
    ...(env === undefined ? [] : ['--env', env]),
    ...(persistTo === undefined ? [] : ['--persist-to', persistTo]),
    ...(keyFile === undefined ? [] : ['--key-file', keyFile]),
  ];
}
