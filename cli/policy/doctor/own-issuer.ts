/** Judges an issuer of one's own: its configuration, keys and records, and whether the gateway takes its tokens. */
import { type Api, type Client, isRfc9068 } from '../../../issuer/src/records.ts';
import type { Issuer, Policy } from '../../../src/policy/policy.ts';
import type { Place } from '../../issuer/place.ts';
import { findMismatches } from '../../issuer/record-checks.ts';
import { listApis, listClients } from '../../issuer/records.ts';
import type { IssuerAnswers } from '../what-if/ask-issuer.ts';
import { error, ok, type Symptom, warning } from './symptom.ts';

export interface GatewayPolicy {
  readonly path: string;
  readonly policy: Policy;
}

/**
 * @param answers what the issuer publishes; `undefined`: it can't be asked
 * @param gateway the policy that is to trust it, where there is one
 */
export async function judgeOwnIssuer(
  place: Place,
  answers: IssuerAnswers | undefined,
  gateway: GatewayPolicy | undefined,
): Promise<Symptom[]> {
  const apis = await listApis(place.records);
  const clients = await listClients(place.records);
  return [
    ...checkConfiguration(place),
    ...(await checkKeys(place, apis)),
    ...(await checkPublished(place, answers)),
    ...checkRecords(apis, clients),
    ...(gateway === undefined ? [] : checkGateway(place.issuer, apis, gateway)),
  ];
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

/** Whether the issuer publishes the keys that commands know of. */
async function checkPublished({ vault }: Place, answers: IssuerAnswers | undefined): Promise<Symptom[]> {
  if (answers === undefined || answers.fault !== undefined) return [];
  const { keys } = answers;
  const published = keys.map(({ kid }) => String(kid));
  const kept = [...(await vault.read()).values()].flatMap((set) => set.keys.map(({ jwk }) => jwk.kid));
  const absent = kept.filter((kid) => !published.includes(kid));
  const foreign = published.filter((kid) => !kept.includes(kid));
  return [
    ...(foreign.length === 0
      ? []
      : [
          error(
            'key set',
            `the issuer publishes ${foreign.join(', ')}, which ${vault.name} does not have: it is not the latest copy. Bring the file from where it was last used`,
          ),
        ]),
    absent.length === 0
      ? ok(`key set: ${published.length} keys`)
      : warning(
          'key set',
          `${absent.join(', ')} not published; restart wrangler dev, or wait a minute after a change`,
        ),
  ];
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
function checkGateway(issuer: string, apis: readonly Api[], { policy, path }: GatewayPolicy): Symptom[] {
  const what = `policy in ${path}`;
  const trusted = policy.issuers.find((one) => one.issuer === issuer);
  if (trusted === undefined) {
    const others = policy.issuers.map((one) => one.issuer).join(', ');
    return [
      error(what, `it does not trust ${issuer}, only ${others}; they are compared literally, slash included`),
    ];
  }
  const routes = policy.apis.flatMap((api) => api.routes).filter((route) => route.issuers.has(issuer));
  const audiences = new Set(routes.flatMap((route) => route.audiences));
  return [
    ok(`${what} trusts the issuer`),
    ...apis.filter((api) => audiences.has(api.identifier)).flatMap((api) => checkTokens(api, trusted, path)),
    ...[...audiences]
      .filter((audience) => !apis.some((api) => api.identifier === audience))
      .map((audience) =>
        warning(what, `it wants the audience ${audience}, for which this issuer has no API`),
      ),
  ];
}

function checkTokens(api: Api, trusted: Issuer, gateway: string): Symptom[] {
  const type = isRfc9068(api.token_dialect) ? 'at+jwt' : 'jwt';
  const where = `ISSUERS.${trusted.name} in ${gateway}`;
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
