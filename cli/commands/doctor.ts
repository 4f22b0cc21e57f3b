/** `claimgate doctor`: whether issuer, keys, clients and gateway fit together. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { type Api, type Client, isRfc9068 } from '../../issuer/src/records.ts';
import type { Issuer } from '../../src/policy/policy.ts';
import { type Place, type PlaceOptions, placeCommand } from '../issuer/place.ts';
import { findMismatches } from '../issuer/record-checks.ts';
import { listApis, listClients } from '../issuer/records.ts';
import { compileConfig } from '../policy/file/config.ts';
import { EXIT, endWith, paint, printJson, printLine } from '../text/terminal.ts';
import { takeGatewayConfig } from './options.ts';

type Options = PlaceOptions & { gateway: string; gatewayEnv?: string };

/** One thing that was looked at. */
interface Symptom {
  readonly state: 'ok' | 'warning' | 'error';
  readonly what: string;
  /** The problem, and what to do. */
  readonly detail?: string;
}

const ok = (what: string): Symptom => ({ state: 'ok', what });
const warning = (what: string, detail: string): Symptom => ({ state: 'warning', what, detail });
const error = (what: string, detail: string): Symptom => ({ state: 'error', what, detail });

const TIMEOUT_MS = 5_000;
const MAX_CLOCK_SKEW_SECONDS = 10;

export function addDoctorCommand(program: Command): void {
  placeCommand(program, 'doctor', run)
    .description('look whether issuer, keys, clients and gateway fit together')
    .option('--gateway <file>', "the gateway's configuration (default: the file that wrangler reads)")
    .hook('preAction', takeGatewayConfig)
    .option('--gateway-env <name>', 'an environment of that file')
    .addHelpText(
      'after',
      '\nExits with 1 if there is an error.\n\nExample:\n  claimgate doctor --env production --remote',
    );
}

async function run(place: Place, options: Options): Promise<void> {
  const apis = await listApis(place.records);
  const clients = await listClients(place.records);
  const symptoms = [
    ...checkConfiguration(place),
    ...(await checkKeys(place, apis)),
    ...(await checkEndpoints(place)),
    ...checkRecords(apis, clients),
    ...checkGateway(place, apis, options),
  ];
  if (options.json) printJson(symptoms);
  else for (const symptom of symptoms) print(symptom);
  if (symptoms.some(({ state }) => state === 'error')) endWith(EXIT.findings);
}

function print({ state, what, detail }: Symptom): void {
  const mark = {
    ok: paint('green', 'ok     '),
    warning: paint('yellow', 'warning'),
    error: paint('red', 'error  '),
  }[state];
  printLine(`${mark}  ${what}`);
  if (detail !== undefined) printLine(`         ${detail}`);
}

function checkConfiguration({ issuer, config, remote }: Place): Symptom[] {
  const limits = new Set((config.ratelimits ?? []).map(({ name }) => name));
  const objects = (config.durable_objects?.bindings ?? []).map(({ name }) => name);
  const normal = URL.parse(issuer);
  return [
    normal?.href === issuer && normal.pathname === '/'
      ? ok(`issuer ${issuer}`)
      : error(
          `issuer ${issuer}`,
          'write a URL with host and slash only into ISSUER, such as "https://auth.example.com/"',
        ),
    ...(remote && normal?.protocol !== 'https:'
      ? [error('https', 'an issuer on Cloudflare has an https URL; change ISSUER')]
      : []),
    ...['CLIENT_LIMIT', 'FAILURE_LIMIT'].map((name) =>
      limits.has(name)
        ? ok(`rate limit ${name}`)
        : warning(
            `rate limit ${name}`,
            `not bound, so there is none; add [[ratelimits]] with name = "${name}"`,
          ),
    ),
    objects.includes('ASSERTIONS')
      ? ok('client assertions can be used once')
      : warning(
          'client assertions',
          'can be used again until they expire; bind the Durable Object ASSERTIONS',
        ),
  ];
}

async function checkKeys({ vault }: Place, apis: readonly Api[]): Promise<Symptom[]> {
  const sets = await vault.read();
  if (sets.size === 0)
    return [error('signing keys', `none in ${vault.name}; make some with: claimgate issuer init`)];
  const missing = apis.filter((api) => !sets.has(api.signing_alg));
  return [
    ok(`signing keys ${[...sets.keys()].join(', ')}`),
    ...missing.map((api) =>
      error(
        `API ${api.identifier}`,
        `there is no ${api.signing_alg} key; make one with: claimgate issuer init --alg ${api.signing_alg}`,
      ),
    ),
  ];
}

async function checkEndpoints({ issuer, vault }: Place): Promise<Symptom[]> {
  let metadata: { issuer?: string; jwks_uri?: string };
  let date: string | null;
  try {
    const response = await fetch(`${issuer}.well-known/oauth-authorization-server`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    date = response.headers.get('date');
    if (!response.ok) {
      const { faults = [] } = (await response.json().catch(() => ({}))) as { faults?: string[] };
      return [
        error(
          'metadata',
          `${response.status}: ${faults.join('; ') || 'the log of the issuer has the reason'}`,
        ),
      ];
    }
    metadata = (await response.json()) as typeof metadata;
  } catch {
    return [error('metadata', `${issuer} can't be reached; start it (npm start), or deploy it`)];
  }
  const symptoms = [
    metadata.issuer === issuer
      ? ok('metadata')
      : error(
          'metadata',
          `it says that the issuer is ${metadata.issuer}; is the latest configuration deployed?`,
        ),
  ];
  if (date !== null) {
    const skew = Math.round(Math.abs(Date.parse(date) - Date.now()) / 1000);
    symptoms.push(
      skew <= MAX_CLOCK_SKEW_SECONDS
        ? ok('clock')
        : warning(
            'clock',
            `this machine is ${skew} s apart from the issuer; tokens and assertions may be refused`,
          ),
    );
  }
  const published = await fetchKids(metadata.jwks_uri ?? '');
  const kept = [...(await vault.read()).values()].flatMap(({ keys }) => keys.map(({ jwk }) => jwk.kid));
  const absent = kept.filter((kid) => !published.includes(kid));
  const foreign = published.filter((kid) => !kept.includes(kid));
  if (foreign.length > 0)
    symptoms.push(
      error(
        'key set',
        `the issuer publishes ${foreign.join(', ')}, which ${vault.name} does not have: it is not the latest copy. Bring the file from where it was last used`,
      ),
    );
  symptoms.push(
    absent.length === 0
      ? ok(`key set: ${published.length} keys`)
      : warning(
          'key set',
          `${absent.join(', ')} not published; restart wrangler dev, or wait a minute after a change`,
        ),
  );
  return symptoms;
}

async function fetchKids(uri: string): Promise<string[]> {
  try {
    const response = await fetch(uri, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const { keys } = (await response.json()) as { keys: { kid: string }[] };
    return keys.map(({ kid }) => kid);
  } catch {
    return [];
  }
}

function checkRecords(apis: readonly Api[], clients: readonly Client[]): Symptom[] {
  return [
    ok(`${apis.length} APIs, ${clients.length} clients`),
    ...findMismatches(apis, clients).map(({ what, detail }) => warning(what, detail)),
    ...clients
      .filter(({ secrets, jwks }) => secrets.length + jwks.length === 0)
      .map(({ name, client_id: id }) =>
        warning(`client ${name}`, `it has no credential; claimgate client secret add ${id}`),
      ),
  ];
}

/** The gateway's side: issuer, audiences, algorithms and token types as its policy has them. */
function checkGateway({ issuer }: Place, apis: readonly Api[], { gateway, gatewayEnv }: Options): Symptom[] {
  if (!existsSync(gateway)) return [];
  const compiled = compileConfig(gateway, gatewayEnv);
  if (!compiled.ok)
    return [error(`policy in ${gateway}`, `it has errors: claimgate check --config ${gateway}`)];
  const trusted = compiled.policy.issuers.find((one) => one.issuer === issuer);
  if (trusted === undefined) {
    const others = compiled.policy.issuers.map((one) => one.issuer).join(', ');
    return [
      error(
        `policy in ${gateway}`,
        `it does not trust ${issuer}, only ${others}; they are compared literally, slash included`,
      ),
    ];
  }
  const audiences = new Set(
    compiled.policy.apis.flatMap(({ routes }) => routes.flatMap((route) => route.audiences)),
  );
  return [
    ok(`policy in ${gateway} trusts the issuer`),
    ...apis
      .filter((api) => audiences.has(api.identifier))
      .flatMap((api) => checkTokens(api, trusted, gateway)),
    ...[...audiences]
      .filter((audience) => !apis.some((api) => api.identifier === audience))
      .map((audience) =>
        warning(
          `policy in ${gateway}`,
          `it wants the audience ${audience}, for which this issuer has no API`,
        ),
      ),
  ];
}

function checkTokens(api: Api, trusted: Issuer, gateway: string): Symptom[] {
  const type = isRfc9068(api.token_dialect) ? 'at+jwt' : 'jwt';
  const where = `${trusted.variable}.${trusted.name} in ${gateway}`;
  return [
    trusted.algorithms.has(api.signing_alg)
      ? ok(`API ${api.identifier}: the gateway accepts its tokens' algorithm`)
      : error(
          `API ${api.identifier}`,
          `its tokens are signed with ${api.signing_alg}; add it to algorithms of ${where}`,
        ),
    ...(trusted.tokenTypes.has(type)
      ? []
      : [
          error(`API ${api.identifier}`, `its tokens are of type ${type}; add it to token_types of ${where}`),
        ]),
  ];
}
