/** What the first start makes: keys, an API, a client with a secret, the tables. All of it stays on this machine. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { makeAssertionKey } from '../../cli/assertion/rotation.ts';
import { localAssertionVault } from '../../cli/assertion/vault.ts';
import { describeSecret, makeClientId, makeSecret } from '../../cli/issuer/credentials.ts';
import { atPlace, type Place } from '../../cli/issuer/place.ts';
import { saveApi, saveClient } from '../../cli/issuer/records.ts';
import { makeKeySet } from '../../cli/issuer/rotation.ts';
import { runWrangler } from '../../cli/issuer/wrangler.ts';
import { type Api, apiKey, type Client, clientKey } from '../../issuer/src/records.ts';
import { KEY_SECRETS } from '../../src/policy/assertion.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { STATE } from './servers.ts';

export const AUDIENCE = 'https://api.example.com/timesheets';

/** Where a shell finds the client: `. .claimgate/client.env`. */
export const CLIENT_FILE = '.claimgate/client.env';
const JOB_SECRETS_FILE = 'examples/timesheets/job/.dev.vars';
const TIMESHEETS: Api = {
  identifier: AUDIENCE,
  name: 'Timesheets',
  scopes: [
    { value: 'batch:upload', description: 'Upload timesheets of others' },
    { value: 'read:timesheets', description: 'Read own timesheets' },
    { value: 'create:timesheets', description: 'Create own timesheets' },
    { value: 'delete:timesheets', description: 'Delete own timesheets' },
    { value: 'approve:timesheets', description: 'Approve timesheets of others' },
  ],
  token_lifetime: 3600,
  signing_alg: 'ES256',
  token_dialect: 'access_token',
};

export interface DevClient {
  readonly id: string;
  readonly secret: string;
}

/** Makes what is missing. Changes that were made since the first start stay. */
export async function setUp(policy: Policy, progress: (step: string) => void): Promise<DevClient> {
  const client = readClient() ?? makeClient(progress);
  if (policy.settings.assertion !== undefined) await makeKeyForAssertions();
  await atPlace({ config: 'issuer/wrangler.toml' }, (place) => fillIssuer(place, client));
  if (!existsSync(JOB_SECRETS_FILE)) {
    writeFileSync(JOB_SECRETS_FILE, `CLIENT_ID=${client.id}\nCLIENT_SECRET=${client.secret}\n`, {
      mode: 0o600,
    });
  }
  const api = 'examples/timesheets/api/wrangler.toml';
  await runWrangler(['d1', 'migrations', 'apply', 'timesheets', '--local', '--persist-to', STATE, '-c', api]);
  return client;
}

async function makeKeyForAssertions(): Promise<void> {
  const vault = localAssertionVault({ config: 'wrangler.toml' });
  if ((await vault.names()).length > 0) return;
  const { secret } = await makeAssertionKey('ES256', Math.floor(Date.now() / 1000));
  await vault.write({ [KEY_SECRETS[0]]: secret });
}

function readClient(): DevClient | undefined {
  if (!existsSync(CLIENT_FILE)) return undefined;
  const { CLIENT_ID, CLIENT_SECRET } = parseEnv(readFileSync(CLIENT_FILE, 'utf8'));
  return CLIENT_ID && CLIENT_SECRET ? { id: CLIENT_ID, secret: CLIENT_SECRET } : undefined;
}

function makeClient(progress: (step: string) => void): DevClient {
  progress('first start: making keys, the API Timesheets, and a client for it …');
  const client = { id: makeClientId(), secret: makeSecret(0).secret };
  mkdirSync('.claimgate', { recursive: true });
  const lines = [`export CLIENT_ID=${client.id}`, `export CLIENT_SECRET=${client.secret}`, ''];
  writeFileSync(CLIENT_FILE, lines.join('\n'), { mode: 0o600 });
  return client;
}

async function fillIssuer({ records, vault }: Place, { id, secret }: DevClient): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  if ((await vault.read()).size === 0) await vault.write('ES256', await makeKeySet('ES256', now));
  if ((await records.get(apiKey(AUDIENCE))) === undefined) await saveApi(records, TIMESHEETS);
  if ((await records.get(clientKey(id))) !== undefined) return;
  const job: Client = {
    client_id: id,
    name: 'Timesheets Import Job',
    metadata: {},
    secrets: [describeSecret(secret, now)],
    jwks: [],
    grants: { [AUDIENCE]: { scope: ['batch:upload'] } },
  };
  await saveClient(records, job);
}
