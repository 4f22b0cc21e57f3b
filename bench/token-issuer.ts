/** The issuer Worker in bare workerd, with one client, and an API for each algorithm. */
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { type Api, apiKey, type Client, clientKey } from '../issuer/src/records.ts';
import { keySecretName } from '../issuer/src/token/keys.ts';
import { bundle } from '../scripts/workerd.ts';
import { CLIENT, SCOPE, TOKEN_ALGORITHMS, TOKEN_SECONDS, targetOf } from './token-target.ts';
import { type RunningServer, start } from './workerd.ts';

export const CLAIMGATE = 'claimgate';

export interface TokenIssuer extends RunningServer {
  readonly script: string;
}

/**
 * There is no KV in bare workerd: a Worker in the same process stands in for it, and its CPU time counts. Limits and
 * replay protection are not bound, since oidc-provider has none for a secret either.
 */
export async function startTokenIssuer(
  folder: string,
  name = CLAIMGATE,
  script?: string,
): Promise<TokenIssuer> {
  const own = mkdtempSync(join(folder, 'issuer-'));
  script ??= await bundle('issuer/src/index.ts');
  writeFileSync(join(own, 'issuer.js'), script);
  writeFileSync(join(own, 'kv.js'), await bundle('bench/workers/kv.ts'));
  const configFile = join(own, 'config.capnp');
  writeFileSync(configFile, renderConfig(await makeKeys(), makeRecords()));
  return { ...(await start({ name, script, configFile })), script };
}

async function makeKeys(): Promise<[string, string][]> {
  return Promise.all(
    TOKEN_ALGORITHMS.map(async (alg): Promise<[string, string]> => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      const jwk = { ...(await exportJWK(privateKey)), kid: alg };
      return [keySecretName(alg), JSON.stringify({ keys: [{ status: 'current', since: 0, jwk }] })];
    }),
  );
}

function makeRecords(): Record<string, string> {
  const apis = TOKEN_ALGORITHMS.map(
    (alg): Api => ({
      identifier: targetOf(alg),
      name: alg,
      scopes: [{ value: SCOPE }],
      token_lifetime: TOKEN_SECONDS,
      signing_alg: alg,
      token_dialect: 'rfc9068_profile',
    }),
  );
  const sha256 = createHash('sha256').update(CLIENT.secret).digest('hex');
  const client: Client = {
    client_id: CLIENT.id,
    name: 'bench',
    metadata: {},
    secrets: [{ id: 'bench', sha256, last4: CLIENT.secret.slice(-4), created_at: 0 }],
    jwks: [],
    grants: Object.fromEntries(apis.map(({ identifier }) => [identifier, { scope: [SCOPE] }])),
  };
  return Object.fromEntries([
    [clientKey(CLIENT.id), JSON.stringify(client)],
    ...apis.map((api) => [apiKey(api.identifier), JSON.stringify(api)]),
  ]);
}

/** Strings and their escapes in capnp's text form are those of JSON. */
function renderConfig(keys: readonly [string, string][], records: object): string {
  const secrets = keys.map(([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`);
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "issuer", worker = .issuer), (name = "kv", worker = .kv)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "issuer")],
);

const issuer :Workerd.Worker = (
  modules = [(name = "issuer.js", esModule = embed "issuer.js")],
  compatibilityDate = "2026-10-01",
  bindings = [
    (name = "ISSUER", text = "https://issuer.example/"),
    (name = "ISSUER_KV", kvNamespace = "kv"),
    ${secrets.join(',\n    ')},
  ],
);

const kv :Workerd.Worker = (
  modules = [(name = "kv.js", esModule = embed "kv.js")],
  compatibilityDate = "2026-10-01",
  bindings = [(name = "RECORDS", json = ${JSON.stringify(JSON.stringify(records))})],
);
`;
}
