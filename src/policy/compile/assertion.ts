/** Compiles `assertion` of GATEWAY and of APIs. */
import { type Assertion, type AssertionSettings, KEY_SECRETS, KEY_SET_PATH } from '../assertion.ts';
import { hasRoute } from '../match.ts';
import { parsePath } from '../path.ts';
import type { Api, Issuer, Policy } from '../policy.ts';
import { parseTrustedUri } from '../uri.ts';
import type { Bindings } from './bindings.ts';
import type { Faults } from './faults.ts';
import type { ApiConfig, SettingsConfig } from './schema.ts';

export const DEFAULT_LIFETIME_SECONDS = 30;
export const DEFAULT_MAX_BODY_BYTES = 65_536;
/** With these claims and four thirds of them, an assertion still fits into what verifiers take. */
const MAX_CLAIMS_BYTES = 10_000;

/** @param at of GATEWAY */
export function compileAssertionSettings(
  config: SettingsConfig['assertion'],
  at: Faults,
): AssertionSettings | undefined {
  if (config?.issuer === undefined) return undefined;
  const url = parseTrustedUri(config.issuer);
  if (url === undefined || /[?#]/.test(config.issuer))
    at.at('issuer').add(
      'the issuer of assertions is an https URL without user name, query and fragment',
      'write the public URL of the gateway, such as "https://api.example.com"',
    );
  return { issuer: config.issuer, lifetimeSeconds: config.lifetime ?? DEFAULT_LIFETIME_SECONDS };
}

/** @param at the API's table */
export function compileAssertion(
  config: Partial<Pick<ApiConfig, 'assertion' | 'max_claims_bytes'>>,
  at: Faults,
): Assertion | undefined {
  const given = config.assertion;
  if (given?.audience === undefined) return undefined;
  const bind = given.bind ?? 'request';
  if (given.max_body !== undefined && bind !== 'body')
    at.at('assertion', 'max_body').add('max_body is for bind = "body" only', 'remove it, or bind the body');
  if ((config.max_claims_bytes ?? 0) > MAX_CLAIMS_BYTES)
    at.at('max_claims_bytes').add(
      'an assertion with so many claims is longer than verifiers take',
      `write at most ${MAX_CLAIMS_BYTES}, or choose what is sent with "only" in forward`,
    );
  return { audience: given.audience, bind, maxBodyBytes: given.max_body ?? DEFAULT_MAX_BODY_BYTES };
}

interface Whole {
  readonly settings: AssertionSettings | undefined;
  readonly apis: readonly Api[];
  readonly issuers: readonly Issuer[];
  readonly bindings: Bindings;
}

/** What is only seen in the whole policy. @param root of all tables */
export function checkAssertions({ settings, apis, issuers, bindings }: Whole, root: Faults): void {
  const asserting = apis.filter(({ assertion }) => assertion !== undefined);
  const own = root.at('GATEWAY', 'assertion');
  if (settings === undefined) {
    for (const { name } of asserting)
      root
        .at(name, 'assertion')
        .add(
          'the issuer of assertions is missing',
          'add assertion = { issuer = "https://…" } to [vars.GATEWAY]',
        );
    return;
  }
  if (issuers.some(({ issuer }) => issuer === settings.issuer))
    own
      .at('issuer')
      .add(
        'an issuer of tokens has the same URL: an assertion could pass for a token',
        'write the URL of the gateway, not that of the issuer of tokens',
      );
  const known = bindings.secrets;
  if (asserting.length > 0 && !KEY_SECRETS.some((name) => known?.includes(name) ?? true))
    own.add(
      `there is no secret "${KEY_SECRETS[0]}"`,
      'make a key with `npx claimgate assertion keys init`, and --remote on Cloudflare',
    );
  for (const [i, api] of asserting.entries()) {
    const other = asserting.slice(0, i).find((one) => isConfused(one, api));
    if (other !== undefined)
      root
        .at(api.name, 'assertion', 'audience')
        .add(
          `${other.name} has this audience too, and another origin: the one could send requests to the other in the callers' names`,
          'give each origin an audience of its own',
        );
  }
}

const isConfused = (one: Api, other: Api): boolean =>
  one.assertion?.audience === other.assertion?.audience && placeOf(one) !== placeOf(other);

/** Behind a zone, each host may be another server. */
const placeOf = ({ origin, hosts }: Api): string =>
  JSON.stringify([origin, origin.kind === 'zone' ? [...hosts].sort() : []]);

/** A path that the gateway answers itself never reaches a route. */
export function checkKeySetPath(
  apis: readonly Api[],
  { hosts, otherHosts }: Pick<Policy, 'hosts' | 'otherHosts'>,
  root: Faults,
): void {
  if (!apis.some(({ assertion }) => assertion !== undefined)) return;
  const path = parsePath(KEY_SET_PATH);
  if (typeof path === 'string') return;
  if ([...hosts.values(), otherHosts].some((table) => table !== undefined && hasRoute(table, 'GET', path)))
    root
      .at('GATEWAY', 'assertion')
      .add(
        `a route serves ${KEY_SET_PATH}, where the gateway publishes its keys`,
        'give the route another path',
      );
}
