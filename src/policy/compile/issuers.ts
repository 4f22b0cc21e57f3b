import { normaliseTokenType } from '../claims.ts';
import type { BoundProperty, Demand, Issuer, KeyLocation } from '../policy.ts';
import { addEmpty, fixedClaimDemands, fixedWantSchema } from '../rules/claims.ts';
import { parseTrustedUri } from '../uri.ts';
import { type Bindings, checkBinding } from './bindings.ts';
import type { Place } from './fault.ts';
import type { Faults } from './faults.ts';
import { issuerSchema } from './schema.ts';
import { readTable, type Sound } from './schema-faults.ts';
import { compileSelector } from './selectors.ts';
import { compileStatusLists } from './status-list.ts';

export const DEFAULT_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
export const DEFAULT_TOKEN_TYPES = ['at+jwt', 'jwt'];
export const DEFAULT_CLOCK_TOLERANCE_SECONDS = 30;

const SECURE = 'write an https URL (http for loopback hosts), without user name and fragment';

/**
 * Compiles `[vars.ISSUERS]` and the tables that continue it: a variable holds 5 KB. Issuers with faults are left out of
 * the result; their names are in `names`.
 *
 * @param more tables such as `ISSUERS_2`, of the same shape
 */
export function compileIssuers(
  first: unknown,
  more: readonly (readonly [name: string, table: object])[],
  bindings: Bindings,
  faults: Faults,
): { issuers: Issuer[]; names: string[] } {
  const issuers: Issuer[] = [];
  const places = new Map<string, string>();
  const read = (variable: string, table: object) => {
    for (const [name, value] of Object.entries(table)) {
      const at = faults.at(variable, name);
      const before = at.list().length;
      const namesake = places.get(name);
      if (namesake !== undefined)
        at.add(`${namesake}.${name} has the same name`, 'give each issuer a name of its own');
      else places.set(name, variable);
      const config = readTable(issuerSchema, value, at, issuerFieldsAt);
      const issuer = config && compileIssuer(variable, name, config, bindings, at);
      const twin = issuers.find((other) => other.issuer === issuer?.issuer);
      if (twin !== undefined)
        at.at('issuer').add(
          `${twin.variable}.${twin.name} has the same issuer`,
          'an issuer can have one table only',
        );
      if (issuer !== undefined && at.list().length === before) issuers.push(issuer);
    }
  };
  const isTable = (table: unknown): table is object =>
    typeof table === 'object' && table !== null && !Array.isArray(table);
  if (isTable(first)) read('ISSUERS', first);
  if (!isTable(first) || Object.keys(first).length === 0)
    faults
      .at('ISSUERS')
      .add(
        isTable(first) ? 'there is no issuer' : 'ISSUERS is missing',
        'add a table [vars.ISSUERS.<name>] with issuer = "https://…"',
      );
  for (const [name, table] of more) {
    if (isTable(table)) read(name, table);
    else faults.at(name).add(`${name} has the wrong type`, `write tables [vars.${name}.<name>]`);
  }
  return { issuers, names: [...places.keys()] };
}

const issuerFieldsAt = (path: Place): readonly string[] =>
  Object.keys((path[0] === 'claims' ? fixedWantSchema : issuerSchema).shape);

function compileIssuer(
  variable: string,
  name: string,
  config: Sound<typeof issuerSchema>,
  bindings: Bindings,
  at: Faults,
): Issuer {
  const { issuer = '' } = config;
  if (config.metadata_uri !== undefined && config.jwks_uri !== undefined)
    at.at('metadata_uri').add('metadata_uri and jwks_uri exclude each other', 'keep one of them');
  for (const key of ['metadata_uri', 'jwks_uri'] as const) {
    const uri = config[key];
    if (uri !== undefined && parseTrustedUri(uri) === undefined)
      at.at(key).add(`${key} must be an https URL`, SECURE);
  }
  const keys = keyLocation(config);
  if (config.issuer !== undefined && keys.kind === 'discovery' && parseTrustedUri(issuer) === undefined)
    at.at('issuer').add(
      'no metadata can be found: issuer is not an https URL',
      `${SECURE}, or give metadata_uri or jwks_uri`,
    );
  if (config.claims !== undefined && Object.keys(config.claims).length === 0) addEmpty(at.at('claims'));
  checkBinding('services', config.service, bindings, at.at('service'));
  return {
    kind: 'jwt',
    variable,
    name,
    issuer,
    algorithms: new Set(config.algorithms ?? DEFAULT_ALGORITHMS),
    tokenTypes: new Set((config.token_types ?? DEFAULT_TOKEN_TYPES).map(normaliseTokenType)),
    clockToleranceSeconds: config.clock_tolerance ?? DEFAULT_CLOCK_TOLERANCE_SECONDS,
    maxTokenAgeSeconds: config.max_token_age,
    notBeforeSeconds: parseDate(config.not_before, at.at('not_before')),
    remembersTokens: config.remember_tokens ?? true,
    scopeClaim: optionalSelector(config.scope_claim, at.at('scope_claim')),
    clientClaim: optionalSelector(config.client_claim, at.at('client_claim')),
    audienceClaim: optionalSelector(config.audience_claim, at.at('audience_claim')),
    requiredClaims: requiredClaims(config.claims ?? {}, at.at('claims')),
    statusLists: compileStatusLists(config, at),
    keys,
    service: config.service,
  };
}

const requiredClaims = (
  claims: NonNullable<Sound<typeof issuerSchema>['claims']>,
  at: Faults,
): readonly Demand<BoundProperty>[] =>
  Object.entries(claims).flatMap(([claim, want]) =>
    fixedClaimDemands(claim, want, at.at(claim)).map((anyOf) => ({
      rule: 'claims',
      label: `claims.${claim}`,
      anyOf,
      refusal: { code: 'issuer_claim_mismatch', claim },
    })),
  );

function keyLocation(config: Sound<typeof issuerSchema>): KeyLocation {
  if (config.jwks_uri !== undefined) return { kind: 'jwks', uri: config.jwks_uri };
  if (config.metadata_uri !== undefined) return { kind: 'metadata', uri: config.metadata_uri };
  return { kind: 'discovery' };
}

function parseDate(text: string | undefined, at: Faults): number | undefined {
  if (text === undefined) return undefined;
  const milliseconds = /^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(milliseconds)) return Math.floor(milliseconds / 1000);
  at.add(`${JSON.stringify(text)} is not a date`, 'write it like "2026-11-24T12:00:00Z"');
  return undefined;
}

function optionalSelector(text: string | undefined, at: Faults) {
  return text === undefined ? undefined : compileSelector(text, at);
}
